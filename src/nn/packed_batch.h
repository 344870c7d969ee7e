// nn/packed_batch.h - documents laid end to end, without padding.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace vitrine::nn {

constexpr int32_t kNoLabel = -100;  // as in the transformers library

/// T tokens of D documents. Attention never crosses a document and positions restart in each.
struct PackedBatch {
  std::vector<int32_t> input_ids;         // [T]
  std::vector<int32_t> labels;            // [T] the token that follows (or the token's class), or kNoLabel
  std::vector<int32_t> token_type_ids;    // [T], or empty = all 0
  std::vector<int32_t> cu_seqlens = {0};  // [D+1] first token of each document, then T

  int64_t num_tokens() const { return static_cast<int64_t>(input_ids.size()); }
  int64_t num_documents() const { return static_cast<int64_t>(cu_seqlens.size()) - 1; }
  int64_t num_labels() const;

  /// Appends a document. Tokens at positions >= labels_from are predicted; the first never is.
  void add(std::span<const int32_t> ids, int32_t labels_from);

  /// Appends a document whose tokens have classes of their own; all spans are as long, none empty.
  /// A batch holds documents of one kind only.
  void add_classified(std::span<const int32_t> ids, std::span<const int32_t> types, std::span<const int32_t> classes);

  /// [T] position of each token in its document.
  std::vector<int32_t> position_ids() const;
};

}  // namespace vitrine::nn
