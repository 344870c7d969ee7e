// The shipped example tables through import, normalisation and the template bank.
#include <gtest/gtest.h>

#include <set>

#include "checks/claims.h"
#include "copywriting/template_bank.h"
#include "data/import.h"
#include "data/normalization.h"
#include "unit/copywriting/shipped_set.h"

namespace vitrine::copywriting {
namespace {

std::vector<data::Product> read_example(const std::string& name, bool normalize) {
  auto result = data::read_products(VITRINE_SOURCE_DIR "/examples/" + name);
  EXPECT_EQ(result.report.rows_rejected, 0) << name;
  if (normalize) {
    const auto normalizer = data::AttributeNormalizer::load();
    for (auto& product : result.products) normalizer.normalize(product);
  }
  return std::move(result.products);
}

std::string write(const data::Product& product, uint64_t candidate) {
  static const auto bank = TemplateBank::load(VITRINE_SOURCE_DIR "/rules/templates");
  const Plan plan = make_plan(product, train_statistics(), {.drop_sparse = false});
  return write_from_template(bank, product, plan, RandomKey(0).fold_in(product.id).fold_in(candidate));
}

bool holds(const std::string& text, const std::string& word) { return text.find(word) != std::string::npos; }

/// The text without what the product itself says (洗衣机 holds 衣).
std::string without_facts(std::string text, const data::Product& product) {
  std::vector<std::string> facts{product.title_raw};
  for (const auto& a : product.attributes) facts.push_back(a.val);
  for (const std::string& fact : facts) {
    for (size_t at = text.find(fact); !fact.empty() && at != std::string::npos; at = text.find(fact)) text.erase(at, fact.size());
  }
  return text;
}

TEST(ExamplesTest, HomestaysReadLikeHomestaysAndHoldAllTheirFacts) {
  const std::vector<std::string> clothing{"裙", "裤", "衣", "穿", "搭配", "上身", "面料", "版型", "领口", "显瘦", "款式", "袖", "造型", "单品"};
  for (const bool normalize : {false, true}) {
    const auto homestays = read_example("homestay.csv", normalize);
    ASSERT_EQ(homestays.size(), 20u);
    for (const auto& product : homestays) {
      EXPECT_GE(product.attributes.size(), 10u) << product.id;
      for (uint64_t i = 0; i < 4; ++i) {
        const std::string text = write(product, i);
        for (const auto& a : product.attributes) EXPECT_TRUE(holds(text, a.val)) << a.key << "#" << a.val << " not in " << text;
        for (const auto& word : clothing) EXPECT_FALSE(holds(without_facts(text, product), word)) << word << " in " << text;
      }
    }
  }
}

TEST(ExamplesTest, NoProductStandsInTwoFilesSoThatRunShowsEachOnce) {
  std::set<std::string> ids;
  for (const char* file : {"homestay.csv", "shop.csv", "products.jsonl"}) {
    for (const auto& product : read_example(file, false)) EXPECT_TRUE(ids.insert(product.id).second) << file << " " << product.id;
  }
}

TEST(ExamplesTest, EveryExamplePassesTheClaimGateAndKeepsItsNumbers) {
  for (const char* file : {"homestay.csv", "shop.csv", "products.jsonl"}) {
    const auto products = read_example(file, /*normalize=*/false);
    EXPECT_GE(products.size(), 10u) << file;
    for (const auto& product : products) {
      const std::string text = write(product, 0);
      for (const auto& a : product.attributes) EXPECT_TRUE(holds(text, a.val)) << a.val << " not in " << text;
      EXPECT_TRUE(holds(text, product.brand)) << text;
      for (const auto& claim : checks::find_claims(text, product)) {
        EXPECT_FALSE(checks::is_blocking(claim)) << claim.type << " " << claim.value << " in " << text;
      }
    }
  }
}

}  // namespace
}  // namespace vitrine::copywriting
