// base/log.h - messages to standard error, one line each.
#pragma once
#include <string>
#include <string_view>

#include "base/error.h"

namespace vitrine {

enum class LogLevel { debug, info, warn, error, off };

/// Process-wide level; the default is info. Thread-safe.
void set_log_level(LogLevel level);
LogLevel log_level();
/// "debug", "info", "warn", "error", "off". Throws UsageError for anything else.
LogLevel parse_log_level(std::string_view name);

/// The text with control characters (line ends and tabs aside) and bytes that are no UTF-8 as \x1b: input that
/// is quoted in a message must not steer the terminal.
std::string printable(std::string_view text);

/// Writes `message`, made printable, and a line end to standard error when `level` is on. Thread-safe.
void log_line(LogLevel level, std::string_view message);

template <typename... Parts>
void log_debug(const Parts&... parts) {
  if (log_level() <= LogLevel::debug) log_line(LogLevel::debug, concat(parts...));
}
template <typename... Parts>
void log_info(const Parts&... parts) {
  if (log_level() <= LogLevel::info) log_line(LogLevel::info, concat(parts...));
}
template <typename... Parts>
void log_warn(const Parts&... parts) {
  if (log_level() <= LogLevel::warn) log_line(LogLevel::warn, concat(parts...));
}

}  // namespace vitrine
