#include "copywriting/plan_guide.h"

#include <algorithm>
#include <limits>
#include <utility>

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

class PlanGuide : public generation::SequenceGuide {
 public:
  PlanGuide(const GuideVocabulary& vocabulary, std::shared_ptr<const GuidePlan> plan, const PlanGuideConfig& config)
      : vocabulary_(vocabulary), plan_(std::move(plan)), config_(config) {
    for (const auto& term : plan_->banned) longest_banned_ = std::max(longest_banned_, term.size());
    open_group(0);
  }

  void process(std::span<float> logits) override {
    raise_open_points(logits);
    float best = kNever;
    for (size_t i = 0; i < logits.size(); ++i) {
      if (!structure_allows(static_cast<int32_t>(i))) logits[i] = kNever;
      best = std::max(best, logits[i]);
    }
    bool any = false;
    for (size_t i = 0; i < logits.size(); ++i) {
      if (logits[i] < best - kConsideredRange || !facts_allow(static_cast<int32_t>(i))) logits[i] = kNever;
      any = any || logits[i] != kNever;
    }
    if (!any) force(logits);
  }

  void push(int32_t token) override {
    if (token == vocabulary_.format().end_id()) return;
    const std::string added = text_of(token);
    text_ += added;
    sentence_length_ += text::count_code_points(added);
    length_ += text::count_code_points(added);
    std::erase_if(open_, [&](const std::string& value) { return sentence_has(value); });
    if (vocabulary_.ends_sentence(token)) end_sentence();
  }

  bool finished() const override { return done_; }

 private:
  std::string text_of(int32_t token) const {
    const auto slot = vocabulary_.format().slot_of(token);
    if (!slot) return vocabulary_.bytes(token);
    const auto value = plan_->slots.find(*slot);
    return value == plan_->slots.end() ? "" : value->second;
  }

  bool sentence_has(const std::string& value) const { return text_.find(value, sentence_begin_) != std::string::npos; }
  bool last_group() const { return group_ + 1 >= plan_->groups.size(); }
  bool may_end_sentence() const {
    return sentence_length_ >= 6 && !ends_with_any(text_, kPauses) &&
           (open_.empty() || sentence_length_ > static_cast<size_t>(config_.max_sentence_length));
  }
  bool at_sentence_begin() const { return text_.size() == sentence_begin_; }

  void open_group(size_t group) {
    group_ = group;
    open_ = group < plan_->groups.size() ? plan_->groups[group] : std::vector<std::string>{};
    std::erase_if(open_, [&](const std::string& value) { return text_.find(value) != std::string::npos; });
  }

  void end_sentence() {
    const bool was_last = last_group();
    sentence_begin_ = text_.size();
    sentence_length_ = 0;
    if (!was_last) {
      open_group(group_ + 1);
    } else if (static_cast<int>(length_) + 12 >= plan_->length) {
      done_ = true;
    }
  }

  bool completes_banned(const std::string& added) const {
    if (plan_->banned.empty() || added.empty()) return false;
    const size_t keep = std::min(text_.size(), longest_banned_);
    const std::string window = text_.substr(text_.size() - keep) + added;
    return std::any_of(plan_->banned.begin(), plan_->banned.end(), [&](const std::string& term) {
      const size_t at = window.rfind(term);
      return at != std::string::npos && at + term.size() > keep;
    });
  }

  /// The longer a sentence runs with open points, the likelier their tokens become.
  void raise_open_points(std::span<float> logits) const {
    const int waited = static_cast<int>(sentence_length_) - config_.patience;
    if (waited <= 0) return;
    const float bonus = std::min(config_.largest_bonus, config_.bonus_per_code_point * static_cast<float>(waited));
    for (const auto& value : open_) {
      if (const auto token = vocabulary_.format().tokenizer().token_to_id(value)) logits[static_cast<size_t>(*token)] += bonus;
    }
    for (const auto& [slot, value] : plan_->slots) {
      if (std::find(open_.begin(), open_.end(), value) == open_.end()) continue;
      logits[static_cast<size_t>(vocabulary_.format().slot_id(slot))] += bonus;
    }
  }

  bool structure_allows(int32_t token) const {
    const auto& format = vocabulary_.format();
    if (token == format.end_id()) return !config_.enforce_groups || (last_group() && at_sentence_begin() && length_ > 0);
    if (vocabulary_.is_control(token)) return false;
    if (const auto slot = format.slot_of(token)) return plan_->slots.contains(*slot);
    if (!config_.enforce_groups) return true;
    if (vocabulary_.holds_sentence_end(token)) return vocabulary_.ends_sentence(token) && may_end_sentence();
    return !at_sentence_begin() || !vocabulary_.opens_with_punctuation(token);
  }

  bool facts_allow(int32_t token) const {
    if (!config_.constrain_facts) return true;
    return !vocabulary_.is_fact_sign(token) && !completes_banned(vocabulary_.bytes(token));
  }

  void force(std::span<float> logits) const {
    const auto& tokenizer = vocabulary_.format().tokenizer();
    if (at_sentence_begin() && last_group()) {
      logits[static_cast<size_t>(vocabulary_.format().end_id())] = 0;
      return;
    }
    const auto sign = ends_with_any(text_, kPauses) || !open_.empty() ? tokenizer.encode("，") : tokenizer.encode("。");
    if (!sign.empty()) logits[static_cast<size_t>(sign.front())] = 0;
  }

  const GuideVocabulary& vocabulary_;
  std::shared_ptr<const GuidePlan> plan_;
  PlanGuideConfig config_;
  std::string text_;
  size_t sentence_begin_ = 0;      // byte offset
  size_t sentence_length_ = 0;     // code points
  size_t length_ = 0;              // code points
  size_t group_ = 0;
  std::vector<std::string> open_;  // values of the group not yet said
  size_t longest_banned_ = 0;      // bytes
  bool done_ = false;
};

}  // namespace

GuideVocabulary::GuideVocabulary(const PromptFormat& format) : format_(format) {
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
    if (holds_any(bytes, kEnds)) flags_[i] |= kHoldsSentenceEnd;
    if (has_ascii_letter_or_digit(bytes) && !format.has_value_token(bytes)) flags_[i] |= kFactSign;
    for (const auto sign : kPauses) {
      if (bytes.starts_with(sign)) flags_[i] |= kPunctuationFirst;
    }
  }
}

std::unique_ptr<generation::SequenceGuide> make_plan_guide(const GuideVocabulary& vocabulary,
                                                           std::shared_ptr<const GuidePlan> plan,
                                                           const PlanGuideConfig& config) {
  return std::make_unique<PlanGuide>(vocabulary, std::move(plan), config);
}

}  // namespace vitrine::copywriting
