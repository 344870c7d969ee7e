// copywriting/plan_guide.h - keeps one sampled copy to its plan, token by token.
//
// - A sentence cannot end before every point of its group is said; the copy cannot end before the
//   last group is done. So groups stand in the order of the plan (feature P4).
// - Terms that the product does not support (materials, functions, absolute words), digits and
//   Latin letters cannot be written: they come from the input through value tokens and slots (L2).
// - The copy ends at the first sentence end after the wanted length.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "copywriting/prompt.h"
#include "generation/decoder.h"

namespace vitrine::copywriting {

struct PlanGuideConfig {
  bool enforce_groups = true;   // points before sentence ends
  bool constrain_facts = true;  // banned terms, digits, Latin letters
  int max_sentence_length = 70; // code points after which open points are no longer waited for
  int patience = 24;            // code points of a sentence before its open points are raised
  float bonus_per_code_point = 0.2f;  // nats
  float largest_bonus = 5.0f;         // nats
};

/// Token texts and the trie of banned terms; shared by all sequences of a request.
/// Immutable, thread-safe. `format` must outlive it.
class GuideVocabulary {
 public:
  explicit GuideVocabulary(const PromptFormat& format);

  const PromptFormat& format() const { return format_; }
  const std::string& bytes(int32_t id) const { return bytes_[static_cast<size_t>(id)]; }
  bool ends_sentence(int32_t id) const { return flags_[static_cast<size_t>(id)] & kEndsSentence; }
  bool holds_sentence_end(int32_t id) const { return flags_[static_cast<size_t>(id)] & kHoldsSentenceEnd; }
  bool is_fact_sign(int32_t id) const { return flags_[static_cast<size_t>(id)] & kFactSign; }
  bool is_control(int32_t id) const { return flags_[static_cast<size_t>(id)] & kControl; }
  bool opens_with_punctuation(int32_t id) const { return flags_[static_cast<size_t>(id)] & kPunctuationFirst; }

 private:
  enum Flag : uint8_t { kEndsSentence = 1, kHoldsSentenceEnd = 2, kFactSign = 4, kControl = 8, kPunctuationFirst = 16 };
  const PromptFormat& format_;
  std::vector<std::string> bytes_;  // UTF-8 bytes a token adds; slots: ""
  std::vector<uint8_t> flags_;
};

/// What all candidates of one product share.
struct GuidePlan {
  std::vector<std::vector<std::string>> groups;  // values to say, one list a sentence
  std::map<int, std::string> slots;
  std::vector<std::string> banned;               // terms that must not be written
  int length = 110;                              // code points wanted
};

/// Makes the guide of one sequence. `vocabulary` must outlive it; `plan` is shared.
std::unique_ptr<generation::SequenceGuide> make_plan_guide(const GuideVocabulary& vocabulary,
                                                           std::shared_ptr<const GuidePlan> plan,
                                                           const PlanGuideConfig& config);

}  // namespace vitrine::copywriting
