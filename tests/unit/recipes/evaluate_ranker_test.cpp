#include "recipes/evaluate_ranker.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/random_ranking_model.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using test::message_of;

class EvaluateRankerTest : public ::testing::Test {
 protected:
  EvaluateRankerTest() { test::write_random_ranking_model(path("model")); }
  fs::path path(const std::string& name) const { return dir_.path() / name; }
  std::string write(const std::string& lines) const {
    write_file_atomic(path("pairs.jsonl"), lines);
    return path("pairs.jsonl");
  }
  EvaluateRankerConfig config() const {
    EvaluateRankerConfig config;
    config.model = path("model");
    config.output = path("out");
    config.metrics.resamples = 50;
    return config;
  }

  test::TemporaryDirectory dir_;
};

constexpr const char* kPairs =
    R"({"product_id":"p1","prompt":"类型#裙*材质#蕾丝","chosen":"这款连衣裙采用蕾丝面料，优雅大方。","rejected":"优雅大方。","source":"human"}
{"product_id":"p1","prompt":"类型#裙*材质#蕾丝","candidates":["蕾丝连衣裙。","连衣裙。","宽松的版型。"],"order":[0,[1,2]],"source":"rule"}
{"product_id":"p2","prompt":"类型#裙*风格#简约","chosen":"简约的裙子。","rejected":"裙子简约全国第一。","source":"synthetic","type":"banned_term"}
)";

TEST_F(EvaluateRankerTest, PairsAndListsAreReadFromOneFile) {
  const auto file = read_preference_pairs(write(kPairs));
  ASSERT_EQ(file.pairs.size(), 4u);
  EXPECT_EQ(file.pairs[1].chosen, "蕾丝连衣裙。");
  EXPECT_EQ(file.pairs[2].rejected, "宽松的版型。");
  EXPECT_EQ(file.sha256.size(), 64u);
}

TEST_F(EvaluateRankerTest, BadLinesAreRefusedByFileRowAndField) {
  const std::string equal =
      R"({"product_id":"p","prompt":"类型#裙","chosen":"好。","rejected":"好。","source":"human"})";
  const auto message =
      message_of<InvalidInput>([&] { read_preference_pairs(write("\n" + equal)); });
  EXPECT_NE(message.find("pairs.jsonl row 2"), std::string::npos) << message;
  EXPECT_NE(message.find("PAIR_EQUAL"), std::string::npos) << message;
  EXPECT_THROW(read_preference_pairs(write("[1]")), InvalidInput);
  EXPECT_NE(message_of<Corrupt>([&] { read_preference_pairs(write("\n")); }).find("EMPTY_FILE"),
            std::string::npos);
}

TEST_F(EvaluateRankerTest, APromptThatIsNoAttributeStringIsRefusedByItsProduct) {
  const std::vector<data::PreferencePair> pairs = {{.product_id = "p9",
                                                    .prompt = "一条裙子",
                                                    .chosen = "好",
                                                    .rejected = "坏",
                                                    .source = "human",
                                                    .type = ""}};
  const auto message = message_of<InvalidInput>([&] { products_of_pairs(pairs); });
  EXPECT_NE(message.find("product p9: prompt"), std::string::npos) << message;
}

TEST_F(EvaluateRankerTest, EveryTextGetsTheScoreThatTheModelGivesItAlone) {
  const auto pairs = read_preference_pairs(write(kPairs)).pairs;
  const auto products = products_of_pairs(pairs);
  auto model = copywriting::RankingModel::load(path("model"), {.threads = 1});
  const auto scores = score_pairs(model, pairs, products);
  ASSERT_EQ(scores.size(), pairs.size());
  EXPECT_EQ(scores[1].chosen, scores[2].chosen);  // the same text of the same product
  for (size_t i = 0; i < pairs.size(); ++i) {
    const copywriting::ProductText alone[] = {{&products[i], pairs[i].chosen},
                                              {&products[i], pairs[i].rejected}};
    const auto expected = model.score(alone);
    EXPECT_EQ(scores[i].chosen, expected[0]);
    EXPECT_EQ(scores[i].rejected, expected[1]);
  }
}

TEST_F(EvaluateRankerTest, TargetsAreOfHumanPairsSyntheticTypesAndBaselines) {
  const auto pairs = read_preference_pairs(write(kPairs)).pairs;
  std::vector<eval::PairScores> perfect(pairs.size(), {1, 0});
  perfect[3] = {0, 1};  // but for the banned term
  const auto evaluation =
      evaluate_ranker(pairs, products_of_pairs(pairs), perfect, {.resamples = 50}, 1);
  EXPECT_EQ(evaluation.rankers,
            (std::vector<std::string>{"ranker", "length", "coverage", "rules", "random"}));
  EXPECT_DOUBLE_EQ(evaluation.accuracy[0].accuracy[0].value, 0.75);
  const auto targets = evaluation.targets();
  ASSERT_EQ(targets.size(), 6u);
  EXPECT_TRUE(targets[0].met) << targets[0].name;
  EXPECT_EQ(targets[0].detail, "100.0% / 70.0%");
  EXPECT_FALSE(targets[1].met) << targets[1].name;
  EXPECT_NE(targets[1].name.find("banned_term"), std::string::npos);
}

TEST_F(EvaluateRankerTest, TheFolderHoldsNumbersPageAndManifest) {
  const auto evaluation = run_evaluate_ranker(write(kPairs), config(), "", 1);
  EXPECT_EQ(evaluation.margin_of.size(), 4u);
  const Json metrics = read_json_file(path("out") / "metrics.json");
  EXPECT_EQ(metrics["pairs_file"]["pairs"], 4);
  EXPECT_EQ(metrics["pairs_file"]["products"], 2);
  EXPECT_EQ(metrics["bootstrap"]["resamples"], 50);
  EXPECT_EQ(metrics["accuracy"][0]["rankers"]["length"]["n"], 4);
  EXPECT_EQ(metrics["calibration"]["ece"]["products"], 2);
  EXPECT_EQ(read_json_file(path("out") / "vitrine.json")["kind"], "ranker-evaluation");
  const std::string page = read_file(path("out") / "report.html");
  EXPECT_NE(page.find("可靠性 Reliability"), std::string::npos);
  EXPECT_NE(page.find("synthetic · banned_term"), std::string::npos);
  const std::string first = read_file(path("out") / "metrics.json");
  run_evaluate_ranker(path("pairs.jsonl"), config(), "", 1);
  EXPECT_EQ(read_file(path("out") / "metrics.json"), first);
}

TEST_F(EvaluateRankerTest, PairsThatTheModelCannotReadAreCountedAndLeftOut) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "长";
  const Json line = {{"product_id", "p3"},
                     {"prompt", "类型#裙"},
                     {"chosen", text},
                     {"rejected", "短。"},
                     {"source", "human"}};
  run_evaluate_ranker(write(kPairs + dump_line(line)), config(), "", 1);
  const Json metrics = read_json_file(path("out") / "metrics.json");
  EXPECT_EQ(metrics["pairs_file"]["pairs"], 4);
  EXPECT_EQ(metrics["pairs_file"]["left_out"], 1);
  const auto alone = write(dump_line(line));
  EXPECT_NE(message_of<InvalidInput>([&] {
              run_evaluate_ranker(alone, config(), "", 1);
            }).find("no pair fits"),
            std::string::npos);
}

TEST_F(EvaluateRankerTest, ASplitKeepsItsHeldOutProductsAlone) {
  const std::string file = write(kPairs);
  auto split = config();
  split.held_out = "ranker";
  const double p1 = data::split_position("p1", "ranker"), p2 = data::split_position("p2", "ranker");
  split.held_out_share = (p1 + p2) / 2;
  run_evaluate_ranker(file, split, "", 1);
  EXPECT_EQ(read_json_file(path("out") / "metrics.json")["pairs_file"]["pairs"], p1 < p2 ? 3 : 1);
  split.held_out_share = 0;
  EXPECT_NE(message_of<InvalidInput>([&] {
              run_evaluate_ranker(file, split, "", 1);
            }).find("no pair of a held-out product"),
            std::string::npos);
}

}  // namespace
}  // namespace vitrine::recipes
