// generation/ranker.h - the ranking model on the CPU kernels: one number for each text.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/gpt2/config.h"

namespace vitrine::generation {

struct RankerConfig {
  int threads = 0;  // 0 = all cores
  /// Of weights and their products: float32 | bfloat16 | int8 | int4 (kernels/matmul.h). Keys and
  /// values are of default_kv_type (generation/dtypes.h); the head is always exact.
  std::string dtype = "float32";
};

/// A GPT2ForSequenceClassification directory with one label. One caller at a time; moving is cheap.
class Ranker {
 public:
  /// Throws what load_ranker_weights throws; InvalidInput for an unknown dtype.
  static Ranker load(const std::filesystem::path& model_dir, const RankerConfig& config);
  ~Ranker();
  Ranker(Ranker&&) noexcept;
  Ranker& operator=(Ranker&&) noexcept;

  const models::Gpt2Config& config() const;

  /// Throws InvalidInput, naming `where`: no ids, a token outside the vocabulary, more than
  /// n_positions ids.
  void check(std::span<const int32_t> input_ids, const std::string& where) const;

  /// The score of each list of token ids: the head on the final hidden state (after ln_f) of its
  /// last token that is not pad_token_id (of the first one when all are), as transformers does.
  /// Higher is better; without unit. Several texts share a pass; a score depends on model and its
  /// own ids alone, bit for bit: not on the other texts or on the number of threads. Throws
  /// InvalidInput before any work, as check() does, naming the text; InvalidInput when a score is
  /// not finite. Throws Cancelled on Ctrl-C.
  std::vector<double> score(std::span<const std::vector<int32_t>> texts);

 private:
  class Impl;
  explicit Ranker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitrine::generation
