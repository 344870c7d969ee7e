// serve/picture_process.h - pictures are drawn in a process of their own, which is spoken to in JSON
// lines: when it crashes or runs out of memory one job fails, not the server.
//
// The child (`vitrine draw-worker`) keeps its model and draws request after request. Lines to it:
// {"draw": {…}} and {"cancel": true}; lines from it are events (docs/formats/draw_worker.md). It starts
// with the first request, again after each death, and dies with the server.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "serve/job_queue.h"

namespace vitrine::serve {

struct PictureProcessConfig {
  std::vector<std::string> command;  // program and arguments
  /// Silence longer than this ends the child: loading a model, or one denoising step.
  std::chrono::milliseconds patience = std::chrono::minutes(5);
  std::chrono::milliseconds cancel_patience = std::chrono::seconds(10);  // from cancel to its answer
  size_t max_line_bytes = size_t{1} << 20;
};

/// Codes with which a drawing fails (JobFailed); others are the worker's own, with which it lives on.
inline constexpr const char* kPictureWorkerMissing = "picture_worker_missing";  // it cannot be started
inline constexpr const char* kPictureWorkerCrashed = "picture_worker_crashed";  // or ended by itself
inline constexpr const char* kPictureWorkerKilled = "picture_worker_killed";    // most often: out of memory
inline constexpr const char* kPictureWorkerSilent = "picture_worker_silent";
inline constexpr const char* kPictureWorkerBroken = "picture_worker_broken";    // not the lines that were agreed

/// What is told while pictures are drawn, by a thread of the object, while draw waits. Each may be
/// empty.
struct PictureWatch {
  std::function<void(int64_t step, int64_t steps)> on_step = {};
  /// Event `preview` of the worker: index, step, steps, width, height, file.
  std::function<void(const Json& preview)> on_preview = {};
  /// Asked every few milliseconds; true = draw throws Cancelled.
  std::function<bool()> is_cancelled = {};
};

/// Thread-safe; one drawing at a time, others wait.
class PictureProcess {
 public:
  explicit PictureProcess(PictureProcessConfig config);
  /// Ends the child; callers inside draw get Cancelled and must be gone before the object is.
  ~PictureProcess();
  PictureProcess(const PictureProcess&) = delete;
  PictureProcess& operator=(const PictureProcess&) = delete;

  /// Draws `request` (the object behind "draw"). Returns the worker's event `done`.
  /// Throws JobFailed, Cancelled.
  Json draw(const Json& request, const PictureWatch& watch = {});

  /// The child's process id; 0 = there is none now.
  int pid() const;
  int64_t starts() const;  // children so far

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitrine::serve
