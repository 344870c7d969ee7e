// serve/running_job.h - the queue's side of a job that runs here.
#pragma once
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "serve/job_queue.h"

namespace vitrine::serve {

/// Tells the streams how a job stands.
void tell_state(JobEvents& events, const store::Job& job);

/// Thread-safe. Database and events must outlive it.
class HeldJob : public RunningJob {
 public:
  HeldJob(store::Database& database, store::LeaseConfig lease, JobEvents& events, store::ClaimedJob claim);

  const store::ClaimedJob& claim() const override { return claim_; }
  void progress(int64_t done, std::optional<int64_t> total) override;
  void checkpoint(const store::Document& document) override;
  void keep(int64_t done, std::optional<int64_t> total, const std::function<void(store::Connection& connection)>& keep) override;
  void tell(const std::string& name, const std::string& candidate_id, const Json& data) override;
  StopReason stop_reason() const override;

  /// The first reason stays.
  void stop(StopReason reason);
  /// Renews the lease when a third of it has passed, with progress and checkpoint; a job that is not
  /// held any more is told to stop. Throws as store::JobQueue::beat.
  void keep_lease();
  /// Ends it as done with what it made, or as failed, or gives it back. Anything but held: nothing
  /// was kept. Throws what `keep` and the store throw.
  store::Lease finish(const JobResult& result);
  store::Lease fail(const store::JobFailure& failure);
  store::Lease release();
  /// The job with the progress as it is now.
  store::Job present() const;

 private:
  store::Lease beat(store::Connection& connection);
  void set_progress(int64_t done, std::optional<int64_t> total);
  std::optional<double> seconds_left(int64_t done, std::optional<int64_t> total) const;
  template <typename End>
  store::Lease end(End end);

  store::Database& database_;
  const store::LeaseConfig lease_;
  JobEvents& events_;
  const store::ClaimedJob claim_;
  const std::chrono::steady_clock::time_point taken_at_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;  // of all below
  store::JobProgress progress_;
  store::Document checkpoint_;
  std::chrono::steady_clock::time_point beat_at_ = taken_at_;
  StopReason stop_reason_ = StopReason::none;
  std::mutex beating_;     // one beat, or the end, at a time; taken before a transaction begins
  bool has_ended_ = false;  // guarded by beating_
};

}  // namespace vitrine::serve
