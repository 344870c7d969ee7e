#include "serve/job_events.h"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "store/value.h"

namespace vitrine::serve {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr const char* kJobKey = "job";
/// Ids begin at the milliseconds since 1970 times this: a server that makes fewer events than this a
/// millisecond never gives an id twice.
constexpr int64_t kIdsPerMillisecond = 1024;

}  // namespace

struct JobStream::State {
  std::string job_id;
  int64_t last_id = 0;      // of the event that was taken last
  bool is_new = true;       // nothing was taken, and it is to begin with what is true now
  bool is_over = false;
  std::function<void()> on_ready;
};

struct JobEvents::Log {
  std::map<int64_t, JobEvent> entries;  // by id
  std::map<std::string, int64_t> ids;   // by key
  bool has_ended = false;
  SteadyClock::time_point changed_at = SteadyClock::now();
  std::vector<JobStream::State*> followers;
  std::condition_variable changed;
};

JobStream::JobStream(JobEvents& events, std::unique_ptr<State> state) : events_(events), state_(std::move(state)) {}
JobStream::~JobStream() { events_.leave(*state_); }
std::vector<JobEvent> JobStream::take(std::chrono::milliseconds wait) { return events_.take(*state_, wait); }
bool JobStream::is_over() const { return events_.is_over(*state_); }

JobEvents::JobEvents(int64_t first_id) : next_id_(first_id) {}
JobEvents::~JobEvents() = default;

int64_t JobEvents::first_id_of_now() { return store::utc_now().time_since_epoch().count() * kIdsPerMillisecond; }

void JobEvents::add(const std::string& job_id, const std::string& key, const std::string& name, std::string data, bool ends_job) {
  std::unique_lock lock(mutex_);
  Log& log = logs_[job_id];
  put(log, key, name, std::move(data), ends_job);
  tell_followers(log, lock);
}

void JobEvents::add_if_new(const std::string& job_id, const std::string& key, const std::string& name, std::string data, bool ends_job) {
  std::unique_lock lock(mutex_);
  Log& log = logs_[job_id];
  if (log.ids.contains(key)) return;
  put(log, key, name, std::move(data), ends_job);
  tell_followers(log, lock);
}

void JobEvents::put(Log& log, const std::string& key, const std::string& name, std::string data, bool ends_job) {
  const auto [former, is_first] = log.ids.try_emplace(key, next_id_);
  if (!is_first) log.entries.erase(std::exchange(former->second, next_id_));
  log.entries[next_id_] = {next_id_, name, std::move(data)};
  ++next_id_;
  log.has_ended = ends_job;
  log.changed_at = SteadyClock::now();
}

/// Lets go of the lock.
void JobEvents::tell_followers(Log& log, std::unique_lock<std::mutex>& lock) {
  std::vector<std::function<void()>> calls;
  for (const JobStream::State* follower : log.followers) {
    if (follower->on_ready) calls.push_back(follower->on_ready);
  }
  log.changed.notify_all();
  lock.unlock();
  for (const auto& call : calls) call();
}

void JobEvents::restart(const std::string& job_id) {
  const std::lock_guard lock(mutex_);
  Log& log = logs_[job_id];
  log.has_ended = false;
  std::erase_if(log.ids, [&](const auto& key_and_id) {
    const std::string& name = log.entries.at(key_and_id.second).name;
    const bool is_unfinished = name == "token" || name == "preview";
    if (is_unfinished) log.entries.erase(key_and_id.second);
    return is_unfinished;
  });
}

std::unique_ptr<JobStream> JobEvents::follow(const std::string& job_id, int64_t last_event_id, std::function<void()> on_ready) {
  auto state = std::make_unique<JobStream::State>();
  state->job_id = job_id;
  state->last_id = last_event_id;
  state->is_new = last_event_id == 0;
  state->on_ready = std::move(on_ready);
  const std::lock_guard lock(mutex_);
  logs_[job_id].followers.push_back(state.get());
  return std::unique_ptr<JobStream>(new JobStream(*this, std::move(state)));
}

std::vector<JobEvent> JobEvents::take(JobStream::State& stream, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  Log& log = logs_.at(stream.job_id);
  log.changed.wait_for(lock, wait, [&] { return log.has_ended || log.entries.upper_bound(stream.last_id) != log.entries.end(); });
  std::vector<JobEvent> events;
  const auto job = log.ids.find(kJobKey);
  const bool opens = std::exchange(stream.is_new, false) && !log.entries.empty();
  if (opens && job != log.ids.end() && job->second != log.entries.begin()->first) {
    events.push_back(log.entries.at(job->second));
    events.back().id = log.entries.begin()->first - 1;  // who comes back behind it gets all the others
  }
  for (auto entry = log.entries.upper_bound(stream.last_id); entry != log.entries.end(); ++entry) events.push_back(entry->second);
  if (!events.empty()) stream.last_id = events.back().id;
  stream.is_over = log.has_ended;
  return events;
}

bool JobEvents::is_over(const JobStream::State& stream) const {
  const std::lock_guard lock(mutex_);
  return stream.is_over;
}

void JobEvents::leave(JobStream::State& stream) {
  const std::lock_guard lock(mutex_);
  std::erase(logs_.at(stream.job_id).followers, &stream);
}

bool JobEvents::has_log(const std::string& job_id) const {
  const std::lock_guard lock(mutex_);
  const auto log = logs_.find(job_id);
  return log != logs_.end() && !log->second.entries.empty();
}

std::vector<std::string> JobEvents::followed() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> jobs;
  for (const auto& [job_id, log] : logs_) {
    if (!log.followers.empty()) jobs.push_back(job_id);
  }
  return jobs;
}

void JobEvents::forget_older_than(std::chrono::seconds age) {
  const std::lock_guard lock(mutex_);
  const auto now = SteadyClock::now();
  std::erase_if(logs_, [&](const auto& id_and_log) {
    const Log& log = id_and_log.second;
    return log.followers.empty() && now - log.changed_at >= age;
  });
}

}  // namespace vitrine::serve
