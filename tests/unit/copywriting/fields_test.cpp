#include "copywriting/fields.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "checks/output_faults.h"
#include "data/advertisegen.h"
#include "text/graphemes.h"
#include "text/utf8.h"
#include "unit/copywriting/shipped_set.h"

namespace vitrine::copywriting {
namespace {

const checks::LengthRules& lengths() {
  static const checks::RuleSet rules = checks::RuleSet::load(VITRINE_SOURCE_DIR "/rules/checks");
  static const auto result = checks::LengthRules::load(rules);
  return result;
}

data::Product shop_product() {
  auto product = data::product_from_content(
      "类型#裙*裙长#连衣裙*材质#真丝*颜色#墨绿色*裙领型#v领*裙袖长#七分袖*版型#显瘦*风格#知性");
  product.brand = "北屿";
  return product;
}

Plan plan_of(const data::Product& product, const std::vector<std::string>& pinned = {}) {
  return make_plan(product, train_statistics(), {}, pinned);
}

FieldTexts titles(const data::Product& product, const Plan& plan, const std::string& platform,
                  const std::string& field, int n) {
  return write_titles(product, plan, limit_for(lengths(), platform, field), RandomKey(0), n);
}

bool is_legal(const std::string& text, const checks::Limit& limit) {
  const auto length = checks::length_in(checks::measure_lengths(text), limit.unit);
  return length >= limit.min.value_or(0) && length <= limit.max.value_or(length);
}

/// What is left of a title when everything that the product says is taken out, the longest words
/// first.
std::string without_facts(std::string title, const data::Product& product) {
  std::vector<std::string> facts{product.brand, "风格", "版型", "图案",
                                 "面料",        "设计", "下摆", "款"};
  for (const auto& a : product.attributes) facts.push_back(a.val);
  const auto longer = [](const auto& a, const auto& b) { return a.size() > b.size(); };
  std::stable_sort(facts.begin(), facts.end(), longer);
  for (const auto& fact : facts) {
    for (size_t at = title.find(fact); !fact.empty() && at != title.npos; at = title.find(fact)) {
      title.replace(at, fact.size(), " ");
    }
  }
  std::erase(title, ' ');
  return title;
}

TEST(FieldsTest, ATitleIsBrandPointsAndNoun) {
  const auto product = shop_product();
  const auto result = titles(product, plan_of(product), "taobao", "title", 8);
  ASSERT_EQ(result.texts.size(), 8U);
  for (const auto& text : result.texts) {
    EXPECT_TRUE(text.starts_with("北屿")) << text;
    EXPECT_TRUE(text.ends_with("连衣裙")) << text;
    EXPECT_NE(text.find("墨绿色"), text.npos) << text;
  }
}

TEST(FieldsTest, FourTitlesAreTheFirstOfEight) {
  const auto product = shop_product();
  const auto eight = titles(product, plan_of(product), "xiaohongshu", "title", 8).texts;
  const auto four = titles(product, plan_of(product), "xiaohongshu", "title", 4).texts;
  EXPECT_EQ(four, std::vector<std::string>(eight.begin(), eight.begin() + 4));
}

TEST(FieldsTest, PinnedPointsAreInEveryTitleOrThereIsNone) {
  const auto product = shop_product();
  const Plan plan = plan_of(product, {"裙领型"});
  checks::Limit limit;
  limit.max = 9;
  for (const auto& text : write_titles(product, plan, limit, RandomKey(1), 8).texts) {
    EXPECT_NE(text.find("v领"), text.npos) << text;
    EXPECT_LE(text::count_code_points(text), 9U);
  }
  limit.max = 6;
  const auto refused = write_titles(product, plan, limit, RandomKey(1), 8);
  EXPECT_TRUE(refused.texts.empty());
  EXPECT_TRUE(refused.refusal.starts_with("too_long")) << refused.refusal;
}

TEST(FieldsTest, ATitleTooShortIsFilledFromKeysOrRefused) {
  const auto thin = data::product_from_content("类型#裤*风格#潮*裤长#九分裤");
  const auto result = titles(thin, plan_of(thin), "doudian", "title", 2);
  EXPECT_TRUE(result.texts.empty());
  EXPECT_TRUE(result.refusal.starts_with("too_short")) << result.refusal;
  const auto enough = data::product_from_content("类型#裤*版型#显瘦*裤长#九分裤*裤腰型#中腰");
  const auto filled = titles(enough, plan_of(enough), "doudian", "title", 1);
  ASSERT_EQ(filled.texts.size(), 1U) << filled.refusal;
  EXPECT_EQ(filled.texts[0], "中腰设计显瘦九分裤");
}

TEST(FieldsTest, DenialsListsAndPicturesStayOutOfTitles) {
  auto product =
      data::product_from_content("类型#民宿*设施#空调、地暖*宠物#不可携带*景观#竹海✨*面积#85㎡");
  const auto result = titles(product, plan_of(product), "doudian", "title", 4);
  for (const auto& text : result.texts) EXPECT_EQ(text, "85㎡民宿");
  const auto usual = titles(product, plan_of(product), "", "title", 1);
  ASSERT_EQ(usual.texts.size(), 1U);
  EXPECT_EQ(usual.texts[0].find("不可携带"), std::string::npos);
  EXPECT_EQ(usual.texts[0].find("、"), std::string::npos);
  product.brand = "山居✨";
  EXPECT_TRUE(
      titles(product, plan_of(product), "doudian", "title", 1).refusal.starts_with("emoji"));
}

TEST(FieldsTest, UnknownFieldsOfUnknownPlatformsAreRefused) {
  EXPECT_EQ(limit_for(lengths(), "", "title").max, 60);
  EXPECT_EQ(limit_for(lengths(), "jd", "short_title").min, 5);
  EXPECT_THROW(limit_for(lengths(), "jd", "slogan"), InvalidInput);
}

TEST(FieldsTest, AFittedTextKeepsBrandNounAndPinnedPoints) {
  const auto product = shop_product();
  const Plan plan = plan_of(product, {"裙袖长"});
  checks::Limit limit;
  limit.max = 24;
  const std::string text = "北屿连衣裙，真丝面料柔软。墨绿色显得知性。七分袖大方。v领好看。";
  const auto cut = fit_text(text, product, plan, limit);
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(cut->after, "北屿连衣裙，真丝面料柔软。七分袖大方。");
  EXPECT_EQ(cut->before, text);
  limit.max = 5;
  EXPECT_FALSE(fit_text(text, product, plan, limit).has_value());
}

// Every development product on every platform that limits the field.
TEST(FieldsProperty, EveryTitleIsLegalOrRefusedWithAReason) {
  std::map<std::string, int> written, refused;
  for (const data::Product& product : dev_set()) {
    const Plan plan = plan_of(product);
    for (const checks::Limit& limit : lengths().limits()) {
      if (limit.field.find("title") == std::string::npos) continue;
      const auto result = write_titles(product, plan, limit, RandomKey(0).fold_in(product.id), 3);
      const std::string name = limit.platform + " " + limit.field;
      EXPECT_EQ(result.texts.empty(), !result.refusal.empty()) << name;
      for (const std::string& text : result.texts) {
        ++written[name];
        EXPECT_TRUE(is_legal(text, limit)) << name << ": " << text;
        EXPECT_EQ(checks::count_repeated_ngrams(text::to_utf32(text), 2), 0)
            << name << ": " << text;
        EXPECT_EQ(without_facts(text, product), "") << name << ": " << text;
        EXPECT_TRUE(text.ends_with(plan.points.front().value)) << text;
      }
      EXPECT_EQ(std::set<std::string>(result.texts.begin(), result.texts.end()).size(),
                result.texts.size());
      if (!result.texts.empty()) continue;
      ++refused[name];
      EXPECT_LE(product.attributes.size(), 4U) << name << ": " << data::raw_content(product);
    }
  }
  EXPECT_EQ(written.size(), 15U);
  EXPECT_LE(refused.size(), 1U);
  EXPECT_LE(refused["doudian title"], 24);  // 15 of them are one product of three attributes
}

TEST(FieldsProperty, EveryHumanTextFitsEachPlatformsDescription) {
  for (const data::Product& product : dev_set()) {
    const Plan plan = plan_of(product, {"风格"});
    for (const checks::Limit& limit : lengths().limits()) {
      if (limit.field != "description") continue;
      const auto cut = fit_text(product.summary, product, plan, limit, 12);
      ASSERT_TRUE(cut.has_value()) << limit.platform << ": " << product.summary;
      const auto length = checks::length_in(checks::measure_lengths(cut->after), limit.unit);
      EXPECT_LE(length, *limit.max - 12) << limit.platform << ": " << cut->after;
      for (const SellingPoint& point : plan.points) {
        const bool was_said = product.summary.find(point.value) != std::string::npos;
        if (!point.pinned || !was_said) continue;
        EXPECT_NE(cut->after.find(point.value), std::string::npos)
            << point.value << ": " << cut->after;
      }
    }
  }
}

}  // namespace
}  // namespace vitrine::copywriting
