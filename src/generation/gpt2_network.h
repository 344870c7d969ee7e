// generation/gpt2_network.h - the forward pass of GPT-2 over rows of tokens that lie in caches.
#pragma once
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "generation/kv_cache.h"
#include "generation/packed_cache.h"
#include "generation/pass_times.h"
#include "kernels/matmul.h"
#include "models/gpt2/weights.h"

namespace vitrine::generation {

/// One token to compute, at position `idx`: it sees tokens 0 .. idx of `cache`, where its own keys
/// and values are written.
struct TokenRow {
  int32_t token = 0;
  KvCache* cache = nullptr;
  size_t idx = 0;
};

/// Weights packed for the kernels, and the memory of a pass. One caller at a time.
/// What a row gives depends on its token and the caches it sees alone, bit for bit.
class Gpt2Network {
 public:
  /// Throws InvalidInput when heads are too wide for int8 caches (kMaxInt8HeadSize).
  /// logits: whether logits() will be asked; a ranking model needs no product with the vocabulary.
  Gpt2Network(models::Gpt2Weights weights, const models::Gpt2Config& config, PackedCache& cache,
              kernels::WeightType type, KvType kv_type, ThreadPool& pool, bool logits = true);

  const models::Gpt2Config& config() const { return config_; }
  KvShape kv_shape() const;
  size_t weight_bytes() const;  // read once for each pass
  size_t num_weights() const { return num_layer_weights() + head_.K() * head_.N(); }
  size_t num_layer_weights() const;

  /// Runs all layers; rows of one sequence must come in order of position.
  /// REQUIRES: tokens inside the vocabulary, positions below n_positions, room in the caches
  /// (checked by the caller).
  void forward(std::span<const TokenRow> rows);
  /// Logits [row_idxs.size(), V] of rows of the last forward.
  void logits(std::span<const size_t> row_idxs, float* logits);
  /// The final hidden state [C] of a row of the last forward, after ln_f.
  void hidden(size_t row_idx, std::span<float> hidden);
  /// Of all passes since the network was made.
  const PassTimes& times() const { return times_; }

 private:
  struct Layer {
    std::vector<float> ln_1_weight, ln_1_bias, ln_2_weight, ln_2_bias;
    kernels::PackedMatrix c_attn, attn_c_proj, c_fc, mlp_c_proj;
  };

  Layer load_layer(size_t layer_idx) const;
  std::vector<MatrixSource> layer_sources() const;
  void add_linear(std::vector<MatrixSource>& sources, const std::string& name, size_t K,
                  size_t N) const;
  MatrixSource head_source() const;
  void take_matrices(std::vector<kernels::PackedMatrix> matrices);
  void reserve(size_t rows);
  void embed(std::span<const TokenRow> rows);
  void release_embeddings(size_t rows);
  void normalise(std::span<const float> weight, std::span<const float> bias,
                 std::span<const float> x, std::span<float> normal);
  void run_layer(size_t layer_idx, std::span<const TokenRow> rows);
  void attend(size_t layer_idx, std::span<const TokenRow> rows);
  void store_keys_and_values(size_t layer_idx, std::span<const TokenRow> rows);
  void attend_row(size_t layer_idx, size_t head_idx, const TokenRow& row, size_t row_idx);
  void multiply(const kernels::PackedMatrix& weights, size_t rows, const float* x, float* y,
                const kernels::MatmulOptions& options = {});

  models::Gpt2Weights weights_;  // embeddings are read from the mapped file
  models::Gpt2Config config_;
  KvType kv_type_;
  ThreadPool& pool_;
  const kernels::KernelTable& table_;
  kernels::Activation activation_;
  size_t C_, inner_;
  std::vector<Layer> layers_;
  std::vector<float> ln_f_weight_, ln_f_bias_;
  kernels::PackedMatrix head_;  // wte or lm_head, [V, C]; may be empty

  PassTimes times_;
  size_t rows_since_release_ = 0;
  kernels::MatmulScratch scratch_;
  std::vector<size_t> row_order_;  // of attention
  std::vector<float> hidden_;      // [rows, C]
  std::vector<float> normal_;      // [rows, C]
  std::vector<float> qkv_;         // [rows, 3 C]
  std::vector<float> mixed_;       // [rows, C]
  std::vector<float> mlp_;         // [rows, inner]
};

}  // namespace vitrine::generation
