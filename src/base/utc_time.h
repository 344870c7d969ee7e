// base/utc_time.h - points in time as records hold them: UTC, whole seconds, and a clock that tests
// can set.
#pragma once
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace vitrine {

using UtcSeconds = std::chrono::sys_seconds;
using UtcClock = std::function<UtcSeconds()>;

/// The clock of this machine.
UtcClock system_utc_clock();

/// "2026-11-24T08:00:00Z".
std::string to_iso_time(UtcSeconds time);
/// "2026-11-24".
std::string to_iso_date(UtcSeconds time);
/// "20261124".
std::string to_compact_date(UtcSeconds time);

/// The inverse of to_iso_time; nothing for any other text.
std::optional<UtcSeconds> parse_iso_time(std::string_view text);
/// "2026-11-24" as the start of that day, UTC; nothing for any other text.
std::optional<UtcSeconds> parse_iso_date(std::string_view text);

/// The same day and time of `months` calendar months earlier; the last day of that month where it
/// has no such day.
UtcSeconds months_before(UtcSeconds time, int months);

}  // namespace vitrine
