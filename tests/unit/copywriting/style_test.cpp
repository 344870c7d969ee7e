#include "copywriting/style.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "checks/checker.h"
#include "checks/output_faults.h"
#include "data/advertisegen.h"
#include "text/utf8.h"
#include "unit/copywriting/shipped_set.h"

namespace vitrine::copywriting {
namespace {

namespace fs = std::filesystem;
const char* const kFolder = VITRINE_SOURCE_DIR "/rules/styles";
const char* const kTransformed[] = {"douyin", "xiaohongshu", "jd"};

const StyleRules& rules() {
  static const StyleRules loaded = StyleRules::load(kFolder);
  return loaded;
}

Plan plan_of(const data::Product& product) { return make_plan(product, train_statistics(), {}); }

std::string styled(const std::string& text, const data::Product& product, const std::string& style, uint64_t seed = 0) {
  return apply_style(text, product, plan_of(product), rules().at(style), RandomKey(seed));
}

const std::string kDress = "类型#裙*裙长#连衣裙*材质#蕾丝*风格#清新*裙领型#v领";
const std::string kText = "这款连衣裙采用蕾丝面料，非常精致，手感柔软。清新的色调彰显出甜美的气质。v领的设计，露出颈部线条！穿着出门，心情也跟着好起来。";

using Words = std::set<std::string>;

/// What stands in `after` only.
Words added_to(const Words& before, const Words& after) {
  Words added;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::inserter(added, added.end()));
  return added;
}

/// Hits of a text for its product that are not about length, layout or missing sentences: rule and term.
Words content_hits(const std::string& text, const data::Product& product, const std::string& style) {
  Words hits;
  const auto report = checks::Checker::shipped().check(text, checks::Evidence(product), {.style = style});
  for (const auto& hit : report.hits) {
    if (!hit.rule->id.starts_with("FMT") && !hit.rule->id.starts_with("CAT-A")) hits.insert(hit.rule->id + ":" + hit.term);
  }
  return hits;
}

std::set<std::string> values_said(const std::string& text, const data::Product& product) {
  std::set<std::string> said;
  for (const auto& attribute : product.attributes) {
    if (text.find(attribute.val) != text.npos) said.insert(attribute.val);
  }
  return said;
}

Words faults_of(const std::string& text, const data::Product& product) {
  const auto faults = checks::output_faults(text, product, {.max_repeated_4grams = 4, .is_post = true});
  return {faults.begin(), faults.end()};
}

/// Rows of the development set, every `step`-th, with the copy that a person wrote.
std::vector<data::Product> some_rows(size_t step) {
  std::vector<data::Product> rows;
  for (size_t i = 0; i < dev_set().size(); i += step) rows.push_back(dev_set()[i]);
  return rows;
}

TEST(StyleTest, TaobaoLeavesATextAsItIs) {
  EXPECT_EQ(styled(kText, data::product_from_content(kDress), "taobao"), kText);
}

TEST(StyleTest, XiaohongshuHasLinesEmojiAnOpeningAndTagsOfWhatTheTextSays) {
  const std::string text = styled(kText, data::product_from_content(kDress), "xiaohongshu");
  for (const auto& check : check_style(text, rules().at("xiaohongshu"))) EXPECT_TRUE(check.holds) << check.rule << ": " << check.found << "\n" << text;
  EXPECT_NE(text.find("\n#广告 #连衣裙"), text.npos) << text;
  EXPECT_EQ(text.find("非常"), text.npos) << text;
}

TEST(StyleTest, DouyinIsShortenedToACaptionWithoutLosingAValue) {
  const auto product = data::product_from_content(kDress);
  const std::string text = styled(kText, product, "douyin");
  EXPECT_LE(text::count_code_points(text), 55u) << text;
  EXPECT_EQ(values_said(text, product), values_said(kText, product)) << text;
}

TEST(StyleTest, JdIsPlainWithoutPicturesTagsAndExclamations) {
  const std::string text = styled("✨超级好看的连衣裙！清新的蕾丝面料哦～！", data::product_from_content(kDress), "jd");
  EXPECT_NE(text.find("十分好看的连衣裙。清新的蕾丝面料。"), text.npos) << text;
  EXPECT_EQ(text.find("。。"), text.npos) << text;
}

TEST(StyleTest, TheSameKeyGivesTheSameTextAndOthersOtherVariants) {
  const auto product = data::product_from_content(kDress);
  for (const char* style : kTransformed) {
    std::set<std::string> variants;
    for (uint64_t seed = 0; seed < 12; ++seed) {
      variants.insert(styled(kText, product, style, seed));
      EXPECT_EQ(styled(kText, product, style, seed), styled(kText, product, style, seed));
    }
    EXPECT_GE(variants.size(), 4u) << style;
  }
}

TEST(StyleTest, NoValueIsLostOrAddedInHumanCopy) {
  for (const auto& product : some_rows(2)) {
    for (const char* style : kTransformed) {
      const std::string text = styled(product.summary, product, style);
      EXPECT_EQ(values_said(text, product), values_said(product.summary, product)) << style << ": " << product.summary << "\n" << text;
    }
  }
}

TEST(StyleTest, NoClaimIsAddedAndNoneHiddenInHumanCopy) {
  for (const auto& product : some_rows(2)) {
    const auto before = content_hits(product.summary, product, "");
    for (const char* style : kTransformed) {
      const std::string text = styled(product.summary, product, style);
      const auto after = content_hits(text, product, "");
      EXPECT_EQ(added_to(before, after), Words{}) << style << ": " << product.summary << "\n" << text;
      const bool is_whole = text::count_code_points(product.summary) + 40 < rules().at(style).max_length;
      if (!is_whole) continue;  // what is left out takes its claims along
      EXPECT_EQ(after, before) << style << ": " << product.summary << "\n" << text;
    }
  }
}

TEST(StyleTest, APostHasNoFaultThatItsTextHadNot) {
  for (const auto& product : some_rows(2)) {
    const auto before = faults_of(product.summary, product);
    for (const char* style : kTransformed) {
      const std::string text = styled(product.summary, product, style);
      const auto after = faults_of(text, product);
      EXPECT_EQ(added_to(before, after), Words{}) << style << ": " << product.summary << "\n" << text;
    }
  }
}

TEST(StyleTest, WordsInsideAValueStay) {
  const auto product = data::product_from_content("类型#裙*风格#非常文艺");
  EXPECT_NE(styled("非常文艺的裙子，非常好看。", product, "xiaohongshu").find("非常文艺"), std::string::npos);
}

TEST(StyleTest, AnUnsupportedClaimIsStillSeenAfterwards) {
  const auto product = data::product_from_content(kDress);
  const std::string text = "这款连衣裙采用真丝面料，具有防水功能，非常清新。";
  for (const char* style : kTransformed) EXPECT_EQ(content_hits(styled(text, product, style), product, ""), content_hits(text, product, "")) << style;
}

TEST(StyleTest, APlatformsLimitHolds) {
  const auto product = data::product_from_content(kDress);
  checks::Limit limit;
  limit.unit = checks::LengthUnit::weighted;
  limit.max = 170;
  limit.max_tags = 2;
  const std::string text = apply_style(kText, product, plan_of(product), rules().at("xiaohongshu"), RandomKey(3), &limit);
  EXPECT_LE(checks::measure_lengths(text).weighted, 170) << text;
  EXPECT_LE(checks::tag_places(text::to_utf32(text)).size(), 2u) << text;
}

TEST(StyleTest, EveryFixedTextPassesTheChecksForAnyProduct) {
  std::vector<data::Product> products = some_rows(60);
  for (const char* content : {"类型#民宿*位置#西湖边", "类型#台灯*材质#金属*颜色#白色", "类型#保健食品*规格#60粒", "类型#口红*颜色#红色", "类型#奶粉*规格#800g", "颜色#白色"}) {
    products.push_back(data::product_from_content(content));
  }
  const auto rules_hit = [](const std::string& text, const data::Product& product, const std::string& place) {
    Words ids;
    const auto report = checks::Checker::shipped().check(text, checks::Evidence(product), {.today = "2026-11-24"});
    for (const auto& hit : report.hits) ids.insert(hit.rule->id);
    for (const auto& claim : report.claims) EXPECT_FALSE(checks::is_unsupported(claim)) << place << ": " << text << " claims " << claim.value;
    return ids;
  };
  for (const auto& product : products) {
    const auto always = rules_hit("看一看。", product, "any text");  // too short, or of goods that no text may advertise
    for (const auto& [place, text] : rules().fixed_texts()) EXPECT_EQ(rules_hit("看" + text, product, place), always) << place << ": " << text;
  }
}

TEST(StyleTest, FixedTextsHoldNoValueOfTheShippedVocabulary) {
  std::set<std::string> values;
  for (const auto& product : train_set()) {
    for (const auto& attribute : product.attributes) values.insert(attribute.val);
  }
  for (const auto& [place, text] : rules().fixed_texts()) {
    for (const auto& value : values) EXPECT_EQ(text.find(value), text.npos) << place << ": " << text << " holds " << value;
  }
}

TEST(StyleCheckTest, EachRuleThatIsBrokenIsNamedWithWhatStandsThere) {
  std::set<std::string> broken;
  for (const auto& check : check_style("非常好看的裙子。", rules().at("xiaohongshu"))) {
    if (!check.holds) broken.insert(check.rule + "=" + check.found);
  }
  EXPECT_EQ(broken, (std::set<std::string>{"length=8", "emoji=0", "tags=0", "fixed_tags=no #广告", "opening=", "line_breaks=no", "tone=非常"}));
}

TEST(StyleCheckTest, ATextWithoutOrnamentsKeepsTaobaoAndAnotherPlatformsPostDoesNot) {
  const Style& taobao = rules().at("taobao");
  EXPECT_DOUBLE_EQ(share_kept(check_style(kText, taobao)), 1);
  EXPECT_LT(share_kept(check_style(styled(kText, data::product_from_content(kDress), "xiaohongshu"), taobao)), 0.5);
}

/// The shipped rules with one more line at the end of one file.
std::string refusal(const std::string& file, const std::string& line) {
  const fs::path folder = fs::temp_directory_path() / ("style_test_" + std::to_string(::getpid()));
  fs::remove_all(folder);
  fs::copy(kFolder, folder);
  write_file_atomic(folder / file, read_file(folder / file) + line + "\n");
  std::string message = "loaded";
  try {
    StyleRules::load(folder);
  } catch (const Error& e) {
    message = e.what();
  }
  fs::remove_all(folder);
  return message;
}

TEST(StyleRulesTest, ABrokenRowIsRefusedWithFileLineFieldAndValue) {
  const std::tuple<std::string, std::string, std::string> bad[] = {
      {"styles.tsv", "weibo\tyes\t1\t2\t20\t0\t0\tend\t\t0\t0\t\tno", "field style: expected taobao, douyin, xiaohongshu or jd, got 'weibo'"},
      {"styles.tsv", "jd\tno\t1\t50\t20\t0\t0\tend\t\t0\t0\t\tno", "field style: expected one row a style, got 'jd'"},
      {"styles.tsv", "jd\tmaybe\t1\t50\t20\t0\t0\tend\t\t0\t0\t\tno", "field transforms: expected yes or no, got 'maybe'"},
      {"styles.tsv", "jd\tno\t60\t50\t20\t0\t0\tend\t\t0\t0\t\tno", "field min_length: expected at most max_length, got '60'"},
      {"styles.tsv", "jd\tno\tx\t50\t20\t0\t0\tend\t\t0\t0\t\tno", "field min_length: expected a number"},
      {"styles.tsv", "jd\tyes\t1\t50\t20\t0\t1\tend\tab\t0\t0\t\tno", "field emoji: expected one emoji an item, got 'ab'"},
      {"phrases.tsv", "jd\topening\t商品介绍。", "field text: expected an opening that ends with ， or ：, got '商品介绍。'"},
      {"phrases.tsv", "jd\topening\t{价格}：", "field text: expected slots {主体} and {要点} only"},
      {"phrases.tsv", "jd\topening\t{要点}：", "field keys: expected keys where the text has {要点}"},
      {"phrases.tsv", "jd\tmiddle\t商品，", "field place: expected opening or closing, got 'middle'"},
      {"phrases.tsv", "taobao\topening\t商品介绍：", "field transforms: expected yes"},
      {"words.tsv", "jd\ttone\t很\t", "field replacements: expected at least one"},
      {"words.tsv", "jd\ttone\t超级\t很", "field word: expected each word once, got '超级'"}};
  for (const auto& [file, line, part] : bad) {
    const std::string message = refusal(file, line);
    EXPECT_NE(message.find(part), message.npos) << message;
    EXPECT_NE(message.find(file == "phrases.tsv" && line.starts_with("taobao") ? "styles.tsv" : file), message.npos) << message;
  }
  EXPECT_THROW(StyleRules::load("/nowhere"), NotFound);
  EXPECT_THROW(rules().at("weibo"), InvalidInput);
}

}  // namespace
}  // namespace vitrine::copywriting
