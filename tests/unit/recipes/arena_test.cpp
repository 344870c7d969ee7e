#include "recipes/arena.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "recipes/evaluate_win_rate.h"
#include "support/random_ranking_model.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using test::message_of;

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) rows.push_back(parse_json(line, "test"));
  return rows;
}

/// Systems sft and round-1 on `products` products; the last product's texts are equal.
ComparedSystems two_systems(int products) {
  ComparedSystems compared;
  compared.systems = {{"sft", {}}, {"round-1", {}}};
  for (int i = 0; i < products; ++i) {
    auto& product = compared.products.emplace_back();
    product.id = concat("p", i);
    data::add_attribute(product, "类型", "裙");
    compared.systems[0].texts.push_back(concat("旧的", i));
    compared.systems[1].texts.push_back(i + 1 == products ? compared.systems[0].texts.back()
                                                          : concat("新的", i));
  }
  return compared;
}

class ArenaTest : public ::testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_.path() / name; }
  std::string write(const std::string& name, const std::string& text) const {
    write_file_atomic(path(name), text);
    return path(name);
  }
  /// An arena of two pairs, one of them in both orders, and one pair of equal texts.
  std::string key_file() const {
    return write(
        "key.jsonl",
        R"({"arena":"abc","pair":1,"product_id":"p1","system":"new","over":"old","left":"new"}
{"arena":"abc","pair":2,"product_id":"p2","system":"new","over":"old","left":"old"}
{"arena":"abc","pair":3,"product_id":"p1","system":"new","over":"old","left":"old"}
{"arena":"abc","same":true,"product_id":"p3","system":"new","over":"old"}
)");
  }
  ArenaResult read(const std::string& choices) const {
    return read_arena({write("choices.jsonl", choices)}, key_file(), {.resamples = 20});
  }
  std::string refusal(const std::string& choices) const {
    return message_of<InvalidInput>([&] { read(choices); });
  }

  test::TemporaryDirectory dir_;
};

TEST_F(ArenaTest, ChoicesAreUnblindedByTheKey) {
  const auto result = read(R"({"arena":"abc","pair":1,"choice":"left","judge":"x"}
{"arena":"abc","pair":2,"choice":"tie","judge":"x"}
{"arena":"abc","pair":3,"choice":"left","judge":"x","ms":1200,"time":"2026-11-29T10:00:00Z"}
)");
  ASSERT_EQ(result.rates.size(), 1u);
  EXPECT_EQ(result.rates[0].system, "new");
  EXPECT_EQ(result.rates[0].other, "old");
  EXPECT_DOUBLE_EQ(result.rates[0].rate.value, 0.5);  // p1: won and lost, p2 tie, p3 equal texts
  EXPECT_EQ(result.rates[0].rate.n, 3);
  EXPECT_EQ(result.answers, 3);
  EXPECT_EQ(result.unanswered, 0);
  EXPECT_EQ(result.same, 1);
  EXPECT_EQ(result.judges, std::vector<std::string>{"x"});
  EXPECT_DOUBLE_EQ(result.bias.first_wins.value, 0.75);  // p1: twice the left one, p2 tie
  EXPECT_EQ(result.bias.asked_both, 1);
  EXPECT_DOUBLE_EQ(result.bias.disagreement.value, 1);
  EXPECT_NE(arena_table(result).find("new 对 old"), std::string::npos);
}

TEST_F(ArenaTest, RightAndLeftMeanTheSystemThatStoodThere) {
  const auto right = read("{\"arena\":\"abc\",\"pair\":2,\"choice\":\"right\"}\n");
  EXPECT_EQ(right.rates[0].wins, 1);
  EXPECT_EQ(right.rates[0].ties, 1);  // the equal texts
  EXPECT_EQ(right.unanswered, 2);
  EXPECT_EQ(read("{\"arena\":\"abc\",\"pair\":2,\"choice\":\"left\"}\n").rates[0].losses, 1);
}

TEST_F(ArenaTest, SeveralJudgesAnswerTheSamePairs) {
  const auto one =
      write("one.jsonl", "{\"arena\":\"abc\",\"pair\":1,\"choice\":\"left\",\"judge\":\"x\"}\n");
  const auto two =
      write("two.jsonl", "{\"arena\":\"abc\",\"pair\":1,\"choice\":\"right\",\"judge\":\"y\"}\n");
  const auto result = read_arena({one, two}, key_file(), {.resamples = 20});
  EXPECT_EQ(result.answers, 2);
  EXPECT_EQ(result.judges.size(), 2u);
  EXPECT_DOUBLE_EQ(result.rates[0].rate.value, 0.5);
}

TEST_F(ArenaTest, BadChoicesAreRefusedByFileRowFieldAndValue) {
  EXPECT_NE(refusal("{\"arena\":\"xyz\",\"pair\":1,\"choice\":\"left\"}")
                .find("row 1: arena: the key is of abc, this choice of xyz"),
            std::string::npos);
  EXPECT_NE(refusal("{\"arena\":\"abc\",\"pair\":9,\"choice\":\"left\"}")
                .find("row 1: pair: the key has no pair 9"),
            std::string::npos);
  EXPECT_NE(refusal("{\"arena\":\"abc\",\"pair\":\"1\",\"choice\":\"left\"}")
                .find("pair: expected a number, got \"1\""),
            std::string::npos);
  EXPECT_NE(refusal("{\"arena\":\"abc\",\"pair\":1,\"choice\":\"up\"}")
                .find("choice: expected left, right or tie, got up"),
            std::string::npos);
  EXPECT_NE(refusal("{\"arena\":\"abc\",\"pair\":1}").find("choice: expected a text, got nothing"),
            std::string::npos);
  const std::string twice = "{\"arena\":\"abc\",\"pair\":1,\"choice\":\"left\"}\n";
  EXPECT_NE(
      refusal(twice + twice).find("row 2: pair: second answer of a judge without name to pair 1"),
      std::string::npos);
  EXPECT_NE(refusal("3").find("row 1: expected an object"), std::string::npos);
  EXPECT_NE(message_of<Corrupt>([&] { read("\n"); }).find("EMPTY_FILE"), std::string::npos);
  EXPECT_THROW(read("{"), Corrupt);
}

TEST_F(ArenaTest, ABrokenKeyIsRefused) {
  const auto choices =
      write("choices.jsonl", "{\"arena\":\"abc\",\"pair\":1,\"choice\":\"left\"}\n");
  const auto refused = [&](const std::string& key) {
    return message_of<InvalidInput>([&] { read_arena({choices}, write("bad.jsonl", key), {}); });
  };
  EXPECT_NE(
      refused(R"({"arena":"abc","pair":1,"product_id":"p","system":"a","over":"b","left":"c"})")
          .find("left: expected a or b, got c"),
      std::string::npos);
  const std::string line =
      R"({"arena":"abc","pair":1,"product_id":"p","system":"a","over":"b","left":"a"})";
  EXPECT_NE(refused(line + "\n" + line).find("row 2: pair: second line for 1"), std::string::npos);
}

TEST_F(ArenaTest, SidesAreDrawnAndAShareComesAgainTheOtherWayRound) {
  const auto pairs = arena_pairs(two_systems(201), {.products = 201, .both_orders = 0.25});
  std::map<std::string, std::vector<const ArenaPair*>> by_product;
  int left = 0, first = 0, again = 0, same = 0;
  for (const auto& pair : pairs) {
    if (pair.is_same()) {
      ++same;
      continue;
    }
    EXPECT_EQ(same, 0);  // equal texts stand at the end
    auto& seen = by_product[pair.product_id];
    seen.push_back(&pair);
    if (seen.size() == 2) {
      ++again;
      EXPECT_EQ(seen[0]->left, seen[1]->right);
      EXPECT_NE(seen[0]->system_left, seen[1]->system_left);
      continue;
    }
    EXPECT_EQ(again, 0);  // all are asked once before one is asked again
    ++first;
    left += pair.system_left;
    EXPECT_EQ(pair.left.starts_with("新的"), pair.system_left);
  }
  EXPECT_EQ(first, 200);
  EXPECT_EQ(same, 1);
  EXPECT_NEAR(left, 100, 30);  // four deviations
  EXPECT_NEAR(again, 50, 25);
}

TEST_F(ArenaTest, TheSeedAloneDecidesWhatIsShown) {
  const auto compared = two_systems(30);
  const auto files = [&](int64_t seed) {
    return arena_files(arena_pairs(compared, {.products = 10, .seed = seed}));
  };
  EXPECT_EQ(files(1).html, files(1).html);
  EXPECT_EQ(files(1).key_jsonl, files(1).key_jsonl);
  EXPECT_NE(files(1).id, files(2).id);
}

TEST_F(ArenaTest, PageAndPairsHoldNoNamesAndTheKeyFitsThem) {
  auto compared = two_systems(12);
  compared.systems[1].texts[0] = "</script><b>新</b>";
  const auto files = arena_files(arena_pairs(compared, {.products = 12, .both_orders = 1}));
  EXPECT_EQ(files.shown, 22);
  EXPECT_EQ(files.same, 1);
  for (const std::string* shown : {&files.html, &files.pairs_jsonl}) {
    EXPECT_EQ(shown->find("round-1"), std::string::npos);
    EXPECT_EQ(shown->find("sft"), std::string::npos);
  }
  EXPECT_EQ(files.html.find("</script><b>"), std::string::npos);
  std::map<int, Json> key;
  for (const Json& line : json_lines(files.key_jsonl)) {
    if (!line.contains("same")) key[line["pair"].get<int>()] = line;
  }
  const auto pairs = json_lines(files.pairs_jsonl);
  ASSERT_EQ(pairs.size(), key.size());
  for (const Json& pair : pairs) {
    const Json& line = key.at(pair["pair"].get<int>());
    EXPECT_EQ(line["left"] == "sft", pair["left"].get<std::string>().starts_with("旧的"));
    EXPECT_EQ(pair["arena"], files.id);
  }
}

TEST_F(ArenaTest, AProductWithoutATextIsNotShown) {
  auto compared = two_systems(3);
  compared.systems[0].texts[0].clear();
  const auto pairs = arena_pairs(compared, {.products = 3, .both_orders = 0});
  EXPECT_EQ(pairs.size(), 2u);
  for (auto& text : compared.systems[0].texts) text.clear();
  EXPECT_NE(message_of<InvalidInput>([&] {
              arena_pairs(compared, {});
            }).find("round-1 and sft: no drawn product"),
            std::string::npos);
}

TEST_F(ArenaTest, ThreeSystemsAreComparedWithTheOneBeforeAndTheFirst) {
  auto compared = two_systems(4);
  compared.systems.push_back({"round-2", {"三0", "三1", "三2", "三3"}});
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& pair : arena_pairs(compared, {.products = 4}))
    seen.emplace(pair.system, pair.other);
  EXPECT_EQ(seen, (std::set<std::pair<std::string, std::string>>{
                      {"round-1", "sft"}, {"round-2", "round-1"}, {"round-2", "sft"}}));
}

class WinRateRunTest : public ArenaTest {};

TEST_F(WinRateRunTest, TheJudgeScoresEachSystemsTextsOnTheSameProducts) {
  test::write_random_ranking_model(path("judge"));
  auto judge = copywriting::RankingModel::load(path("judge"), {.threads = 1});
  auto compared = two_systems(6);
  compared.systems[1].texts[0].clear();
  const auto judged = judge_systems(judge, compared, {.resamples = 20});
  ASSERT_EQ(judged.rates.size(), 1u);
  EXPECT_EQ(judged.left_out[0], 1);
  EXPECT_EQ(judged.rates[0].rate.n, 5);
  EXPECT_EQ(judged.rates[0].ties, 1);  // equal texts get equal scores
  int64_t wins = 0;
  for (size_t i = 1; i < 5; ++i) {
    const copywriting::ProductText texts[] = {
        {&compared.products[i], compared.systems[0].texts[i]},
        {&compared.products[i], compared.systems[1].texts[i]}};
    const auto scores = judge.score(texts);
    wins += scores[1] > scores[0];
  }
  EXPECT_EQ(judged.rates[0].wins, wins);
}

TEST_F(WinRateRunTest, ATextThatTheJudgeCannotReadLeavesItsProductOut) {
  test::write_random_ranking_model(path("judge"), 1, /*n_positions=*/64);
  auto judge = copywriting::RankingModel::load(path("judge"), {.threads = 1});
  auto compared = two_systems(4);
  for (int i = 0; i < 100; ++i) compared.systems[1].texts[2] += "长";
  const auto judged = judge_systems(judge, compared, {.resamples = 20});
  EXPECT_EQ(judged.left_out[0], 1);
  EXPECT_EQ(judged.rates[0].rate.n, 3);
}

TEST_F(WinRateRunTest, SystemsAreReadFromFilesOfWriteOrOfTexts) {
  const auto set =
      write("set.jsonl", R"({"id":"p1","content":"类型#裙*材质#蕾丝","summary":"人写的文案。"}
{"id":"p2","content":"类型#裙*风格#简约","summary":"人写的另一条。"}
)");
  const auto a = write(
      "a.jsonl", "{\"id\":\"p1\",\"text\":\"甲一。\"}\n{\"id\":\"p2\",\"text\":\"甲二。\"}\n");
  const auto b = write("b.jsonl",
                       "{\"id\":\"p1\",\"candidates\":[{\"text\":\"乙一。\"}]}\n{\"id\":\"p2\","
                       "\"candidates\":[]}\n");
  const auto compared = read_compared_systems("test", set, {"A=" + a, b}, true);
  ASSERT_EQ(compared.systems.size(), 3u);
  EXPECT_EQ(compared.systems[0].name, "human");
  EXPECT_EQ(compared.systems[0].texts[1], "人写的另一条。");
  EXPECT_EQ(compared.systems[2].name, "b");
  EXPECT_EQ(compared.with_both(1, 2), std::vector<size_t>{0});
  EXPECT_NE(message_of<UsageError>([&] {
              read_compared_systems("test", set, {"A=" + a}, false);
            }).find("at least two systems, got 1"),
            std::string::npos);
  EXPECT_NE(message_of<UsageError>([&] {
              read_compared_systems("test", set, {"A=" + a, "A=" + b}, false);
            }).find("2 files of A"),
            std::string::npos);
  EXPECT_NE(message_of<UsageError>([&] {
              read_compared_systems("test", set, {"human=" + a}, true);
            }).find("two systems named human"),
            std::string::npos);
}

}  // namespace
}  // namespace vitrine::recipes
