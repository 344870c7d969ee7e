#include "checks/implicit_label.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"
#include "support/temporary_directory.h"

namespace vitrine::checks {
namespace {

constexpr const char* kPem =
    "-----BEGIN PRIVATE "
    "KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE "
    "KEY-----\n";
constexpr const char* kId = "vt-20261124-0123456789abcdef0123456789abcdef";

ImplicitLabel example() {
  return {.label = "1",
          .content_producer = "91310000X",
          .produce_id = kId,
          .reserved_code1 = "c1",
          .content_propagator = "91310000X",
          .propagate_id = kId,
          .reserved_code2 = ""};
}

std::string problem_of(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  text.replace(at, from.size(), to);
  return read_annex_e_text(text).problem;
}

TEST(ImplicitLabelTest, TheSevenFieldsStandInTheOrderOfTheStandard) {
  EXPECT_EQ(
      annex_e_text(example()),
      std::string("{\"AIGC\":{\"Label\":\"1\",\"ContentProducer\":\"91310000X\",\"ProduceID\":\"") +
          kId +
          "\",\"ReservedCode1\":\"c1\",\"ContentPropagator\":\"91310000X\",\"PropagateID\":\"" +
          kId + "\",\"ReservedCode2\":\"\"}}");
}

TEST(ImplicitLabelTest, AChineseNameIsWrittenInAsciiAndReadBack) {
  ImplicitLabel label = example();
  label.content_producer = "某某店铺";
  const std::string text = annex_e_text(label);
  EXPECT_NE(text.find("\\u67d0"), text.npos);
  EXPECT_EQ(read_annex_e_text(text).label->content_producer, "某某店铺");
}

TEST(ImplicitLabelTest, TheInnerObjectAloneIsReadToo) {
  EXPECT_TRUE(read_annex_e(annex_e_object(example()).at("AIGC")).label);
}

TEST(ImplicitLabelTest, EachBrokenFieldIsNamed) {
  const std::string good = annex_e_text(example());
  EXPECT_NE(problem_of(good, "\"Label\":\"1\"", "\"Label\":1").find("Label: expected a string"),
            std::string::npos);
  EXPECT_NE(problem_of(good, "\"Label\":\"1\"", "\"Label\":\"4\"").find("Label"),
            std::string::npos);
  EXPECT_NE(problem_of(good, "\"ContentProducer\":\"91310000X\"", "\"ContentProducer\":\"\"")
                .find("ContentProducer"),
            std::string::npos);
  EXPECT_NE(problem_of(good, ",\"ReservedCode2\":\"\"", "").find("seven"), std::string::npos);
  EXPECT_NE(problem_of(good, "\"ProduceID\"", "\"produceID\"").find("ProduceID: expected here"),
            std::string::npos);
  EXPECT_NE(problem_of(good, ",\"ProduceID\"", ", \"ProduceID\"").find("compact"),
            std::string::npos);
  EXPECT_NE(problem_of(good, "91310000X", "店").find("ASCII"), std::string::npos);
  EXPECT_NE(problem_of(good, "\"Label\":\"1\"", "\"Label\":\"1\",\"Label\":\"1\"").find("compact"),
            std::string::npos);
  EXPECT_NE(read_annex_e_text("{").problem, "");
}

TEST(ImplicitLabelTest, NumbersAreNewAndOfOneForm) {
  const auto now = parse_iso_time("2026-11-24T08:00:00Z").value();
  const std::string id = new_produce_id(now);
  EXPECT_TRUE(is_own_produce_id(id)) << id;
  EXPECT_EQ(id.substr(0, 12), "vt-20261124-");
  EXPECT_NE(id, new_produce_id(now));
  for (const char* other : {"", "vt-20261124-xyz", "001-20261124-0123456789abcdef0123456789abcdef"})
    EXPECT_FALSE(is_own_produce_id(other)) << other;
}

TEST(IntegrityTest, TheValueIsTheHashOfTextAndNumber) {
  const std::string value = integrity_value("好看。", kId, nullptr);
  EXPECT_EQ(value, sha256_hex(std::string("好看。") + kId));
  EXPECT_EQ(check_integrity("好看。", kId, value, nullptr).integrity, Integrity::ok);
  EXPECT_EQ(check_integrity("好看！", kId, value, nullptr).integrity, Integrity::changed);
  EXPECT_EQ(check_integrity("好看。", kId, "", nullptr).integrity, Integrity::changed);
  EXPECT_EQ(check_integrity("好看。", "other-1", value, nullptr).integrity, Integrity::unsigned_)
      << "we cannot check the values of others";
}

TEST(IntegrityTest, ASignatureIsCheckedWhereItsKeyIs) {
  const test::TemporaryDirectory folder;
  write_file_atomic(folder.path() / "key.pem", kPem);
  const auto key = Ed25519Key::load(folder.path() / "key.pem");
  const std::string value = integrity_value("好看。", kId, &key);
  EXPECT_EQ(check_integrity("好看。", kId, value, &key).signature, "valid");
  EXPECT_EQ(check_integrity("好看。", kId, value, nullptr).signature, "not_checked");
  std::string forged = value;
  forged.back() = forged.back() == '0' ? '1' : '0';
  const auto check = check_integrity("好看。", kId, forged, &key);
  EXPECT_EQ(check.signature, "invalid");
  EXPECT_EQ(check.integrity, Integrity::changed);
}

}  // namespace
}  // namespace vitrine::checks
