#include "imagery/captions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/advertisegen.h"

namespace vitrine::imagery {
namespace {

const CaptionWords& captions() {
  static const CaptionWords kCaptions = CaptionWords::load();
  return kCaptions;
}

const CaptionFacts kRedDress{"dress", ColourName::red, Pattern::plain, ColourName::white};

TEST(CaptionsTest, FactsBecomeWordsInAFixedOrder) {
  EXPECT_EQ(join_words(captions().words(kRedDress, Language::zh), Language::zh), "连衣裙 红色 纯色 白色背景");
  EXPECT_EQ(join_words(captions().words(kRedDress, Language::en), Language::en), "dress, red, plain, white background");
  EXPECT_EQ(captions().words({"t-shirt", {}, {}, {}}, Language::zh), (std::vector<std::string>{"T恤"}));
  EXPECT_EQ(captions().words({"手镯", ColourName::green, {}, {}}, Language::en), (std::vector<std::string>{"手镯", "green"}));
  EXPECT_TRUE(captions().words({}, Language::zh).empty());
}

TEST(CaptionsTest, EveryClassOfTheClothingSetHasWords) {
  for (const char* label : {"dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt"}) {
    const CaptionWord word = captions().word_for(label);
    EXPECT_TRUE(word.known) << label;
    EXPECT_FALSE(captions().wider(word.zh).empty()) << label;
    EXPECT_EQ(captions().wider(word.zh).size(), captions().wider(word.en).size()) << label;
  }
}

TEST(CaptionsTest, ValuesOfTablesFindTheirCaptionWord) {
  EXPECT_EQ(captions().word_for("浅蓝色").zh, "蓝色");
  EXPECT_EQ(captions().word_for("藏青色").en, "navy");
  EXPECT_EQ(captions().word_for("条纹").zh, "印花");
  EXPECT_EQ(captions().word_for("裙").en, "dress");
  EXPECT_FALSE(captions().word_for("显瘦").known);
  EXPECT_EQ(captions().word_for("显瘦").zh, "显瘦");
}

TEST(CaptionsTest, WithoutNoiseTheWordsStay) {
  const std::vector<std::string> words = captions().words(kRedDress, Language::zh);
  EXPECT_EQ(noisy_words(words, {.drop_word = 0, .drop_caption = 0, .wider_word = 0, .shuffle = false}, captions(), RandomKey(1)), words);
}

TEST(CaptionsTest, NoiseDropsShufflesAndWidensAsOftenAsAsked) {
  const auto words = captions().words(kRedDress, Language::zh);
  int empty = 0, wide = 0, colour = 0, class_first = 0;
  for (uint64_t i = 0; i < 4000; ++i) {
    const auto noisy = noisy_words(words, {}, captions(), RandomKey(7).fold_in(i));
    const auto has = [&](const char* word) { return std::find(noisy.begin(), noisy.end(), word) != noisy.end(); };
    empty += noisy.empty();
    wide += has("裙");
    colour += has("红色");
    EXPECT_TRUE(noisy.empty() || has("裙") || has("连衣裙"));
    class_first += !noisy.empty() && (noisy[0] == "裙" || noisy[0] == "连衣裙");
  }
  EXPECT_NEAR(empty, 400, 80);
  EXPECT_NEAR(wide, 3600 * 0.3, 120);
  EXPECT_NEAR(colour, 3600 * 0.9, 100);
  EXPECT_LT(class_first, 2000);
}

TEST(CaptionsTest, TheSameKeyGivesTheSameWords) {
  const auto words = captions().words(kRedDress, Language::en);
  EXPECT_EQ(noisy_words(words, {}, captions(), RandomKey(3)), noisy_words(words, {}, captions(), RandomKey(3)));
  EXPECT_THROW(noisy_words(words, {.drop_word = 1.5}, captions(), RandomKey(3)), InvalidInput);
}

class PromptTest : public testing::Test {
 protected:
  Prompt prompt(const std::string& content, const PromptConfig& config = {}) {
    return build_prompt(data::product_from_content(content), captions(), normalizer_, statistics_, config);
  }
  data::AttributeNormalizer normalizer_ = data::AttributeNormalizer::load();
  data::AttributeStatistics statistics_;
};

TEST_F(PromptTest, AttributesBecomeCaptionWordsClassAndColourFirst) {
  const Prompt p = prompt("版型#显瘦*颜色#藏青色*类型#裙*图案#条纹*颜色#深蓝色");
  EXPECT_EQ(join_words(p.words, Language::zh), "裙 深蓝色 印花 显瘦");
  EXPECT_EQ(p.unknown, (std::vector<std::string>{"显瘦"}));
}

TEST_F(PromptTest, EnglishKeepsUnknownWords) {
  EXPECT_EQ(join_words(prompt("类型#裤*颜色#红色*风格#休闲", {.language = Language::en}).words, Language::en), "pants, red, 休闲");
}

TEST_F(PromptTest, AKnownShopCategoryTakesThePlaceOfTheType) {
  data::Product product = data::product_from_content("类型#裙*颜色#红色");
  product.category_path = {"女装", "连衣裙"};
  EXPECT_EQ(build_prompt(product, captions(), normalizer_, statistics_, {}).words, (std::vector<std::string>{"连衣裙", "红色"}));
  product.category_path = {"女装", "旗袍"};
  EXPECT_EQ(build_prompt(product, captions(), normalizer_, statistics_, {}).words, (std::vector<std::string>{"裙", "红色"}));
}

TEST_F(PromptTest, ABackgroundIsSaidLastUnlessTheProductSaysOne) {
  const PromptConfig white{.background = ColourName::white};
  EXPECT_EQ(join_words(prompt("类型#裙*颜色#红色", white).words, Language::zh), "裙 红色 白色背景");
  EXPECT_EQ(join_words(prompt("类型#裙*颜色#红色*背景#黑色背景", white).words, Language::zh), "裙 红色 黑色背景");
  EXPECT_EQ(join_words(prompt("类型#裤*颜色#红色", {.language = Language::en, .background = ColourName::white}).words, Language::en), "pants, red, white background");
  EXPECT_TRUE(build_prompt({}, captions(), normalizer_, statistics_, white).words.empty());
}

TEST_F(PromptTest, WithoutNormalisingSpellingsStay) {
  EXPECT_EQ(prompt("品类#裙*色彩#大红", {.normalize = false}).words, (std::vector<std::string>{"裙", "大红"}));
  EXPECT_EQ(prompt("品类#裙*色彩#大红").words, (std::vector<std::string>{"裙", "红色"}));
}

TEST_F(PromptTest, SparsePairsAreLeftOutAndListed) {
  for (int i = 0; i < 50; ++i) statistics_.add(data::product_from_content("类型#裙*颜色#红色"));
  statistics_.add(data::product_from_content("类型#裙*颜色#红色*风格#文艺"));
  const Prompt p = prompt("类型#裙*颜色#红色*风格#文艺", {.min_tf_idf = 0.2});
  EXPECT_EQ(p.words, (std::vector<std::string>{"裙", "红色"}));
  ASSERT_EQ(p.sparse.size(), 1u);
  EXPECT_EQ(p.sparse[0].val, "文艺");
  EXPECT_TRUE(prompt("类型#裙*颜色#红色*风格#文艺").sparse.empty());
}

TEST(FitPromptTest, WordsBeyondTheLimitAreCutFromTheEndAndListed) {
  const auto tokenizer = text::load_tokenizer(VITRINE_SOURCE_DIR "/tests/data/tokenizers/clip");
  const std::vector<std::string> words(60, "red");
  const FittedPrompt whole = fit_prompt({"red", "dress"}, Language::en, *tokenizer, 77);
  EXPECT_EQ(whole.text, "red, dress");
  EXPECT_TRUE(whole.cut.empty());
  EXPECT_EQ(whole.tokens, static_cast<int64_t>(tokenizer->encode(whole.text).size()) + 2);
  const FittedPrompt cut = fit_prompt(words, Language::en, *tokenizer, 77);
  EXPECT_LE(cut.tokens, 77);
  EXPECT_FALSE(cut.cut.empty());
  const FittedPrompt none = fit_prompt(words, Language::en, *tokenizer, 2);
  EXPECT_EQ(none.text, "");
  EXPECT_EQ(none.cut.size(), 60u);
  EXPECT_THROW(fit_prompt(words, Language::en, *tokenizer, 1), InvalidInput);
}

}  // namespace
}  // namespace vitrine::imagery
