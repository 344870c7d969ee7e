#include "copywriting/style_classifier.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

namespace vitrine::copywriting {
namespace {

const std::vector<StyleExample> kExamples = {{"姐妹们看过来✨裙子好看～\n#裙子 #穿搭", "xiaohongshu", ""},
                                             {"今日分享✨这条裙子～\n#裙子 #分享", "xiaohongshu", ""},
                                             {"商品介绍：裙子采用棉质面料。", "jd", ""},
                                             {"细节说明：裙子长度适中。", "jd", ""}};

bool holds(const std::vector<std::string>& features, const std::string& feature) {
  return std::find(features.begin(), features.end(), feature) != features.end();
}

TEST(StyleClassifierTest, FeaturesAreNgramsPicturesAndClassesOfForm) {
  const auto features = style_features("好裙✨\n#裙");
  for (const char* feature : {"好", "好裙", "emoji:✨", "emoji count:1", "tag count:1", "line count:1", "length class:0"}) {
    EXPECT_TRUE(holds(features, feature)) << feature;
  }
}

TEST(StyleClassifierTest, ANewTextGetsTheStyleThatItLooksLike) {
  const auto classifier = StyleClassifier::train(kExamples);
  EXPECT_EQ(classifier.styles(), (std::vector<std::string>{"jd", "xiaohongshu"}));
  EXPECT_EQ(classifier.predict("分享一条新裙子✨\n#穿搭 #连衣裙"), "xiaohongshu");
  EXPECT_EQ(classifier.predict("细节说明：面料为棉。"), "jd");
}

TEST(StyleClassifierTest, ATextOfUnknownFeaturesGoesByThePriorsAndTheForm) {
  std::vector<StyleExample> examples = {{"a", "taobao", ""}, {"a", "taobao", ""}, {"a", "jd", ""}};
  EXPECT_EQ(StyleClassifier::train(examples).predict("a"), "taobao");
}

TEST(StyleClassifierTest, TrainingOnOneStyleOrAnEmptyTextIsRefused) {
  const std::vector<StyleExample> one = {{"裙", "jd", ""}}, empty = {{"裙", "jd", ""}, {"", "taobao", ""}};
  EXPECT_THROW(StyleClassifier::train(one), InvalidInput);
  EXPECT_THROW(StyleClassifier::train(empty), InvalidInput);
  EXPECT_THROW(StyleClassifier::train(std::vector<StyleExample>{}), InvalidInput);
  EXPECT_THROW(StyleClassifier::train(kExamples, 0), InvalidInput);
}

}  // namespace
}  // namespace vitrine::copywriting
