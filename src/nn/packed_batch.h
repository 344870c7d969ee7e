// nn/packed_batch.h - documents laid end to end, without padding.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace vitrine::nn {

constexpr int32_t kNoLabel = -100;  // as in the transformers library

/// What is known of a document that is compared with others of its group.
struct DocumentTarget {
  double reward = 0;    // higher is better; equal rewards of a group are a tie
  double ref_logp = 0;  // sum of log p of its predicted tokens under a reference model, nats; 0 = not given
};

/// T tokens of D documents. Attention never crosses a document and positions restart in each.
/// Documents that are compared with each other form a group of neighbours; then every document is in one.
struct PackedBatch {
  std::vector<int32_t> input_ids;         // [T]
  std::vector<int32_t> labels;            // [T] the token that follows (or the token's class), or kNoLabel
  std::vector<int32_t> token_type_ids;    // [T], or empty = all 0
  std::vector<int32_t> cu_seqlens = {0};  // [D+1] first token of each document, then T
  std::vector<int32_t> cu_groups;         // [G+1] first document of each group, then D; empty = no groups
  std::vector<DocumentTarget> targets;    // [D] when there are groups
  std::vector<double> group_weights;      // [G] factor on the group's loss

  int64_t num_tokens() const { return static_cast<int64_t>(input_ids.size()); }
  int64_t num_documents() const { return static_cast<int64_t>(cu_seqlens.size()) - 1; }
  int64_t num_groups() const { return static_cast<int64_t>(group_weights.size()); }
  /// What a mean loss is taken over: the groups, else the tokens with a label.
  int64_t num_labels() const;
  /// Tokens with a label, of each document. [D]
  std::vector<int32_t> predicted_tokens() const;

  /// Appends a document. Tokens at positions >= labels_from are predicted; the first never is.
  void add(std::span<const int32_t> ids, int32_t labels_from);

  /// Appends a document whose tokens have classes of their own; all spans are as long, none empty.
  /// A batch holds documents of one kind only.
  void add_classified(std::span<const int32_t> ids, std::span<const int32_t> types, std::span<const int32_t> classes);

  /// The documents added since the last group are one, document_targets.size() of them.
  void end_group(std::span<const DocumentTarget> document_targets, double weight);

  /// [T] position of each token in its document.
  std::vector<int32_t> position_ids() const;
};

}  // namespace vitrine::nn
