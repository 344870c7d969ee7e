#include "copywriting/plan_guide.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
/// Tokens this many nats below the best one are not looked at and cannot be drawn.
constexpr float kConsideredRange = 12.0f;
constexpr std::string_view kEnds[] = {"。", "！", "？"};
constexpr std::string_view kPauses[] = {"，", "、", "；", "：", "。", "！", "？"};

template <size_t N>
bool ends_with_any(std::string_view text, const std::string_view (&signs)[N]) {
  return std::any_of(std::begin(signs), std::end(signs), [&](auto sign) { return text.ends_with(sign); });
}

template <size_t N>
bool holds_any(std::string_view text, const std::string_view (&signs)[N]) {
  return std::any_of(std::begin(signs), std::end(signs), [&](auto sign) { return text.find(sign) != std::string_view::npos; });
}

bool has_ascii_letter_or_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
}

int32_t single_token(const text::Tokenizer& tokenizer, std::string_view sign) {
  const auto ids = tokenizer.encode(sign);
  if (ids.size() != 1) throw Corrupt(concat("[GuideVocabulary] the vocabulary has no token for ", sign));
  return ids.front();
}

class SentenceGuide : public generation::SequenceGuide {
 public:
  SentenceGuide(const GuideVocabulary& vocabulary, std::shared_ptr<const GuideFacts> facts, std::vector<std::string> points,
                const PlanGuideConfig& config)
      : vocabulary_(vocabulary), facts_(std::move(facts)), config_(config), open_(std::move(points)) {}

  void process(std::span<float> logits) override {
    raise_open_points(logits);
    if (!open_.empty()) go_on_instead_of_ending(logits);
    if (!keep_allowed(logits)) logits[static_cast<size_t>(vocabulary_.sentence_ends().front())] = 0;
  }

  void push(int32_t token) override {
    const std::string added = text_of(token);
    text_ += added;
    term_state_ = vocabulary_.automaton().walk(term_state_, added);
    length_ += text::count_code_points(added);
    std::erase_if(open_, [&](const std::string& value) { return text_.find(value) != std::string::npos; });
    done_ = vocabulary_.ends_sentence(token);
  }

  bool finished() const override { return done_; }

 private:
  std::string text_of(int32_t token) const {
    const auto slot = vocabulary_.format().slot_of(token);
    if (!slot) return vocabulary_.bytes(token);
    const auto value = facts_->slots.find(*slot);
    return value == facts_->slots.end() ? "" : value->second;
  }

  bool may_end() const {
    const bool waited_enough = !config_.enforce_groups || length_ > static_cast<size_t>(config_.max_sentence_length);
    return length_ >= 6 && !ends_with_any(text_, kPauses) && (open_.empty() || waited_enough);
  }

  bool completes_banned(const std::string& added) const {
    if (facts_->banned.empty()) return false;
    auto state = term_state_;
    for (const char byte : added) {
      state = vocabulary_.automaton().step(state, byte);
      for (const uint32_t term : vocabulary_.automaton().ends(state)) {
        if (facts_->banned[term]) return true;
      }
    }
    return false;
  }

  /// The longer a sentence runs with open points, the likelier their tokens become.
  void raise_open_points(std::span<float> logits) const {
    const int waited = static_cast<int>(length_) - config_.patience;
    if (waited <= 0) return;
    const float bonus = std::min(config_.largest_bonus, config_.bonus_per_code_point * static_cast<float>(waited));
    for (const auto& value : open_) {
      if (const auto token = vocabulary_.format().tokenizer().token_to_id(value)) logits[static_cast<size_t>(*token)] += bonus;
    }
    for (const auto& [slot, value] : facts_->slots) {
      if (std::find(open_.begin(), open_.end(), value) == open_.end()) continue;
      logits[static_cast<size_t>(vocabulary_.format().slot_id(slot))] += bonus;
    }
  }

  /// With points still open, the wish to end the sentence becomes the wish for a comma.
  void go_on_instead_of_ending(std::span<float> logits) const {
    if (ends_with_any(text_, kPauses) || may_end()) return;
    float end = kNever;
    for (const int32_t id : vocabulary_.sentence_ends()) end = std::max(end, logits[static_cast<size_t>(id)]);
    float& comma = logits[static_cast<size_t>(vocabulary_.comma())];
    comma = std::max(comma, end);
  }

  bool structure_allows(int32_t token) const {
    if (token == vocabulary_.format().end_id() || vocabulary_.is_control(token)) return false;
    if (const auto slot = vocabulary_.format().slot_of(token)) return facts_->slots.contains(*slot);
    if (vocabulary_.holds_sentence_end(token)) return vocabulary_.ends_sentence(token) && may_end();
    return !vocabulary_.opens_with_punctuation(token) || !(text_.empty() || ends_with_any(text_, kPauses));
  }

  bool facts_allow(int32_t token) const {
    if (!config_.constrain_facts) return true;
    if (!facts_->foreign.empty() && facts_->foreign[static_cast<size_t>(token)]) return false;
    return !vocabulary_.is_fact_sign(token) && !completes_banned(vocabulary_.bytes(token));
  }

  /// Masks what is not allowed or far from likely. Returns false when nothing is left.
  bool keep_allowed(std::span<float> logits) const {
    float best = kNever;
    for (size_t i = 0; i < logits.size(); ++i) {
      if (!structure_allows(static_cast<int32_t>(i))) logits[i] = kNever;
      best = std::max(best, logits[i]);
    }
    bool any = false;
    for (float& logit : logits) {
      const auto token = static_cast<int32_t>(&logit - logits.data());
      if (logit < best - kConsideredRange || !facts_allow(token)) logit = kNever;
      any = any || logit != kNever;
    }
    return any;
  }

  const GuideVocabulary& vocabulary_;
  std::shared_ptr<const GuideFacts> facts_;
  PlanGuideConfig config_;
  std::string text_;               // of the sentence
  size_t length_ = 0;              // code points
  std::vector<std::string> open_;  // points not yet said
  checks::TermAutomaton::State term_state_ = checks::TermAutomaton::kStart;
  bool done_ = false;
};

}  // namespace

GuideVocabulary::GuideVocabulary(const PromptFormat& format, std::vector<std::string> fact_terms)
    : format_(format), fact_terms_(std::move(fact_terms)), automaton_(fact_terms_) {
  const auto& tokenizer = format.tokenizer();
  const auto size = static_cast<size_t>(tokenizer.vocab_size());
  bytes_.resize(size);
  flags_.resize(size);
  for (size_t i = 0; i < size; ++i) {
    const auto id = static_cast<int32_t>(i);
    if (format.slot_of(id)) continue;
    text::append_bytes_of_token(bytes_[i], tokenizer.id_to_token(id));
    const std::string_view bytes = bytes_[i];
    if (format.is_control(id)) flags_[i] |= kControl;
    if (ends_with_any(bytes, kEnds)) flags_[i] |= kEndsSentence;
    if (bytes == "。" || bytes == "！") sentence_ends_.push_back(id);
    if (holds_any(bytes, kEnds)) flags_[i] |= kHoldsSentenceEnd;
    if (has_ascii_letter_or_digit(bytes) && !format.has_value_token(bytes)) flags_[i] |= kFactSign;
    for (const auto sign : kPauses) {
      if (bytes.starts_with(sign)) flags_[i] |= kPunctuationFirst;
    }
  }
  comma_ = single_token(tokenizer, "，");
  std::erase(sentence_ends_, single_token(tokenizer, "。"));
  sentence_ends_.insert(sentence_ends_.begin(), single_token(tokenizer, "。"));
}

std::unique_ptr<generation::SequenceGuide> make_sentence_guide(const GuideVocabulary& vocabulary,
                                                               std::shared_ptr<const GuideFacts> facts,
                                                               std::vector<std::string> points,
                                                               const PlanGuideConfig& config) {
  return std::make_unique<SentenceGuide>(vocabulary, std::move(facts), std::move(points), config);
}

}  // namespace vitrine::copywriting
