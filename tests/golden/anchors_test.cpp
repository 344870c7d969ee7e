// The levels of the generators without learning on the shipped development set, to the digits they were published with.
#include "eval/anchors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"
#include "data/advertisegen.h"
#include "eval/copy_metrics.h"
#include "eval/fidelity.h"
#include "text/utf8.h"

namespace vitrine::eval {
namespace {

std::vector<data::Product> read_rows(const std::string& name) {
  std::ifstream file(VITRINE_SOURCE_DIR "/data/advertisegen/" + name);
  std::vector<data::Product> products;
  for (std::string line; std::getline(file, line);) {
    const Json row = parse_json(line, name);
    data::Product product = data::product_from_content(row["content"].get<std::string>());
    product.summary = row["summary"];
    products.push_back(std::move(product));
  }
  return products;
}

/// One set of data and scorer for all tests of this file: loading takes most of the time.
struct Shipped {
  std::vector<data::Product> train = read_rows("train.jsonl"), dev = read_rows("dev.jsonl");
  CopySet set = make_copy_set(dev);
  TrainTable table{train};
  SynonymTable synonyms;
  CopyScorer scorer{set, table, synonyms, {.resamples = 20}};
  RetrievalAnchor retrieval{train};

  template <typename Generator>
  SystemReport score(const Generator& generate) const {
    SystemRun run;
    for (const auto& product : dev) run.texts.push_back(generate(product));
    return scorer.score({"system", {run}});
  }
};

const Shipped& shipped() {
  static const Shipped all;
  return all;
}

struct Level {
  Metric metric;
  const char* printed;
};

void expect_levels(const SystemReport& report, const std::vector<Level>& levels) {
  for (const auto& [metric, printed] : levels) {
    EXPECT_EQ(format_metric(metric, report.all[static_cast<size_t>(metric)].value), printed) << metric_info(metric).name;
  }
}

TEST(AnchorsTest, TheSetHasThePublishedSize) {
  const auto& data = shipped();
  EXPECT_EQ(data.scorer.num_rows(), 535u);
  EXPECT_EQ(data.scorer.num_single(), 490u);
  uint32_t last_group = 0;
  for (const auto& item : data.set) last_group = std::max(last_group, item.group);
  EXPECT_EQ(last_group + 1, 504u);
  const Leakage leakage = find_leakage(data.train, data.dev);
  EXPECT_EQ(leakage.rows, 0);
  EXPECT_EQ(leakage.texts, 0);
}

TEST(AnchorsTest, JoinedValuesReachTheirLevels) {
  expect_levels(shipped().score(joined_values),
                {{Metric::bleu_4, "0.15"}, {Metric::bleu_4_cut_100, "0.23"}, {Metric::char_rouge_l, "12.7"}, {Metric::coverage, "100.0"},
                 {Metric::distinct_4, "0.64"}, {Metric::repetition_4, "0.4"}, {Metric::mean_length, "15.3"}});
}

TEST(AnchorsTest, TheTemplateReachesItsLevels) {
  expect_levels(shipped().score(anchor_template),
                {{Metric::bleu_4, "4.97"}, {Metric::bleu_4_cut_100, "5.68"}, {Metric::char_rouge_l, "22.8"}, {Metric::coverage, "99.5"},
                 {Metric::distinct_4, "0.10"}, {Metric::repetition_4, "0.6"}, {Metric::mean_length, "61.5"}, {Metric::point_mention, "97.9"},
                 {Metric::point_offset, "0.414"}, {Metric::point_in_first_sentence, "32.9"}, {Metric::commonest_mention, "100.0"},
                 {Metric::commonest_offset, "0.072"}});
}

TEST(AnchorsTest, RetrievalReachesItsLevels) {
  expect_levels(shipped().score(shipped().retrieval),
                {{Metric::bleu_4, "5.12"}, {Metric::bleu_4_cut_100, "5.42"}, {Metric::char_rouge_l, "19.4"}, {Metric::coverage, "57.6"},
                 {Metric::distinct_4, "0.74"}, {Metric::repetition_4, "26.0"}, {Metric::mean_length, "105.8"}, {Metric::point_mention, "28.6"},
                 {Metric::point_offset, "0.364"}, {Metric::point_in_first_sentence, "15.3"}, {Metric::commonest_mention, "60.7"},
                 {Metric::commonest_offset, "0.189"}});
}

TEST(AnchorsTest, TheHumanTextsReachTheirLevels) {
  const SystemReport human = shipped().score([](const data::Product& product) { return product.summary; });
  expect_levels(human, {{Metric::bleu_4, "100.00"}, {Metric::bleu_4_cut_100, "100.00"}, {Metric::char_rouge_l, "100.0"}, {Metric::coverage, "87.0"},
                        {Metric::distinct_4, "0.81"}, {Metric::repetition_4, "28.2"}, {Metric::mean_length, "111.5"},
                        {Metric::point_mention, "87.1"}, {Metric::point_offset, "0.368"}, {Metric::point_in_first_sentence, "40.4"},
                        {Metric::commonest_mention, "62.8"}, {Metric::commonest_offset, "0.219"}, {Metric::unsupported_function, "17.0"},
                        {Metric::strict_absolute, "4.1"}, {Metric::superlative, "3.6"}, {Metric::absolute_or_superlative, "7.1"},
                        {Metric::perfect, "7.3"}, {Metric::unknown_token, "30.1"}, {Metric::brand_token, "4.7"}});
  const std::vector<std::pair<std::string, double>> by_key = {{"风格", .99}, {"颜色", .98}, {"裙长", .98}, {"衣样式", .96}, {"图案", .92},
                                                              {"版型", .88}, {"裙款式", .84}, {"材质", .80}, {"类型", .64}};
  for (const auto& [key, share] : by_key) EXPECT_NEAR(human.by_key.at(key).share(), share, 0.005) << key;
}

TEST(AnchorsTest, TheTrainTextsBreakRulesAsOftenAsPublished) {
  const CopySet set = make_copy_set(shipped().train);
  std::map<std::string, double> hits;
  for (const auto& item : set) {
    const auto& text = item.reference;
    hits["15.6 functional word"] += has_unsupported_function(item, text);
    hits["2.7 strict absolute"] += has_strict_absolute(text);
    hits["4.7 superlative"] += has_superlative(text);
    hits["7.2 either"] += has_strict_absolute(text) || has_superlative(text);
    hits["7.0 perfect"] += has_perfect(text);
    hits["31.0 unknown token"] += has_unknown_token(text);
    hits["4.7 brand"] += has_brand_token(text);
  }
  for (const auto& [name, count] : hits) {
    EXPECT_NEAR(100 * count / static_cast<double>(set.size()), std::stod(name), 0.05) << name << ", rows " << count;
  }
}

}  // namespace
}  // namespace vitrine::eval
