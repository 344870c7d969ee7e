// Implicit labels in every carrier, written by other programs.
#include "imagery/label_carriers.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "io/xmp_packet.h"

namespace vitrine::imagery {
namespace {

namespace fs = std::filesystem;
const fs::path kFiles = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/picture_metadata";

io::PictureMetadata metadata_of(const std::string& name) {
  return io::read_picture_metadata(read_file(kFiles / name), name);
}

checks::ImplicitLabel golden_label() {
  return checks::read_annex_e(read_json_file(kFiles / "expected.json").at("label")).label.value();
}

TEST(LabelCarriersTest, EveryCarrierAndFormIsRead) {
  const Json expected = read_json_file(kFiles / "expected.json");
  for (const auto& [name, file] : expected.at("files").items()) {
    const auto labels = find_implicit_labels(metadata_of(name));
    const std::string carrier = file.at("carrier");
    ASSERT_EQ(labels.size(), carrier == "none" ? 0u : carrier == "several" ? 2u : 1u) << name;
    const std::string type =
        file.at("digital_source_type").is_null() ? "" : "trainedAlgorithmicMedia";
    if (name == "malformed.png" || name == "broken_json.jpg") continue;
    EXPECT_EQ(digital_source_type(metadata_of(name)), type) << name;
    if (labels.empty()) continue;
    EXPECT_EQ(to_string(labels[0].carrier), carrier == "several" ? "xmp" : carrier) << name;
    ASSERT_TRUE(labels[0].reading.label) << name << ": " << labels[0].reading.problem;
    EXPECT_EQ(checks::annex_e_text(*labels[0].reading.label), checks::annex_e_text(golden_label()))
        << name;
    EXPECT_TRUE(labels[0].is_label);
  }
}

TEST(LabelCarriersTest, MalformedXmlAndJsonAreLabelsWithAProblem) {
  for (const char* name : {"malformed.png", "broken_json.jpg"}) {
    const auto labels = find_implicit_labels(metadata_of(name));
    ASSERT_EQ(labels.size(), 1u) << name;
    EXPECT_FALSE(labels[0].reading.label) << name;
    EXPECT_NE(labels[0].reading.problem, "") << name;
    EXPECT_FALSE(labels[0].is_label) << name;
  }
}

TEST(LabelCarriersTest, LooseJsonIsALabelThatIsNotStrict) {
  io::PictureMetadata metadata;
  metadata.texts = {
      {"AIGC", "{ \"Label\": \"1\", \"ContentProducer\": \"某公司\", \"ProduceID\": \"1\" }"}};
  const auto labels = find_implicit_labels(metadata);
  ASSERT_EQ(labels.size(), 1u);
  EXPECT_TRUE(labels[0].is_label);
  EXPECT_FALSE(labels[0].reading.label);
}

TEST(LabelCarriersTest, BytesBehindTheEndAreNotTakenForALabelWithoutItsFields) {
  io::PictureMetadata metadata;
  metadata.trailing = "{\"AIGC\":1} {\"AIGC\":{\"Label\":\"1\"}} {\"Label\":2} {{{ AIGC \"{";
  EXPECT_TRUE(find_implicit_labels(metadata).empty());
  for (int i = 0; i < 100'000; ++i) metadata.trailing += "{\"AIGC\":";
  EXPECT_TRUE(find_implicit_labels(metadata).empty());
}

TEST(LabelCarriersTest, TheValueOfXmpIsTheInnerObjectInAscii) {
  checks::ImplicitLabel label = golden_label();
  label.content_producer = "某公司";
  const std::string text = xmp_label_text(label);
  EXPECT_TRUE(text.starts_with(
      "{\"Label\":\"1\",\"ContentProducer\":\"\\u67d0\\u516c\\u53f8\",\"ProduceID\""));
  EXPECT_TRUE(checks::read_annex_e_text(text).label);
}

TEST(LabelCarriersTest, ALabelIsReplacedInItsFormAndNothingElseChanges) {
  checks::ImplicitLabel label = golden_label();
  label.content_propagator = "other";
  for (const char* name :
       {"element.png", "attribute.png", "element.jpg", "exiftool_compact.webp"}) {
    io::PictureMetadata metadata = metadata_of(name);
    const std::string before = metadata.xmp[0];
    metadata.xmp[0] = with_other_label(before, label);
    const auto labels = find_implicit_labels(metadata);
    ASSERT_EQ(labels.size(), 1u) << name;
    EXPECT_EQ(labels[0].reading.label.value().content_propagator, "other") << name;
    EXPECT_EQ(digital_source_type(metadata), "trainedAlgorithmicMedia") << name;
    const size_t place = before.find("AIGC");
    EXPECT_EQ(metadata.xmp[0].substr(0, place), before.substr(0, place));
    EXPECT_EQ(metadata.xmp[0].substr(metadata.xmp[0].size() - 60),
              before.substr(before.size() - 60));
  }
  EXPECT_THROW(with_other_label(metadata_of("malformed.png").xmp[0], label), Corrupt);
}

}  // namespace
}  // namespace vitrine::imagery
