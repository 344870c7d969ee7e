// serve/picture_process.h - pictures are drawn in a process of their own, which is spoken to in JSON
// lines: when it crashes or runs out of memory one job fails, not the server.
//
// The child (`vitrine draw-worker`) loads its model once and draws request after request. Lines to
// it: {"draw": {…}} and {"cancel": true}; lines from it: docs/formats/draw_worker.md. It starts with
// the first request, again after each death, and dies with the server.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace vitrine::serve {

struct PictureProcessConfig {
  std::vector<std::string> command;  // program and arguments
  /// Silence longer than this ends the child: loading a model, or one denoising step.
  std::chrono::milliseconds patience = std::chrono::minutes(5);
  std::chrono::milliseconds cancel_patience = std::chrono::seconds(10);  // from cancel to its answer
  size_t max_line_bytes = size_t{1} << 20;
};

/// Why a drawing failed. Codes: picture_worker_missing (it cannot be started),
/// picture_worker_crashed, picture_worker_out_of_memory, picture_worker_silent,
/// picture_worker_broken_line; or the worker's own code, with which it lives on.
class PictureFailed : public Error {
 public:
  PictureFailed(std::string failure_code, const std::string& detail)
      : Error(detail), code(std::move(failure_code)) {}
  std::string code;
};

/// What is told while pictures are drawn, in the thread that called draw. Each may be empty.
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
  /// Ends the child.
  ~PictureProcess();
  PictureProcess(const PictureProcess&) = delete;
  PictureProcess& operator=(const PictureProcess&) = delete;

  /// Draws `request` (the object behind "draw"). Returns the worker's event `done`.
  /// Throws PictureFailed, Cancelled.
  Json draw(const Json& request, const PictureWatch& watch = {});

  /// Whether a child is there now; 0 = none, else its process id.
  int pid() const;
  int64_t starts() const;  // children so far

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitrine::serve
