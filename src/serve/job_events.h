// serve/job_events.h - what happens in jobs, for streams that follow them.
//
// Each job has a log. An entry takes the place of the former one of its key (a candidate's newest
// text, the job's newest state), so that the log of a job is at once its present state and all that
// a stream needs that was away for a while: no entry is lost that is still true.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace vitrine::serve {

struct JobEvent {
  int64_t id = 0;    // grows, also from one start of the server to the next
  std::string name;  // job | token | preview | candidate
  std::string data;  // JSON, one line
};

/// One stream that follows a job. For one reader thread; it unsubscribes when it goes.
class JobStream {
 public:
  ~JobStream();
  JobStream(const JobStream&) = delete;
  JobStream& operator=(const JobStream&) = delete;

  /// The events since the last call, in the order of their ids; waits up to `wait` for the first.
  std::vector<JobEvent> take(std::chrono::milliseconds wait);
  /// Whether the job has ended and every event was taken: the stream is to be closed.
  bool is_over() const;

 private:
  friend class JobEvents;
  struct State;
  explicit JobStream(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Thread-safe. Must outlive its streams' last take.
class JobEvents {
 public:
  /// first_id: of the first event; by default the time, so that ids grow over restarts.
  explicit JobEvents(int64_t first_id = first_id_of_now());
  ~JobEvents();

  /// Adds an event to the job's log, in the place of the former one of `key`. ends_job: it is the
  /// last one.
  void add(const std::string& job_id, const std::string& key, const std::string& name,
           std::string data, bool ends_job = false);
  /// A job begins (anew): what its log holds of candidates that were not finished goes.
  void restart(const std::string& job_id);

  /// Follows a job. With the id of an event of its log the stream goes on behind that; without one,
  /// or with an older one, it begins with all that is true now.
  ///   on_ready  called when there is something to take, from any thread, holding no lock; or empty
  std::unique_ptr<JobStream> follow(const std::string& job_id, int64_t last_event_id,
                                    std::function<void()> on_ready = {});

  bool has_log(const std::string& job_id) const;
  /// Jobs that somebody follows.
  std::vector<std::string> followed() const;
  /// Forgets logs of jobs that ended longer ago than this and that nobody follows.
  void forget_older_than(std::chrono::seconds age);

  static int64_t first_id_of_now();

 private:
  struct Log;
  friend class JobStream;
  Log& log_of(const std::string& job_id);

  mutable std::mutex mutex_;
  int64_t next_id_;
  std::map<std::string, std::unique_ptr<Log>> logs_;
};

}  // namespace vitrine::serve
