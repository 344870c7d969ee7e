#include "recipes/ranker_rows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "support/random_ranking_model.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

constexpr const char* kPair =
    R"({"product_id":"p1","prompt":"类型#裙*材质#蕾丝","chosen":"蕾丝裙子。","rejected":"好看的裙子。","source":"human"})";
constexpr const char* kList =
    R"({"product_id":"p2","prompt":"类型#裙*风格#简约","candidates":["简约。","优雅。","宽松。","大方。"],"order":[[2],[0,3]],"source":"synthetic","type":"moved","weight":2})";

class RankerRowsTest : public ::testing::Test {
 protected:
  RankedRows read(const std::string& lines) {
    write_file_atomic(file_, lines);
    return read_ranked_rows(file_);
  }
  std::string why_refused(const std::string& lines) {
    return test::message_of<InvalidInput>([&] { read(lines); });
  }
  test::TemporaryDirectory folder_;
  std::filesystem::path file_ = folder_.path() / "rows.jsonl";
};

TEST_F(RankerRowsTest, PairsAndListsAreReadInAnyMixture) {
  const auto rows = read(concat(kPair, "\n\n", kList, "\n")).rows;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].list.candidates, (std::vector<std::string>{"蕾丝裙子。", "好看的裙子。"}));
  EXPECT_EQ(rows[1].list.order, (std::vector<std::vector<int>>{{2}, {0, 3}}));
  EXPECT_NE(rows[1].where.find("rows.jsonl row 3"), std::string::npos);
}

TEST_F(RankerRowsTest, ListsThatSayNothingAndFilesWithoutRowsAreRefused) {
  const std::string one_sided =
      R"({"prompt":"类型#裙","candidates":["一","二"],"order":[[0,1]],"source":"pick"})";
  EXPECT_NE(why_refused(concat(kPair, "\n", one_sided, "\n")).find("row 2, order: LIST_ONE_SIDED"),
            std::string::npos);
  EXPECT_NE(why_refused("\n").find("EMPTY_FILE"), std::string::npos);
  EXPECT_NE(why_refused(R"({"prompt":"类型#裙","chosen":"一","rejected":"一","source":"pick"})")
                .find("PAIR_EQUAL"),
            std::string::npos);
}

TEST_F(RankerRowsTest, TheJudgedTextsAreAGroupTheBestFirst) {
  test::write_random_ranking_model(folder_.path() / "model");
  const auto tokenizer = text::load_tokenizer(folder_.path() / "model");
  const copywriting::PromptFormat format(*tokenizer);
  const auto rows = read(concat(kPair, "\n", kList, "\n")).rows;
  const train::Example group = ranked_example(format, {}, rows[1], 256);
  ASSERT_EQ(group.compared.size(), 2u);  // the text that was not judged is not in it
  EXPECT_EQ(group.reward, 0);
  EXPECT_EQ(group.compared[0].reward, -1);
  EXPECT_EQ(group.compared[1].reward, -1);
  EXPECT_EQ(group.weight, 2);
  EXPECT_NE(tokenizer->decode(group.input_ids).find("宽松"), std::string::npos);
  EXPECT_THROW(ranked_example(format, {}, rows[1], 8), InvalidInput);
  RankedRow bad = rows[0];
  bad.list.prompt = "裙";
  const auto message = test::message_of<InvalidInput>([&] { ranked_example(format, {}, bad, 256); });
  EXPECT_NE(message.find("rows.jsonl row 1"), std::string::npos) << message;
}

TEST_F(RankerRowsTest, ProductsAndPromptsOfOneSetAreNotInTheOther) {
  const auto rows = read(concat(kPair, "\n", kList, "\n")).rows;
  const std::vector<RankedRow> one = {rows[0]}, two = {rows[1]};
  require_no_leak(one, two);
  EXPECT_THROW(require_no_leak(one, one), InvalidInput);
  std::vector<RankedRow> renamed = one;
  renamed[0].list.product_id = "another";
  EXPECT_THROW(require_no_leak(one, renamed), InvalidInput);  // by its prompt
}

TEST_F(RankerRowsTest, WholeProductsAreHeldOut) {
  std::string lines;
  for (int i = 0; i < 200; ++i) {
    const int product = i / 2;
    lines += concat(R"({"product_id":"p)", product, R"(","prompt":"类型#裙*长度#)", product,
                    R"(","chosen":"一)", i, R"(","rejected":"二","source":"human"})", "\n");
  }
  auto training = read(lines).rows;
  const auto held_out = take_held_out(training, "test", 0.2);
  EXPECT_EQ(training.size() + held_out.size(), 200u);
  EXPECT_GT(held_out.size(), 15u);
  EXPECT_LT(held_out.size(), 80u);
  require_no_leak(training, held_out);
  EXPECT_TRUE(take_held_out(training, "test", 0).empty());
}

TEST_F(RankerRowsTest, FiguresCountPairsBySourceAndType) {
  const auto rows = read(concat(kPair, "\n", kList, "\n")).rows;
  // The pair is in order; of the list the best text beats the second and not the third.
  const std::vector<double> scores = {1, -1, 0, -2, 3};
  const RankerFigures figures = ranker_figures(rows, scores);
  EXPECT_EQ(figures.all.pairs, 3);
  EXPECT_EQ(figures.all.right, 2);
  ASSERT_EQ(figures.by_source.size(), 2u);
  EXPECT_EQ(figures.by_source[1].first, "synthetic");
  EXPECT_EQ(figures.by_source[1].second.right, 1);
  EXPECT_NEAR(figures.by_source[1].second.loss(),
              (std::log1p(std::exp(-2)) + 3 + std::log1p(std::exp(-3))) / 2, 1e-12);
  EXPECT_EQ(to_json(figures)["by_type"]["synthetic/moved"]["pairs"], 2);
  EXPECT_EQ(figures.lines().front().substr(0, 40), "held-out pairs: 66.7 % of 3 pairs in ord");
  EXPECT_TRUE(to_json(ranker_figures({}, {})).is_null());
  EXPECT_THROW(ranker_figures(rows, std::span(scores).first(4)), InvalidInput);
}

}  // namespace
}  // namespace vitrine::recipes
