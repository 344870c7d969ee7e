// serve/job_queue.h - runs the store's jobs: threads that take them, handlers by kind, leases,
// progress, events.
//
// The store decides which job comes next and who holds it (store/jobs.h); this is the worker side.
// A lane is a group of threads for some kinds, so that a long round does not keep copy waiting. One
// thread more renews the leases of all jobs that run here and looks what became of jobs elsewhere.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "serve/job_events.h"
#include "store/database.h"
#include "store/jobs.h"

namespace vitrine::serve {

/// Kinds that share some threads.
struct JobLane {
  std::vector<store::JobKind> kinds;
  int threads = 1;
};

struct JobQueueConfig {
  store::JobLimits limits = {};
  store::LeaseConfig lease = {};
  std::vector<JobLane> lanes = {
      {{store::JobKind::write}, 16},
      {{store::JobKind::draw}, 1},
      {{store::JobKind::import_rows, store::JobKind::export_files}, 2},
      {{store::JobKind::batch}, 1},
      {{store::JobKind::round, store::JobKind::gate}, 1},
  };
  /// How often a lane looks for jobs that other instances queued, or whose lease ran out.
  std::chrono::milliseconds poll = std::chrono::seconds(1);
  std::chrono::seconds keep_events = std::chrono::minutes(10);  // of a job that nobody follows
  std::string worker;  // name of this process in the store; empty = host and process id
};

/// A job that cannot be done, with the stable code of its problem document. Other exceptions of a
/// handler get the code that refusal_of (serve/problem.h) gives them.
class JobFailed : public Error {
 public:
  JobFailed(std::string failure_code, const std::string& detail)
      : Error(detail), code(std::move(failure_code)) {}
  std::string code;
};

/// Why a handler is to stop.
enum class StopReason {
  none,
  cancelled,  // by a user
  lost,       // another worker has the job: add nothing
  shutdown,   // the server ends: the job goes on later, behind its checkpoint
};

/// A job in the hands of its handler. Thread-safe.
class RunningJob {
 public:
  virtual ~RunningJob() = default;
  virtual const store::ClaimedJob& claim() const = 0;
  const std::string& shop_id() const { return claim().shop_id; }
  const store::Job& job() const { return claim().job; }

  /// How far it is; tells the streams, and the store with the next beat. The time left follows from
  /// the pace since the job was taken.
  virtual void progress(int64_t done, std::optional<int64_t> total) = 0;
  /// From here the job goes on when its worker dies; stored when this returns. Throws as
  /// store::JobQueue::beat; Cancelled when the job is not held any more.
  virtual void checkpoint(const store::Document& document) = 0;
  /// Tells the streams of a candidate: token, preview or candidate (docs/api/openapi.yaml). Of one
  /// candidate the newest event stays.
  virtual void tell(const std::string& name, const std::string& candidate_id, const Json& data) = 0;

  virtual StopReason stop_reason() const = 0;
  /// Stores by `keep` what is finished, in one transaction with the progress: whoever cancels the job later
  /// finds both. Throws as store::JobQueue::beat and `keep`; Cancelled when it is to stop, and then nothing was
  /// stored of a job that is not held any more.
  virtual void keep(int64_t done, std::optional<int64_t> total, const std::function<void(store::Connection& connection)>& keep) = 0;
  bool should_stop() const { return stop_reason() != StopReason::none; }
  /// Throws Cancelled when it is to stop.
  void throw_if_stopped() const;
};

/// What a handler gives back.
struct JobResult {
  store::Document result;  // JobResult of the API
  /// Stores what the job made, in one transaction with the end of the job: it is kept exactly when
  /// the job was still held. May be empty.
  std::function<void(store::Connection& connection)> keep = {};
  /// Called once that is committed; for the streams (finished candidates). May be empty.
  std::function<void(RunningJob& job)> kept = {};
};

/// Does a job in a lane's thread. Throws JobFailed or any Error; when told to stop it returns soon,
/// by throwing Cancelled (throw_if_stopped). Cancelled without being told while the process ends: the job
/// goes on later; else it is a fault, with which the job fails.
using JobHandler = std::function<JobResult(RunningJob& job)>;

/// A finished candidate as the API shows it.
struct StoredCandidate {
  std::string id;
  std::string json;
};
using StoredCandidates = std::function<std::vector<StoredCandidate>(
    store::Connection& connection, const std::string& shop_id, const std::string& job_id)>;

struct JobQueueStats {
  std::map<std::string, int64_t> running;  // by kind
  int64_t done = 0, failed = 0, cancelled = 0, lost = 0, released = 0;  // since the start
};

/// Call order: handle for each kind, start, any of the others, stop. Thread-safe after start.
class JobQueue {
 public:
  /// `database` must outlive it.
  JobQueue(store::Database& database, JobQueueConfig config = {});
  /// stop(0).
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  /// What does jobs of a kind. A kind without a handler is not taken.
  void handle(store::JobKind kind, JobHandler handler);
  /// Where finished candidates of a job are found when a stream begins.
  void find_candidates_by(StoredCandidates candidates);
  void start();
  /// Takes no more jobs; those that run have `grace` to end, then they are told to stop and go back
  /// into the queue. Returns when no handler runs.
  void stop(std::chrono::milliseconds grace);

  /// store::Jobs::add with the limits of the config; wakes a lane. id and created_at of `job` may be
  /// empty: then they are made.
  store::AddedJob add(const std::string& shop_id, store::NewJob job);
  /// As store::Jobs; what runs here learns it at once, and streams are told.
  store::ChangedJob cancel(const std::string& shop_id, const std::string& id);
  store::ChangedJob resume(const std::string& shop_id, const std::string& id);
  store::ChangedJob set_priority(const std::string& shop_id, const std::string& id,
                                 store::JobPriority priority);
  /// The job as it is now: of one that runs here the progress is newer than the store's.
  std::optional<store::Job> find(const std::string& shop_id, const std::string& id);

  /// Follows a job from behind an event (0 = from what is true now: job, then its finished
  /// candidates). Null = the shop has no such job. The stream must not outlive the queue.
  ///   on_ready  as JobEvents::follow
  std::unique_ptr<JobStream> follow(const std::string& shop_id, const std::string& id,
                                    int64_t last_event_id, std::function<void()> on_ready = {});

  JobQueueStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitrine::serve
