#include "base/progress.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <utility>

namespace vitrine {
namespace {

std::atomic<bool> progress_enabled{true};

std::string duration_text(double seconds) {
  char text[32];
  if (seconds < 90) {
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  } else {
    std::snprintf(text, sizeof text, "%.0f min", seconds / 60);
  }
  return text;
}

}  // namespace

void set_progress_enabled(bool enabled) { progress_enabled = enabled; }

Progress::Progress(std::string name, uint64_t total, std::string unit)
    : name_(std::move(name)), total_(total), unit_(std::move(unit)), terminal_(::isatty(2) == 1) {}

Progress::~Progress() { finish(); }

void Progress::advance(uint64_t count) {
  done_ += count;
  show_if_due();
}

void Progress::skip(uint64_t count) {
  done_ += count;
  skipped_ = done_;
  skipped_fraction_ = fraction_;
  work_start_ = Clock::now();
  show_if_due();
}

void Progress::show_if_due() {
  const auto interval = terminal_ ? std::chrono::milliseconds(200) : std::chrono::seconds(10);
  if (Clock::now() - shown_ >= interval) show(false);
}

void Progress::note(std::string text) { note_ = std::move(text); }

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  if (terminal_ || Clock::now() - start_ >= std::chrono::seconds(10)) show(true);
}

double Progress::seconds_left(double rate) const {
  if (total_ > done_ && rate > 0) return static_cast<double>(total_ - done_) / rate;
  if (total_ > 0 || fraction_ <= skipped_fraction_) return -1;
  const double seconds = std::chrono::duration<double>(shown_ - work_start_).count();
  return seconds * (1 - fraction_) / (fraction_ - skipped_fraction_);
}

void Progress::show(bool last) {
  shown_ = Clock::now();
  if (!progress_enabled) return;
  const double seconds = std::chrono::duration<double>(shown_ - work_start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_ - skipped_) / seconds : 0;
  std::string line = name_ + " " + std::to_string(done_);
  if (total_ > 0) line += "/" + std::to_string(total_);
  line += " " + unit_;
  char text[64];
  if (total_ == 0 && fraction_ > 0 && !last) {
    std::snprintf(text, sizeof text, "  %.0f%%", 100 * fraction_);
    line += text;
  }
  std::snprintf(text, sizeof text, "  %.1f/s", rate);
  line += text;
  const double left = seconds_left(rate);
  if (last) {
    line += "  in " + duration_text(std::chrono::duration<double>(shown_ - start_).count());
  } else if (left >= 0) {
    line += "  " + duration_text(left) + " left";
  }
  if (!note_.empty()) line += "  " + note_;
  std::fprintf(stderr, terminal_ ? "\r\033[K%s%s" : "%s%s", line.c_str(), last || !terminal_ ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace vitrine
