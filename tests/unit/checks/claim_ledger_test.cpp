#include "checks/claim_ledger.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::checks {
namespace {

UtcSeconds day(const char* text) { return parse_iso_date(text).value(); }

/// A dress of silk with a report behind its second attribute and a certificate.
data::Product dress() {
  data::Product product;
  product.id = "p1";
  product.brand = "素衣";
  data::add_attribute(product, "材质", "蚕丝");
  data::add_attribute(product, "功能", "抗菌").evidence_id = "d1";
  product.extra["docs"] = Json::array({{{"id", "d1"},
                                        {"type", "report"},
                                        {"issuer", "检测所"},
                                        {"valid_to", "2027-01-31"},
                                        {"file", "d1.pdf"},
                                        {"sha256", "aa"}},
                                       {{"id", "d2"}, {"type", "cert"}, {"issuer", "认证中心"}}});
  return product;
}

Claim claim_of(const std::string& type, size_t begin, const std::string& value, Support support,
               std::vector<std::string> evidence) {
  Claim claim;
  claim.type = type;
  claim.begin = begin;
  claim.end = begin + 2;
  claim.value = value;
  claim.support = support;
  claim.evidence = std::move(evidence);
  return claim;
}

std::vector<LedgerRow> ledger() {
  const std::vector<Claim> claims = {
      claim_of("material", 0, "真丝", Support::entailed, {"attr:a1"}),
      claim_of("function", 2, "抗菌", Support::entailed, {"attr:a2"}),
      claim_of("honour", 4, "认证", Support::entailed, {"doc:d2"}),
      claim_of("brand", 6, "素衣", Support::entailed, {"brand"}),
      claim_of("style", 8, "好看", Support::harmless, {}),
      claim_of("cut", 10, "显瘦", Support::unsupported, {})};
  return ledger_rows("真丝抗菌认证素衣好看显瘦", claims, dress(),
                     {.text_id = "t1",
                      .reviewer = "李",
                      .time = day("2026-11-24"),
                      .ruleset = "2026.11.2",
                      .ruleset_sha256 = "ff"});
}

/// Colours of all rows, one letter each: g(reen), y (grey), r(ed).
std::string colours(const data::Product* product, const char* today = "2026-11-24",
                    const DocumentHash& hash = {}) {
  std::string letters;
  for (const LedgerRow& row : ledger())
    letters += "gyr"[static_cast<size_t>(reevaluate(row, product, day(today), hash).colour)];
  return letters;
}

std::string reason(size_t row, const data::Product& product, const char* today = "2026-11-24",
                   const DocumentHash& hash = {}) {
  const auto verdict = reevaluate(ledger()[row], &product, day(today), hash);
  return verdict.reasons.empty() ? "" : verdict.reasons.front();
}

TEST(ClaimLedgerTest, ARowNamesClaimProofDocumentAndWhoAcceptedByWhichRules) {
  const Json row = to_json(ledger()[1]);
  EXPECT_EQ(
      row.dump(),
      R"({"text_id":"t1","product_id":"p1","text_sha256":")" + ledger()[1].text_sha256 +
          R"(","claim":"抗菌","span":[2,4],"type":"function","value":"抗菌","support":"entailed","evidence":[{"id":"attr:a2","value":"抗菌"}],)"
          R"("documents":[{"id":"d1","type":"report","issuer":"检测所","valid_to":"2027-01-31","sha256":"aa"}],)"
          R"("reviewer":"李","time":"2026-11-24T00:00:00Z","ruleset":"2026.11.2","ruleset_sha256":"ff"})");
  EXPECT_EQ(ledger()[0].value, "蚕丝") << "what proves 真丝";
}

TEST(ClaimLedgerTest, WhatIsWrittenIsReadBack) {
  const auto rows = ledger();
  EXPECT_EQ(ledger_jsonl(read_ledger(ledger_jsonl(rows), "l")), ledger_jsonl(rows));
}

TEST(ClaimLedgerTest, ABrokenRowIsNamedByItsLine) {
  Json row = to_json(ledger()[0]);
  row["span"] = Json::array({1});
  EXPECT_THROW(read_ledger(dump_line(row), "l"), InvalidInput);
  row = to_json(ledger()[0]);
  row.erase("evidence");
  try {
    read_ledger("\n" + dump_line(row), "l.jsonl");
    FAIL();
  } catch (const InvalidInput& e) {
    EXPECT_NE(std::string(e.what()).find("l.jsonl line 2: evidence"), std::string::npos)
        << e.what();
  }
}

TEST(ClaimLedgerTest, AnUnchangedRecordKeepsItsClaimsGreen) {
  const auto product = dress();
  EXPECT_EQ(colours(&product), "gggggy");
}

TEST(ClaimLedgerTest, DeletingADocumentTurnsItsClaimsRed) {
  auto product = dress();
  product.extra["docs"].erase(0);
  EXPECT_EQ(colours(&product), "grgggy");
  EXPECT_EQ(reason(1, product), "document_gone doc:d1");
  product.extra.erase("docs");
  EXPECT_EQ(colours(&product), "grrggy");
}

TEST(ClaimLedgerTest, ADocumentPastItsLastDaySupportsNothing) {
  const auto product = dress();
  EXPECT_EQ(colours(&product, "2027-01-31"), "gggggy");
  EXPECT_EQ(colours(&product, "2027-02-01"), "grgggy");
  EXPECT_EQ(reason(1, product, "2027-02-01"), "document_expired doc:d1 2027-01-31");
}

TEST(ClaimLedgerTest, AnotherFileUnderTheSameNameIsSeen) {
  auto product = dress();
  EXPECT_EQ(reason(1, product, "2026-11-24",
                   [](const Json&) { return std::optional<std::string>("aa"); }),
            "");
  EXPECT_EQ(reason(1, product, "2026-11-24",
                   [](const Json&) { return std::optional<std::string>("bb"); }),
            "file_changed doc:d1 d1.pdf");
  EXPECT_EQ(
      reason(1, product, "2026-11-24", [](const Json&) { return std::optional<std::string>(); }),
      "file_gone doc:d1 d1.pdf");
  product.extra["docs"][0]["sha256"] = "bb";
  EXPECT_EQ(reason(1, product), "document_changed doc:d1");
}

TEST(ClaimLedgerTest, AttributesAndBrandAreComparedByValue) {
  auto product = dress();
  product.attributes[0].val = "涤纶";
  product.brand = "别家";
  EXPECT_EQ(colours(&product), "rggrgy");
  EXPECT_EQ(reason(0, product), "value_changed attr:a1 蚕丝 -> 涤纶");
  product.attributes.erase(product.attributes.begin());
  EXPECT_EQ(reason(0, product), "attribute_gone attr:a1");
}

TEST(ClaimLedgerTest, OneProofOfSeveralIsEnoughButADocumentMayNotLack) {
  auto product = dress();
  product.title_raw = "素衣真丝裙";
  const std::vector<Claim> claims = {
      claim_of("brand", 0, "素衣", Support::entailed, {"brand", "title"}),
      claim_of("honour", 2, "认证", Support::entailed, {"title", "doc:d2"})};
  const auto rows = ledger_rows("素衣认证", claims, product,
                                {.text_id = "t",
                                 .reviewer = "李",
                                 .time = day("2026-11-24"),
                                 .ruleset = "1",
                                 .ruleset_sha256 = "ff"});
  product.title_raw = "真丝裙";
  EXPECT_EQ(reevaluate(rows[0], &product, day("2026-11-24")).colour, LedgerColour::green);
  EXPECT_EQ(reevaluate(rows[0], &product, day("2026-11-24")).reasons,
            (std::vector<std::string>{"value_changed title 素衣真丝裙 -> 真丝裙"}));
  EXPECT_EQ(reevaluate(rows[1], &product, day("2026-11-24")).colour, LedgerColour::green);
  product.title_raw = "素衣真丝裙";
  product.extra.erase("docs");
  EXPECT_EQ(reevaluate(rows[1], &product, day("2026-11-24")).colour, LedgerColour::red);
}

TEST(ClaimLedgerTest, WithoutTheProductOnlyHarmlessPraiseStands) {
  EXPECT_EQ(colours(nullptr), "rrrrgr");
}

}  // namespace
}  // namespace vitrine::checks
