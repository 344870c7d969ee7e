#include "nn/packed_batch.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::nn {

int64_t PackedBatch::num_labels() const {
  if (!cu_groups.empty()) return num_groups();
  return std::count_if(labels.begin(), labels.end(), [](int32_t label) { return label != kNoLabel; });
}

std::vector<int32_t> PackedBatch::predicted_tokens() const {
  std::vector<int32_t> counts;
  for (size_t d = 0; d + 1 < cu_seqlens.size(); ++d) {
    const auto begin = labels.begin() + cu_seqlens[d], end = labels.begin() + cu_seqlens[d + 1];
    const auto count = std::count_if(begin, end, [](int32_t label) { return label != kNoLabel; });
    counts.push_back(static_cast<int32_t>(count));
  }
  return counts;
}

void PackedBatch::add(std::span<const int32_t> ids, int32_t labels_from) {
  const auto length = static_cast<int32_t>(ids.size());
  for (int32_t i = 0; i < length; ++i) {
    const int32_t next = i + 1;
    labels.push_back(next < length && next >= labels_from ? ids[static_cast<size_t>(next)] : kNoLabel);
  }
  input_ids.insert(input_ids.end(), ids.begin(), ids.end());
  cu_seqlens.push_back(static_cast<int32_t>(input_ids.size()));
}

void PackedBatch::add_classified(std::span<const int32_t> ids, std::span<const int32_t> types,
                                 std::span<const int32_t> classes) {
  input_ids.insert(input_ids.end(), ids.begin(), ids.end());
  token_type_ids.insert(token_type_ids.end(), types.begin(), types.end());
  labels.insert(labels.end(), classes.begin(), classes.end());
  cu_seqlens.push_back(static_cast<int32_t>(input_ids.size()));
}

void PackedBatch::end_group(std::span<const DocumentTarget> document_targets, double weight) {
  const auto added = static_cast<size_t>(num_documents()) - targets.size();
  VITRINE_REQUIRE(!document_targets.empty() && document_targets.size() == added, "[PackedBatch::end_group] ",
                  added, " documents were added, got ", document_targets.size(), " targets");
  if (cu_groups.empty()) cu_groups.push_back(0);
  cu_groups.push_back(static_cast<int32_t>(num_documents()));
  targets.insert(targets.end(), document_targets.begin(), document_targets.end());
  group_weights.push_back(weight);
}

std::vector<int32_t> PackedBatch::position_ids() const {
  std::vector<int32_t> positions;
  positions.reserve(input_ids.size());
  for (size_t d = 0; d + 1 < cu_seqlens.size(); ++d) {
    for (int32_t i = 0; i < cu_seqlens[d + 1] - cu_seqlens[d]; ++i) positions.push_back(i);
  }
  return positions;
}

}  // namespace vitrine::nn
