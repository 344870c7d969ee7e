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

bool is_control(unsigned char c) { return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }

/// Bytes of the UTF-8 character that starts at `at`; 0 when there is none, or a control character (C1).
size_t character_size(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t size = lead < 0x80 ? 1 : lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (size == 0 || lead >= 0xf5 || at + size > text.size()) return 0;
  for (size_t i = at + 1; i < at + size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  const bool c1 = lead == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0;
  return c1 ? 0 : size;
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    const size_t size = is_control(c) ? 0 : character_size(text, at);
    if (size == 0) {
      out += {'\\', 'x', kHex[c >> 4], kHex[c & 15]};
      ++at;
    } else {
      out += text.substr(at, size);
      at += size;
    }
  }
  return out;
}

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
  const std::string line = concat(prefix(level), printable(message), "\n");
  const std::scoped_lock lock(write_mutex);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace vitrine
