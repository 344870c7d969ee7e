// store/jobs.h - the queue: what takes longer than a page can wait.
//
//   queued -> running -> done | failed; queued, running -> cancelled; failed, cancelled -> queued
//
// A worker holds a job by a lease that it renews (beat). When the worker dies the lease runs out,
// and another one takes the job over with the checkpoint of the first. Each taking has its own
// number, the attempt: what an earlier one still says is refused, so a job is finished once.
#pragma once
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/of_shop.h"
#include "store/page.h"

namespace vitrine::store {

enum class JobKind { import_rows, write, draw, batch, export_files, round, gate };
template <>
struct EnumWords<JobKind> {
  static constexpr std::string_view words[] = {"import", "write", "draw", "batch",
                                               "export", "round", "gate"};
};

enum class JobState { queued, running, done, failed, cancelled };
template <>
struct EnumWords<JobState> {
  static constexpr std::string_view words[] = {"queued", "running", "done", "failed", "cancelled"};
};

/// Higher ones are taken first; in one priority, the one that came first. Kept as 0, 1, 2.
enum class JobPriority { low, normal, high };

struct JobProgress {
  int64_t done = 0;  // candidates, rows or steps
  std::optional<int64_t> total;
  std::optional<double> eta_seconds;
};

/// Why a job failed; serve makes the problem document of it.
struct JobFailure {
  std::string code;    // stable, such as model_missing; kWorkerLost
  std::string detail;  // one line
};
inline constexpr const char* kWorkerLost = "worker_lost";

struct Job {
  std::string id;
  JobKind kind = JobKind::write;
  JobState state = JobState::queued;
  JobPriority priority = JobPriority::normal;
  Document request;
  std::string user_id, user_name;
  JobProgress progress;
  int64_t position = 0;  // queued jobs before it, of all shops; 0 unless queued
  Document result;       // empty = none yet
  JobFailure failure;    // of a failed one
  int64_t busy_ms = 0;   // how long workers worked on it, all attempts
  UtcMillis created_at{};
  std::optional<UtcMillis> started_at, ended_at;
};

struct NewJob {
  std::string id;
  JobKind kind = JobKind::write;
  JobPriority priority = JobPriority::normal;
  Document request;  // written the same way for the same request: the idempotency key compares it
  std::string idempotency_key;  // unique in the shop for a day; empty = none
  std::string user_id;
  UtcMillis created_at{};
};

struct JobLimits {
  int max_queued = 1000;  // of all shops
  int max_of_user = 200;  // jobs that one user starts within `quota_window`
  std::chrono::milliseconds quota_window = std::chrono::hours(1);
};

struct AddedJob {
  enum class Outcome {
    added,
    repeated,    // the key was seen with this request: `job` is the first one
    key_reused,  // the key was seen with another request
    over_quota,  // `reset_at` is when the user may start one again
    queue_full,
  };
  Outcome outcome = Outcome::added;
  std::optional<Job> job;
  std::optional<UtcMillis> reset_at;
};

enum class ChangedJob { done, not_found, ended };

struct JobFilter {
  std::optional<JobKind> kind;
  std::optional<JobState> state;
};

/// The jobs of a shop, for those who start and watch them.
class Jobs : public OfShop {
 public:
  using OfShop::OfShop;

  AddedJob add(const NewJob& job, const JobLimits& limits);
  std::optional<Job> find(const std::string& id);
  Page<Job> list(const JobFilter& filter, const PageRequest& request);  // newest first
  /// Frees the worker, which learns it at its next beat; what is finished stays. Of a cancelled
  /// one: done; of one that is done or failed: ended.
  ChangedJob cancel(const std::string& id, UtcMillis now);
  /// Goes on with a cancelled or failed job behind its checkpoint. Of a queued or running one:
  /// done; of one that is done: ended.
  ChangedJob resume(const std::string& id);
  ChangedJob set_priority(const std::string& id,
                          JobPriority priority);  // of a queued or running one

 private:
  std::optional<AddedJob> find_by_key(const NewJob& job);
  std::optional<AddedJob> over_limits(const NewJob& job, const JobLimits& limits);
  void insert(const NewJob& job);
  ChangedJob why_unchanged(const std::string& id, std::initializer_list<JobState> already);
};

/// A job in the hands of a worker.
struct ClaimedJob {
  std::string shop_id;
  Job job;
  int64_t attempt = 0;  // from 1
  Document checkpoint;  // what the last beat of an earlier attempt said; empty = begin
};

struct LeaseConfig {
  std::chrono::milliseconds lease = std::chrono::seconds(30);
  int max_losses = 3;  // a job whose worker died so often is failed as worker_lost
};

enum class Lease {
  held,
  cancelled,  // stop
  lost,       // another worker has it: stop, and add nothing
};

/// The queue of all shops, for workers. Throws as Connection::query.
class JobQueue {
 public:
  explicit JobQueue(Connection& connection, LeaseConfig config = {})
      : connection_(connection), config_(config) {}

  /// The next job of one of `kinds`: a queued one, or one whose lease ran out. Nothing = no work.
  std::optional<ClaimedJob> claim(const std::string& worker, std::span<const JobKind> kinds,
                                  UtcMillis now);
  /// Renews the lease (every third of it) and keeps progress and checkpoint.
  Lease beat(const ClaimedJob& claim, const JobProgress& progress, const Document& checkpoint,
             UtcMillis now);
  // The end of a job. Not held: nothing was kept; whoever stores the job's results does so in one
  // Transaction with this call, and commits it when the answer is held.
  Lease finish(const ClaimedJob& claim, const Document& result, UtcMillis now);
  Lease fail(const ClaimedJob& claim, const JobFailure& failure, UtcMillis now);
  /// Gives it back unfinished, for a shutdown: it is queued at its old place with its checkpoint.
  Lease release(const ClaimedJob& claim, UtcMillis now);
  /// All workers are known to have ended: no job waits for its lease to run out.
  void end_leases(UtcMillis now);

 private:
  bool has_work(std::span<const JobKind> kinds, UtcMillis now);
  void fail_lost(UtcMillis now);
  Lease end(const ClaimedJob& claim, JobState state, const Document& result,
            const JobFailure& failure, UtcMillis now);
  Lease why_not_held(const ClaimedJob& claim);

  Connection& connection_;
  LeaseConfig config_;
};

}  // namespace vitrine::store
