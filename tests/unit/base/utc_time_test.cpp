#include "base/utc_time.h"

#include <gtest/gtest.h>

namespace vitrine {
namespace {

UtcSeconds at(const char* text) { return parse_iso_time(text).value(); }

TEST(UtcTimeTest, ATimeIsReadBackAsItWasWritten) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2026-11-24T08:09:10Z", "2028-02-29T23:59:59Z"})
    EXPECT_EQ(to_iso_time(at(text)), text);
  EXPECT_EQ(to_compact_date(at("2026-01-02T23:59:59Z")), "20260102");
}

TEST(UtcTimeTest, WhatIsNoTimeIsNotRead) {
  for (const char* text : {"", "2026-11-24", "2026-02-30T00:00:00Z", "2026-11-24T24:00:00Z",
                           "2026-11-24 08:00:00Z", "2026-1a-24T08:00:00Z"}) {
    EXPECT_FALSE(parse_iso_time(text)) << text;
  }
  EXPECT_FALSE(parse_iso_date("2026-13-01"));
}

TEST(UtcTimeTest, MonthsAreCalendarMonthsAndEndWithTheMonth) {
  EXPECT_EQ(to_iso_time(months_before(at("2026-11-24T08:00:00Z"), 6)), "2026-05-24T08:00:00Z");
  EXPECT_EQ(to_iso_time(months_before(at("2026-01-15T00:00:00Z"), 12)), "2025-01-15T00:00:00Z");
  EXPECT_EQ(to_iso_time(months_before(at("2026-08-31T01:00:00Z"), 6)), "2026-02-28T01:00:00Z");
}

}  // namespace
}  // namespace vitrine
