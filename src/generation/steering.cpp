#include "generation/steering.h"

#include <limits>

namespace vitrine::generation {

Steering::Steering(const Request& request, int sequence_idx) : request_(&request) {
  if (request.make_guide) guide_ = request.make_guide(sequence_idx);
  for (const auto& processor : request.processors) processors_.push_back(processor->clone());
  if (request.stop_strings != nullptr) matcher_.emplace(request.stop_strings);
}

Steering::Steering(const Steering& other)
    : request_(other.request_),
      guide_(other.guide_ == nullptr ? nullptr : other.guide_->clone()),
      matcher_(other.matcher_),
      stop_(other.stop_),
      num_tokens_(other.num_tokens_) {
  for (const auto& processor : other.processors_) processors_.push_back(processor->clone());
}

bool Steering::changes_logits() const {
  return guide_ != nullptr || !processors_.empty() || request_->sampling.repetition_penalty != 1;
}

void Steering::process(std::span<float> logits, std::span<const int32_t> context,
                       SamplerScratch& scratch) {
  const SamplingConfig& sampling = request_->sampling;
  apply_repetition_penalty(logits, context, sampling.repetition_penalty, scratch);
  forbid_repeated_ngrams(logits, context, sampling.no_repeat_ngram_size);
  if (guide_ != nullptr) guide_->process(logits);
  for (const auto& processor : processors_) processor->process(logits);
  if (request_->eos >= 0 && num_tokens_ < sampling.min_new_tokens) {
    logits[static_cast<size_t>(request_->eos)] = -std::numeric_limits<float>::infinity();
  }
}

std::optional<EndReason> Steering::push(int32_t token) {
  ++num_tokens_;
  bool finished = false;
  if (guide_ != nullptr) {
    guide_->push(token);
    finished = guide_->finished();
  }
  for (const auto& processor : processors_) {
    processor->push(token);
    finished = finished || processor->finished();
  }
  if (matcher_) stop_ = matcher_->push(token);
  if (stop_) return EndReason::stop_string;
  if (finished) return EndReason::guide;
  if (num_tokens_ >= request_->sampling.max_new_tokens) return EndReason::max_new_tokens;
  return std::nullopt;
}

int Steering::num_turned() const {
  int turned = guide_ == nullptr ? 0 : guide_->num_turned();
  for (const auto& processor : processors_) turned += processor->num_turned();
  return turned;
}

bool is_finished(EndReason reason) {
  return reason == EndReason::eos || reason == EndReason::guide || reason == EndReason::stop_string;
}

}  // namespace vitrine::generation
