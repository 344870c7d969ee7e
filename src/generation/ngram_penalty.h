// generation/ngram_penalty.h - makes tokens less likely that would write given runs of characters.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "generation/sequence_guide.h"
#include "generation/token_terms.h"

namespace vitrine::generation {

/// Subtracts `penalty` nats (> 0) from each token that would complete one of the runs, over any
/// tokenizer. It sees the tokens of its own sequence only.
class NgramPenalty : public SequenceGuide {
 public:
  /// token_bytes: the UTF-8 bytes of each token by id; runs: UTF-8. Throws InvalidInput for a
  /// penalty that is not above 0.
  NgramPenalty(std::span<const std::string> token_bytes, std::span<const std::string> runs,
               float penalty);

  void process(std::span<float> logits) override;
  void push(int32_t token) override;
  std::unique_ptr<SequenceGuide> clone() const override {
    return std::make_unique<NgramPenalty>(*this);
  }

 private:
  struct Shared {
    TokenTerms terms;
    TokenTerms::Banned banned;
    std::vector<std::string> token_bytes;
  };
  std::shared_ptr<const Shared> shared_;
  float penalty_;
  TokenTerms::Position position_;
  std::vector<int32_t> completing_;  // of one call
};

}  // namespace vitrine::generation
