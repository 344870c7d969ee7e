// copywriting/plan_guide.h - keeps one sampled sentence to its points and to the product's facts,
// token by token.
//
// - The sentence cannot end before all of its points are said (feature P4); the later they are, the
//   likelier their tokens become, an early end becomes a comma, and at last nothing else can be
//   written. Points of later sentences cannot be said yet.
// - Terms that the product does not support (materials, functions, absolute words, values of other
//   products), digits and Latin letters cannot be written: they come from the input through value
//   tokens and slots (L2).
// - Tokens that are pieces of a code point (of a vocabulary of bytes) complete it, to one that is
// no control character.
// - No two characters come twice close together (优质的优质, 让你让你).
#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "copywriting/prompt.h"
#include "generation/decoder.h"
#include "generation/token_terms.h"

namespace vitrine::copywriting {

/// Signs that end or join parts of a sentence; the guide needs a token of 。 and of ，.
inline constexpr std::string_view kSentenceSigns[] = {"，", "、", "；", "：", "。", "！", "？"};

struct PlanGuideConfig {
  bool enforce_groups = true;   // a sentence ends only when its points are said
  bool constrain_facts = true;  // banned terms, digits, Latin letters
  int patience = 12;            // code points of a sentence before its open points are raised
  int length_per_point =
      14;  // code points of a sentence for each of its points; then open ones must be said
  float bonus_per_code_point = 0.2f;  // nats
  float largest_bonus = 6.0f;         // nats
};

/// Token texts and the automaton of terms that need support; shared by all sequences.
/// Immutable, thread-safe. `format` must outlive it.
class GuideVocabulary {
 public:
  /// exceptions: phrases in which a fact term is none.
  GuideVocabulary(const PromptFormat& format, std::vector<std::string> fact_terms,
                  std::span<const std::string> exceptions = {});

  const PromptFormat& format() const { return format_; }
  const std::vector<std::string>& fact_terms() const { return fact_terms_; }
  /// Of the fact terms.
  const generation::TokenTerms& terms() const { return terms_; }
  const std::vector<std::string>& token_bytes() const { return bytes_; }
  const std::string& bytes(int32_t id) const { return bytes_[static_cast<size_t>(id)]; }
  bool ends_sentence(int32_t id) const { return flags_[static_cast<size_t>(id)] & kEndsSentence; }
  bool holds_sentence_end(int32_t id) const {
    return flags_[static_cast<size_t>(id)] & kHoldsSentenceEnd;
  }
  bool is_slot(int32_t id) const { return flags_[static_cast<size_t>(id)] & kSlot; }
  /// What the token adds; empty when its bytes are no whole code points.
  const std::u32string& code_points(int32_t id) const {
    return code_points_[static_cast<size_t>(id)];
  }
  bool is_control(int32_t id) const { return flags_[static_cast<size_t>(id)] & kControl; }
  const std::vector<int32_t>& sentence_ends() const { return sentence_ends_; }  // 。 first
  int32_t comma() const { return comma_; }
  /// Signs, slots and control tokens: all others may stand anywhere.
  const std::vector<int32_t>& structural() const { return structural_; }
  /// Tokens that begin or end inside a code point.
  const std::vector<int32_t>& fragments() const { return fragments_; }
  /// Of these, those that cannot stand behind a whole code point.
  const std::vector<int32_t>& unfit_beginnings() const { return unfit_beginnings_; }
  /// Digits and Latin letters that are no value.
  const std::vector<int32_t>& fact_signs() const { return fact_signs_; }
  /// Among these are all tokens that may bring two characters again that stand in `recent` or in
  /// themselves.
  template <typename Visit>
  void for_each_possible_repeat(std::u32string_view recent, Visit visit) const;
  bool opens_with_punctuation(int32_t id) const {
    return flags_[static_cast<size_t>(id)] & kPunctuationFirst;
  }

 private:
  enum Flag : uint8_t {
    kEndsSentence = 1,
    kHoldsSentenceEnd = 2,
    kControl = 4,
    kPunctuationFirst = 8,
    kSlot = 16
  };
  using TokenLists = std::unordered_map<uint64_t, std::vector<int32_t>>;

  void add_token(int32_t id);
  void index_repeats(int32_t id);
  static uint64_t pair_of(char32_t a, char32_t b) { return uint64_t{a} << 32 | b; }
  template <typename Visit>
  static void for_each(const TokenLists& lists, uint64_t key, Visit visit) {
    if (const auto found = lists.find(key); found != lists.end()) {
      for (const int32_t token : found->second) visit(token);
    }
  }

  const PromptFormat& format_;
  std::vector<std::string> fact_terms_;
  std::vector<std::string> bytes_;  // UTF-8 bytes a token adds; slots: ""
  std::vector<std::u32string> code_points_;
  std::vector<uint8_t> flags_;
  std::vector<int32_t> structural_, fragments_, unfit_beginnings_, fact_signs_;
  TokenLists by_first_;                 // tokens by their first code point
  TokenLists by_pair_;                  // tokens by two code points inside
  std::vector<int32_t> repeat_inside_;  // tokens that hold a code point twice
  std::vector<int32_t> sentence_ends_;
  int32_t comma_ = 0;
  generation::TokenTerms terms_;
};

template <typename Visit>
void GuideVocabulary::for_each_possible_repeat(std::u32string_view recent, Visit visit) const {
  for (const int32_t token : repeat_inside_) visit(token);
  for (size_t i = 0; i + 1 < recent.size(); ++i) {
    if (recent[i] == recent.back()) for_each(by_first_, recent[i + 1], visit);
    for_each(by_pair_, pair_of(recent[i], recent[i + 1]), visit);
  }
}

/// What all sentences of one product share.
struct GuideFacts {
  std::map<int, std::string> slots;
  generation::TokenTerms::Banned banned =
      {};  // fact terms that must not be written, of GuideVocabulary::terms
};

/// What one sentence has to say, and what it must leave to a later one: values, in any order.
struct SentencePoints {
  std::vector<std::string> now, later;
};

/// Makes the guide of one sentence. It is finished when the sentence ends. `vocabulary` must
/// outlive it; `facts` are shared.
std::unique_ptr<generation::SequenceGuide> make_sentence_guide(
    const GuideVocabulary& vocabulary, std::shared_ptr<const GuideFacts> facts,
    const SentencePoints& points, const PlanGuideConfig& config);

}  // namespace vitrine::copywriting
