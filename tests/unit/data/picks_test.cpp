// A log of picks becomes exactly the pairs of a fixture; what says nothing or cannot be is kept or
// named.
#include "data/picks.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::data {
namespace {

namespace fs = std::filesystem;

fs::path fixture(const std::string& name) {
  return fs::path(VITRINE_SOURCE_DIR) / "tests/data/preferences" / name;
}

const RankedList* list_of_pick(const PickFile& file, std::string_view id) {
  for (const auto& list : file.lists) {
    if (list.extra.at("pick_id") == id) return &list;
  }
  return nullptr;
}

/// The reject of a log of one pick: "column CODE".
std::string rejection(const std::string& pick) {
  test::TemporaryDirectory folder;
  write_file_atomic(folder.path() / "picks.jsonl", pick + "\n");
  const PickFile file = read_picks(folder.path() / "picks.jsonl");
  EXPECT_EQ(file.report.rows_kept + file.report.rows_rejected, file.report.rows_in);
  return file.report.entries.empty()
             ? ""
             : file.report.entries.front().column + " " + file.report.entries.front().code;
}

std::string pick_with(const std::string& fields) {
  return R"({"id":"k","shown_ids":["a","b","c"],"user":"u","prompt":"类型#裙","candidates":[{"id":"a","text":"甲"},{"id":"b","text":"乙"},{"id":"c","text":"丙"}],)" +
         fields + "}";
}

TEST(PicksTest, ALogGivesExactlyThePairsOfTheFixture) {
  const PickFile file = read_picks(fixture("picks.jsonl"));
  std::string lines;
  for (const auto& list : file.lists) {
    for (const auto& pair : pairs_of(list)) lines += dump_line(to_json(pair)) + "\n";
  }
  EXPECT_EQ(lines, read_file(fixture("picks_pairs.jsonl")));
  EXPECT_EQ(file.report.rows_kept, 6);
  EXPECT_TRUE(file.report.entries.empty());
}

TEST(PicksTest, NoneIsGoodIsKeptAsAListWithoutAnOrder) {
  const PickFile file = read_picks(fixture("picks.jsonl"));
  const RankedList* list = list_of_pick(file, "k3");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->candidates.size(), 2u);
  EXPECT_TRUE(list->order.empty());
  EXPECT_EQ(list->extra.at("pick").at("reason"), "都没有提到蕾丝");
}

TEST(PicksTest, ATieOfAllShownTextsIsKeptAsOneTier) {
  const PickFile file = read_picks(fixture("picks.jsonl"));
  const RankedList* list = list_of_pick(file, "k6");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->order, (std::vector<std::vector<int>>{{0, 1}}));
}

TEST(PicksTest, TextsMayLieInAFileOfTheirOwn) {
  test::TemporaryDirectory folder;
  write_file_atomic(folder.path() / "candidates.jsonl",
                    "{\"id\":\"a\",\"product_id\":\"p\",\"prompt\":\"类型#裙\",\"text\":\"甲\"}\n{"
                    "\"id\":\"b\",\"product_id\":\"p\",\"prompt\":\"类型#裙\",\"text\":\"乙\"}\n");
  write_file_atomic(
      folder.path() / "picks.jsonl",
      "{\"id\":\"k\",\"shown_ids\":[\"a\",\"b\"],\"chosen\":[\"b\"],\"user\":\"u\"}\n");
  const PickFile file =
      read_picks(folder.path() / "picks.jsonl", folder.path() / "candidates.jsonl");
  ASSERT_EQ(file.lists.size(), 1u);
  EXPECT_EQ(pairs_of(file.lists[0]),
            (std::vector<PreferencePair>{{"p", "类型#裙", "乙", "甲", "pick", "choice", 1}}));
}

TEST(PicksTest, ABadCandidatesFileIsRefusedWithItsRow) {
  test::TemporaryDirectory folder;
  write_file_atomic(folder.path() / "candidates.jsonl", "{\"id\":\"a\",\"prompt\":\"类型#裙\"}\n");
  write_file_atomic(
      folder.path() / "picks.jsonl",
      "{\"id\":\"k\",\"shown_ids\":[\"a\",\"b\"],\"chosen\":[\"b\"],\"user\":\"u\"}\n");
  EXPECT_THROW(read_picks(folder.path() / "picks.jsonl", folder.path() / "candidates.jsonl"),
               Corrupt);
}

TEST(PicksTest, AnUneditedGoodPickIsNotRefused) {
  EXPECT_EQ(rejection(pick_with(R"("chosen":["a"])")), "");
}

TEST(PicksTest, WhatCannotBeIsRejectedWithItsField) {
  EXPECT_EQ(rejection(pick_with(R"("reason":"x")")), "chosen MISSING_REQUIRED");
  EXPECT_EQ(rejection(pick_with(R"("chosen":["d"])")), "chosen[0] BAD_FIELD");
  EXPECT_EQ(rejection(pick_with(R"("chosen":["a"],"order":["a","a"])")), "order[1] BAD_ORDER");
  EXPECT_EQ(rejection(pick_with(R"("chosen":["a"],"order":["b","a"])")), "order[1] BAD_ORDER");
  EXPECT_EQ(rejection(pick_with(R"("chosen":["a"],"edits":[{"from":"b","to":"新"}])")),
            "edits[0].from BAD_FIELD");
  EXPECT_EQ(rejection(pick_with(R"("chosen":["a"],"edits":[{"from":"a","to":"甲"}])")),
            "edits[0].to PAIR_EQUAL");
  EXPECT_EQ(rejection(pick_with(R"("chosen":["a"],"ms":-1)")), "ms BAD_FIELD");
  EXPECT_EQ(rejection(R"({"id":"k","shown_ids":["a","b"],"chosen":["a"],"user":"u"})"),
            "shown_ids[0] UNKNOWN_CANDIDATE");
  EXPECT_EQ(
      rejection(
          R"({"id":"k","shown_ids":["a","b"],"chosen":["a"],"user":"u","prompt":"类型#裙","candidates":[{"id":"a","text":"甲"},{"id":"b","text":"甲"}]})"),
      "chosen PAIR_EQUAL");
  EXPECT_EQ(
      rejection(
          R"({"id":"k","shown_ids":["a"],"chosen":["a"],"user":"u","prompt":"类型#裙","candidates":[{"id":"a","text":"甲"}]})"),
      "shown_ids LIST_ONE_SIDED");
}

TEST(PicksTest, ARepeatedPickIsRejected) {
  const std::string pick = pick_with(R"("chosen":["a"])");
  EXPECT_EQ(rejection(pick + "\n" + pick), "id DUP_ID");
}

}  // namespace
}  // namespace vitrine::data
