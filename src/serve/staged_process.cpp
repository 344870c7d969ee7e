#include "serve/staged_process.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "serve/child_process.h"

namespace vitrine::serve {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kLook = std::chrono::milliseconds(200);
constexpr size_t kMaxLineBytes = size_t{1} << 16;
constexpr int kSomeRejected = 3;  // exit code: done, but rows were left out

/// Messages come on standard output, where they are read.
std::vector<std::string> with_messages(const std::vector<std::string>& command) {
  std::vector<std::string> all{"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

/// A child at work for a job.
class StagedChild {
 public:
  StagedChild(const StagedWork& work, RunningJob& job, std::chrono::milliseconds patience)
      : work_(work), job_(job), patience_(patience), child_(with_messages(work.command), kMaxLineBytes) {}

  ChildEnd watch() {
    finished_ = num_finished();
    job_.progress(finished_, work_.num_stages);
    std::string line;
    while (true) {
      const auto read = child_.read_line(line, kLook);
      if (read == ChildProcess::Read::end) return child_.wait();
      if (read == ChildProcess::Read::too_long) throw JobFailed(work_.failure_code, work_.name + ": a message without an end");
      if (read == ChildProcess::Read::line) keep(line);
      tell_progress();
      stop_if_asked();
    }
  }
  const std::string& last_message() const { return last_message_; }

 private:
  void keep(const std::string& line) {
    log_info("[", work_.name, "] ", line);
    if (!line.empty()) last_message_ = line;
  }

  /// Each leaves a file.
  int64_t num_finished() const {
    int64_t count = 0;
    std::error_code none_yet;
    for (fs::directory_iterator entry(work_.output.string() + ".run/stages", none_yet), end; !none_yet && entry != end; entry.increment(none_yet)) {
      count += entry->path().extension() == ".json";
    }
    return count;
  }

  void tell_progress() {
    const int64_t finished = num_finished();
    if (finished > finished_) job_.progress(finished, work_.num_stages);
    finished_ = std::max(finished_, finished);
  }

  void stop_if_asked() {
    if (!job_.should_stop()) return;
    if (!stopped_at_) {
      stopped_at_ = SteadyClock::now();
      child_.terminate();
    } else if (SteadyClock::now() - *stopped_at_ > patience_) {
      child_.kill();
    }
  }

  const StagedWork& work_;
  RunningJob& job_;
  const std::chrono::milliseconds patience_;
  ChildProcess child_;
  int64_t finished_ = 0;
  std::string last_message_;
  std::optional<SteadyClock::time_point> stopped_at_;
};

}  // namespace

void run_staged(const StagedWork& work, RunningJob& job, std::chrono::milliseconds patience) {
  if (!fs::exists(work.output)) {  // else a run before this one has finished it
    StagedChild child(work, job, patience);
    const ChildEnd end = child.watch();
    job.throw_if_stopped();
    if (end.signal != 0) throw JobFailed(work.failure_code, concat(work.name, " was killed by signal ", end.signal, ": ", child.last_message()));
    if (end.exit_code != 0 && end.exit_code != kSomeRejected) throw JobFailed(work.failure_code, child.last_message());
  }
  job.progress(work.num_stages, work.num_stages);
}

}  // namespace vitrine::serve
