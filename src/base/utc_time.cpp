#include "base/utc_time.h"

#include <charconv>
#include <cstdio>

namespace vitrine {
namespace {

namespace chr = std::chrono;

/// All of `text` as digits.
std::optional<int> number_of(std::string_view text) {
  int value = 0;
  if (text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string print(UtcSeconds time, const char* format) {
  const auto day = chr::floor<chr::days>(time);
  const chr::year_month_day date(day);
  const chr::hh_mm_ss clock(time - day);
  char text[40];
  std::snprintf(text, sizeof text, format, static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

}  // namespace

UtcClock system_utc_clock() {
  return [] { return chr::floor<chr::seconds>(chr::system_clock::now()); };
}

std::string to_iso_time(UtcSeconds time) { return print(time, "%04d-%02u-%02uT%02d:%02d:%02dZ"); }

std::string to_iso_date(UtcSeconds time) { return to_iso_time(time).substr(0, 10); }

std::string to_compact_date(UtcSeconds time) { return print(time, "%04d%02u%02u").substr(0, 8); }

std::optional<UtcSeconds> parse_iso_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number_of(text.substr(0, 4)), month = number_of(text.substr(5, 2));
  const auto day = number_of(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const chr::year_month_day date(chr::year(*year), chr::month(static_cast<unsigned>(*month)),
                                 chr::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return UtcSeconds(chr::sys_days(date));
}

std::optional<UtcSeconds> parse_iso_time(std::string_view text) {
  if (text.size() != 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z')
    return std::nullopt;
  const auto day = parse_iso_date(text.substr(0, 10));
  const auto hour = number_of(text.substr(11, 2)), minute = number_of(text.substr(14, 2));
  const auto second = number_of(text.substr(17, 2));
  if (!day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  return *day + chr::hours(*hour) + chr::minutes(*minute) + chr::seconds(*second);
}

UtcSeconds months_before(UtcSeconds time, int months) {
  const auto day = chr::floor<chr::days>(time);
  chr::year_month_day date = chr::year_month_day(day) - chr::months(months);
  if (!date.ok()) date = date.year() / date.month() / chr::last;
  return chr::sys_days(date) + (time - day);
}

}  // namespace vitrine
