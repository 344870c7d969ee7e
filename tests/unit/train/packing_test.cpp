#include "train/packing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

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

/// Texts of these lengths that are compared; the rewards are their numbers.
Example group_of(std::initializer_list<int> lengths, double weight = 1) {
  std::vector<Example> texts;
  for (const int length : lengths) {
    texts.push_back(example_of(static_cast<int32_t>(100 * texts.size()), length, 2));
    texts.back().reward = static_cast<double>(texts.size());
    texts.back().ref_logp = -10 * texts.back().reward;
  }
  Example group = texts.front();
  group.compared.assign(texts.begin() + 1, texts.end());
  group.weight = weight;
  return group;
}

TEST(PackingTest, AGroupStaysInOneBatchWithItsTargetsAndWeight) {
  const auto batches = pack(std::vector<Example>{group_of({5, 4}), group_of({3, 3, 3}, 0.5), group_of({2, 2})}, 13);
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].cu_seqlens, (std::vector<int32_t>{0, 5, 9}));
  EXPECT_EQ(batches[0].cu_groups, (std::vector<int32_t>{0, 2}));
  EXPECT_EQ(batches[1].cu_seqlens, (std::vector<int32_t>{0, 3, 6, 9, 11, 13}));
  EXPECT_EQ(batches[1].cu_groups, (std::vector<int32_t>{0, 3, 5}));
  EXPECT_EQ(batches[1].group_weights, (std::vector<double>{0.5, 1}));
  ASSERT_EQ(batches[1].targets.size(), 5u);
  EXPECT_EQ(batches[1].targets[2].reward, 3);
  EXPECT_EQ(batches[1].targets[4].ref_logp, -20);
  EXPECT_EQ(batches[1].num_labels(), 2);  // groups
  EXPECT_EQ(batches[1].predicted_tokens(), (std::vector<int32_t>{1, 1, 1, 0, 0}));
}

TEST(PackingTest, SplitCutsBetweenGroups) {
  const auto batch = pack(std::vector<Example>{group_of({5, 4}), group_of({3, 3, 3}, 0.5), group_of({2, 2})}, 100)[0];
  const auto pieces = split(batch, 10);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[1].cu_seqlens, (std::vector<int32_t>{0, 3, 6, 9}));
  EXPECT_EQ(pieces[1].cu_groups, (std::vector<int32_t>{0, 3}));
  EXPECT_EQ(pieces[1].group_weights, (std::vector<double>{0.5}));
  EXPECT_EQ(pieces[1].targets[1].reward, 2);
  EXPECT_EQ(pieces[2].labels.size(), 4u);
}

TEST(PackingTest, GroupsAreShuffledAsWholes) {
  std::vector<Example> groups;
  for (int i = 0; i < 20; ++i) groups.push_back(group_of({3, 4}, i));
  const auto batches = shuffle_and_pack(groups, 1000, RandomKey(1));
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_NE(batches[0].group_weights.front(), 0);
  for (size_t g = 0; g < 20; ++g) EXPECT_EQ(batches[0].cu_groups[g], static_cast<int32_t>(2 * g));
  for (size_t d = 0; d < 40; d += 2) EXPECT_EQ(batches[0].targets[d].reward, 1);
}

TEST(PackingTest, GroupsAndLoneDocumentsAreNotMixed) {
  EXPECT_THROW(pack(std::vector<Example>{group_of({3, 4}), example_of(0, 5)}, 100), InvalidInput);
}

}  // namespace
}  // namespace vitrine::train
