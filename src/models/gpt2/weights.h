// models/gpt2/weights.h - which tensors a GPT-2 checkpoint holds, and how they are found in a directory.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/checkpoint.h"
#include "models/gpt2/config.h"

namespace vitrine::models {

struct WeightSpec {
  std::string name;            // without the prefix "transformer."
  std::vector<int64_t> shape;  // linear weights are [in, out]
};

/// wte, wpe, the layers, ln_f and, when the embeddings are not tied, lm_head.weight.
std::vector<WeightSpec> gpt2_weight_specs(const Gpt2Config& config);

/// The name in a file that transformers writes: "transformer." before all but lm_head and score.
std::string gpt2_checkpoint_name(std::string_view name);

/// Tensors that stay in their mapped files; copies share them. Any thread may read it.
class Gpt2Weights {
 public:
  Gpt2Weights(std::shared_ptr<const io::Checkpoint> checkpoint, std::unordered_map<std::string, const io::TensorView*> tensors);

  /// By the name of gpt2_weight_specs, in its own dtype. Throws NotFound.
  /// wte.weight may have more rows than vocab_size (padding, see load_gpt2_weights).
  const io::TensorView& view(std::string_view name) const;
  std::vector<float> float32(std::string_view name) const;
  /// Row `row_idx` of a matrix as float32, values.size() == its columns. Throws InvalidInput.
  static void copy_row(const io::TensorView& matrix, size_t row_idx, std::span<float> values);

  const io::Checkpoint& checkpoint() const { return *checkpoint_; }

 private:
  std::shared_ptr<const io::Checkpoint> checkpoint_;
  std::unordered_map<std::string, const io::TensorView*> tensors_;
};

/// Finds every tensor of gpt2_weight_specs and of `extra` (such as score.weight [1, C] of a ranker).
/// Names may carry the prefix "transformer."; the buffers h.N.attn.bias and h.N.attn.masked_bias are ignored;
/// lm_head.weight of a tied model must be absent or equal to wte.weight.
/// wte.weight may have up to 127 rows more than vocab_size when their number is a multiple of 8 (padding, a warning).
/// Throws what open_checkpoint throws; InvalidInput listing all missing, unexpected and misshapen tensors (the first
/// 50); Corrupt (WGT_NONFINITE) for a value that is not finite.
Gpt2Weights load_gpt2_weights(const std::filesystem::path& model_dir, const Gpt2Config& config,
                              std::span<const WeightSpec> extra = {});

/// Whether `rows` may hold a vocabulary of `vocab_size`: equal, or padded up to a multiple of 8 by less than 128.
bool is_padded_vocabulary(int64_t rows, int64_t vocab_size);

}  // namespace vitrine::models
