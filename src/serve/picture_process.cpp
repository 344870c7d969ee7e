#include "serve/picture_process.h"

#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "serve/child_process.h"

namespace vitrine::serve {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto kLook = std::chrono::milliseconds(20);  // between two looks at is_cancelled

}  // namespace

/// A thread of its own starts the child and speaks with it: a child dies with the thread that made it.
class PictureProcess::Impl {
 public:
  explicit Impl(PictureProcessConfig config) : config_(std::move(config)), thread_([this] { work(); }) {}
  ~Impl() {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    has_work_.notify_one();
  }

  Json draw(const Json& request, const PictureWatch& watch) {
    Drawing drawing{request, watch, {}};
    auto result = drawing.result.get_future();
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) throw Cancelled("[PictureProcess] the server is shutting down");
      waiting_.push_back(&drawing);
      has_work_.notify_one();
    }
    return result.get();
  }

  int pid() const { return pid_; }
  int64_t starts() const { return starts_; }

 private:
  /// A caller inside draw.
  struct Drawing {
    const Json& request;
    const PictureWatch& watch;
    std::promise<Json> result;
  };

  void work() {
    while (Drawing* drawing = next()) {
      try {
        drawing->result.set_value(drawn(*drawing));
      } catch (...) {  // it goes on in the caller's thread
        drawing->result.set_exception(std::current_exception());
      }
    }
    end_child();
  }

  /// Null when the object ends and nobody waits; who waits then is told so by is_cancelled.
  Drawing* next() {
    std::unique_lock lock(mutex_);
    has_work_.wait(lock, [&] { return is_stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    Drawing* drawing = waiting_.front();
    waiting_.pop_front();
    return drawing;
  }

  bool is_cancelled(const Drawing& drawing) const {
    return is_stopping_ || (drawing.watch.is_cancelled && drawing.watch.is_cancelled());
  }

  Json drawn(const Drawing& drawing) {
    if (is_cancelled(drawing)) throw Cancelled("[PictureProcess] cancelled before it began");
    if (!child_ || !child_->write_line(dump_line({{"draw", drawing.request}}))) begin(drawing);
    std::optional<SteadyClock::time_point> cancelled_at;
    auto heard_at = SteadyClock::now();
    while (true) {
      if (!cancelled_at && is_cancelled(drawing)) {
        cancelled_at = SteadyClock::now();
        child_->write_line(R"({"cancel":true})");
      }
      if (const auto event = next_event()) {
        heard_at = SteadyClock::now();
        if (auto result = handled(drawing, *event, cancelled_at.has_value())) return std::move(*result);
      }
      look_at_clock(heard_at, cancelled_at);
    }
  }

  void begin(const Drawing& drawing) {
    end_child();
    try {
      child_.emplace(config_.command, config_.max_line_bytes);
    } catch (const NotFound& e) {
      log_warn("[PictureProcess] ", e.what());
      throw JobFailed(kPictureWorkerMissing, "the picture worker cannot be started");
    }
    pid_ = child_->pid();
    ++starts_;
    if (!child_->write_line(dump_line({{"draw", drawing.request}}))) throw death();
  }

  /// Nothing when there was none for a moment.
  std::optional<Json> next_event() {
    std::string line;
    switch (child_->read_line(line, kLook)) {
      case ChildProcess::Read::timeout:
        return std::nullopt;
      case ChildProcess::Read::end:
        throw death();
      case ChildProcess::Read::too_long:
        throw broken("a line of more than " + std::to_string(config_.max_line_bytes) + " bytes");
      case ChildProcess::Read::line:
        break;
    }
    Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!event.is_object() || !event.contains("event") || !event["event"].is_string()) throw broken(line.substr(0, 80));
    return event;
  }

  /// The result when the event ends the drawing.
  std::optional<Json> handled(const Drawing& drawing, const Json& event, bool cancelled) {
    const std::string name = event["event"];
    try {
      if (name == "step" && drawing.watch.on_step) drawing.watch.on_step(event.at("step").get<int64_t>(), event.at("steps").get<int64_t>());
      if (name == "preview" && drawing.watch.on_preview) drawing.watch.on_preview(event);
      if (name == "failed" && !cancelled) throw JobFailed(event.at("code").get<std::string>(), event.at("detail").get<std::string>());
    } catch (const Json::exception& e) {
      throw broken(e.what());
    }
    if (name != "done" && name != "failed" && name != "cancelled") return std::nullopt;
    if (cancelled || name == "cancelled") throw Cancelled("[PictureProcess] cancelled");
    return event;
  }

  void look_at_clock(SteadyClock::time_point heard_at, std::optional<SteadyClock::time_point> cancelled_at) {
    const auto now = SteadyClock::now();
    if (cancelled_at && now - *cancelled_at > config_.cancel_patience) {
      end_child();
      throw Cancelled("[PictureProcess] cancelled; the worker did not answer and was ended");
    }
    if (now - heard_at <= config_.patience) return;
    end_child();
    throw JobFailed(kPictureWorkerSilent, concat("no sign of life for ", std::chrono::duration_cast<std::chrono::seconds>(config_.patience).count(), " s"));
  }

  JobFailed broken(const std::string& what) {
    end_child();
    return JobFailed(kPictureWorkerBroken, "not a line of the worker: " + printable(what));
  }

  /// What the child died of.
  JobFailed death() {
    const ChildEnd end = child_->wait();
    end_child();
    if (end.signal == SIGKILL) return JobFailed(kPictureWorkerKilled, "the picture worker was killed, as happens when memory runs out");
    if (end.signal != 0) return JobFailed(kPictureWorkerCrashed, concat("the picture worker crashed with signal ", end.signal));
    return JobFailed(kPictureWorkerCrashed, concat("the picture worker ended with code ", end.exit_code));
  }

  void end_child() {
    child_.reset();
    pid_ = 0;
  }

  const PictureProcessConfig config_;
  std::optional<ChildProcess> child_;  // of the thread alone
  std::atomic<int> pid_ = 0;
  std::atomic<int64_t> starts_ = 0;
  std::mutex mutex_;
  std::condition_variable has_work_;
  std::deque<Drawing*> waiting_;
  std::atomic<bool> is_stopping_ = false;
  std::jthread thread_;  // last, so that all is there when it begins
};

PictureProcess::PictureProcess(PictureProcessConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}
PictureProcess::~PictureProcess() = default;
Json PictureProcess::draw(const Json& request, const PictureWatch& watch) { return impl_->draw(request, watch); }
int PictureProcess::pid() const { return impl_->pid(); }
int64_t PictureProcess::starts() const { return impl_->starts(); }

}  // namespace vitrine::serve
