// Rule files with one broken row each: the message names file, line, field and value.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "checks/checker.h"
#include "support/temporary_directory.h"

namespace vitrine::checks {
namespace {

namespace fs = std::filesystem;

std::string shipped(const std::string& name) {
  return read_file(fs::path(VITRINE_SOURCE_DIR) / "rules/checks" / name);
}

/// What loading says when the file ends with `row`, or when it is `instead`.
std::string fault_of(const std::string& name, const std::string& text) {
  const test::TemporaryDirectory dir;
  for (const auto& entry : fs::directory_iterator(fs::path(VITRINE_SOURCE_DIR) / "rules/checks")) {
    fs::copy(entry.path(), dir.path() / entry.path().filename());
  }
  write_file_atomic(dir.path() / name, text);
  try {
    const RuleSet rules = RuleSet::load(dir.path());
    Checker::load(rules);
  } catch (const InvalidInput& e) {
    return e.what();
  }
  return "";
}

struct BrokenRow {
  const char *file, *row, *field, *value;
};

class BrokenRuleFiles : public testing::TestWithParam<BrokenRow> {};

TEST_P(BrokenRuleFiles, AreRefusedByFileLineFieldAndValue) {
  const BrokenRow& broken = GetParam();
  const std::string good = shipped(broken.file);
  const auto line = std::count(good.begin(), good.end(), '\n') + 1;
  const std::string fault = fault_of(broken.file, good + broken.row + "\n");
  EXPECT_NE(fault.find(std::string(broken.file) + " line " + std::to_string(line)), fault.npos) << "'" << fault << "'";
  EXPECT_NE(fault.find(broken.field), fault.npos) << fault;
  EXPECT_NE(fault.find(broken.value), fault.npos) << fault;
  EXPECT_EQ(fault.find('\n'), fault.npos);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BrokenRuleFiles,
    testing::Values(
        BrokenRow{"rules.tsv", "X-1\tt\tclaims\t\tfatal\tAD\t\t\t\t2026-11-24\tverified", "level", "fatal"},
        BrokenRow{"rules.tsv", "CLM-MAT\tt\tclaims\t\tblock\tAD\t\t\t\t2026-11-24\tverified", "rule_id", "CLM-MAT"},
        BrokenRow{"laws.tsv", "AD\tn\td\t\t2026-11-24\tverified\t", "law", "AD"},
        BrokenRow{"laws.tsv", "XX\tn\td\t2026-13-01\t\tverified\t", "effective_from", "2026-13-01"},
        BrokenRow{"material.tsv", "某棉\tmaterial\tfatal", "level", "fatal"},
        BrokenRow{"material.tsv", "某棉\tmaterial\tblock\t\tsometimes", "unless", "sometimes"},
        BrokenRow{"material.tsv", "某棉\tmetal\tblock", "type", "metal"},
        BrokenRow{"material.tsv", "棉\tmaterial\tblock", "term", "棉"},
        BrokenRow{"functional.tsv", "透气\tfunction\tblock", "term", "透气"},
        BrokenRow{"claims.tsv", "某牌\tbrand\tfatal", "level", "fatal"},
        BrokenRow{"placeholders.tsv", "<x>\tplaceholder\t", "level", "''"},
        BrokenRow{"gated_terms.tsv", "6g\tgated\tmust", "level", "must"},
        BrokenRow{"numbers.tsv", "寻\tunit\tmust", "level", "must"},
        BrokenRow{"latin_words.tsv", "x\tlatin\tmust", "level", "must"},
        BrokenRow{"claim_patterns.tsv", "material\t采用<0>面料", "pattern", "<0>"},
        BrokenRow{"claim_patterns.tsv", "material\t(<3>)", "pattern", "<3>"},
        BrokenRow{"claim_patterns.tsv", "material\t{采用|选用面料", "pattern", "{采用"},
        BrokenRow{"claim_patterns.tsv", "metal\t采用(<3>)面料", "type", "metal"},
        BrokenRow{"claim_patterns.tsv", "material\t采用(<3>)面料\tfatal", "level", "fatal"},
        BrokenRow{"praise.tsv", "妙\tpraised", "kind", "praised"},
        BrokenRow{"looks.tsv", "某色", "key", "''"},
        BrokenRow{"exclusive.tsv", "某组\t长袖", "values", "长袖"},
        BrokenRow{"garments.tsv", "披风", "category", "''"},
        BrokenRow{"absolute_terms.tsv", "ABS-99\t最某", "rule_id", "ABS-99"},
        BrokenRow{"absolute_exceptions.tsv", "最{某|么\tchoice", "pattern", "最{某"},
        BrokenRow{"exemptions.tsv", "EX-9\t9\tguess\tABS-01\twarn", "test", "guess"},
        BrokenRow{"category_terms.tsv", "CAT-99\tany\t某", "rule_id", "CAT-99"},
        BrokenRow{"mandatory_warnings.tsv", "CAT-99\tany\t\t某", "rule_id", "CAT-99"},
        BrokenRow{"citations.tsv", "guess\t某", "role", "guess"},
        BrokenRow{"lengths.tsv", "LEN-TB\ttaobao\ttitle\tmiles\t\t60", "unit", "miles"},
        BrokenRow{"styles.tsv", "loud\tx\t160\t80\t2", "min_length", "x"}),
    [](const auto& one) {
      std::string name = std::string(one.param.file) + "_" + std::to_string(one.index);
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(RuleFilesTest, AMissingColumnIsNamed) {
  const std::pair<const char*, const char*> columns[] = {
      {"material.tsv", "level"}, {"rules.tsv", "law"},   {"laws.tsv", "status"},
      {"looks.tsv", "key"},      {"exclusive.tsv", "values"}, {"claim_patterns.tsv", "pattern"},
      {"praise.tsv", "kind"},    {"styles.tsv", "max_length"}, {"lengths.tsv", "unit"}};
  for (const auto& [file, column] : columns) {
    std::string text = shipped(file);
    const size_t begin = text.find("\t" + std::string(column));
    ASSERT_NE(begin, text.npos) << file;
    text.replace(begin + 1, std::string_view(column).size(), "other");
    const std::string fault = fault_of(file, text);
    EXPECT_NE(fault.find(file), fault.npos) << file << ": '" << fault << "'";
    EXPECT_NE(fault.find(column), fault.npos) << file << ": '" << fault << "'";
  }
}

}  // namespace
}  // namespace vitrine::checks
