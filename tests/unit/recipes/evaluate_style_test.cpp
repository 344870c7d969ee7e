#include "recipes/evaluate_style.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using copywriting::StyleExample;

/// n texts a style that are easy to tell apart by their form, each of a product of its own.
std::vector<StyleExample> labelled(int n) {
  std::vector<StyleExample> examples;
  for (int i = 0; i < n; ++i) {
    const std::string word = std::to_string(i), id = "p" + word;
    examples.push_back({"✨" + word + "号裙子看过来～\n#裙子 #分享", "xiaohongshu", id});
    examples.push_back({"商品介绍：" + word + "号裙子采用棉质面料。", "jd", id});
  }
  return examples;
}

/// The file with this text; it goes with the object.
class TextFile {
 public:
  explicit TextFile(const std::string& text) : path_(fs::temp_directory_path() / ("evaluate_style_test_" + std::to_string(::getpid()))) {
    write_file_atomic(path_, text);
  }
  ~TextFile() { fs::remove(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string refusal(const std::string& text) {
  const TextFile file(text);
  try {
    read_style_texts(file.path());
  } catch (const Error& e) {
    return e.what();
  }
  return "read";
}

TEST(EvaluateStyleTest, EasyStylesAreToldApartOnHeldOutProductsAndInTheSet) {
  const std::vector<StyleExample> set = {{"✨新裙子看过来～\n#裙子", "xiaohongshu", "a"}, {"商品介绍：新裙子采用棉质面料。", "jd", "a"}};
  const auto evaluation = evaluate_style(set, labelled(40), {});
  ASSERT_TRUE(evaluation.held_out && evaluation.accuracy);
  EXPECT_DOUBLE_EQ(evaluation.held_out->value, 1);
  EXPECT_GT(evaluation.held_out->n, 4);
  EXPECT_EQ(evaluation.held_out->n, 2 * evaluation.held_out->products);  // both texts of a product lie on one side
  EXPECT_EQ(evaluation.trained + evaluation.held_out->n, 80);
  EXPECT_DOUBLE_EQ(evaluation.accuracy->value, 1);
  EXPECT_EQ(evaluation.why_not, "");
}

TEST(EvaluateStyleTest, LabelsThatTheTextDoesNotShowGiveTheAccuracyOfAGuess) {
  std::vector<StyleExample> examples;
  const RandomKey key(7);
  for (uint64_t i = 0; i < 400; ++i) examples.push_back({"裙子" + std::to_string(i), key.below(2, i) == 0 ? "jd" : "taobao", "p" + std::to_string(i)});
  const auto evaluation = evaluate_style(std::vector<StyleExample>{{"裙子", "jd", "a"}}, examples, {.held_out = 0.5});
  EXPECT_NEAR(evaluation.held_out->value, 0.5, 0.12);
  EXPECT_LT(evaluation.held_out->interval.low, 0.5);
  EXPECT_GT(evaluation.held_out->interval.high, 0.5);
}

TEST(EvaluateStyleTest, AnEarnedErrorIsCounted) {
  const std::vector<StyleExample> set = {{"商品介绍：新裙子采用棉质面料。", "xiaohongshu", "a"}, {"商品介绍：裙子采用棉质面料，新。", "jd", "b"}};
  const auto evaluation = evaluate_style(set, labelled(40), {});
  EXPECT_DOUBLE_EQ(evaluation.accuracy->value, 0.5);
  EXPECT_DOUBLE_EQ(evaluation.styles.at("xiaohongshu").accuracy->value, 0);
  EXPECT_DOUBLE_EQ(evaluation.styles.at("jd").accuracy->value, 1);
}

TEST(EvaluateStyleTest, WithoutLabelledTextTheRulesJudgeAloneAndSaySo) {
  const std::vector<StyleExample> set = {{"非常好看的裙子。", "xiaohongshu", "a"}};
  const auto evaluation = evaluate_style(set, {}, {});
  EXPECT_FALSE(evaluation.accuracy || evaluation.held_out);
  EXPECT_NE(evaluation.why_not.find("not measurable"), std::string::npos);
  EXPECT_DOUBLE_EQ(evaluation.styles.at("xiaohongshu").kept, 1.0 / 8);  // habits alone
  EXPECT_NE(terminal_table(evaluation).find("accuracy not measurable; rules kept 12.5 %"), std::string::npos) << terminal_table(evaluation);
  EXPECT_TRUE(to_json(evaluation)["accuracy"].is_null());
}

TEST(EvaluateStyleTest, AStyleThatTheLabelsLackIsNotMeasured) {
  const auto evaluation = evaluate_style(std::vector<StyleExample>{{"裙子。", "douyin", "a"}}, labelled(40), {});
  EXPECT_TRUE(evaluation.held_out);
  EXPECT_FALSE(evaluation.accuracy || evaluation.styles.at("douyin").accuracy);
  EXPECT_NE(evaluation.why_not, "");
}

TEST(EvaluateStyleTest, TextsOfTheSetAreNotLearnedFrom) {
  auto examples = labelled(40);
  const std::vector<StyleExample> set(examples.begin(), examples.begin() + 3);
  EXPECT_EQ(evaluate_style(set, examples, {}).left_out, 3);
}

TEST(EvaluateStyleTest, LabelsOfOneStyleAreRefused) {
  const std::vector<StyleExample> one = {{"裙子一", "jd", "a"}, {"裙子二", "jd", "b"}, {"裙子三", "jd", "c"}};
  EXPECT_THROW(evaluate_style(one, std::vector<StyleExample>{{"裤子", "jd", "d"}, {"上衣", "jd", "e"}}, {}), InvalidInput);
}

TEST(ReadStyleTextsTest, LinesOfWriteGiveEachCandidateTheStyleOfThePlan) {
  const TextFile file("{\"id\":\"p1\",\"plan\":{\"style\":\"jd\"},\"candidates\":[{\"text\":\"甲。\"},{\"text\":\"乙。\"}]}\n"
                      "{\"text\":\"丙。\",\"style\":\"douyin\",\"product_id\":\"p2\"}\n{\"id\":\"p3\",\"candidates\":[]}\n");
  const auto texts = read_style_texts(file.path());
  ASSERT_EQ(texts.size(), 3u);
  EXPECT_EQ(texts[1].text + texts[1].style + texts[1].group, "乙。jdp1");
  EXPECT_EQ(texts[2].text + texts[2].style + texts[2].group, "丙。douyinp2");
}

TEST(ReadStyleTextsTest, ABadRowIsNamedWithFieldAndValue) {
  EXPECT_NE(refusal("{\"text\":\"甲\",\"style\":\"weibo\"}\n").find("row 1, field style: expected taobao, douyin, xiaohongshu or jd, got 'weibo'"), std::string::npos);
  EXPECT_NE(refusal("{\"text\":\"甲\"}\n").find("style"), std::string::npos);
  EXPECT_NE(refusal("{\"text\":\"\",\"style\":\"jd\"}\n").find("field text: expected words"), std::string::npos);
  EXPECT_NE(refusal("{\"id\":\"a\",\"candidates\":[{\"text\":\"甲\"}]}\n").find("field plan: expected an object"), std::string::npos);
  EXPECT_NE(refusal("{\"text\":\"甲\",\"style\":\"jd\"}\nno\n").find("row 2"), std::string::npos);
  EXPECT_NE(refusal("\n").find("expected texts, got none"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::recipes
