#include "serve/job_queue.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/interrupt.h"
#include "base/log.h"
#include "serve/problem.h"
#include "serve/running_job.h"
#include "serve/wire.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

constexpr int kTries = 3;  // to store an end while others hold the database

std::string name_of_this_process() {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  return concat(host, ':', ::getpid());
}

bool has_ended(const store::Job& job) { return job.state != store::JobState::queued && job.state != store::JobState::running; }

/// What a handler's exception makes of its job.
store::JobFailure failure_of(const std::exception& error) {
  if (const auto* failed = dynamic_cast<const JobFailed*>(&error)) {
    const bool is_problem = find_problem_kind(failed->code) != nullptr;
    return {failed->code, is_problem ? shown_detail(Refusal(failed->code, failed->what())) : failed->what()};
  }
  const Refusal refusal = refusal_of(error);
  return {std::string(refusal.kind().code), shown_detail(refusal)};
}

}  // namespace

class JobQueue::Impl {
 public:
  Impl(store::Database& database, JobQueueConfig config) : database_(database), config_(std::move(config)) {
    if (config_.worker.empty()) config_.worker = name_of_this_process();
    for (const JobLane& lane : config_.lanes) lanes_.push_back(std::make_unique<Lane>(lane));
  }
  ~Impl() { stop(std::chrono::milliseconds(0)); }

  void handle(store::JobKind kind, JobHandler handler) { handlers_[kind] = std::move(handler); }
  void find_candidates_by(StoredCandidates candidates) { candidates_ = std::move(candidates); }

  void start() {
    for (const auto& lane : lanes_) {
      std::erase_if(lane->kinds, [&](store::JobKind kind) { return !handlers_.contains(kind); });
      if (lane->kinds.empty()) continue;
      for (int i = 0; i < lane->threads; ++i) threads_.emplace_back([this, &lane = *lane] { work(lane); });
    }
    keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
  }

  void stop(std::chrono::milliseconds grace) {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    for (const auto& lane : lanes_) lane->has_work.notify_all();
    idle_.wait_for(lock, grace, [&] { return running_.empty(); });
    for (const auto& [id, job] : running_) job->stop(StopReason::shutdown);
    lock.unlock();
    threads_.clear();  // joins: until then the keeper renews the leases
    keeper_ = std::jthread();
  }

  store::AddedJob add(const std::string& shop_id, store::NewJob job) {
    if (job.id.empty()) job.id = store::new_id("job");
    if (job.created_at == store::UtcMillis()) job.created_at = store::utc_now();
    const store::AddedJob added = store::Jobs(*database_.borrow(), shop_id).add(job, config_.limits);
    if (added.outcome != store::AddedJob::Outcome::added) return added;
    tell_state(events_, *added.job);
    wake(added.job->kind);
    return added;
  }

  store::ChangedJob cancel(const std::string& shop_id, const std::string& id) {
    const auto changed = store::Jobs(*database_.borrow(), shop_id).cancel(id, store::utc_now());
    if (changed != store::ChangedJob::done) return changed;
    if (const auto job = running(id)) job->stop(StopReason::cancelled);
    tell_stored(shop_id, id);
    return changed;
  }

  store::ChangedJob resume(const std::string& shop_id, const std::string& id) {
    const auto changed = store::Jobs(*database_.borrow(), shop_id).resume(id);
    if (changed != store::ChangedJob::done) return changed;
    if (const auto job = tell_stored(shop_id, id)) wake(job->kind);
    return changed;
  }

  store::ChangedJob set_priority(const std::string& shop_id, const std::string& id, store::JobPriority priority) {
    const auto changed = store::Jobs(*database_.borrow(), shop_id).set_priority(id, priority);
    if (changed == store::ChangedJob::done) tell_stored(shop_id, id);
    return changed;
  }

  /// Of one that runs here the progress is newer than the store's.
  std::optional<store::Job> find(const std::string& shop_id, const std::string& id) {
    auto job = store::Jobs(*database_.borrow(), shop_id).find(id);
    const auto held = running(id);
    if (job && held && job->state == store::JobState::running) job->progress = held->present().progress;
    return job;
  }

  std::unique_ptr<JobStream> follow(const std::string& shop_id, const std::string& id, int64_t last_event_id,
                                    std::function<void()> on_ready) {
    const auto job = find(shop_id, id);
    if (!job) return nullptr;
    auto stream = events_.follow(id, last_event_id, std::move(on_ready));
    {
      const std::lock_guard lock(mutex_);
      shops_[id] = shop_id;
    }
    if (!events_.has_log(id)) tell_all_stored(shop_id, *job);
    return stream;
  }

  JobQueueStats stats() const {
    const std::lock_guard lock(mutex_);
    JobQueueStats stats = stats_;
    for (const auto& [id, job] : running_) ++stats.running[std::string(store::to_word(job->job().kind))];
    return stats;
  }

 private:
  /// Of its threads one looks for work, the others do some or wait for their turn to look.
  struct Lane {
    explicit Lane(const JobLane& lane) : kinds(lane.kinds), threads(lane.threads) {}
    std::vector<store::JobKind> kinds;
    int threads;
    std::mutex turn;                    // held while looking
    std::condition_variable has_work;   // with the queue's mutex
    bool was_told = false;              // of a new job, since the last look
  };

  void work(Lane& lane) {
    while (true) {
      std::unique_lock turn(lane.turn);
      auto claim = next_job(lane);
      turn.unlock();
      if (!claim) return;
      run(std::move(*claim));
    }
  }

  /// Waits for a job of the lane; nothing when the queue stops.
  std::optional<store::ClaimedJob> next_job(Lane& lane) {
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (is_stopping_) return std::nullopt;
        lane.was_told = false;
      }
      if (auto claim = claimed(lane)) return claim;
      std::unique_lock lock(mutex_);
      lane.has_work.wait_for(lock, config_.poll, [&] { return is_stopping_ || lane.was_told; });
    }
  }

  std::optional<store::ClaimedJob> claimed(const Lane& lane) {
    try {
      const auto connection = database_.borrow();
      return store::JobQueue(*connection, config_.lease).claim(config_.worker, lane.kinds, store::utc_now());
    } catch (const Error& e) {  // a busy database or a full disk: the next look may find it better
      log_warn("[JobQueue] looking for work: ", e.what());
      return std::nullopt;
    }
  }

  void run(store::ClaimedJob claim) {
    const auto job = std::make_shared<HeldJob>(database_, config_.lease, events_, std::move(claim));
    const std::string id = job->job().id;
    {
      const std::lock_guard lock(mutex_);
      running_[id] = job;
    }
    events_.restart(id);
    tell_state(events_, job->present());
    do_job(*job);
    const std::lock_guard lock(mutex_);
    if (const auto found = running_.find(id); found != running_.end() && found->second == job) running_.erase(found);
    if (running_.empty()) idle_.notify_all();
  }

  void do_job(HeldJob& job) {
    std::optional<store::JobFailure> failure;
    std::optional<JobResult> kept;
    try {
      JobResult result = handlers_.at(job.job().kind)(job);
      if (finished(job, result)) kept = std::move(result);
    } catch (const Cancelled& e) {
      if (interrupted() || is_stopping()) job.stop(StopReason::shutdown);
      if (!job.should_stop()) failure = store::JobFailure{"internal", concat("broken off by nobody: ", e.what())};
      log_info("[JobQueue] ", job.job().id, " stops: ", e.what());
    } catch (const std::exception& e) {
      if (!job.should_stop()) failure = failure_of(e);
      log_info("[JobQueue] ", job.job().id, " ends: ", e.what());
    }
    try {
      kept ? done(job, *kept) : give_up(job, failure);
    } catch (const Error& e) {
      log_warn("[JobQueue] ", job.job().id, ": what became of it was not stored or told: ", e.what());
    }
  }

  bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return is_stopping_;
  }

  bool finished(HeldJob& job, const JobResult& result) {
    for (int tries_left = kTries;; --tries_left) {
      try {
        return job.finish(result) == store::Lease::held;
      } catch (const Busy&) {
        if (tries_left == 1) throw;
      }
    }
  }

  void done(HeldJob& job, const JobResult& result) {
    count(&JobQueueStats::done);
    if (result.kept) result.kept(job);
    tell_stored(job.shop_id(), job.job().id);
  }

  /// Stores the failure, or that the job waits again, and tells the streams what became of it. What
  /// cannot be stored stays until the lease runs out; then the job is done again.
  void give_up(HeldJob& job, const std::optional<store::JobFailure>& failure) {
    if (failure && job.fail(*failure) == store::Lease::held) count(&JobQueueStats::failed);
    if (job.stop_reason() == StopReason::shutdown && job.release() == store::Lease::held) count(&JobQueueStats::released);
    if (job.stop_reason() == StopReason::cancelled) count(&JobQueueStats::cancelled);
    if (job.stop_reason() == StopReason::lost) return count(&JobQueueStats::lost);
    tell_stored(job.shop_id(), job.job().id);
  }

  void count(int64_t JobQueueStats::* counter) {
    const std::lock_guard lock(mutex_);
    ++(stats_.*counter);
  }

  /// Renews leases, looks at jobs elsewhere that are followed here, forgets old events.
  void keep(const std::stop_token& stop) {
    std::mutex alone;
    std::unique_lock lock(alone);
    std::condition_variable_any stopped;
    const auto pause = std::min<std::chrono::milliseconds>(config_.poll, config_.lease.lease / 6);
    while (!stopped.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      keep_leases();
      tell_of_jobs_elsewhere();
      events_.forget_older_than(config_.keep_events);
    }
  }

  void keep_leases() {
    for (const auto& job : all_running()) {
      try {
        job->keep_lease();
      } catch (const Error& e) {  // the lease lasts for two more beats
        log_warn("[JobQueue] ", job->job().id, ": lease not renewed: ", e.what());
      }
    }
  }

  void tell_of_jobs_elsewhere() {
    std::map<std::string, std::string> followed;
    for (const std::string& id : events_.followed()) {
      const std::lock_guard lock(mutex_);
      if (!running_.contains(id)) followed[id] = shops_[id];
    }
    for (const auto& [id, shop_id] : followed) {
      try {
        tell_change(shop_id, id);
      } catch (const Error& e) {
        log_warn("[JobQueue] ", id, ": ", e.what());
      }
    }
    const std::lock_guard lock(mutex_);
    std::erase_if(shops_, [&](const auto& id_and_shop) { return !followed.contains(id_and_shop.first) && !running_.contains(id_and_shop.first); });
    std::erase_if(told_, [&](const auto& id_and_text) { return !followed.contains(id_and_text.first); });
  }

  /// Tells the streams when the stored job is another than it was at the last look.
  void tell_change(const std::string& shop_id, const std::string& id) {
    const auto job = find(shop_id, id);
    if (!job) return;
    std::string text = dump_line(to_json(*job));
    {
      const std::lock_guard lock(mutex_);
      if (running_.contains(id) || std::exchange(told_[id], text) == text) return;
    }
    if (has_ended(*job)) tell_candidates(shop_id, id);
    tell_state(events_, *job);
  }

  std::optional<store::Job> tell_stored(const std::string& shop_id, const std::string& id) {
    const auto job = find(shop_id, id);
    if (job) tell_state(events_, *job);
    return job;
  }

  /// What is true of a job that has no log here.
  void tell_all_stored(const std::string& shop_id, const store::Job& job) {
    tell_candidates(shop_id, job.id);
    events_.add_if_new(job.id, "job", "job", dump_line(to_json(job)), has_ended(job));
  }

  void tell_candidates(const std::string& shop_id, const std::string& id) {
    if (!candidates_) return;
    for (const StoredCandidate& candidate : candidates_(*database_.borrow(), shop_id, id))
      events_.add_if_new(id, "candidate " + candidate.id, "candidate", candidate.json);
  }

  std::shared_ptr<HeldJob> running(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(id);
    return found == running_.end() ? nullptr : found->second;
  }

  std::vector<std::shared_ptr<HeldJob>> all_running() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<HeldJob>> jobs;
    for (const auto& [id, job] : running_) jobs.push_back(job);
    return jobs;
  }

  void wake(store::JobKind kind) {
    const std::lock_guard lock(mutex_);
    for (const auto& lane : lanes_) {
      if (std::find(lane->kinds.begin(), lane->kinds.end(), kind) == lane->kinds.end()) continue;
      lane->was_told = true;
      lane->has_work.notify_one();
    }
  }

  store::Database& database_;
  JobQueueConfig config_;
  std::map<store::JobKind, JobHandler> handlers_;
  StoredCandidates candidates_;
  JobEvents events_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable idle_;
  bool is_stopping_ = false;
  std::map<std::string, std::shared_ptr<HeldJob>> running_;  // by id
  std::map<std::string, std::string> shops_;  // of jobs that are or were followed
  std::map<std::string, std::string> told_;   // of jobs elsewhere: what was told last
  JobQueueStats stats_;
  std::vector<std::jthread> threads_;
  std::jthread keeper_;
};

JobQueue::JobQueue(store::Database& database, JobQueueConfig config) : impl_(std::make_unique<Impl>(database, std::move(config))) {}
JobQueue::~JobQueue() = default;
void JobQueue::handle(store::JobKind kind, JobHandler handler) { impl_->handle(kind, std::move(handler)); }
void JobQueue::find_candidates_by(StoredCandidates candidates) { impl_->find_candidates_by(std::move(candidates)); }
void JobQueue::start() { impl_->start(); }
void JobQueue::stop(std::chrono::milliseconds grace) { impl_->stop(grace); }
store::AddedJob JobQueue::add(const std::string& shop_id, store::NewJob job) { return impl_->add(shop_id, std::move(job)); }
store::ChangedJob JobQueue::cancel(const std::string& shop_id, const std::string& id) { return impl_->cancel(shop_id, id); }
store::ChangedJob JobQueue::resume(const std::string& shop_id, const std::string& id) { return impl_->resume(shop_id, id); }
store::ChangedJob JobQueue::set_priority(const std::string& shop_id, const std::string& id, store::JobPriority priority) {
  return impl_->set_priority(shop_id, id, priority);
}
std::optional<store::Job> JobQueue::find(const std::string& shop_id, const std::string& id) { return impl_->find(shop_id, id); }
std::unique_ptr<JobStream> JobQueue::follow(const std::string& shop_id, const std::string& id, int64_t last_event_id,
                                            std::function<void()> on_ready) {
  return impl_->follow(shop_id, id, last_event_id, std::move(on_ready));
}
JobQueueStats JobQueue::stats() const { return impl_->stats(); }

}  // namespace vitrine::serve
