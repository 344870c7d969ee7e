#include "train/packing.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace vitrine::train {
namespace {

/// Fills batches one document after another.
class Packer {
 public:
  explicit Packer(int64_t batch_tokens) : batch_tokens_(batch_tokens) {}

  nn::PackedBatch& batch_for(size_t length) {
    const bool fits = !batches_.empty() &&
                      batches_.back().num_tokens() + static_cast<int64_t>(length) <= batch_tokens_;
    return fits ? batches_.back() : batches_.emplace_back();
  }
  std::vector<nn::PackedBatch> take() { return std::move(batches_); }

 private:
  int64_t batch_tokens_;
  std::vector<nn::PackedBatch> batches_;
};

bool has_label(const Example& example) {
  if (!example.compared.empty()) return true;
  if (!example.classes.empty()) {
    return std::any_of(example.classes.begin(), example.classes.end(), [](int32_t label) { return label != nn::kNoLabel; });
  }
  const auto length = static_cast<int64_t>(example.input_ids.size());
  return length > 1 && example.labels_from < length;
}

/// Takes the labels of positions that are context out of the document added last.
void clear_unpredicted(const Example& example, nn::PackedBatch& batch) {
  const size_t first = batch.labels.size() - example.input_ids.size();
  for (size_t i = 1; i < example.predicted.size(); ++i) {
    if (!example.predicted[i]) batch.labels[first + i - 1] = nn::kNoLabel;
  }
}

void append(const Example& example, nn::PackedBatch& batch) {
  if (!example.classes.empty()) {
    batch.add_classified(example.input_ids, example.token_type_ids, example.classes);
    return;
  }
  batch.add(example.input_ids, example.labels_from);
  clear_unpredicted(example, batch);
}

size_t length_of(const Example& example) {
  size_t length = example.input_ids.size();
  for (const Example& other : example.compared) length += other.input_ids.size();
  return length;
}

void append_group(const Example& example, nn::PackedBatch& batch) {
  append(example, batch);
  std::vector<nn::DocumentTarget> targets = {{example.reward, example.ref_logp}};
  for (const Example& other : example.compared) {
    append(other, batch);
    targets.push_back({other.reward, other.ref_logp});
  }
  batch.end_group(targets, example.weight);
}

/// A batch holds groups or lone documents; all examples of a run are of one kind.
void require_one_kind(std::span<const Example> examples) {
  const auto is_group = [](const Example& example) { return !example.compared.empty(); };
  const auto groups = static_cast<size_t>(std::count_if(examples.begin(), examples.end(), is_group));
  VITRINE_REQUIRE(groups == 0 || groups == examples.size(), "[pack] ", groups, " of ", examples.size(),
                  " examples are groups: expected all or none");
}

std::vector<nn::PackedBatch> pack_in_order(std::span<const Example> examples, std::span<const size_t> order,
                                           int64_t batch_tokens) {
  require_one_kind(examples);
  Packer packer(batch_tokens);
  for (const size_t idx : order) {
    const Example& example = examples[idx];
    if (!has_label(example)) continue;
    nn::PackedBatch& batch = packer.batch_for(length_of(example));
    example.compared.empty() ? append(example, batch) : append_group(example, batch);
  }
  return packer.take();
}

std::vector<size_t> identity(size_t count) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  return order;
}

void append_document(nn::PackedBatch& to, const nn::PackedBatch& from, size_t begin, size_t end) {
  to.input_ids.insert(to.input_ids.end(), from.input_ids.data() + begin, from.input_ids.data() + end);
  to.labels.insert(to.labels.end(), from.labels.data() + begin, from.labels.data() + end);
  if (!from.token_type_ids.empty()) {
    to.token_type_ids.insert(to.token_type_ids.end(), from.token_type_ids.data() + begin, from.token_type_ids.data() + end);
  }
  to.cu_seqlens.push_back(static_cast<int32_t>(to.input_ids.size()));
}

std::vector<nn::PackedBatch> split_groups(const nn::PackedBatch& batch, int64_t micro_batch_tokens) {
  Packer packer(micro_batch_tokens);
  const auto start_of = [&](int32_t document) { return static_cast<size_t>(batch.cu_seqlens[static_cast<size_t>(document)]); };
  for (size_t g = 0; g + 1 < batch.cu_groups.size(); ++g) {
    const int32_t first = batch.cu_groups[g], last = batch.cu_groups[g + 1];
    nn::PackedBatch& piece = packer.batch_for(start_of(last) - start_of(first));
    for (int32_t d = first; d < last; ++d) append_document(piece, batch, start_of(d), start_of(d + 1));
    piece.end_group(std::span(batch.targets).subspan(static_cast<size_t>(first), static_cast<size_t>(last - first)), batch.group_weights[g]);
  }
  return packer.take();
}

}  // namespace

std::vector<nn::PackedBatch> shuffle_and_pack(std::span<const Example> examples, int64_t batch_tokens, RandomKey key) {
  std::vector<size_t> order = identity(examples.size());
  RandomStream(key).shuffle(order);
  return pack_in_order(examples, order, batch_tokens);
}

std::vector<nn::PackedBatch> pack(std::span<const Example> examples, int64_t batch_tokens) {
  return pack_in_order(examples, identity(examples.size()), batch_tokens);
}

std::vector<nn::PackedBatch> split(const nn::PackedBatch& batch, int64_t micro_batch_tokens) {
  if (micro_batch_tokens == 0) return {batch};
  if (batch.num_groups() > 0) return split_groups(batch, micro_batch_tokens);
  Packer packer(micro_batch_tokens);
  for (size_t d = 0; d + 1 < batch.cu_seqlens.size(); ++d) {
    const auto begin = static_cast<size_t>(batch.cu_seqlens[d]), end = static_cast<size_t>(batch.cu_seqlens[d + 1]);
    append_document(packer.batch_for(end - begin), batch, begin, end);
  }
  return packer.take();
}

}  // namespace vitrine::train
