#include "eval/tagger_metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_directory.h"

namespace vitrine::eval {
namespace {

/// 真丝 (蚕丝), 圆领 (itself) and 透气 (nothing) in one text.
TaggerSentence silk_dress() {
  return {"s1",
          "真丝圆领裙，透气",
          {{"a1", "材质", "蚕丝"}, {"a2", "裙领型", "圆领"}},
          {{0, 2, "材质", 0}, {2, 4, "裙领型", 1}, {6, 8, "功能", std::nullopt}}};
}

TEST(TaggerMetricsTest, SpansCountWhenBothEndsAndTheKeyAreRight) {
  const std::vector<TaggerSentence> sentences{silk_dress()};
  const std::vector<TaggerPrediction> said{
      {{{0, 2, "材质", {}}, {2, 4, "衣领型", {}}, {6, 7, "功能", {}}}, {0, 1, std::nullopt}}};
  const auto scores = score_tagger(sentences, said, {.resamples = 10});
  EXPECT_EQ(scores.spans.counts.right, 1);
  EXPECT_DOUBLE_EQ(scores.spans.counts.precision(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(scores.spans.counts.f1(), 1.0 / 3);
  EXPECT_EQ(scores.exact_spans.counts.right, 2);  // with the wrong key
  EXPECT_EQ(scores.by_key.at("衣领型").said, 1);
  EXPECT_EQ(scores.by_key.at("裙领型").labelled, 1);
}

TEST(TaggerMetricsTest, EvidenceIsRightWhenTheAttributeIsAndSplitByItsSpelling) {
  const std::vector<TaggerSentence> sentences{silk_dress()};
  const std::vector<TaggerPrediction> said{{{}, {1, 1, 0}}};  // wrong, right, one too many
  const auto scores = score_tagger(sentences, said, {.resamples = 10});
  EXPECT_EQ(scores.evidence.counts.right, 1);
  EXPECT_EQ(scores.evidence.counts.said, 3);
  EXPECT_EQ(scores.evidence.counts.labelled, 2);
  EXPECT_DOUBLE_EQ(scores.literal_evidence.counts.recall(), 1.0);
  EXPECT_DOUBLE_EQ(scores.other_evidence.counts.recall(), 0.0);
  EXPECT_EQ(scores.other_evidence.counts.said, 2);
}

TEST(TaggerMetricsTest, AnAttributeOfTheSameValueIsAsGood) {
  TaggerSentence sentence{"s", "复古", {{"a1", "图案", "复古"}, {"a2", "风格", "复古"}},
                          {{0, 2, "风格", 1}}};
  const auto scores = score_tagger(std::vector{sentence},
                                   std::vector<TaggerPrediction>{{{}, {0}}}, {.resamples = 10});
  EXPECT_EQ(scores.evidence.counts.right, 1);
}

TEST(TaggerMetricsTest, NothingSaidAndNothingLabelledIsNoNumber) {
  TaggerSentence empty{"s", "好看", {}, {}};
  const auto scores = score_tagger(std::vector{empty}, std::vector<TaggerPrediction>{{}},
                                   {.resamples = 10});
  EXPECT_TRUE(std::isnan(scores.spans.counts.f1()));
  EXPECT_TRUE(to_json(scores)["spans"]["f1"]["value"].is_null());
  EXPECT_THROW(score_tagger(std::vector{empty}, {}, {}), InvalidInput);
}

TEST(TaggerMetricsTest, LabelledSentencesAreReadAndBrokenOnesNamed) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "set.jsonl";
  const std::string good =
      R"({"id":"s1","attributes":[{"id":"a1","key":"材质","val":"蚕丝"}],"text":"真丝裙","spans":[{"begin":0,"end":2,"key":"材质","attr":"a1"},{"begin":2,"end":3,"key":"类型","attr":null}]})";
  write_file_atomic(file, good + "\n\n");
  const auto read = read_tagger_sentences(file);
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].spans[0].attribute_idx, 0u);
  EXPECT_EQ(read[0].spans[1].attribute_idx, std::nullopt);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"end\":3", "\"end\":4"}, {"\"attr\":\"a1\"", "\"attr\":\"a7\""}, {"\"begin\":2", "\"begin\":3"}}) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    write_file_atomic(file, good + "\n" + bad + "\n");
    try {
      read_tagger_sentences(file);
      FAIL() << bad;
    } catch (const Corrupt& error) {
      EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace vitrine::eval
