// The rows of tests/cases/claims.txt and evidence.txt, and that they leave out no rule of claims and
// numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>

#include "case_rows.h"
#include "checks/claims.h"
#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

const RuleSet& rules() {
  static const RuleSet result =
      RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  return result;
}

const ClaimFinder& finder() {
  static const ClaimFinder result = ClaimFinder::load(rules());
  return result;
}

std::string written(const Claim& claim) {
  const std::string mark = claim.support == Support::entailed ? "+"
                           : claim.level == Level::warn       ? "~"
                                                              : "";
  return mark + claim.type + " " + claim.value;
}

template <typename Write>
std::string joined(const std::vector<Claim>& claims, const Write& write) {
  std::string result;
  for (const Claim& claim : claims) {
    if (claim.support != Support::harmless) result += (result.empty() ? "" : "; ") + write(claim);
  }
  return result.empty() ? "-" : result;
}

std::vector<std::string> pieces(const std::string& cell) {
  std::vector<std::string> result;
  for (const std::string& piece : split(cell, ';')) {
    const size_t begin = piece.find_first_not_of(' ');
    if (begin != piece.npos) result.push_back(piece.substr(begin));
  }
  return result;
}

TEST(ClaimCases, EveryRowGivesItsClaims) {
  const auto rows = case_rows("claims.txt");
  ASSERT_GT(rows.size(), 30U);
  for (const auto& row : rows) {
    const auto claims = finder().find_claims(row.at(1), data::product_from_content(row.at(0)));
    EXPECT_EQ(joined(claims, written), row.at(2)) << row.at(0) << " | " << row.at(1);
  }
}

/// One row of evidence.txt.
struct EvidenceCase {
  data::Product product;
  std::string text, claims, shows, where;
};

Json document_of(const std::string& piece) {
  static const std::map<std::string, std::string> kNames{{"scope", "scope"},
                                                         {"issuer", "issuer"},
                                                         {"number", "number"},
                                                         {"from", "valid_from"},
                                                         {"to", "valid_to"}};
  std::istringstream words(piece);
  std::string type, id;
  words >> type >> id;
  Json document{{"id", id}, {"type", type}};
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    document[kNames.at(word.substr(0, equals))] = word.substr(equals + 1);
  }
  return document;
}

void add_to_record(const std::string& piece, data::Product& product) {
  const std::string what = piece.substr(0, piece.find(' '));
  const std::string value = piece.substr(piece.find(' ') + 1);
  if (what == "brand") {
    product.brand = value;
  } else if (what == "title") {
    product.title_raw = value;
  } else if (what == "price" && value.find_first_not_of("0123456789") == value.npos) {
    product.extra["price"] = {{"amount", std::stod(value)}, {"currency", "CNY"}};
  } else {
    product.extra["docs"].push_back(document_of(piece));
  }
}

std::vector<EvidenceCase> evidence_cases() {
  std::vector<EvidenceCase> cases;
  for (const auto& row : case_rows("evidence.txt")) {
    EvidenceCase one{.product = data::product_from_content(row.at(0)),
                     .text = row.at(2),
                     .claims = row.at(3),
                     .shows = row.size() > 4 ? row[4] : "",
                     .where = row.at(0) + " | " + row.at(1) + " | " + row.at(2)};
    if (row[1] != "-") {
      one.product.extra["docs"] = Json::array();
      for (const auto& piece : pieces(row[1])) add_to_record(piece, one.product);
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

std::string repair_of(const Claim& claim) {
  constexpr std::array kKinds{"-> ", " drop_clause", " drop_sentence", " append"};
  if (!claim.repair) return "";
  const std::string kind = kKinds[static_cast<size_t>(claim.repair->kind)];
  return claim.repair->kind == Repair::Kind::replace ? " " + kind + claim.repair->text : kind;
}

std::string written_with_rule(const Claim& claim) {
  std::string result = claim.rule->id + " " + claim.value;
  if (claim.support != Support::entailed) {
    return (claim.level == Level::warn ? "~" : "") + result + repair_of(claim);
  }
  for (size_t i = 0; i < claim.evidence.size(); ++i) {
    result += (i == 0 ? " " : ",") + claim.evidence[i];
  }
  return "+" + result;
}

TEST(EvidenceCases, EveryRowGivesItsClaimsWithEvidenceOrRepair) {
  const auto cases = evidence_cases();
  ASSERT_GT(cases.size(), 100U);
  for (const auto& row : cases) {
    const auto claims = finder().find(text::to_utf32(row.text), Evidence(row.product, "2026-11-24"));
    EXPECT_EQ(joined(claims, written_with_rule), row.claims) << row.where;
  }
}

/// Which sides of its rule a claim of a row shows: yes = the rule stops it.
void add_sides(const std::string& claims, std::map<std::string, std::set<bool>>& sides) {
  for (const std::string& claim : pieces(claims)) {
    const bool stops = claim.front() != '+';
    const std::string name = claim.substr(claim.find_first_not_of("+~"));
    const std::string word = name.substr(0, name.find(' '));
    if (word == "-") continue;
    const Rule* rule = rules().find(word);
    sides[rule != nullptr ? rule->id : rules().of_type(word, "row").id].insert(stops);
  }
}

TEST(EvidenceCases, EveryRuleOfClaimsAndNumbersHasARowThatItStopsAndOneThatItDoesNot) {
  std::map<std::string, std::set<bool>> sides;
  for (const auto& row : case_rows("claims.txt")) add_sides(row.at(2), sides);
  for (const auto& row : evidence_cases()) {
    add_sides(row.claims, sides);
    for (const std::string& side : pieces(row.shows)) {
      sides[side.substr(0, side.find(' '))].insert(side.ends_with(" yes"));
    }
  }
  size_t count = 0;
  for (const Rule* rule : rules().rules()) {
    if (!rule->id.starts_with("CLM-") && !rule->id.starts_with("NUM-")) continue;
    ++count;
    EXPECT_EQ(sides[rule->id].size(), 2U) << rule->id;
  }
  EXPECT_EQ(count, 16U + 6U);
}

TEST(ClaimCases, AClaimNamesItsSpanAndItsEvidence) {
  const auto claims = finder().find_claims("选用纯棉。", data::product_from_content("类型#裙*材质#棉"));
  ASSERT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims[0].begin, 2U);
  EXPECT_EQ(claims[0].end, 4U);
  EXPECT_EQ(claims[0].evidence, std::vector<std::string>{"attr:a2"});
}

}  // namespace
}  // namespace vitrine::checks
