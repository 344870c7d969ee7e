// generation/sampler.h - from logits to the next token.
//
// Order, as in the transformers library: repetition penalty, no-repeat n-gram, (the sequence's
// guide and processors, min_new_tokens), temperature, top-k, top-p, min-p, draw. Selection needs no
// sort of the vocabulary.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/config.h"
#include "kernels/isa.h"

namespace vitrine::generation {

struct SamplingConfig {
  double temperature = 0.8;  // 0 = always the most probable token
  double top_p = 0.9;        // 1 = off
  int top_k = 0;             // 0 = off
  double min_p = 0;          // 0 = off
  double repetition_penalty = 1.0;
  int no_repeat_ngram_size = 0;  // 0 = off
  int min_new_tokens =
      0;  // before it the eos is forbidden; guides and stop strings may end a sequence
  int max_new_tokens = 160;

  void describe(FieldVisitor& v) {
    v.field("temperature", temperature, "0 = always the most probable token", 0, 100);
    v.field("top_p", top_p, "keep the most probable tokens that hold this mass, 1 = all", 1e-6, 1);
    v.field("top_k", top_k, "keep the k most probable tokens, 0 = all", 0, 1e9);
    v.field("min_p", min_p,
            "drop tokens less probable than this share of the most probable one, 0 = off", 0, 1);
    v.field("repetition_penalty", repetition_penalty,
            "divides the logit of a token already there, 1 = off", 1e-3, 1e3);
    v.field("no_repeat_ngram_size", no_repeat_ngram_size, "no n-gram comes twice, 0 = off", 0, 1e6);
    v.field("min_new_tokens", min_new_tokens, "tokens before the end of text", 0, 1e9);
    v.field("max_new_tokens", max_new_tokens, "tokens", 1, 1e9);
  }
};

/// Throws InvalidInput, naming the field and its range, and when min_new_tokens > max_new_tokens.
void validate(const SamplingConfig& config);

/// Memory of one thread that draws.
struct SamplerScratch {
  std::vector<float> raw;     // [V], the model's own logits, kept by the caller
  std::vector<float> probs;   // [V]; of the tokens in `kept`, in units of the largest
  double sum = 0;             // of the probs of all tokens that top_k leaves
  std::vector<float> maxima;  // of blocks of logits
  std::vector<int32_t> kept;  // ids that can be drawn, ascending; the first num_kept count
  size_t num_kept = 0;
  std::vector<int32_t> border;  // ids about as probable as the last of the nucleus
  std::vector<double> bucket_mass;
  std::vector<int32_t> once;  // tokens of the context, sorted
};

/// A token of `tokens` gets logit / penalty when positive, else logit * penalty, once (Keskar et
/// al. 2019).
void apply_repetition_penalty(std::span<float> logits, std::span<const int32_t> tokens,
                              double penalty, SamplerScratch& scratch);

/// Gives -infinity to every token that would complete an n-gram that `tokens` already has.
void forbid_repeated_ngrams(std::span<float> logits, std::span<const int32_t> tokens,
                            int ngram_size);

/// Draws by temperature, top_k (equal logits at the border are all kept), top_p (the smallest set
/// of most probable tokens with at least that mass; equal ones by lower id) and min_p. `uniform` in
/// [0, 1) decides, over ids in ascending order. Nothing when every logit is -infinity. Throws
/// InvalidInput when a logit is NaN or +infinity (with top_k: REQUIRES that none is NaN).
std::optional<int32_t> sample(const kernels::KernelTable& table, std::span<const float> logits,
                              const SamplingConfig& config, double uniform,
                              SamplerScratch& scratch);

/// The ids of the `count` largest logits, largest first, equal ones by lower id; fewer when others
/// are -infinity. They lie in `scratch`. Logits hold no NaN.
std::span<const int32_t> largest(const kernels::KernelTable& table, std::span<const float> logits,
                                 size_t count, SamplerScratch& scratch);

}  // namespace vitrine::generation
