// Planted near-duplicates of the shipped copy are found at the stated recall, and nothing below the limit is.
#include <gtest/gtest.h>

#include "base/random.h"
#include "data/import.h"
#include "data/minhash.h"
#include "data/near_duplicates.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

/// Replaces `edits` code points at random places.
std::string edited(const std::string& text, int edits, RandomStream& random) {
  std::u32string wide = text::to_utf32(text);
  for (int i = 0; i < edits; ++i) wide[random.below(wide.size())] = U'换';
  return text::to_utf8(wide);
}

std::vector<std::string> shipped_copy() {
  std::vector<std::string> texts;
  for (const Product& product : read_products(VITRINE_SOURCE_DIR "/data/advertisegen/dev.jsonl").products) texts.push_back(product.summary);
  return texts;
}

TEST(NearDuplicatesTest, PlantedDuplicatesAreFoundAtTheStatedRecall) {
  const auto texts = shipped_copy();
  NearDuplicateIndex index;
  for (const std::string& text : texts) index.add(text);
  RandomStream random(RandomKey(7));
  int planted = 0, found = 0;
  for (const std::string& text : texts) {
    const std::string copy = edited(text, 1, random);
    if (jaccard(shingles_of(copy, 5), shingles_of(text, 5)) < 0.8) continue;
    ++planted;
    found += index.find(copy).has_value();
  }
  ASSERT_GT(planted, 300);
  EXPECT_GE(found, planted * 0.999) << planted;
}

TEST(NearDuplicatesTest, WhatIsFoundHasTheSimilarityThatExactSearchGives) {
  const auto texts = shipped_copy();
  RandomStream random(RandomKey(8));
  NearDuplicateIndex index;
  for (size_t i = 0; i < 200; ++i) index.add(texts[i]);
  for (size_t i = 0; i < 200; ++i) {
    const std::string probe = edited(texts[i], static_cast<int>(random.below(8)), random);
    double best = 0;
    for (size_t j = 0; j < 200; ++j) best = std::max(best, jaccard(shingles_of(probe, 5), shingles_of(texts[j], 5)));
    const auto match = index.find(probe);
    EXPECT_EQ(match.has_value(), best >= 0.8) << i;
    EXPECT_DOUBLE_EQ(match ? match->similarity : 0, best >= 0.8 ? best : 0);
  }
}

TEST(NearDuplicatesTest, AScanOfManyTextsFindsThePlantedOnesAndHardlyAnyOther) {
  // Texts of two shipped ones each, so that none is like another by itself.
  const auto texts = shipped_copy();
  RandomStream random(RandomKey(9));
  NearDuplicateScan scan;
  std::vector<std::string> all;
  for (size_t i = 0; i < 4000; ++i) all.push_back(texts[random.below(texts.size())] + std::to_string(i) + texts[random.below(texts.size())] + std::to_string(random.below(1000000)));
  std::vector<bool> planted(all.size(), false);
  for (size_t i = 2000; i < all.size(); i += 4) {
    all[i] = edited(all[random.below(2000)], 1, random);
    planted[i] = true;
  }
  for (const std::string& text : all) scan.add(text);
  std::vector<bool> found(all.size(), false);
  for (const NearDuplicate& pair : scan.find()) {
    found[pair.second] = true;
    EXPECT_LT(pair.first, pair.second);
    EXPECT_GE(jaccard(shingles_of(all[pair.first], 5), shingles_of(all[pair.second], 5)), 0.6);
  }
  size_t wanted = 0, hits = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    wanted += planted[i];
    hits += planted[i] && found[i];
  }
  ASSERT_EQ(wanted, 500u);
  EXPECT_GE(hits, wanted * 95 / 100) << hits;
}

}  // namespace
}  // namespace vitrine::data
