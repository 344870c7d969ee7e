// For those who run the server: whether it can work, and what it counts.
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <fstream>

#include "base/log.h"
#include "base/version.h"
#include "serve/operations.h"
#include "serve/picture_model.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "store/models.h"
#include "store/shops.h"

namespace vitrine::serve {
namespace {

constexpr uint64_t kLeastFreeBytes = uint64_t{64} << 20;

constexpr int kPatienceMs = 400;  // for a lock; opening and beginning may both wait

std::string name_of(const std::string& folder) { return std::filesystem::path(folder).filename().string(); }

/// Whether each shop's copy model is loaded.
std::string copy_health(const Service& service, store::Connection& connection) {
  const auto loaded = service.engines.loaded();
  for (const auto& shop : store::Shops(connection).list()) {
    const auto model = store::Models(connection, shop.id).serving(store::ModelKind::copy);
    if (!model) return concat("the model ", name_of(service.config.model), " is missing");
    if (!loaded.contains(model->folder)) return concat("the model ", model->name, " is not loaded");
  }
  return "ok";
}

struct StoreHealth {
  std::string database, copy;
};

/// By a connection of its own, which waits less than those of requests do. A lock is one for writers: who
/// only reads would not see it.
StoreHealth store_health(const Service& service) {
  const std::string copy = service.engines.loaded().empty() ? "no copy model is loaded" : "ok";
  try {
    const auto connection = store::connect(service.config.store_location(), {.busy_timeout_ms = kPatienceMs, .max_connections = 1});
    const store::Transaction transaction(*connection);
    return {"ok", copy_health(service, *connection)};
  } catch (const Busy&) {
    return {"locked by another program", copy};
  } catch (const Error& error) {
    log_warn("[serve] the database: ", error.what());
    return {"it cannot be read or written", copy};
  }
}

std::string disk_health(const Service& service) {
  struct statvfs state {};
  if (::statvfs(service.folder.c_str(), &state) != 0) return "the data folder cannot be read";
  const uint64_t free_bytes = uint64_t{state.f_bavail} * state.f_frsize;
  return free_bytes < kLeastFreeBytes ? concat("only ", free_bytes >> 20, " MiB free") : "ok";
}

std::string picture_health(const Service& service) {
  if (service.pictures == nullptr) return "there is no picture worker";
  return find_picture_model(service.config.picture_model) ? "ok" : concat("the model ", name_of(service.config.picture_model), " is missing");
}

HttpResponse get_health(Service& service, Call&) {
  const auto [database, copy] = store_health(service);
  const std::string disk = disk_health(service);
  const std::string pictures = picture_health(service);
  const bool is_down = database != "ok" || disk != "ok";
  const bool is_degraded = copy != "ok" || pictures != "ok";
  const Json json{{"status", is_down ? "down" : is_degraded ? "degraded" : "ok"},
                  {"version", program_version()},
                  {"checks", {{"database", database}, {"copy_model", copy}, {"picture_worker", pictures}, {"disk", disk}}}};
  return json_response(json, is_down ? 503 : 200);
}

// ---- metrics

int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void write_process(const Service& service, MetricText& text) {
  text.begin("vitrine_info", "gauge", "the program");
  text.add("vitrine_info", {{"version", program_version()}}, 1);
  text.begin("process_resident_memory_bytes", "gauge", "memory of the server, without its workers");
  text.add("process_resident_memory_bytes", {}, static_cast<double>(resident_bytes()));
  text.begin("process_cpu_seconds_total", "counter", "time of all cores that the server, without its workers, has used");
  text.add("process_cpu_seconds_total", {}, processor_seconds());
  text.begin("process_start_time_seconds", "gauge", "since 1970");
  text.add("process_start_time_seconds", {}, static_cast<double>(service.started_at.time_since_epoch().count()) / 1000);
  text.begin("vitrine_open_streams", "gauge", "streams of events");
  text.add("vitrine_open_streams", {}, service.streams.inside());
  text.begin("vitrine_waiting_connections", "gauge", "connections whose next request has not come in full");
  text.add("vitrine_waiting_connections", {}, static_cast<double>(service.waiting_room.waiting()));
  text.begin("vitrine_dropped_connections_total", "counter", "of these, connections that had to make room");
  text.add("vitrine_dropped_connections_total", {}, static_cast<double>(service.waiting_room.dropped()));
}

void write_jobs(const Service& service, MetricText& text) {
  const JobQueueStats stats = service.jobs.stats();
  text.begin("vitrine_jobs_running", "gauge", "jobs in the hands of this server, by kind");
  for (const auto& [kind, count] : stats.running) text.add("vitrine_jobs_running", {{"kind", kind}}, static_cast<double>(count));
  text.begin("vitrine_jobs_ended_total", "counter", "jobs that ended here since the start");
  const std::pair<std::string_view, int64_t> ends[] = {{"done", stats.done}, {"failed", stats.failed}, {"cancelled", stats.cancelled},
                                                       {"lost", stats.lost}, {"released", stats.released}};
  for (const auto& [end, count] : ends) text.add("vitrine_jobs_ended_total", {{"end", end}}, static_cast<double>(count));
}

void write_engines(const Service& service, MetricText& text) {
  constexpr std::string_view kTasks = "vitrine_copy_tasks";
  struct Counter {
    std::string_view name, help;
    int64_t CopyEngineStats::* count;
  };
  constexpr Counter kCounters[] = {
      {"vitrine_drawn_tokens_total", "tokens that copy models drew, variants and refused sentences included", &CopyEngineStats::drawn},
      {"vitrine_new_tokens_total", "tokens of texts that copy models wrote", &CopyEngineStats::tokens},
      {"vitrine_delivered_tokens_total", "tokens of candidates that were given out", &CopyEngineStats::delivered}};
  const auto engines = service.engines.loaded();
  for (const Counter& counter : kCounters) {
    text.begin(counter.name, "counter", counter.help);
    for (const auto& [folder, engine] : engines) {
      text.add(counter.name, {{"model", name_of(folder)}}, static_cast<double>(engine->stats().*counter.count));
    }
  }
  text.begin(kTasks, "gauge", "candidates in the batch and before it");
  for (const auto& [folder, engine] : engines) {
    const CopyEngineStats stats = engine->stats();
    text.add(kTasks, {{"model", name_of(folder)}, {"state", "running"}}, static_cast<double>(stats.running));
    text.add(kTasks, {{"model", name_of(folder)}, {"state", "waiting"}}, static_cast<double>(stats.waiting));
  }
}

/// Whether the request names this machine as itself: a page of elsewhere whose name was turned to it does not.
bool is_meant_for_loopback(const HttpRequest& request) {
  std::string host = request.header("host");
  const size_t port = host.find(':', host.starts_with('[') ? host.find(']') : 0);
  host.resize(std::min(port, host.size()));
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

/// Whether the request comes from this machine itself, and not through a proxy on it.
bool is_local(const HttpRequest& request) {
  if (!is_meant_for_loopback(request)) return false;
  const bool through_proxy = !request.header("x-forwarded-for").empty() || !request.header("forwarded").empty();
  return !through_proxy && (request.remote_address == "127.0.0.1" || request.remote_address == "::1");
}

HttpResponse get_metrics(Service& service, Call& call) {
  const bool is_admin = call.caller && call.user().role == store::Role::admin;
  if (!is_local(call.request) && !call.caller) throw Refusal("not_signed_in");
  if (!is_local(call.request) && !is_admin) throw Refusal("forbidden");
  MetricText text;
  write_process(service, text);
  service.requests.write(text);
  write_jobs(service, text);
  write_engines(service, text);
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = text.text();
  return response;
}

constexpr Operation kOperations[] = {
    {"getHealth", "GET", "/healthz", Access::open, BodyKind::none, get_health},
    {"getMetrics", "GET", "/metrics", Access::open, BodyKind::none, get_metrics},
};

}  // namespace

std::span<const Operation> operation_operations() { return kOperations; }

}  // namespace vitrine::serve
