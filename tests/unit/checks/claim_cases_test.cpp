// The rows of tests/cases/claims.txt.
#include <gtest/gtest.h>

#include "base/file.h"
#include "checks/claims.h"
#include "checks/tsv_rules.h"
#include "data/advertisegen.h"

namespace vitrine::checks {
namespace {

std::vector<std::vector<std::string>> rows_of(const std::string& name) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& line : split(read_file(std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/cases" / name), '\n')) {
    if (!line.empty() && line.front() != '#') rows.push_back(split(line, '\t'));
  }
  return rows;
}

const ClaimFinder& finder() {
  static const RuleSet rules =
      RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  static const ClaimFinder result = ClaimFinder::load(rules);
  return result;
}

std::string written(const Claim& claim) {
  const std::string mark = claim.support == Support::entailed ? "+" : claim.level == Level::warn ? "~" : "";
  return mark + claim.type + " " + claim.value;
}

std::string claims_in(const std::string& content, const std::string& text) {
  std::string result;
  for (const Claim& claim : finder().find_claims(text, data::product_from_content(content))) {
    if (claim.support != Support::harmless) result += (result.empty() ? "" : "; ") + written(claim);
  }
  return result.empty() ? "-" : result;
}

TEST(ClaimCases, EveryRowGivesItsClaims) {
  const auto rows = rows_of("claims.txt");
  ASSERT_GT(rows.size(), 30U);
  for (const auto& row : rows) EXPECT_EQ(claims_in(row.at(0), row.at(1)), row.at(2)) << row.at(0) << " | " << row.at(1);
}

TEST(ClaimCases, AClaimNamesItsSpanAndItsEvidence) {
  const auto claims = finder().find_claims("选用纯棉。", data::product_from_content("类型#裙*材质#棉"));
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].begin, 2U);
  EXPECT_EQ(claims[0].end, 4U);
  EXPECT_EQ(claims[0].evidence, std::vector<std::string>{"attr:a2"});
}

TEST(ClaimCases, TheBrandOfTheRecordProvesItsName) {
  data::Product product;
  product.brand = "Veromoda";
  const auto claims = finder().find_claims("veromoda新品。", product);
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].support, Support::entailed);
}

}  // namespace
}  // namespace vitrine::checks
