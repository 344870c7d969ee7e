// The index finds what comparing all pairs finds, on the shipped copy and on planted duplicates.
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "copywriting/catalogue.h"
#include "data/import.h"
#include "text/lcs.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

std::vector<std::string> shipped_copy(size_t most) {
  std::vector<std::string> texts;
  for (const auto& product :
       data::read_products(VITRINE_SOURCE_DIR "/data/advertisegen/train.jsonl").products) {
    if (texts.size() < most) texts.push_back(product.summary);
  }
  return texts;
}

CatalogueIndex index_of(const std::vector<std::string>& texts) {
  CatalogueIndex catalogue;
  for (size_t i = 0; i < texts.size(); ++i) catalogue.add(std::to_string(i), texts[i]);
  return catalogue;
}

std::set<std::pair<size_t, size_t>> all_pairs(const CatalogueIndex& catalogue, double limit) {
  std::set<std::pair<size_t, size_t>> pairs;
  for (size_t a = 0; a < catalogue.size(); ++a) {
    for (size_t b = a + 1; b < catalogue.size(); ++b) {
      if (text::char_rouge_l(catalogue.text(a), catalogue.text(b)) >= limit) pairs.emplace(a, b);
    }
  }
  return pairs;
}

/// Replaces `edits` characters at random places.
std::string edited(const std::string& text, size_t edits, RandomStream& random) {
  std::u32string wide = text::to_utf32(text);
  for (size_t i = 0; i < edits; ++i) wide[random.below(wide.size())] = U'换';
  return text::to_utf8(wide);
}

TEST(CataloguePropertyTest, ThePairsOfTheShippedCopyAreThoseOfBruteForce) {
  auto texts = shipped_copy(500);
  RandomStream random(RandomKey(3));
  for (size_t i = 0; i < 60; ++i) {
    const std::u32string wide = text::to_utf32(texts[i]);
    texts.push_back(edited(texts[i], wide.size() / 12, random));
  }
  const auto catalogue = index_of(texts);
  const auto expected = all_pairs(catalogue, 0.7);
  ASSERT_GT(expected.size(), 50u);
  const auto found = catalogue.pairs();
  size_t right = 0;
  for (const auto& pair : found) right += expected.count({pair.first, pair.second});
  EXPECT_EQ(right, found.size()) << "a pair below the limit";
  EXPECT_GE(static_cast<double>(right), 0.99 * static_cast<double>(expected.size()));
}

TEST(CataloguePropertyTest, PlantedDuplicatesAreFoundWithTheirOriginal) {
  const auto texts = shipped_copy(2000);
  const auto catalogue = index_of(texts);
  RandomStream random(RandomKey(4));
  size_t found = 0, planted = 0;
  for (size_t i = 0; i < texts.size(); i += 4, ++planted) {
    const auto match = catalogue.too_like(edited(texts[i], 8, random), "new");
    found += match && text::char_rouge_l(catalogue.text(i), catalogue.text(match->index)) > 0.7;
  }
  EXPECT_GE(static_cast<double>(found), 0.99 * static_cast<double>(planted)) << planted;
}

}  // namespace
}  // namespace vitrine::copywriting
