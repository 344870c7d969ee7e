#include "recipes/offered_texts.h"

#include <gtest/gtest.h>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

std::vector<std::string> texts_of(const std::vector<OfferedLine>& lines) {
  std::vector<std::string> texts;
  for (const OfferedLine& line : lines) {
    for (const Offer& offer : line.offers) texts.push_back(line.field + "=" + offer.text);
  }
  return texts;
}

TEST(OfferedTextsTest, LinesAreFoundByProductAndStayInTheOrderOfTheFiles) {
  const test::TemporaryDirectory folder;
  write_file_atomic(folder.path() / "a.jsonl", "{\"id\":\"1\",\"text\":\"甲\"}\n\n{\"id\":\"2\",\"field\":\"title\",\"text\":\"乙\"}\n{\"id\":\"1\",\"text\":\"丙\"}");
  write_file_atomic(folder.path() / "b.jsonl.gz", compress("{\"id\":\"1\",\"candidates\":[{\"index\":4,\"text\":\"丁\"},{\"text\":\"戊\"}],\"seed\":7}\r\n", Compression::gzip));
  OfferedTexts texts({(folder.path() / "a.jsonl").string(), "title=" + (folder.path() / "b.jsonl.gz").string()});
  EXPECT_EQ(texts.num_left(), 4u);
  const auto lines = texts.take("1");
  EXPECT_EQ(texts_of(lines), (std::vector<std::string>{"description=甲", "description=丙", "title=丁", "title=戊"}));
  EXPECT_EQ(lines[2].offers[0].candidate["index"], 4);
  EXPECT_EQ(lines[2].offers[0].candidate["seed"], 7);
  EXPECT_TRUE(lines[0].offers[0].candidate.is_null());
  EXPECT_TRUE(texts.take("3").empty());
  EXPECT_EQ(texts.num_left(), 1u);
  std::vector<std::string> left;
  texts.for_each_left([&](const OfferedLine& line) { left.push_back(line.id + line.field); });
  EXPECT_EQ(left, std::vector<std::string>{"2title"});
}

TEST(OfferedTextsTest, ControlCharactersAndEmptyCandidatesAreLeftOut) {
  const test::TemporaryDirectory folder;
  const std::string path = (folder.path() / "t.jsonl").string();
  write_file_atomic(path,
                    R"({"id":"1","text":"a\u0000b\u0001\u000b\u001f\ufffe\uffff\td\r\ne\rf\n"})"
                    "\n"
                    R"({"id":"2","candidates":[{"text":""},{"text":" \u3000\u0001"},{"text":"乙"}]})"
                    "\n"
                    R"({"id":"3","text":"  "})"
                    "\n");
  ::testing::internal::CaptureStderr();
  OfferedTexts texts({path});
  const std::string warnings = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(texts_of(texts.take("1")), std::vector<std::string>{"description=ab\td\ne\nf\n"});
  const auto second = texts.take("2");
  EXPECT_EQ(texts_of(second), std::vector<std::string>{"description=乙"});
  EXPECT_EQ(second[0].offers[0].candidate["index"], 2);
  EXPECT_TRUE(texts.take("3").at(0).offers.empty());
  EXPECT_NE(warnings.find("t.jsonl row 1 field description: text: CTRL_REMOVED"), std::string::npos) << warnings;
  EXPECT_NE(warnings.find("t.jsonl row 2 field description: candidates[0].text: nothing that can be seen, passed over: \"\""), std::string::npos) << warnings;
  EXPECT_NE(warnings.find("t.jsonl row 3 field description: text: nothing"), std::string::npos) << warnings;
}

TEST(OfferedTextsTest, ALineThatIsNoTextIsNamed) {
  const test::TemporaryDirectory folder;
  const std::string path = (folder.path() / "t.jsonl").string();
  for (const auto& [line, fault] : {std::pair<std::string, std::string>{"{\"id\":7,\"text\":\"x\"}", "id: expected a text"},
                                    {"{\"id\":\"7\"}", "text: expected a text or candidates"},
                                    {"{\"id\":\"7\",\"candidates\":[1]}", "expected objects with a text"},
                                    {"{\"id\":\"7\",\"text\":3}", "field description: text: expected a text, got 3"},
                                    {"{\"id\":\"7\",\"field\":[],\"text\":\"x\"}", "field: expected a text, got []"},
                                    {"{\"id\":\"7\",\"candidates\":[{\"text\":\"x\",\"index\":\"a\"}]}", "field description candidates[0]: index: expected an integer, got \"a\""},
                                    {"{\"id\":\"7\",\"origin\":1,\"candidates\":[{\"text\":\"x\"}]}", "field description: origin: expected a text, got 1"},
                                    {"{\"id\":\"7\",\"text\":\"" + std::string(size_t{17} << 20, 'x') + "\"}", "TOO_LARGE"}}) {
    write_file_atomic(path, "{\"id\":\"1\",\"text\":\"x\"}\n" + line + "\n");
    try {
      OfferedTexts texts({path});
      ADD_FAILURE() << fault;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("row 2"), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find(fault), std::string::npos) << e.what();
    }
  }
  EXPECT_THROW(OfferedTexts({(folder.path() / "none.jsonl").string()}), NotFound);
}

}  // namespace
}  // namespace vitrine::recipes
