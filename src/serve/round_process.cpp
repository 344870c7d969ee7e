#include "serve/round_process.h"

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
constexpr int kStagesOfRound = 5;  // sample, fluency, order, tune, watch
constexpr int kSomeRejected = 3;   // exit code: done, but rows were left out

/// Messages come on standard output, where they are read.
std::vector<std::string> command_of(const std::vector<std::string>& program, const RoundOrder& order) {
  std::vector<std::string> command{"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh"};
  command.insert(command.end(), program.begin(), program.end());
  for (const std::string& word : {std::string("align"), std::string("copy"), order.products.string(), std::string("--model"), order.model,
                                  std::string("--picks"), order.picks.string(), std::string("--output"), order.output.string(),
                                  std::string("--objective"), order.objective, std::string("--rounds"), std::to_string(order.rounds)}) {
    command.push_back(word);
  }
  if (!order.ranker.empty()) command.insert(command.end(), {"--ranker", order.ranker});
  command.insert(command.end(), order.options.begin(), order.options.end());
  return command;
}

/// The first look at the model, the rounds, and the ranking model where one is trained.
int64_t num_stages(const RoundOrder& order) { return 1 + kStagesOfRound * order.rounds + order.ranker.empty(); }

/// Each leaves a file.
int64_t num_finished(const RoundOrder& order) {
  int64_t count = 0;
  std::error_code none_yet;
  for (fs::directory_iterator entry(order.output.string() + ".run/stages", none_yet), end; !none_yet && entry != end; entry.increment(none_yet)) {
    count += entry->path().extension() == ".json";
  }
  return count;
}

/// A child at work for a job.
class RoundChild {
 public:
  RoundChild(const std::vector<std::string>& program, const RoundOrder& order, RunningJob& job, std::chrono::milliseconds patience)
      : order_(order), job_(job), patience_(patience), child_(command_of(program, order), kMaxLineBytes) {}

  ChildEnd watch() {
    job_.progress(num_finished(order_), num_stages(order_));
    std::string line;
    while (true) {
      const auto read = child_.read_line(line, kLook);
      if (read == ChildProcess::Read::end) return child_.wait();
      if (read == ChildProcess::Read::too_long) throw JobFailed("round_failed", "align copy: a message without an end");
      if (read == ChildProcess::Read::line) keep(line);
      tell_progress();
      stop_if_asked();
    }
  }
  const std::string& last_message() const { return last_message_; }

 private:
  void keep(const std::string& line) {
    log_info("[align copy] ", line);
    if (!line.empty()) last_message_ = line;
  }

  void tell_progress() {
    const int64_t finished = num_finished(order_);
    if (finished > finished_) job_.progress(finished, num_stages(order_));
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

  const RoundOrder& order_;
  RunningJob& job_;
  const std::chrono::milliseconds patience_;
  ChildProcess child_;
  int64_t finished_ = 0;
  std::string last_message_;
  std::optional<SteadyClock::time_point> stopped_at_;
};

}  // namespace

RoundOutcome run_round(const std::vector<std::string>& program, const RoundOrder& order, RunningJob& job, std::chrono::milliseconds patience) {
  if (!fs::exists(order.output)) {  // else a run before this one has finished it
    RoundChild child(program, order, job, patience);
    const ChildEnd end = child.watch();
    job.throw_if_stopped();
    if (end.signal != 0) throw JobFailed("round_failed", concat("align copy was killed by signal ", end.signal, ": ", child.last_message()));
    if (end.exit_code != 0 && end.exit_code != kSomeRejected) throw JobFailed("round_failed", child.last_message());
  }
  job.progress(num_stages(order), num_stages(order));
  return {order.output / concat("round-", order.rounds), read_json_file(order.output / "report.json")};
}

}  // namespace vitrine::serve
