#include "recipes/curate_copy.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "checks/claims.h"
#include "checks/output_faults.h"
#include "data/advertisegen.h"

namespace vitrine::recipes {
namespace {

data::Product row(const std::string& id, const std::string& content, const std::string& summary) {
  data::Product product = data::product_from_content(content);
  product.id = id;
  product.summary = summary;
  return product;
}

const std::string kClean = "这款连衣裙采用简约的圆领设计，显得优雅大方。宽松的版型不挑身材，穿着十分舒适自在，搭配小白鞋很好看。";
const std::string kContent = "类型#裙*版型#宽松*风格#简约*裙长#连衣裙*裙领型#圆领";

CurateConfig small_config() { return {.min_length = 20, .margin_samples = 2}; }

std::vector<data::Product> sample_rows() {
  return {row("clean", kContent, kClean),
          row("copy", kContent, kClean),
          row("short", kContent, "连衣裙很美。"),
          row("no-text", kContent, ""),
          row("lost-all", kContent, "BRAND的连衣裙透气，<UNK>。"),
          row("invents", kContent, "这条简约连衣裙的圆领很修饰脸型，透气又亲肤。宽松的剪裁不挑身材，搭配起来也很方便。"),
          row("absolute", kContent, "简约的圆领连衣裙设计感十足，是衣橱里的首选。宽松的裙摆随风摆动，带来飘逸的美感。"),
          row("half-width", kContent, "圆领连衣裙简约大方,宽松的裙身带来自在的体验,日常出行都很合适")};
}

const RejectedRow* rejected(const CuratedSet& set, const std::string& id) {
  for (const auto& r : set.rejected) {
    if (r.product.id == id) return &r;
  }
  return nullptr;
}

const CuratedRow* kept(const CuratedSet& set, const std::string& id) {
  for (const auto& r : set.kept) {
    if (r.product.id == id) return &r;
  }
  return nullptr;
}

TEST(CurateCopyTest, KeptAndDroppedAddUpAtEveryFilter) {
  const CuratedSet set = curate_rows(sample_rows(), small_config());
  int64_t rows = 8;
  for (const auto& filter : set.filters) {
    EXPECT_EQ(filter.rows_in, rows) << filter.filter;
    EXPECT_EQ(filter.kept + filter.dropped, filter.rows_in) << filter.filter;
    rows = filter.kept;
  }
  EXPECT_EQ(static_cast<size_t>(rows), set.kept.size());
  EXPECT_EQ(set.kept.size() + set.rejected.size(), 8U);
}

TEST(CurateCopyTest, EachBadRowIsDroppedByItsFilter) {
  const CuratedSet set = curate_rows(sample_rows(), small_config());
  EXPECT_EQ(rejected(set, "no-text")->filter, "schema");
  EXPECT_EQ(rejected(set, "lost-all")->filter, "placeholders");
  EXPECT_EQ(rejected(set, "short")->filter, "length");
  EXPECT_EQ(rejected(set, "copy")->filter, "dedupe");
  EXPECT_EQ(rejected(set, "copy")->reason, "like clean");
}

TEST(CurateCopyTest, ARowLosesTheClauseThatInvents) {
  const CuratedSet set = curate_rows(sample_rows(), small_config());
  ASSERT_NE(kept(set, "invents"), nullptr);
  EXPECT_EQ(kept(set, "invents")->product.summary, "这条简约连衣裙的圆领很修饰脸型。宽松的剪裁不挑身材，搭配起来也很方便。");
  ASSERT_EQ(kept(set, "invents")->repairs.size(), 1U);
  EXPECT_EQ(kept(set, "invents")->repairs[0].filter, "claims");
  EXPECT_EQ(kept(set, "invents")->repairs[0].reason, "CLM-FUN 透气");
  EXPECT_EQ(kept(set, "absolute")->product.summary, "简约的圆领连衣裙设计感十足。宽松的裙摆随风摆动，带来飘逸的美感。");
  EXPECT_EQ(kept(set, "half-width")->repairs[0].reason, "punctuation");
}

TEST(CurateCopyTest, AHeldOutTextIsDropped) {
  const CuratedSet set = curate_rows({row("a", kContent, kClean)}, small_config(), {row("dev", kContent, kClean)});
  ASSERT_NE(rejected(set, "a"), nullptr);
  EXPECT_EQ(rejected(set, "a")->filter, "leakage");
}

TEST(CurateCopyTest, AFilterThatIsOffKeepsAllAndIsListed) {
  CurateConfig config = small_config();
  config.claims = false;
  const CuratedSet set = curate_rows(sample_rows(), config);
  EXPECT_FALSE(set.filters[6].enabled);
  EXPECT_EQ(set.filters[6].kept, set.filters[6].rows_in);
  EXPECT_TRUE(kept(set, "invents")->repairs.empty());
}

TEST(CurateCopyTest, WithoutRepairTheRowIsDropped) {
  CurateConfig config = small_config();
  config.repair = false;
  EXPECT_EQ(rejected(curate_rows(sample_rows(), config), "invents")->filter, "claims");
}

TEST(CurateCopyTest, PruningTakesOutTheAttributesThatTheTextLost) {
  CurateConfig config = small_config();
  config.prune_attributes = true;
  const auto product = row("a", kContent + "*材质#棉", "这条简约连衣裙的圆领很修饰脸型，纯棉面料透气又亲肤。宽松的剪裁不挑身材，搭配起来也很方便。");
  const CuratedSet set = curate_rows({product}, config);
  ASSERT_EQ(set.kept.size(), 1U);
  EXPECT_EQ(data::raw_content(set.kept[0].product), kContent);
  EXPECT_EQ(set.kept[0].pruned, std::vector<std::string>{"材质#棉"});
}

TEST(CurateCopyTest, KeptRowsAreTheSameBytesOnEveryRun) {
  const CuratedSet first = curate_rows(sample_rows(), small_config()), second = curate_rows(sample_rows(), small_config());
  EXPECT_EQ(kept_jsonl(first), kept_jsonl(second));
  EXPECT_EQ(rejects_jsonl(first), rejects_jsonl(second));
}

TEST(CurateCopyTest, ASettingChangesTheHashOfItsFilterAlone) {
  CurateConfig config = small_config();
  config.max_similarity = 0.9;
  const CuratedSet a = curate_rows({}, small_config()), b = curate_rows({}, config);
  for (size_t i = 0; i < a.filters.size(); ++i) {
    const bool reads_it = a.filters[i].filter == "dedupe" || a.filters[i].filter == "leakage";
    EXPECT_EQ(a.filters[i].config_sha256 != b.filters[i].config_sha256, reads_it) << a.filters[i].filter;
  }
}

TEST(CurateCopyTest, AReversedLengthWindowIsRefused) {
  EXPECT_THROW(curate_rows({}, {.min_length = 30, .max_length = 20}), InvalidInput);
}

TEST(CurateCopyTest, TheReportNamesFiltersMarginsAndRepairs) {
  const CuratedSet set = curate_rows(sample_rows(), small_config());
  const Json funnel = funnel_json(set);
  ASSERT_EQ(funnel.size(), 9U);
  EXPECT_EQ(funnel[2]["filter"], "length");
  EXPECT_EQ(funnel[2]["margin_samples"][0]["id"], "short");
  EXPECT_NE(funnel_html(set).find("CLM-FUN 透气"), std::string::npos);
}

TEST(CurateCopyTest, ATextThatNamesNoProductIsDropped) {
  const CuratedSet set = curate_rows({row("a", kContent, "简约的圆领设计，显得优雅大方，宽松的版型不挑身材，穿着十分舒适自在，很好看。")}, small_config());
  ASSERT_NE(rejected(set, "a"), nullptr);
  EXPECT_EQ(rejected(set, "a")->reason, "names no product");
}

TEST(CurateCopyTest, KeptRowsHoldNothingThatBlocks) {
  for (const auto& r : curate_rows(sample_rows(), small_config()).kept) {
    for (const auto& claim : checks::find_claims(r.product.summary, r.product)) EXPECT_FALSE(checks::is_blocking(claim)) << r.product.id << " " << claim.value;
    EXPECT_TRUE(checks::output_faults(r.product.summary, r.product).empty()) << r.product.summary;
  }
}

}  // namespace
}  // namespace vitrine::recipes
