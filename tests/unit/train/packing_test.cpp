#include "train/packing.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vitrine::train {
namespace {

Example example_of(int32_t first, int length, int32_t labels_from = 1) {
  Example example{{}, labels_from};
  for (int i = 0; i < length; ++i) example.input_ids.push_back(first + i);
  return example;
}

TEST(PackingTest, LabelsAreTheNextTokensOfTheCompletionOnly) {
  const auto batches = pack(std::vector<Example>{example_of(10, 4, 2)}, 8);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].labels, (std::vector<int32_t>{nn::kNoLabel, 12, 13, nn::kNoLabel}));
}

TEST(PackingTest, DocumentsStayWholeAndWithinTheBudget) {
  const std::vector<Example> examples = {example_of(0, 5), example_of(10, 4), example_of(20, 12), example_of(40, 3)};
  const auto batches = pack(examples, 9);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].cu_seqlens, (std::vector<int32_t>{0, 5, 9}));
  EXPECT_EQ(batches[1].cu_seqlens, (std::vector<int32_t>{0, 12}));
  EXPECT_EQ(batches[2].cu_seqlens, (std::vector<int32_t>{0, 3}));
}

TEST(PackingTest, ExamplesWithoutALabelAreLeftOut) {
  EXPECT_TRUE(pack(std::vector<Example>{example_of(0, 1), example_of(0, 4, 4)}, 9).empty());
}

TEST(PackingTest, ShufflingKeepsEveryTokenAndFollowsTheKey) {
  std::vector<Example> examples;
  for (int i = 0; i < 20; ++i) examples.push_back(example_of(100 * i, 3));
  const auto one = shuffle_and_pack(examples, 60, RandomKey(1)), again = shuffle_and_pack(examples, 60, RandomKey(1));
  const auto other = shuffle_and_pack(examples, 60, RandomKey(2));
  EXPECT_EQ(one[0].input_ids, again[0].input_ids);
  EXPECT_NE(one[0].input_ids, other[0].input_ids);
  auto sorted = one[0].input_ids, expected = pack(examples, 60)[0].input_ids;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, expected);
}

TEST(PackingTest, SplitCutsBetweenDocumentsAndKeepsLabels) {
  const auto batch = pack(std::vector<Example>{example_of(0, 5, 3), example_of(10, 4), example_of(20, 2)}, 100)[0];
  const auto pieces = split(batch, 6);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].cu_seqlens, (std::vector<int32_t>{0, 5}));
  EXPECT_EQ(pieces[1].cu_seqlens, (std::vector<int32_t>{0, 4, 6}));
  EXPECT_EQ(pieces[0].num_labels() + pieces[1].num_labels(), batch.num_labels());
}

}  // namespace
}  // namespace vitrine::train
