#include "recipes/write_parts.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "recipes/shard.h"
#include "recipes/write_totals.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {
namespace fs = std::filesystem;

const Json kSettings{{"seed", 0}, {"temperature", 0.8}};

class WritePartsTest : public ::testing::Test {
 protected:
  fs::path output() const { return folder_.path() / "copy.jsonl"; }
  fs::path part_file(const std::string& name) const { return output().string() + ".parts/" + name; }
  WriteParts parts(const Json& settings = kSettings, bool restart = false) const {
    return {output(), settings, {".jsonl"}, restart};
  }
  void leave_one_part() const {
    WriteParts first = parts();
    first.begin(0);
    first.write(0, "line\n");
    first.finish({{"rows", 1}});
    first.begin(1);
    first.write(0, "half");
  }
  std::string refusal(const Json& settings) const {
    return test::message_of<InvalidInput>([&] { parts(settings); });
  }
  test::TemporaryDirectory folder_;
};

TEST_F(WritePartsTest, AFinishedPartIsThereForTheNextRun) {
  leave_one_part();
  const WriteParts next = parts();
  EXPECT_EQ(next.num_found(), 1u);
  EXPECT_EQ(next.finished(0), Json({{"rows", 1}}));
  EXPECT_FALSE(next.finished(1));
  EXPECT_FALSE(fs::exists(part_file("000001.jsonl")));
}

TEST_F(WritePartsTest, APartThatBeginsElsewhereIsWrittenAnew) {
  {
    WriteParts first = parts();
    first.begin(0, 7);
    first.write(0, "line\n");
    first.finish({{"rows", 1}});
  }
  const WriteParts next = parts();
  EXPECT_EQ(next.finished(0, 7), Json({{"rows", 1}}));
  EXPECT_FALSE(next.finished(0, 8));
}

TEST_F(WritePartsTest, NoTraceIsLeftOfARunThatFinishedNothing) {
  {
    WriteParts none = parts();
    none.begin(0);
    none.write(0, "half");
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(WritePartsTest, OtherSettingsAreNamedAndKeepTheParts) {
  leave_one_part();
  const std::string what = refusal({{"seed", 1}, {"temperature", 0.8}, {"top_k", 5}});
  EXPECT_NE(what.find("holds 1 part "), std::string::npos) << what;
  EXPECT_NE(what.find("seed was 0, is 1; top_k was not set, is 5; --restart"), std::string::npos)
      << what;
  EXPECT_TRUE(parts().finished(0));
  EXPECT_EQ(parts({{"seed", 1}}, /*restart=*/true).num_found(), 0u);
}

TEST_F(WritePartsTest, PartsWithoutTheirSettingsAreRefused) {
  leave_one_part();
  write_file_atomic(part_file("run.json"), "{\"seed\":");
  EXPECT_NE(refusal(kSettings).find("run.json is missing or damaged"), std::string::npos);
  fs::remove(part_file("run.json"));
  EXPECT_NE(refusal(kSettings).find("run.json is missing or damaged"), std::string::npos);
}

TEST_F(WritePartsTest, ARunThatWasKilledWhileItRemovedItsFolderIsNoObstacle) {
  leave_one_part();
  fs::remove(part_file("000000.done"));  // these go first
  WriteParts next = parts({{"seed", 1}});
  EXPECT_EQ(next.num_found(), 0u);
  EXPECT_FALSE(fs::exists(part_file("000000.jsonl")));
}

TEST_F(WritePartsTest, APartWhoseBytesChangedIsToBeWrittenAnew) {
  leave_one_part();
  write_file_atomic(part_file("000000.jsonl"), "lime\n");
  EXPECT_FALSE(parts().finished(0));
  fs::remove(part_file("000000.jsonl"));
  EXPECT_FALSE(parts().finished(0));
}

TEST_F(WritePartsTest, FilesOfOthersAreKept) {
  leave_one_part();
  write_file_atomic(part_file("README.md"), "x");
  parts().remove();
  EXPECT_TRUE(fs::exists(part_file("README.md")));
  EXPECT_FALSE(fs::exists(part_file("run.json")));
  EXPECT_NE(refusal(kSettings).find("README.md"), std::string::npos);
}

TEST(WriteTotalsTest, ComeBackFromJsonAsTheyWere) {
  WriteTotals totals{.rows = 3,
                     .products = 2,
                     .candidates = 7,
                     .dropped = 1,
                     .without = 1,
                     .in_order = 6,
                     .faults = {{"cut_off", 1}},
                     .compared = 1,
                     .likeness = 0.1 + 0.2};
  const WriteTotals back = totals_from_json(parse_json(dump_line(to_json(totals)), "totals"));
  EXPECT_EQ(to_json(back), to_json(totals));
  EXPECT_EQ(back.likeness, totals.likeness);
  totals.add(back);
  EXPECT_EQ(totals.faults.at("cut_off"), 2);
  EXPECT_EQ(totals.rows, 6);
  EXPECT_THROW(totals_from_json({{"rows", 3}}), Corrupt);
}

TEST(ShardTest, EveryPositionIsInOneShard) {
  for (int64_t position = 0; position < 10; ++position) {
    int owners = 0;
    for (const char* text : {"1/3", "2/3", "3/3"}) owners += parse_shard(text).has(position);
    EXPECT_EQ(owners, 1) << position;
  }
  EXPECT_TRUE(parse_shard("1/3").has(0));
  EXPECT_TRUE(parse_shard("1/1").has(7));
}

}  // namespace
}  // namespace vitrine::recipes
