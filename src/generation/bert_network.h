// generation/bert_network.h - the forward pass of BERT over whole sequences, packed without
// padding.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "generation/kv_cache.h"
#include "generation/packed_cache.h"
#include "kernels/matmul.h"
#include "models/bert/weights.h"

namespace vitrine::generation {

/// A sequence of a pass; the memory is the caller's.
struct BertSequence {
  std::span<const int32_t> input_ids;
  std::span<const int32_t> token_type_ids;  // as long, or empty = all 0
};

/// Weights packed for the kernels, and the memory of a pass. One caller at a time.
/// What a sequence gives depends on its own ids alone, bit for bit.
/// Source: Devlin et al. 2019; the order of operations is that of transformers' BertModel.
class BertNetwork {
 public:
  /// `pool` must outlive it. The token head, when there is one, stays in float32.
  BertNetwork(models::Weights weights, const models::BertConfig& config, PackedCache& cache,
              kernels::WeightType type, ThreadPool& pool);

  const models::BertConfig& config() const { return config_; }
  bool has_head() const { return head_.N() > 0; }
  size_t weight_bytes() const;  // read once for each pass

  /// Runs all layers over the rows (tokens) of the sequences, one sequence behind the other.
  /// REQUIRES: tokens and token types inside their vocabularies, lengths 1 to
  /// max_position_embeddings (checked by the caller).
  void forward(std::span<const BertSequence> sequences);
  /// [rows, C] of the last forward; valid until the next.
  std::span<const float> hidden_states() const {
    return std::span(hidden_).first(rows_.size() * C_);
  }
  /// The head on all rows of the last forward, [rows, num_labels]. REQUIRES: has_head().
  void logits(float* logits);

 private:
  struct Norm {
    std::vector<float> weight, bias;
  };
  struct Layer {
    kernels::PackedMatrix qkv, attention_output, intermediate, output;
    Norm attention_norm, output_norm;
  };
  struct Row {
    size_t sequence_idx, token_idx;
  };
  struct Place {
    size_t first_row, tokens;
  };

  Layer load_layer(size_t layer_idx) const;
  Norm load_norm(const std::string& name) const;
  std::vector<MatrixSource> matrix_sources() const;
  MatrixSource linear(const std::string& name, size_t K, size_t N) const;
  MatrixSource query_key_value(const std::string& self) const;
  std::vector<float> joined(const std::string& self, const std::string& part) const;
  void take_matrices(std::vector<kernels::PackedMatrix> matrices);
  void reserve(size_t rows);
  void place(std::span<const BertSequence> sequences);
  void embed(std::span<const BertSequence> sequences);
  void run_layer(const Layer& layer);
  void normalise(const Norm& norm);
  void store_keys_and_values();
  void attend();
  void attend_one(size_t idx);
  void multiply(const kernels::PackedMatrix& weights, const float* x, float* y,
                const kernels::MatmulOptions& options = {});

  models::Weights weights_;  // embeddings are read from the mapped file
  models::BertConfig config_;
  ThreadPool& pool_;
  const kernels::KernelTable& table_;
  kernels::Activation activation_;
  size_t C_, NH_, HS_, inner_;
  std::vector<Layer> layers_;
  Norm embeddings_norm_;
  kernels::PackedMatrix head_;  // empty when there is none

  KvPagePool pages_;  // one layer: the next layer overwrites what the last one has read
  std::vector<std::unique_ptr<KvCache>> caches_;  // one a sequence of the pass, used again
  std::vector<Place> places_;                     // one a sequence
  std::vector<Row> rows_;
  kernels::MatmulScratch scratch_;
  std::vector<float> hidden_;  // [rows, C]
  std::vector<float> qkv_;     // [rows, 3 C]
  std::vector<float> mixed_;   // [rows, C]
  std::vector<float> mlp_;     // [rows, inner]
};

}  // namespace vitrine::generation
