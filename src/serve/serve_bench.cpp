#include "serve/serve_bench.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <numeric>
#include <optional>
#include <ostream>
#include <regex>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/stopwatch.h"
#include "serve/child_process.h"
#include "serve/load_client.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace fs = std::filesystem;
namespace {

constexpr int kBatch = 32;                // generation::DecoderConfig::max_batch, which serve uses
constexpr int kMaxFollowed = 48;          // streams of this program: the server has 64
constexpr int kWarmUp = 2;                // requests before those that are timed
constexpr auto kStartTime = std::chrono::seconds(60);
constexpr double kOverload = 1.5;         // of the rate that is expected
constexpr const char* kPasswordVariable = "VITRINE_ADMIN_PASSWORD";

double ms_since(SteadyClock::time_point start) { return 1000 * seconds_since(start); }

// ---- figures

/// Nearest rank.
double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<size_t>(rank, 1, values.size()) - 1];
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Json percentiles(const std::vector<double>& values) {
  return {{"p50", percentile(values, 0.5)}, {"p95", percentile(values, 0.95)}, {"max", percentile(values, 1)}, {"n", values.size()}};
}

/// The processor's name and how many of its cores this process may use.
Json machine_json() {
  std::ifstream file("/proc/cpuinfo");
  std::string line, name = "unknown";
  while (std::getline(file, line)) {
    if (!line.starts_with("model name")) continue;
    name = line.substr(line.find(':') + 2);
    break;
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  return {{"cpu", name}, {"cores", CPU_COUNT(&set)}};
}

double own_cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// What the server has counted, at one moment.
struct Counters {
  double drawn = 0, written = 0, delivered = 0, done = 0, failed = 0, rss_bytes = 0, cpu_s = 0;
};

/// The sum of a metric over its labels; `label` has to be in the line.
double metric(const std::string& text, const std::string& name, const std::string& label = "") {
  double sum = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool is_named = line.starts_with(name) && (line[name.size()] == '{' || line[name.size()] == ' ');
    if (is_named && line.find(label) != line.npos) sum += std::strtod(line.c_str() + line.rfind(' ') + 1, nullptr);
  }
  return sum;
}

Counters counters_of(const LoadClient& client) {
  const LoadAnswer answer = client.get("/metrics");
  if (answer.status != 200) throw IoError(concat("[bench serve] /metrics: ", answer.status));
  const std::string& text = answer.body;
  return {.drawn = metric(text, "vitrine_drawn_tokens_total"),
          .written = metric(text, "vitrine_new_tokens_total"),
          .delivered = metric(text, "vitrine_delivered_tokens_total"),
          .done = metric(text, "vitrine_jobs_ended_total", "\"done\""),
          .failed = metric(text, "vitrine_jobs_ended_total", "\"failed\""),
          .rss_bytes = metric(text, "process_resident_memory_bytes"),
          .cpu_s = metric(text, "process_cpu_seconds_total")};
}

// ---- the server

/// A folder that goes with the object.
class OwnFolder {
 public:
  OwnFolder() : path_(fs::temp_directory_path() / ("vitrine-" + store::new_id("bench"))) { fs::create_directories(path_); }
  ~OwnFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string password_of_environment() {
  const char* password = std::getenv(kPasswordVariable);
  return password == nullptr ? "" : password;
}

/// `vitrine serve` on a free port, without the limits that would refuse a load of one account.
class OwnServer {
 public:
  OwnServer(const ServeBenchConfig& config, const ServeBenchHooks& hooks, const fs::path& folder)
      : process_(command_of(config, hooks, folder), size_t{1} << 16) {
    const auto deadline = SteadyClock::now() + kStartTime;
    std::string line;
    while (url_.empty()) {
      if (process_.read_line(line, kStartTime) != ChildProcess::Read::line || SteadyClock::now() > deadline) {
        throw IoError("[bench serve] the server did not start");
      }
      const size_t at = line.find("http://");
      if (at != line.npos) url_ = line.substr(at);
    }
  }
  ~OwnServer() {
    process_.terminate();
    process_.wait();
  }
  const std::string& url() const { return url_; }

 private:
  static std::vector<std::string> command_of(const ServeBenchConfig& config, const ServeBenchHooks& hooks, const fs::path& folder) {
    std::vector<std::string> command = hooks.program;
    command.insert(command.end(), {"serve", "--port", "0", "--grace-s", "0", "--jobs-per-hour", "1000000", "--max-queued", "1000000"});
    command.insert(command.end(), {"--data", folder.string(), "--model", config.model});
    command.insert(command.end(), hooks.options.begin(), hooks.options.end());
    return command;
  }

  ChildProcess process_;
  std::string url_;
};

/// Asks until the answer is 200 and, with_model, the copy model is loaded. Milliseconds since `start`.
double ready_ms(const LoadClient& client, SteadyClock::time_point start, bool with_model) {
  while (seconds_since(start) < 60) {
    throw_if_interrupted("bench serve: nothing is saved");
    const LoadAnswer answer = client.get("/healthz");
    if (answer.status == 200 && (!with_model || answer.json()["checks"]["copy_model"] == "ok")) return ms_since(start);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  throw IoError("[bench serve] /healthz does not say that the server is ready");
}

// ---- one user's way

Json factors_json(int length) {
  return {{"field", "description"}, {"style", "taobao"}, {"platform", "taobao"}, {"length", length}, {"audience", ""},
          {"keywords", Json::array()}, {"pin", Json::array()}, {"order", Json::array()}, {"drop", Json::array()}};
}

/// Imports the table, and makes a plan for each product.
std::vector<std::string> make_plans(const LoadClient& client, const ServeBenchConfig& config) {
  const LoadAnswer answer = client.upload("/api/v1/imports", fs::path(config.products).filename().string(), read_file(config.products));
  if (answer.status >= 300) throw IoError(concat("[bench serve] ", config.products, " is refused: ", answer.body.substr(0, 300)));
  const std::string import_id = answer.json().at("id");
  const Json job = client.must("POST", "/api/v1/jobs", {{"kind", "import"}, {"import_id", import_id}, {"licence", "own"}}, 202, store::new_id("bench"));
  client.follow(job.at("id"), [](auto, auto) { return true; });
  std::vector<std::string> plans;
  const Json products = client.must("GET", "/api/v1/products?limit=100", Json());
  for (const Json& product : products.at("items")) {
    const LoadAnswer plan = client.send("POST", "/api/v1/plans", {{"product_id", product.at("product").at("id")}, {"factors", factors_json(config.length)}});
    if (plan.status < 300) plans.push_back(plan.json().at("id"));
  }
  if (plans.empty()) throw IoError(concat("[bench serve] ", config.products, ": no product can be written about"));
  return plans;
}

/// One request; milliseconds since it was due.
struct Served {
  double first_ms = 0, all_ms = 0;
  int64_t candidates = 0;
  std::string state = "refused";  // of its job at the end
};

std::string start_job(const LoadClient& client, const ServeBenchConfig& config, const std::string& plan_id, int64_t seed) {
  const LoadAnswer answer = client.send("POST", "/api/v1/jobs", {{"kind", "write"}, {"plan_id", plan_id}, {"num_return_sequences", config.n}, {"seed", seed}},
                                        store::new_id("bench"));
  return answer.status == 202 ? answer.json().at("id").get<std::string>() : "";
}

void follow_job(const LoadClient& client, const std::string& id, SteadyClock::time_point due, Served& served) {
  client.follow(id, [&](std::string_view name, std::string_view data) {
    if (name == "token" && served.first_ms == 0) served.first_ms = ms_since(due);
    if (name == "candidate" && served.first_ms == 0) served.first_ms = ms_since(due);
    if (name == "job") served.state = parse_json(std::string(data), "event").at("state");
    if (name == "job" && served.state == "done") {
      const Json job = parse_json(std::string(data), "event");
      served.candidates = static_cast<int64_t>(job.at("result").at("candidate_ids").size());
    }
    return true;
  });
  served.all_ms = ms_since(due);
}

std::vector<double> of_done(const std::vector<Served>& served, double Served::* field) {
  std::vector<double> values;
  for (const Served& one : served) {
    if (one.state == "done") values.push_back(one.*field);
  }
  return values;
}

// ---- many at once

/// Accounts of operators; the one that signed in stands for all where no account may be added.
std::vector<LoadClient> operators(const std::string& url, LoadClient& first, int count) {
  std::vector<LoadClient> all;
  for (int i = 0; i < count; ++i) {
    const std::string name = store::new_id("operator"), password = store::new_id("password");
    const LoadAnswer added = first.send("POST", "/api/v1/users", {{"name", name}, {"password", password}, {"role", "writer"}});
    all.push_back(added.status < 300 ? LoadClient(url) : first);
    if (added.status < 300) all.back().sign_in(name, password);
  }
  return all;
}

/// Requests that come by themselves, each in a thread of its own.
class OpenLoad {
 public:
  OpenLoad(const ServeBenchConfig& config, const std::vector<LoadClient>& users, const std::vector<std::string>& plans)
      : config_(config), users_(users), plans_(plans) {}
  ~OpenLoad() { join(); }

  /// Lets requests arrive for so long. max_followed: of the others nobody looks what became of them.
  void run(double requests_per_s, double seconds, int max_followed, uint64_t seed) {
    const RandomKey key(seed);
    const auto start = SteadyClock::now();
    double due_s = 0;
    for (uint64_t i = 0; due_s < seconds; ++i) {
      due_s += -std::log1p(-key.uniform(i)) / requests_per_s;
      const auto due = start + std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(due_s));
      std::this_thread::sleep_until(due);
      throw_if_interrupted("bench serve: nothing is saved");
      ++offered_;
      threads_.emplace_back([this, i, due, max_followed] { ask(i, due, max_followed); });
    }
  }
  void join() {
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  /// Gives up what waits, as users who close their pages do not.
  void cancel_rest() {
    std::vector<std::pair<size_t, std::string>> left;
    {
      const std::lock_guard lock(mutex_);
      left.swap(unfollowed_);
    }
    std::reverse(left.begin(), left.end());  // those that wait first: else their threads would take them
    for (const auto& [user, id] : left) users_[user].send("PATCH", "/api/v1/jobs/" + id, {{"state", "cancelled"}});
  }

  int64_t offered() const { return offered_; }
  int64_t open() const { return open_; }
  std::vector<Served> served() {
    const std::lock_guard lock(mutex_);
    return served_;
  }

 private:
  void ask(uint64_t number, SteadyClock::time_point due, int max_followed) {
    const size_t user = number % users_.size();
    Served served;
    ++open_;
    const std::string id = start_job(users_[user], config_, plans_[number % plans_.size()], static_cast<int64_t>(number));
    const bool is_followed = !id.empty() && ++followed_ <= max_followed;
    if (is_followed) {
      follow_job(users_[user], id, due, served);
      --followed_;
    } else if (!id.empty()) {
      --followed_;
    }
    --open_;
    const std::lock_guard lock(mutex_);
    if (is_followed || id.empty()) {
      served_.push_back(served);
    } else {
      unfollowed_.emplace_back(user, id);
    }
  }

  const ServeBenchConfig& config_;
  const std::vector<LoadClient>& users_;
  const std::vector<std::string>& plans_;
  std::vector<std::thread> threads_;
  std::atomic<int64_t> offered_ = 0, open_ = 0, followed_ = 0;
  std::mutex mutex_;  // of all below
  std::vector<Served> served_;
  std::vector<std::pair<size_t, std::string>> unfollowed_;
};

/// What the server did in a stretch of time, a second.
Json rates_json(const Counters& before, const Counters& after, double seconds) {
  return {{"drawn_tokens_per_s", (after.drawn - before.drawn) / seconds},
          {"written_tokens_per_s", (after.written - before.written) / seconds},
          {"delivered_tokens_per_s", (after.delivered - before.delivered) / seconds},
          {"drawn_tokens_per_cpu_s", (after.drawn - before.drawn) / (after.cpu_s - before.cpu_s)},
          {"requests_per_s", (after.done - before.done) / seconds},
          {"failed", after.failed - before.failed}};
}

// ---- the page

/// Bytes of the page's scripts as they go over the wire.
size_t packed_script_bytes(const LoadClient& client) {
  const std::string html = client.get("/").body;
  const std::regex script(R"re(<(?:script|link)[^>]*(?:src|href)="\.?/?([^"]+\.js)")re");
  size_t bytes = 0;
  for (std::sregex_iterator found(html.begin(), html.end(), script), end; found != end; ++found) {
    bytes += client.get("/" + (*found)[1].str(), /*packed=*/true).body.size();
  }
  return bytes;
}

// ---- the whole run

class ServeBench {
 public:
  ServeBench(const ServeBenchConfig& config, const ServeBenchHooks& hooks, std::ostream& out)
      : config_(config), hooks_(hooks), out_(out), progress_("bench serve", 0, "parts") {}

  void run() {
    if (config_.url.empty()) decode("decoder before");
    if (config_.url.empty()) start_server();
    const std::string url = config_.url.empty() ? server_->url() : config_.url;
    LoadClient client(url);
    if (!config_.url.empty()) ready_ms(client, SteadyClock::now(), true);
    print({{"part", "idle"}, {"rss_mib", counters_of(client).rss_bytes / 1048576}, {"script_bytes", packed_script_bytes(client)}},
          "memory at rest, MiB", "rss_mib");
    client.sign_in(config_.name, password_of_environment());
    const auto plans = make_plans(client, config_);
    one_user(client, plans);
    const auto users = operators(url, client, config_.users);
    const Json highest = saturate(client, users, plans);
    sustain(client, users, plans, highest.at("requests_per_s"));
    server_.reset();
    decode("decoder after");
    const double decoder = mean(decoder_rates_), decoder_cpu = mean(decoder_cpu_rates_);
    Json ratio{{"part", "ratio"}, {"batch", kBatch}, {"decoder_tokens_per_s", decoder}, {"decoder_tokens_per_cpu_s", decoder_cpu}};
    for (const char* kind : {"drawn", "written", "delivered"}) {
      ratio[concat(kind, "_ratio")] = highest.at(concat(kind, "_tokens_per_s")).get<double>() / decoder;
    }
    ratio["drawn_cpu_ratio"] = highest.at("drawn_tokens_per_cpu_s").get<double>() / decoder_cpu;
    print(ratio, "drawn tokens beside `bench write`", "drawn_ratio");
    row("  the same by processor time", ratio["drawn_cpu_ratio"]);
  }

 private:
  /// The decoder's share of the processor is that of the whole measurement.
  void decode(const char* part) {
    const auto start = SteadyClock::now();
    const double cpu_s = own_cpu_s();
    const double rate = hooks_.decoder_tokens_per_s(kBatch);
    const double cpu_rate = rate * seconds_since(start) / (own_cpu_s() - cpu_s);
    print({{"part", part}, {"batch", kBatch}, {"tokens_per_s", rate}, {"tokens_per_cpu_s", cpu_rate}}, "decoder alone, tokens/s", "tokens_per_s");
    decoder_rates_.push_back(rate);
    decoder_cpu_rates_.push_back(cpu_rate);
  }

  void start_server() {
    std::vector<double> health, model;
    if (password_of_environment().empty()) ::setenv(kPasswordVariable, store::new_secret().c_str(), 1);
    for (int i = 0; i < config_.starts; ++i) {
      server_.reset();
      const auto start = SteadyClock::now();
      server_.emplace(config_, hooks_, folder_.path() / std::to_string(i));
      const LoadClient client(server_->url());
      health.push_back(ready_ms(client, start, false));
      model.push_back(ready_ms(client, start, true));
    }
    print({{"part", "start"}, {"healthz_ms", percentiles(health)}, {"with_model_ms", percentiles(model)}}, "start to /healthz ready, ms", "healthz_ms");
  }

  void one_user(const LoadClient& client, const std::vector<std::string>& plans) {
    std::vector<Served> served;
    for (int i = -kWarmUp; i < config_.requests; ++i) {
      throw_if_interrupted("bench serve: nothing is saved");
      Served one;
      const auto due = SteadyClock::now();
      const std::string id = start_job(client, config_, plans[static_cast<size_t>(i + kWarmUp) % plans.size()], i + kWarmUp);
      if (!id.empty()) follow_job(client, id, due, one);
      if (i >= 0) served.push_back(one);
      progress_.advance();
    }
    const auto done = of_done(served, &Served::all_ms);
    const Json first = percentiles(of_done(served, &Served::first_ms));
    print({{"part", "one user"}, {"first_token_ms", first}, {"all_ms", percentiles(done)}, {"not_done", served.size() - done.size()}},
          "one user: first token, ms", "first_token_ms");
    row("one user: all candidates, ms", percentiles(done));
  }

  /// More than the server can take: how much it does.
  Json saturate(const LoadClient& client, const std::vector<LoadClient>& users, const std::vector<std::string>& plans) {
    const double expected = expected_rate(users, plans, client);
    OpenLoad load(config_, users, plans);
    const double offered = kOverload * expected;
    std::optional<Json> rates;
    const double lead_s = std::max(2.0, 0.2 * config_.seconds);
    {
      std::jthread watcher([&] { rates = watch(client, lead_s, config_.seconds); });
      load.run(offered, lead_s + config_.seconds + 1, config_.users, 1);
    }
    progress_.advance();
    const int64_t waiting = static_cast<int64_t>(load.offered()) - static_cast<int64_t>((*rates)["ended"].get<double>());
    load.cancel_rest();
    load.join();
    Json json{{"part", "saturated"}, {"offered_requests_per_s", offered}, {"waiting_at_the_end", waiting}};
    json.update(*rates);
    print(json, "16 users and more: drawn tokens/s", "drawn_tokens_per_s");
    row("  of which delivered", json["delivered_tokens_per_s"]);
    row("  requests/s", json["requests_per_s"]);
    return json;
  }

  /// The rate at which `users` callers who wait for each other's end are served.
  double expected_rate(const std::vector<LoadClient>& users, const std::vector<std::string>& plans, const LoadClient& client) {
    const double seconds = std::max(2.0, 0.2 * config_.seconds);
    const Counters before = counters_of(client);
    const auto start = SteadyClock::now();
    {
      std::vector<std::jthread> callers;
      for (size_t u = 0; u < users.size(); ++u) {
        callers.emplace_back([&, u] {
          for (size_t i = 0; seconds_since(start) < seconds; ++i) {
            Served one;
            const size_t number = u + i * users.size();
            const std::string id = start_job(users[u], config_, plans[number % plans.size()], static_cast<int64_t>(number));
            if (!id.empty()) follow_job(users[u], id, SteadyClock::now(), one);
          }
        });
      }
    }
    const Counters after = counters_of(client);
    if (after.done <= before.done) throw IoError("[bench serve] no request of many users was done");
    return (after.done - before.done) / seconds_since(start);
  }

  /// The counters' way from lead_s on, for so long.
  Json watch(const LoadClient& client, double lead_s, double seconds) {
    const Counters begin = counters_of(client);
    std::this_thread::sleep_for(std::chrono::duration<double>(lead_s));
    const Counters before = counters_of(client);
    const auto start = SteadyClock::now();
    const double cpu = own_cpu_s();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    const double passed = seconds_since(start);
    const Counters after = counters_of(client);
    Json json = rates_json(before, after, passed);
    json["seconds"] = passed;
    json["generator_cpu_share"] = (own_cpu_s() - cpu) / passed;
    json["rss_mib"] = after.rss_bytes / 1048576;
    json["ended"] = after.done + after.failed - begin.done - begin.failed;
    return json;
  }

  void sustain(const LoadClient& client, const std::vector<LoadClient>& users, const std::vector<std::string>& plans, double highest) {
    OpenLoad load(config_, users, plans);
    const double offered = config_.sustained * highest;
    const Counters before = counters_of(client);
    const auto start = SteadyClock::now();
    load.run(offered, config_.seconds, kMaxFollowed, 2);
    const double passed = seconds_since(start);
    const int64_t open = load.open();
    Json json{{"part", "sustained"}, {"offered_requests_per_s", offered}, {"open_at_the_end", open}};
    json.update(rates_json(before, counters_of(client), passed));
    load.join();
    const auto served = load.served();
    const auto done = of_done(served, &Served::all_ms);
    json["first_token_ms"] = percentiles(of_done(served, &Served::first_ms));
    json["all_ms"] = percentiles(done);
    json["not_done"] = served.size() - done.size();
    progress_.advance();
    print(json, "sustained: requests/s", "requests_per_s");
    row("  first token, ms", json["first_token_ms"]);
    row("  all candidates, ms", json["all_ms"]);
  }

  void print(Json json, const std::string& name, const char* field) {
    Json line{{"kind", "serve"}};
    line.update(json);
    line["n"] = config_.n;
    line["length"] = config_.length;
    line["users"] = config_.users;
    line["seed"] = "request number";
    line["machine"] = machine_;
    out_ << dump_line(line) << std::endl;
    row(name, json.at(field));
  }
  void row(const std::string& name, const Json& value) {
    if (value.is_object()) {
      std::fprintf(stderr, "%-40s p50 %9.1f  p95 %9.1f  max %9.1f  n %d\n", name.c_str(), value["p50"].get<double>(), value["p95"].get<double>(),
                   value["max"].get<double>(), value["n"].get<int>());
    } else {
      std::fprintf(stderr, "%-40s %13.2f\n", name.c_str(), value.get<double>());
    }
  }

  const ServeBenchConfig& config_;
  const ServeBenchHooks& hooks_;
  std::ostream& out_;
  Progress progress_;
  const Json machine_ = machine_json();
  std::vector<double> decoder_rates_, decoder_cpu_rates_;
  OwnFolder folder_;
  std::optional<OwnServer> server_;
};

}  // namespace

void bench_serve(const ServeBenchConfig& config, const ServeBenchHooks& hooks, std::ostream& out) {
  check_config(config, "bench serve");
  VITRINE_REQUIRE(config.url.empty() || !password_of_environment().empty(), "[bench serve] --url: the password of ", config.name, " is expected in $", kPasswordVariable);
  ServeBench(config, hooks, out).run();
}

}  // namespace vitrine::serve
