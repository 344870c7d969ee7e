// generation/sequence_guide.h - what steers one sequence while it is decoded.
#pragma once
#include <cstdint>
#include <memory>
#include <span>

namespace vitrine::generation {

/// Belongs to one sequence. The decoder calls process(logits) before it picks a token, after the
/// penalties, then push(token) with the token picked (not with the eos that ends the sequence).
/// Guides of different sequences may be called from different threads at the same time.
class SequenceGuide {
 public:
  virtual ~SequenceGuide() = default;
  /// logits [V], in beam search log probabilities; may add, or set -infinity = forbidden. No NaN,
  /// no +infinity.
  virtual void process(std::span<float> logits) = 0;
  virtual void push(int32_t token) = 0;
  virtual bool finished() const { return false; }  // asked after push; true ends the sequence
  /// How often it forbade the likeliest token because of what that token would have said.
  virtual int num_turned() const { return 0; }
  /// A guide in the same state that goes on by itself: beams fork.
  virtual std::unique_ptr<SequenceGuide> clone() const = 0;
};

}  // namespace vitrine::generation
