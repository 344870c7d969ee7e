#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "checks/claims.h"
#include "copywriting/template_bank.h"
#include "data/advertisegen.h"
#include "text/utf8.h"
#include "unit/copywriting/shipped_set.h"

namespace vitrine::copywriting {
namespace {

const TemplateBank& bank() {
  static const auto loaded = TemplateBank::load(VITRINE_SOURCE_DIR "/rules/templates");
  return loaded;
}

std::string write(const data::Product& product, uint64_t candidate = 0, std::vector<std::string> order = {}) {
  const Plan plan = make_plan(product, train_statistics(), {.drop_sparse = false}, {}, order);
  return write_from_template(bank(), product, plan, RandomKey(0).fold_in(product.id).fold_in(candidate));
}

std::string write(const std::string& content, uint64_t candidate = 0) {
  return write(data::product_from_content(content), candidate);
}

/// The first text of each product of the dev set.
const std::vector<std::string>& dev_texts() {
  static const auto texts = [] {
    std::vector<std::string> out;
    for (const auto& product : dev_set()) out.push_back(write(product));
    return out;
  }();
  return texts;
}

bool holds(const std::string& text, const std::string& word) { return text.find(word) != std::string::npos; }

TEST(TemplateWriterTest, DevTextsHoldEveryValueLiterally) {
  double coverage = 0;
  for (size_t i = 0; i < dev_set().size(); ++i) {
    size_t said = 0;
    const auto& attributes = dev_set()[i].attributes;
    for (const auto& a : attributes) said += holds(dev_texts()[i], a.val) ? 1 : 0;
    coverage += static_cast<double>(said) / static_cast<double>(attributes.size());
  }
  EXPECT_GE(coverage / static_cast<double>(dev_set().size()), 0.99);
}

TEST(TemplateWriterTest, DevTextsClaimNothingThatWasNotGiven) {
  const std::vector<std::string> words{
      "透气", "保暖", "亲肤", "弹力", "弹性", "防风", "防水", "速干", "吸汗", "排汗", "抗皱", "防晒", "耐磨", "起球", "褪色", "变形",
      "抗菌", "御寒", "舒适", "显瘦", "显高", "显白", "修身", "修饰", "遮肉", "柔软", "轻薄", "质感", "高级", "耐穿", "垂感", "百分百",
      "绝对", "极致", "极佳", "独一无二", "首选", "唯一", "顶级", "万能", "独家", "第一", "完美", "最佳", "最好", "进口", "正品", "BRAND"};
  for (size_t i = 0; i < dev_set().size(); ++i) {
    const std::string given = data::raw_content(dev_set()[i]);
    for (const std::string& word : words) {
      EXPECT_TRUE(!holds(dev_texts()[i], word) || holds(given, word)) << word << " in " << dev_texts()[i];
    }
  }
}

TEST(TemplateWriterTest, DevTextsPassTheClaimGate) {
  for (size_t i = 0; i < dev_set().size(); ++i) {
    for (const checks::Claim& claim : checks::find_claims(dev_texts()[i], dev_set()[i])) {
      EXPECT_NE(claim.support, checks::Support::unsupported) << claim.type << " " << claim.value << " in " << dev_texts()[i];
    }
  }
}

TEST(TemplateWriterTest, LengthsStayNearThePlan) {
  size_t near = 0;
  for (const std::string& text : dev_texts()) {
    const size_t length = text::count_code_points(text);
    EXPECT_LE(length, 150u) << text;
    near += length >= 88 && length <= 132 ? 1 : 0;
  }
  EXPECT_GE(near * 100, dev_texts().size() * 90);
}

TEST(TemplateWriterTest, EverySentenceSaysItsGroup) {
  for (size_t i = 0; i < dev_set().size(); i += 5) {
    const Plan plan = make_plan(dev_set()[i], train_statistics(), {.drop_sparse = false});
    size_t at = 0;
    for (const auto& group : plan.groups) {
      const size_t end = dev_texts()[i].find("。", at);
      const std::string sentence = dev_texts()[i].substr(at, end - at);
      for (const int p : group) EXPECT_TRUE(holds(sentence, plan.points[static_cast<size_t>(p)].value)) << dev_texts()[i];
      at = end + std::string("。").size();
    }
  }
}

/// Length of the longest common subsequence of code points.
size_t common_length(const std::u32string& a, const std::u32string& b) {
  std::vector<size_t> row(b.size() + 1, 0);
  for (const char32_t x : a) {
    size_t diagonal = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t above = row[j + 1];
      row[j + 1] = x == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

TEST(TemplateWriterTest, EightCandidatesOfAProductDiffer) {
  double sum = 0;
  size_t pairs = 0;
  for (size_t p = 0; p < dev_set().size(); p += 40) {
    std::vector<std::u32string> texts;
    for (uint64_t i = 0; i < 8; ++i) texts.push_back(text::to_utf32(write(dev_set()[p], i)));
    for (size_t i = 0; i < texts.size(); ++i) {
      for (size_t j = 0; j < i; ++j, ++pairs) {
        sum += 2.0 * static_cast<double>(common_length(texts[i], texts[j])) / static_cast<double>(texts[i].size() + texts[j].size());
      }
    }
    EXPECT_EQ(std::set<std::u32string>(texts.begin(), texts.end()).size(), 8u) << p;
  }
  EXPECT_LT(sum / static_cast<double>(pairs), 0.8);
}

TEST(TemplateWriterTest, EndingsAreSpreadOverManyPhrases) {
  std::map<std::string, size_t> endings;
  for (const std::string& text : dev_texts()) {
    const std::string body = text.substr(0, text.size() - std::string("。").size());
    const size_t cut = std::max(body.rfind("，") + 1, body.rfind("。") + 1);
    ++endings[body.substr(cut)];
  }
  EXPECT_GE(endings.size(), 40u);
  for (const auto& [ending, count] : endings) EXPECT_LE(count * 10, dev_texts().size()) << ending;
}

TEST(TemplateWriterTest, TheSameKeyGivesTheSameText) {
  const auto& product = dev_set()[0];
  EXPECT_EQ(write(product, 3), write(product, 3));
  EXPECT_NE(write(product, 3), write(product, 4));
}

TEST(TemplateWriterTest, OddValuesReadRight) {
  std::set<std::string> seen;
  for (uint64_t i = 0; i < 40; ++i) {
    const std::string text = write("类型#上衣*衣样式#风衣*衣样式#外套*风格#潮*版型#h*颜色#纯色*图案#纯色", i);
    EXPECT_TRUE(holds(text, "风衣外套")) << text;
    EXPECT_TRUE(holds(text, "潮流")) << text;
    EXPECT_TRUE(holds(text, "上衣")) << text;
    EXPECT_FALSE(holds(text, "h版型版型")) << text;
    seen.insert(text);
    EXPECT_TRUE(holds(write("类型#裙*裙型#百褶*颜色#红色*风格#清新", i), "裙"));
    EXPECT_FALSE(holds(write("类型#上衣*材质#针织*衣样式#针织衫*颜色#红色", i), "针织针织")) << i;
  }
  EXPECT_GT(seen.size(), 35u);
}

TEST(TemplateWriterTest, AKeyWithoutPhrasesIsSaidPlainlyWithItsNumberVerbatim) {
  data::Product product = data::product_from_content("插头#国标三插*电机转速#18000r/min*净重#1.25kg");
  product.category_path = {"家电", "破壁机"};
  const std::string text = write(product);
  for (const char* word : {"破壁机", "插头", "国标三插", "18000r/min", "1.25kg"}) EXPECT_TRUE(holds(text, word)) << text;
}

TEST(TemplateWriterTest, ANoIsNotOffered) {
  data::Product product = data::product_from_content("户型#一室*早餐#无早餐*停车#无*宠物#不可携带*可住人数#4");
  product.category_path = {"民宿"};
  for (uint64_t i = 0; i < 20; ++i) {
    const std::string text = write(product, i);
    for (const char* word : {"提供无", "含无", "早餐为无", "吃饱了", "自驾", "毛孩子"}) EXPECT_FALSE(holds(text, word)) << text;
    EXPECT_TRUE(holds(text, "4人")) << text;
  }
}

TEST(TemplateWriterTest, APlanWithoutPointsIsRefused) {
  EXPECT_THROW(write_from_template(bank(), data::Product{}, Plan{}, RandomKey(0)), InvalidInput);
}

}  // namespace
}  // namespace vitrine::copywriting
