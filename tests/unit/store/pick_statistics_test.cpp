#include "store/pick_statistics.h"

#include "store_fixture.h"

namespace vitrine::store {
namespace {

/// A pick of `shown` texts of ten characters, of which the one at `chosen` is taken (none: -1).
PickInFull full_pick(int shown, int chosen, double seconds) {
  PickInFull full;
  for (int i = 0; i < shown; ++i) {
    full.pick.shown_ids.push_back("c" + std::to_string(i));
    full.texts.push_back("一二三四五六七八九十");
  }
  if (chosen >= 0) full.pick.chosen = {"c" + std::to_string(chosen)};
  full.pick.ms = static_cast<int64_t>(seconds * 1000);
  full.pick.time = at(0);
  full.field = "description";
  full.style = "taobao";
  return full;
}

PickStatistics statistics_of(const std::vector<PickInFull>& picks, StatisticsConfig config = {}) {
  PickStatisticsBuilder builder(config);
  for (const PickInFull& full : picks) builder.add(full);
  return builder.finish();
}

TEST(EditDistanceTest, CountsCodePoints) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("最百搭", "百搭"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("", "裙子"), 2);
  EXPECT_EQ(edit_distance("裙", "裤"), 1);
}

TEST(WilsonIntervalTest, IsThatOfTheTextbook) {
  const Interval interval = wilson_interval(8, 10);
  EXPECT_NEAR(interval.value, 0.8, 1e-12);
  EXPECT_NEAR(interval.low, 0.4902, 1e-4);
  EXPECT_NEAR(interval.high, 0.9433, 1e-4);
  EXPECT_EQ(wilson_interval(0, 0).n, 0);
  EXPECT_EQ(wilson_interval(3, 3).high, 1);
}

TEST(PickStatisticsTest, NoPicksGiveNoDivisionByZero) {
  const PickStatistics s = statistics_of({});
  EXPECT_EQ(s.requests, 0);
  EXPECT_EQ(s.acceptance.value, 0);
  EXPECT_FALSE(s.cost_per_accepted);
  EXPECT_TRUE(s.places.empty());
}

TEST(PickStatisticsTest, AcceptanceSecondsAndPace) {
  const PickStatistics s = statistics_of(
      {full_pick(4, 0, 4), full_pick(4, 1, 8), full_pick(4, 0, 6), full_pick(4, -1, 42)});
  EXPECT_EQ(s.requests, 4);
  EXPECT_EQ(s.accepted, 3);
  EXPECT_EQ(s.acceptance.value, 0.75);
  EXPECT_EQ(s.median_seconds, 6);
  EXPECT_NEAR(s.p90_seconds, 7.6, 1e-12);
  EXPECT_EQ(s.picks_per_minute, 4);
}

TEST(PickStatisticsTest, EditDistanceIsRelativeToThePickedText) {
  PickInFull edited = full_pick(2, 1, 1);
  edited.pick.edits = {{.from = "c1", .to = "一二三四五六七八"}};
  const PickStatistics s = statistics_of({edited, full_pick(2, 0, 1)});
  EXPECT_NEAR(s.edit_distance.value, 0.1, 1e-12);  // 2 of 10, and 0
  EXPECT_EQ(s.edit_distance.n, 2);
  EXPECT_NEAR(s.edit_distance.high - 0.1, 1.96 * 0.1, 1e-3);  // deviation 0.1414 / sqrt(2)
}

TEST(PickStatisticsTest, PlacesAreComparedWithUniform) {
  const PickStatistics s = statistics_of(
      {full_pick(4, 0, 1), full_pick(4, 0, 1), full_pick(2, 1, 1), full_pick(2, -1, 1)});
  ASSERT_EQ(s.places.size(), 4u);
  EXPECT_EQ(s.places[0].place, 1);
  EXPECT_EQ(s.places[0].shown, 4);
  EXPECT_EQ(s.places[0].picked, 2);
  EXPECT_NEAR(s.places[0].share, 2.0 / 3, 1e-12);
  EXPECT_NEAR(s.places[0].uniform, (0.25 + 0.25 + 0.5) / 3, 1e-12);
  EXPECT_EQ(s.places[3].shown, 2);
  EXPECT_NEAR(s.places[3].uniform, 0.5 / 3, 1e-12);
}

TEST(PickStatisticsTest, FactorsReasonsAndDaysAreCounted) {
  PickInFull none = full_pick(2, -1, 1);
  none.style = "jd";
  none.round = 2;
  none.pick.reason = "都太像";
  none.pick.time += std::chrono::hours(24);
  PickInFull odd = full_pick(2, -1, 1);
  odd.pick.reason = "写错了";
  const PickStatistics s = statistics_of({full_pick(2, 0, 3), none, none, odd});
  ASSERT_EQ(s.reasons.size(), 2u);
  EXPECT_EQ(s.reasons[0], (std::pair<std::string, int64_t>("都太像", 2)));
  ASSERT_EQ(s.days.size(), 2u);
  EXPECT_EQ(s.days[0].requests, 2);
  EXPECT_EQ(s.days[0].accepted, 1);
  EXPECT_EQ(s.days[1].day - s.days[0].day, std::chrono::days(1));
  std::string names;
  for (const auto& factor : s.factors) names += factor.factor + "=" + factor.value + " ";
  EXPECT_EQ(names, "audience= field=description platform= round=0 round=2 style=jd style=taobao ");
  EXPECT_EQ(s.factors.back().acceptance.value, 0.5);
  EXPECT_EQ(s.factors.back().seconds_per_pick, 3);
}

TEST(PickStatisticsTest, ADayBeginsAtMidnightOfTheShopsClock) {
  PickInFull late = full_pick(1, 0, 1);
  late.pick.time = UtcMillis(std::chrono::hours(17));  // 1970-01-01 17:00 UTC is the 2nd in China
  EXPECT_EQ(statistics_of({late}).days[0].day.time_since_epoch(), std::chrono::days(1));
  EXPECT_EQ(statistics_of({late}, {.utc_offset_minutes = 0}).days[0].day.time_since_epoch(),
            std::chrono::days(0));
}

TEST(PickStatisticsTest, TheCostIsMachineAndOperatorTime) {
  const PickStatistics s =
      statistics_of({full_pick(1, 0, 36), full_pick(1, 0, 36)}, {.utc_offset_minutes = 0,
                                                                 .price_per_hour = 0.4,
                                                                 .operator_price_per_hour = 40,
                                                                 .machine_ms = 360'000});
  EXPECT_NEAR(s.machine_cost, 0.04, 1e-12);
  EXPECT_NEAR(s.operator_cost, 0.8, 1e-12);
  EXPECT_NEAR(*s.cost_per_accepted, 0.42, 1e-12);
}

template <typename Place>
class StoredStatisticsTest : public StoreTest<Place> {};
TYPED_TEST_SUITE(StoredStatisticsTest, Places, PlaceNames);

TYPED_TEST(StoredStatisticsTest, TheyAreThoseOfTheShopsPicksInThePeriod) {
  auto& c = this->connection();
  Shop priced = *Shops(c).find("s1");
  priced.price_per_hour = 3600;
  Shops(c).change(priced);
  auto picks = this->template of<Picks>();
  picks.put(pick("k1", {"c1"}));
  picks.put(pick("k2", {}));
  Pick late = pick("k3", {"c1"});
  late.time = at(1000);
  picks.put(late);
  this->template of<Jobs>().add(new_job("j1"), {});
  constexpr JobKind kWrite[] = {JobKind::write};
  JobQueue queue(c);
  queue.finish(*queue.claim("w", kWrite, at(0)), "", at(2.5));
  const PickStatistics s = pick_statistics(c, "s1", {.from = at(0), .to = at(100)}, 480);
  EXPECT_EQ(s.requests, 2);
  EXPECT_EQ(s.accepted, 1);
  EXPECT_NEAR(s.machine_cost, 2.5, 1e-9);
  EXPECT_EQ(s.places.at(1).picked, 1);  // c1 was shown second
  EXPECT_THROW(pick_statistics(c, "s9", {}, 480), NotFound);
}

TYPED_TEST(StoredStatisticsTest, WhatAJobChoseIsNoPickOfPeople) {
  auto picks = this->template of<Picks>();
  picks.put(pick("k1", {"c1"}));
  Pick of_job = pick("k2", {"c2"});
  of_job.by_job = true;
  of_job.ms = 0;
  picks.put(of_job);
  const PickStatistics s = pick_statistics(this->connection(), "s1", {}, 480);
  EXPECT_EQ(s.requests, 1);
  EXPECT_EQ(s.median_seconds, 5.4);
  EXPECT_EQ(picks.list({}, {.cursor = "", .limit = 10}).items.size(), 1u);
  EXPECT_TRUE(picks.find("k2")->by_job);
  Pick looked_at = pick("k2", {"c2"});  // a person takes it in hand
  picks.put(looked_at);
  EXPECT_EQ(pick_statistics(this->connection(), "s1", {}, 480).requests, 2);
}

TYPED_TEST(StoredStatisticsTest, MoreThanOnePageOfPicksIsRead) {
  auto picks = this->template of<Picks>();
  Transaction transaction(this->connection());
  for (int i = 0; i < 1100; ++i) picks.put(pick(concat("k", i), {"c1"}));
  transaction.commit();
  EXPECT_EQ(pick_statistics(this->connection(), "s1", {}, 480).requests, 1100);
}

}  // namespace
}  // namespace vitrine::store
