#include "store/label_log.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "support/temporary_directory.h"

namespace vitrine::store {
namespace {

class LabelLogTest : public testing::Test {
 protected:
  LabelLog open() {
    return LabelLog(log_, [this] { return now_; });
  }
  void set_time(const char* text) { now_ = parse_iso_time(text).value(); }
  void add(const std::string& id) { open().append({{{"kind", "label"}, {"produce_id", id}}}); }
  std::vector<std::string> ids() const {
    std::vector<std::string> found;
    const auto state = read_label_log(log_, [&](const Json& entry) {
      found.push_back(entry.value("produce_id", entry.value("kind", "")));
    });
    EXPECT_EQ(state.fault, "");
    return found;
  }
  std::string fault() const { return read_label_log(log_).fault; }
  /// Replaces the first `from` in the log's bytes.
  void edit(const std::string& from, const std::string& to) {
    std::string bytes = read_file(log_);
    bytes.replace(bytes.find(from), from.size(), to);
    write_file_atomic(log_, bytes);
  }
  void drop_line(size_t index) {
    std::string bytes = read_file(log_);
    size_t begin = 0;
    for (size_t i = 0; i < index; ++i) begin = bytes.find('\n', begin) + 1;
    bytes.erase(begin, bytes.find('\n', begin) + 1 - begin);
    write_file_atomic(log_, bytes);
  }

  test::TemporaryDirectory folder_;
  std::filesystem::path log_ = folder_.path() / "labels.jsonl";
  UtcSeconds now_ = parse_iso_time("2026-11-24T08:00:00Z").value();
};

using Ids = std::vector<std::string>;

TEST_F(LabelLogTest, EntriesFollowEachOtherOverSeveralRuns) {
  EXPECT_EQ(read_label_log(log_).entries, 0);
  open().append(
      {{{"kind", "label"}, {"produce_id", "a"}}, {{"kind", "label"}, {"produce_id", "b"}}});
  add("c");
  EXPECT_EQ(ids(), (Ids{"a", "b", "c"}));
  EXPECT_EQ(read_label_log(log_).last_seq, 3);
}

TEST_F(LabelLogTest, AnEntryHasNumberTimeAndTheHashOfTheOneBefore) {
  add("a");
  const std::string line = read_file(log_);
  EXPECT_TRUE(line.starts_with(
      R"({"seq":1,"time":"2026-11-24T08:00:00Z","kind":"label","produce_id":"a","prev":"0000)"))
      << line;
}

TEST_F(LabelLogTest, AContentNumberIsNeverUsedTwice) {
  add("a");
  EXPECT_THROW(add("a"), InvalidInput);
  EXPECT_THROW(open().append({{{"kind", "label"}, {"produce_id", "b"}},
                              {{"kind", "label"}, {"produce_id", "b"}}}),
               InvalidInput);
  EXPECT_EQ(ids(), Ids{"a"});
}

TEST_F(LabelLogTest, AChangedLineIsFoundAndNothingIsAddedToSuchALog) {
  for (const char* id : {"a", "b", "c"}) add(id);
  edit("\"produce_id\":\"b\"", "\"produce_id\":\"x\"");
  EXPECT_NE(fault().find("line 2: its sha256"), std::string::npos) << fault();
  EXPECT_THROW(add("d"), Corrupt);
}

TEST_F(LabelLogTest, ALineThatWasWrittenAnewWithItsHashBreaksTheNextOne) {
  for (const char* id : {"a", "b"}) add(id);
  Json entry = parse_json(read_file(log_).substr(0, read_file(log_).find('\n')), "line");
  entry["produce_id"] = "x";
  LabelLog other(folder_.path() / "other.jsonl", [this] { return now_; });
  other.append({{{"kind", "label"}, {"produce_id", "x"}}});
  std::string bytes = read_file(log_);
  bytes.replace(0, bytes.find('\n') + 1, read_file(folder_.path() / "other.jsonl"));
  write_file_atomic(log_, bytes);
  EXPECT_NE(fault().find("line 2: prev"), std::string::npos) << fault();
}

TEST_F(LabelLogTest, RemovedLinesAreFoundAtTheStartInTheMiddleAndAtTheEnd) {
  for (const size_t gone : {0u, 1u, 2u}) {
    std::filesystem::remove(log_);
    std::filesystem::remove(std::filesystem::path(log_).concat(".head"));
    for (const char* id : {"a", "b", "c"}) add(id);
    drop_line(gone);
    EXPECT_NE(fault(), "") << gone;
  }
  std::filesystem::remove(log_);
  EXPECT_NE(fault(), "") << "all of it";
}

TEST_F(LabelLogTest, ALogWithoutItsHeadIsAFault) {
  add("a");
  std::filesystem::remove(std::filesystem::path(log_).concat(".head"));
  EXPECT_NE(fault().find(".head is gone"), std::string::npos);
}

TEST_F(LabelLogTest, HalfALineOfAKilledWriterIsWrittenOver) {
  add("a");
  write_file_atomic(log_, read_file(log_) + "{\"seq\":2,\"ti");
  EXPECT_EQ(fault(), "");
  add("b");
  EXPECT_EQ(ids(), (Ids{"a", "b"}));
}

TEST_F(LabelLogTest, LinesThatAWriterLeftBeforeItsHeadAreKept) {
  add("a");
  const auto head = std::filesystem::path(log_).concat(".head");
  const std::string before = read_file(head);
  add("b");
  write_file_atomic(head, before);
  EXPECT_EQ(fault(), "");
  add("c");
  EXPECT_EQ(ids(), (Ids{"a", "b", "c"}));
}

TEST_F(LabelLogTest, OneProcessWritesAtATime) {
  const LabelLog first = open();
  EXPECT_THROW(open(), Busy);
}

TEST_F(LabelLogTest, EntriesYoungerThanSixMonthsAreNotDeleted) {
  add("a");
  EXPECT_THROW(open().prune(5), InvalidInput);
  EXPECT_THROW(open().prune(0), InvalidInput);
  set_time("2027-05-24T08:00:00Z");  // six months to the second
  EXPECT_EQ(open().prune(6), 0);
  EXPECT_EQ(ids(), Ids{"a"});
}

TEST_F(LabelLogTest, OldEntriesAreDeletedAndTheLogSaysSo) {
  add("a");
  set_time("2027-03-01T00:00:00Z");
  add("b");
  set_time("2027-05-24T08:00:01Z");
  EXPECT_EQ(open().prune(6), 1);
  EXPECT_EQ(ids(), (Ids{"b", "prune"}));
  add("c");
  EXPECT_EQ(ids(), (Ids{"b", "prune", "c"}));
  drop_line(0);
  EXPECT_NE(fault(), "") << "only what was pruned may lack";
}

TEST_F(LabelLogTest, ALogOfOldEntriesAloneIsPrunedToItsOwnEntry) {
  add("a");
  set_time("2029-01-01T00:00:00Z");
  EXPECT_EQ(open().prune(12), 1);
  EXPECT_EQ(ids(), Ids{"prune"});
  add("b");
  set_time("2031-01-01T00:00:00Z");
  EXPECT_EQ(open().prune(12), 2);
  EXPECT_EQ(ids(), Ids{"prune"});
}

TEST_F(LabelLogTest, TextThatIsNoUtf8IsLoggedReadably) {
  open().append({{{"kind", "label"}, {"file", "a\xff.txt"}}});
  EXPECT_EQ(fault(), "");
}

}  // namespace
}  // namespace vitrine::store
