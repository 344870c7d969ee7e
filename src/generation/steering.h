// generation/steering.h - all that decides about the tokens of one sequence but the choice itself.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "generation/decoder.h"

namespace vitrine::generation {

/// Guide, processors and stop strings of a sequence, with the penalties of its request. Copying
/// clones them.
class Steering {
 public:
  /// `request` must outlive it.
  Steering(const Request& request, int sequence_idx);
  Steering(const Steering& other);
  Steering(Steering&&) noexcept = default;
  Steering& operator=(Steering&&) noexcept = default;

  /// Whether process may change a logit otherwise than to -infinity.
  bool changes_logits() const;
  /// In the order that Request states. context: prompt and tokens so far. Allocates nothing of its
  /// own once `scratch` has grown.
  void process(std::span<float> logits, std::span<const int32_t> context, SamplerScratch& scratch);
  /// Takes a token that is not the eos. A reason when the sequence ends with it.
  std::optional<EndReason> push(int32_t token);
  const std::optional<StopHit>& stop() const { return stop_; }
  int num_turned() const;

 private:
  const Request* request_;
  std::unique_ptr<SequenceGuide> guide_;
  std::vector<std::unique_ptr<SequenceGuide>> processors_;
  std::optional<StopStrings::Matcher> matcher_;
  std::optional<StopHit> stop_;
  int num_tokens_ = 0;  // pushed
};

/// Whether the model, a guide or a stop string meant the sequence to end.
bool is_finished(EndReason reason);

}  // namespace vitrine::generation
