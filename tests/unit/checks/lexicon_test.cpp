#include "checks/lexicon.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

class LexiconTest : public testing::Test {
 protected:
  Lexicon lexicon_of(const std::string& rows) {
    write_file_atomic(file_, "# version\t1\nterm\ttype\tlevel\tsupported_by\tunless\tnote\n" + rows);
    return Lexicon::load_files(std::array{file_});
  }
  std::vector<std::string> found(const std::string& rows, const std::string& text) {
    const Lexicon lexicon = lexicon_of(rows);
    std::vector<std::string> result;
    for (const TermHit& hit : lexicon.find(text::to_utf32(text))) result.push_back(hit.term->type + " " + text::to_utf8(hit.term->text));
    return result;
  }
  std::string error_of(const std::string& rows) {
    try {
      lexicon_of(rows);
    } catch (const InvalidInput& e) {
      return e.what();
    }
    return "";
  }
  std::filesystem::path file_ = std::filesystem::path(testing::TempDir()) / ("lexicon_test_rules_" + std::to_string(::getpid()) + ".tsv");
};

using Found = std::vector<std::string>;

TEST_F(LexiconTest, TheLongestTermOfATypeWins) {
  EXPECT_EQ(found("棉\tm\tblock\n纯棉\tm\tblock\n", "纯棉和棉"), (Found{"m 纯棉", "m 棉"}));
}

TEST_F(LexiconTest, TermsOfTwoTypesMayOverlap) {
  EXPECT_EQ(found("羊毛\tm\tblock\n毛衣\tg\tblock\n", "羊毛衣"), (Found{"m 羊毛", "g 毛衣"}));
}

TEST_F(LexiconTest, AnExceptionHidesTheTermsItHolds) {
  EXPECT_EQ(found("最\ta\tblock\n最后\ta\tpass\n", "最后，最好"), (Found{"a 最"}));
}

TEST_F(LexiconTest, WidthAndCaseDoNotMatter) {
  EXPECT_EQ(found("no.1\ta\tblock\n", "ＮＯ．１和No.1"), (Found{"a no.1", "a no.1"}));
}

TEST_F(LexiconTest, AQuotedTitleExemptsOnlyTermsThatAllowIt) {
  const std::string rows = "独家\ta\tblock\t\tquoted\n顶级\ta\tblock\n";
  EXPECT_EQ(found(rows, "“独家记忆”"), Found{});
  EXPECT_EQ(found(rows, "“独家”记忆"), (Found{"a 独家"}));
  EXPECT_EQ(found(rows, "“顶级记忆”"), (Found{"a 顶级"}));
}

TEST_F(LexiconTest, ABadLevelNamesFileLineAndValue) {
  const std::string message = error_of("棉\tm\tblock\n麻\tm\tloud\n");
  EXPECT_NE(message.find(file_.filename().string() + " line 4"), std::string::npos) << message;
  EXPECT_NE(message.find("'loud'"), std::string::npos) << message;
}

TEST_F(LexiconTest, ATermTwiceInATypeIsRefused) { EXPECT_NE(error_of("棉\tm\tblock\n棉\tm\twarn\n").find("twice"), std::string::npos); }

TEST_F(LexiconTest, TheShippedListsLoadAndHoldTheMetricsWords) {
  const Lexicon lexicon = Lexicon::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  int functional = 0;
  for (const Term& term : lexicon.terms()) {
    functional += term.type == "function" && term.note == "metric";
  }
  EXPECT_EQ(functional, 17);
  EXPECT_FALSE(lexicon.version().empty());
}

}  // namespace
}  // namespace vitrine::checks
