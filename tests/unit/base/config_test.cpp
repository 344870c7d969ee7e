#include "base/config.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine {
namespace {

struct SampleConfig {
  int top_k = 0;
  double top_p = 0.9;
  bool check = true;
  std::string style = "taobao";
  int64_t seed = 0;
  void describe(FieldVisitor& v) {
    v.field("top_k", top_k, "tokens kept", 0, 100000);
    v.field("top_p", top_p, "nucleus", 0.0, 1.0);
    v.field("check", check, "run the checks");
    v.field("style", style, "platform style", {"", "taobao", "douyin", "jd"});
    v.field("seed", seed, "of random choices");
  }
};

std::string message_of(const Json& json) {
  SampleConfig config;
  try {
    config_from_json(config, json, "sample.json");
  } catch (const InvalidInput& e) {
    return e.what();
  }
  return "";
}

TEST(ConfigTest, ARoundTripThroughJsonKeepsEveryField) {
  SampleConfig config{.top_k = 7, .top_p = 0.5, .check = false, .style = "jd", .seed = 3};
  SampleConfig read;
  config_from_json(read, config_to_json(config), "sample.json");
  EXPECT_EQ(config_to_json(read), config_to_json(config));
  EXPECT_EQ(read.top_k, 7);
}

TEST(ConfigTest, AnUnknownFieldIsRefusedByName) {
  EXPECT_EQ(message_of({{"topk", 3}}), "[config] sample.json: unknown field 'topk'");
}

TEST(ConfigTest, AWrongTypeNamesFieldAndValue) {
  EXPECT_EQ(message_of({{"top_k", "many"}}), "[config] sample.json: top_k: expected an integer, got \"many\"");
}

TEST(ConfigTest, AValueOutOfRangeNamesTheRange) {
  EXPECT_EQ(message_of({{"top_p", 1.5}}), "[config] sample.json: top_p: expected 0 to 1, got 1.5");
}

TEST(ConfigTest, AnUnknownWordNamesTheKnownOnes) {
  EXPECT_EQ(message_of({{"style", "amazon"}}), "[config] sample.json: style: expected taobao, douyin or jd, got 'amazon'");
  EXPECT_EQ(message_of({{"style", ""}}), "");
}

TEST(ConfigTest, AnIntegerThatDoesNotFitIsRefusedAndNotWrappedAround) {
  EXPECT_EQ(message_of({{"top_k", 4294967297}}), "[config] sample.json: top_k: expected 0 to 100000, got 4294967297");
  EXPECT_EQ(message_of({{"seed", 18446744073709551615u}}), "[config] sample.json: seed: expected an integer, got 18446744073709551615");
}

TEST(ConfigTest, RangesAreWrittenWithoutExponents) {
  EXPECT_EQ(range_text(0.01, 1e6), "0.01 to 1000000");
  EXPECT_EQ(range_text(0, FieldVisitor::kNoLimit), "at least 0");
  EXPECT_EQ(range_text(-FieldVisitor::kNoLimit, FieldVisitor::kNoLimit), "");
}

}  // namespace
}  // namespace vitrine
