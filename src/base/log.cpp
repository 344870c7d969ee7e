#include "base/log.h"

#include <atomic>
#include <cstdio>
#include <mutex>

namespace vitrine {
namespace {

std::atomic<LogLevel> current_level{LogLevel::info};
std::mutex write_mutex;

std::string_view prefix(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug: ";
    case LogLevel::warn: return "warning: ";
    case LogLevel::error: return "error: ";
    default: return "";
  }
}

}  // namespace

void set_log_level(LogLevel level) { current_level = level; }

LogLevel log_level() { return current_level; }

LogLevel parse_log_level(std::string_view name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "info") return LogLevel::info;
  if (name == "warn") return LogLevel::warn;
  if (name == "error") return LogLevel::error;
  if (name == "off") return LogLevel::off;
  throw UsageError(
      concat("[parse_log_level] --log-level: expected debug|info|warn|error|off, got '", name, "'"));
}

void log_line(LogLevel level, std::string_view message) {
  if (level < log_level()) return;
  const std::string line = concat(prefix(level), message, "\n");
  const std::scoped_lock lock(write_mutex);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace vitrine
