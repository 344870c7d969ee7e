#include "copywriting/ranking_model.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "copywriting/ranker_input.h"
#include "data/advertisegen.h"
#include "support/random_ranking_model.h"
#include "support/temporary_directory.h"

namespace vitrine::copywriting {
namespace {

using test::message_of;

constexpr const char* kLace = "这款连衣裙采用蕾丝面料。优雅大方。";
constexpr const char* kWide = "宽松的版型，穿着舒适。";

class RankingModelTest : public ::testing::Test {
 protected:
  RankingModelTest() { test::write_random_ranking_model(dir_.path()); }
  RankingModel load() const { return RankingModel::load(dir_.path(), {.threads = 1}); }
  void set_manifest(const Json& manifest) const { write_file_atomic(dir_.path() / "vitrine.json", dump_pretty(manifest)); }
  template <typename E>
  std::string refusal() const {
    return message_of<E>([&] { load(); });
  }

  test::TemporaryDirectory dir_;
  data::Product dress_ = data::product_from_content("类型#裙*材质#蕾丝*风格#简约");
  data::Product other_ = data::product_from_content("类型#裙*材质#羊毛");
};

TEST_F(RankingModelTest, AScoreIsThatOfTheInputIdsWhateverStandsBeside) {
  RankingModel model = load();
  const ProductText all[] = {{&dress_, kLace}, {&dress_, kWide}, {&other_, kLace}, {&dress_, kLace}};
  const auto scores = model.score(all);
  ASSERT_EQ(scores.size(), 4u);
  EXPECT_EQ(scores[0], scores[3]);
  EXPECT_NE(scores[0], scores[1]);
  EXPECT_NE(scores[0], scores[2]);  // the product is read too
  const std::vector<std::vector<int32_t>> ids = {ranker_input(model.format(), model.statistics(), dress_, kWide)};
  EXPECT_EQ(model.ranker().score(ids)[0], scores[1]);
  EXPECT_EQ(model.sha256().size(), 64u);
  EXPECT_TRUE(model.score({}).empty());
}

TEST_F(RankingModelTest, AMovedModelScoresTheSame) {
  RankingModel first = load();
  const ProductText text[] = {{&dress_, kLace}};
  const double score = first.score(text)[0];
  RankingModel second = std::move(first);
  EXPECT_EQ(second.score(text)[0], score);
}

TEST_F(RankingModelTest, ADirectoryThatIsNoRankerIsRefusedInOneLine) {
  set_manifest({{"kind", "copy"}, {"prompt_format", kPromptFormat}});
  EXPECT_NE(refusal<Corrupt>().find("kind: expected \"ranker\", got \"copy\""), std::string::npos) << refusal<Corrupt>();
  EXPECT_FALSE(is_ranking_model(dir_.path()));
  set_manifest({{"kind", "ranker"}, {"prompt_format", "groups-1"}});
  EXPECT_NE(refusal<Corrupt>().find("prompt_format: expected \"marked-2\""), std::string::npos);
  EXPECT_TRUE(is_ranking_model(dir_.path()));
  set_manifest({{"kind", "ranker"}, {"prompt_format", kRankerInput}, {"tokenizer_sha256", "0"}});
  EXPECT_NE(refusal<Corrupt>().find("TOK_MISMATCH"), std::string::npos);
  std::filesystem::remove(dir_.path() / "vitrine.json");
  EXPECT_NE(refusal<Corrupt>().find("no vitrine.json"), std::string::npos);
  EXPECT_THROW(RankingModel::load(dir_.path() / "none", {}), NotFound);
}

TEST_F(RankingModelTest, TextsThatCannotBeReadAreRefusedByTheirProduct) {
  test::write_random_ranking_model(dir_.path(), 1, /*n_positions=*/16);
  RankingModel model = load();
  const ProductText empty[] = {{&dress_, ""}}, long_text[] = {{&dress_, kLace}};
  EXPECT_NE(message_of<InvalidInput>([&] { model.score(empty); }).find(dress_.id + ": text: empty"), std::string::npos);
  EXPECT_NE(message_of<InvalidInput>([&] { model.score(long_text); }).find("n_positions 16"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::copywriting
