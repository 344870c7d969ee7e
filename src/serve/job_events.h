// serve/job_events.h - what happens in jobs, for streams that follow them.
//
// Each job has a log. An entry takes the place of the former one of its key (a candidate's newest
// text, the job's newest state), so that the log of a job is at once its present state and all that
// a stream needs that was away for a while: no entry is lost that is still true.
#pragma once
#include <chrono>
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

class JobEvents;

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
  JobStream(JobEvents& events, std::unique_ptr<State> state);
  JobEvents& events_;
  std::unique_ptr<State> state_;  // guarded by the mutex of events_
};

/// Thread-safe. Outlives its streams.
class JobEvents {
 public:
  /// first_id: of the first event; by default the time, so that ids grow over restarts.
  explicit JobEvents(int64_t first_id = first_id_of_now());
  ~JobEvents();

  /// Adds an event to the job's log, in the place of the former one of `key`. ends_job: it is the
  /// last one.
  void add(const std::string& job_id, const std::string& key, const std::string& name,
           std::string data, bool ends_job = false);
  /// The same, unless there is an event of `key`: what was found in the store may be older.
  void add_if_new(const std::string& job_id, const std::string& key, const std::string& name,
                  std::string data, bool ends_job = false);
  /// A job begins (anew): what its log holds of candidates that were not finished goes, and its end.
  void restart(const std::string& job_id);

  /// Follows a job. With the id of an event the stream goes on behind that; without one (0) it
  /// begins with all that is true now, the newest event of the key "job" first.
  ///   on_ready  called when there is something to take, from any thread, holding no lock; or empty
  std::unique_ptr<JobStream> follow(const std::string& job_id, int64_t last_event_id,
                                    std::function<void()> on_ready = {});

  bool has_log(const std::string& job_id) const;
  /// Jobs that somebody follows.
  std::vector<std::string> followed() const;
  /// Forgets logs that nobody follows and that have not changed for so long.
  void forget_older_than(std::chrono::seconds age);

  static int64_t first_id_of_now();

 private:
  struct Log;
  friend class JobStream;
  std::vector<JobEvent> take(JobStream::State& stream, std::chrono::milliseconds wait);
  bool is_over(const JobStream::State& stream) const;
  void leave(JobStream::State& stream);
  void put(Log& log, const std::string& key, const std::string& name, std::string data, bool ends_job);
  static void tell_followers(Log& log, std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;  // of all below
  int64_t next_id_;
  std::map<std::string, Log> logs_;
};

}  // namespace vitrine::serve
