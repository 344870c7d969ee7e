#include "serve/running_job.h"

#include <utility>

#include "serve/wire.h"

namespace vitrine::serve {
namespace {

using SteadyClock = std::chrono::steady_clock;

StopReason reason_of(store::Lease lease) {
  if (lease == store::Lease::held) return StopReason::none;
  return lease == store::Lease::cancelled ? StopReason::cancelled : StopReason::lost;
}

}  // namespace

void tell_state(JobEvents& events, const store::Job& job) {
  const bool ends = job.state != store::JobState::queued && job.state != store::JobState::running;
  events.add(job.id, "job", "job", dump_line(to_json(job)), ends);
}

void RunningJob::throw_if_stopped() const {
  if (should_stop()) throw Cancelled(concat("[RunningJob] ", job().id, " is to stop"));
}

HeldJob::HeldJob(store::Database& database, store::LeaseConfig lease, JobEvents& events, store::ClaimedJob claim)
    : database_(database), lease_(lease), events_(events), claim_(std::move(claim)), progress_(claim_.job.progress), checkpoint_(claim_.checkpoint) {}

void HeldJob::set_progress(int64_t done, std::optional<int64_t> total) {
  const std::lock_guard lock(mutex_);
  progress_ = {.done = done, .total = total, .eta_seconds = seconds_left(done, total)};
}

void HeldJob::progress(int64_t done, std::optional<int64_t> total) {
  set_progress(done, total);
  if (!should_stop()) tell_state(events_, present());
}

/// By the pace since the job was taken.
std::optional<double> HeldJob::seconds_left(int64_t done, std::optional<int64_t> total) const {
  const int64_t since = done - claim_.job.progress.done;
  if (!total || since <= 0) return std::nullopt;
  const std::chrono::duration<double> elapsed = SteadyClock::now() - taken_at_;
  return elapsed.count() / static_cast<double>(since) * static_cast<double>(*total - done);
}

void HeldJob::checkpoint(const store::Document& document) {
  {
    const std::lock_guard lock(mutex_);
    checkpoint_ = document;
  }
  const std::lock_guard beating(beating_);
  beat(*database_.borrow());
  throw_if_stopped();
}

/// A beat of the keeper does not come between: what is counted is stored.
void HeldJob::keep(int64_t done, std::optional<int64_t> total, const std::function<void(store::Connection& connection)>& keep) {
  {
    const std::lock_guard beating(beating_);
    const store::JobProgress former = present().progress;
    set_progress(done, total);
    try {
      const store::Database::Loan connection = database_.borrow();
      store::Transaction transaction(*connection);
      if (beat(*connection) == store::Lease::held) {
        keep(*connection);
        transaction.commit();
      }
    } catch (...) {
      set_progress(former.done, former.total);
      throw;
    }
  }
  throw_if_stopped();
  tell_state(events_, present());
}

void HeldJob::tell(const std::string& name, const std::string& candidate_id, const Json& data) {
  const StopReason reason = stop_reason();
  if (reason == StopReason::none || reason == StopReason::shutdown) events_.add(claim_.job.id, "candidate " + candidate_id, name, dump_line(data));
}

StopReason HeldJob::stop_reason() const {
  const std::lock_guard lock(mutex_);
  return stop_reason_;
}

void HeldJob::stop(StopReason reason) {
  const std::lock_guard lock(mutex_);
  if (stop_reason_ == StopReason::none) stop_reason_ = reason;
}

void HeldJob::keep_lease() {
  {
    const std::lock_guard lock(mutex_);
    if (SteadyClock::now() - beat_at_ < lease_.lease / 3) return;
  }
  const std::lock_guard beating(beating_);
  if (!has_ended_) beat(*database_.borrow());
}

/// REQUIRES: beating_.
store::Lease HeldJob::beat(store::Connection& connection) {
  const auto [progress, checkpoint] = [&] {
    const std::lock_guard lock(mutex_);
    beat_at_ = SteadyClock::now();
    return std::pair(progress_, checkpoint_);
  }();
  const store::Lease lease = store::JobQueue(connection, lease_).beat(claim_, progress, checkpoint, store::utc_now());
  stop(reason_of(lease));
  return lease;
}

/// The last progress goes with the end, in one transaction.
template <typename End>
store::Lease HeldJob::end(End end) {
  const std::lock_guard beating(beating_);
  const store::Database::Loan connection = database_.borrow();
  store::Transaction transaction(*connection);
  store::Lease lease = beat(*connection);
  store::JobQueue queue(*connection, lease_);
  if (lease == store::Lease::held) lease = end(*connection, queue);
  if (lease != store::Lease::held) return lease;
  transaction.commit();
  has_ended_ = true;
  return lease;
}

store::Lease HeldJob::finish(const JobResult& result) {
  return end([&](store::Connection& connection, store::JobQueue& queue) {
    if (result.keep) result.keep(connection);
    return queue.finish(claim_, result.result, store::utc_now());
  });
}

store::Lease HeldJob::fail(const store::JobFailure& failure) {
  return end([&](store::Connection&, store::JobQueue& queue) { return queue.fail(claim_, failure, store::utc_now()); });
}

store::Lease HeldJob::release() {
  return end([&](store::Connection&, store::JobQueue& queue) { return queue.release(claim_, store::utc_now()); });
}

store::Job HeldJob::present() const {
  const std::lock_guard lock(mutex_);
  store::Job job = claim_.job;
  job.progress = progress_;
  return job;
}

}  // namespace vitrine::serve
