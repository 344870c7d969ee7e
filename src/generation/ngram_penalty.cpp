#include "generation/ngram_penalty.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::generation {

NgramPenalty::NgramPenalty(std::span<const std::string> token_bytes,
                           std::span<const std::string> runs, float penalty)
    : penalty_(penalty) {
  VITRINE_REQUIRE(penalty > 0, "[NgramPenalty] penalty: expected above 0, got ", penalty);
  TokenTerms terms(token_bytes, runs);
  auto banned = terms.ban(std::vector<bool>(runs.size(), true));
  shared_ = std::make_shared<const Shared>(
      Shared{std::move(terms), std::move(banned), {token_bytes.begin(), token_bytes.end()}});
}

void NgramPenalty::process(std::span<float> logits) {
  completing_.clear();
  shared_->terms.for_each_forbidden(position_, shared_->banned,
                                    [&](int32_t token) { completing_.push_back(token); });
  std::sort(completing_.begin(), completing_.end());
  completing_.erase(std::unique(completing_.begin(), completing_.end()), completing_.end());
  for (const int32_t token : completing_) logits[static_cast<size_t>(token)] -= penalty_;
}

void NgramPenalty::push(int32_t token) {
  position_ = shared_->terms.advance_anyhow(
      position_, shared_->token_bytes[static_cast<size_t>(token)], shared_->banned);
}

}  // namespace vitrine::generation
