// generation/encoder.h - a BERT encoder on the CPU kernels: hidden states or labels of each token.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/bert/config.h"

namespace vitrine::generation {

struct EncoderConfig {
  int threads = 0;  // 0 = all cores
  /// Of weights and their products: float32 | bfloat16 | int8 | int4 (kernels/matmul.h). Keys and
  /// values are of default_kv_type (generation/dtypes.h); the head is float32.
  std::string dtype = "float32";
};

struct EncoderInput {
  std::vector<int32_t> input_ids;
  std::vector<int32_t> token_type_ids = {};  // as long, or empty = all 0
};

/// A BertModel or BertForTokenClassification directory. One caller at a time; moving is cheap.
class Encoder {
 public:
  /// Throws what read_bert_config and load_bert_weights throw; InvalidInput for an unknown dtype.
  static Encoder load(const std::filesystem::path& model_dir, const EncoderConfig& config);
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  const models::BertConfig& config() const;
  bool has_head() const;
  size_t weight_bytes() const;  // read for each pass

  /// For each input the head's logits [T, num_labels], row-major.
  /// All tokens of an input see each other. Several inputs share a pass, without padding; what an
  /// input gives depends on model and its own ids alone, bit for bit: not on the other inputs or on
  /// the number of threads.
  /// Throws InvalidInput before any work, naming the input: no tokens, a token or token type
  /// outside its vocabulary, more tokens than max_position_embeddings, token_type_ids of another
  /// length; or when the model has no head. Throws Cancelled on Ctrl-C.
  std::vector<std::vector<float>> logits(std::span<const EncoderInput> inputs);

  /// For each input the last hidden states [T, C]. Throws as logits(); needs no head.
  std::vector<std::vector<float>> hidden_states(std::span<const EncoderInput> inputs);

 private:
  class Impl;
  explicit Encoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitrine::generation
