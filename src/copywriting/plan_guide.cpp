#include "copywriting/plan_guide.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/error.h"
#include "generation/logits.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
/// Tokens this many nats below the best one are not looked at and cannot be drawn.
constexpr float kConsideredRange = 12.0f;
/// Two characters that stood this many code points before or nearer do not come again. Of the
/// sentences of AdvertiseGen's training texts 4.6 % break this rule.
constexpr size_t kRepetitionWindow = 8;
/// Code points of a sentence, beyond those its points take, after which an open point must be said
/// at the next pause; kAtOnce more, and it must be said wherever the sentence is.
constexpr size_t kOpening = 18;
constexpr size_t kAtOnce = 16;
/// Clauses are at least this long before a comma and before the end; 0.4 % and 0.5 % of human ones
/// are shorter.
constexpr size_t kShortestClause = 3;
constexpr size_t kShortestLastClause = 4;
constexpr std::string_view kEnds[] = {"。", "！", "？"};

template <size_t N>
bool ends_with_any(std::string_view text, const std::string_view (&signs)[N]) {
  return std::any_of(std::begin(signs), std::end(signs),
                     [&](auto sign) { return text.ends_with(sign); });
}

template <size_t N>
bool holds_any(std::string_view text, const std::string_view (&signs)[N]) {
  return std::any_of(std::begin(signs), std::end(signs),
                     [&](auto sign) { return text.find(sign) != std::string_view::npos; });
}

bool has_ascii_letter_or_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
}

int32_t single_token(const text::Tokenizer& tokenizer, std::string_view sign) {
  const auto ids = tokenizer.encode(sign);
  if (ids.size() != 1)
    throw Corrupt(concat("[GuideVocabulary] the vocabulary has no token for ", sign));
  return ids.front();
}

/// By token; slots add nothing of their own.
std::vector<std::string> bytes_added(const PromptFormat& format) {
  std::vector<std::string> bytes(static_cast<size_t>(format.tokenizer().vocab_size()));
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto id = static_cast<int32_t>(i);
    if (!format.slot_of(id)) format.tokenizer().append_text(bytes[i], id);
  }
  return bytes;
}

/// Whether the bytes go on with the code point that has begun, or begin one, and end or can end in
/// well-formed UTF-8.
bool fragment_fits(std::string_view partial, std::string_view added) {
  const std::string bytes = std::string(partial).append(added);
  if (!text::begins_valid_utf8(bytes)) return false;
  const auto whole = text::to_utf32(
      std::string_view(bytes).substr(0, bytes.size() - text::incomplete_tail(bytes)));
  return std::none_of(whole.begin(), whole.end(), [](char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffd;
  });
}

class SentenceGuide : public generation::SequenceGuide {
 public:
  SentenceGuide(const GuideVocabulary& vocabulary, std::shared_ptr<const GuideFacts> facts,
                const SentencePoints& points, const PlanGuideConfig& config)
      : vocabulary_(vocabulary), facts_(std::move(facts)), config_(config) {
    for (const auto& value : points.now) open_.push_back({value, token_of(value)});
    for (const auto& value : points.later) later_.push_back(token_of(value));
    due_ = kOpening + static_cast<size_t>(config_.length_per_point) * open_.size();
  }

  void process(std::span<float> logits) override {
    if (!partial_.empty()) {
      complete_code_point(logits);
      return;
    }
    if (points_are_due()) {
      leave_only_open_points(logits);
      return;
    }
    raise_open_points(logits);
    if (!open_.empty()) go_on_instead_of_ending(logits);
    if (!keep_allowed(logits)) logits[static_cast<size_t>(vocabulary_.sentence_ends().front())] = 0;
  }

  void push(int32_t token) override {
    const std::string added = text_of(token);
    text_ += added;
    partial_ = text_.substr(text_.size() - text::incomplete_tail(text_));
    term_position_ = vocabulary_.terms().advance_anyhow(term_position_, added, facts_->banned);
    const size_t added_length = text::count_code_points(added);
    length_ += added_length;
    clause_length_ = ends_with_any(text_, kSentenceSigns) ? 0 : clause_length_ + added_length;
    remember(vocabulary_.is_slot(token) ? U"" : vocabulary_.code_points(token));
    std::erase_if(open_, [&](const OpenPoint& point) {
      return text_.find(point.value) != std::string::npos;
    });
    done_ = !vocabulary_.is_slot(token) &&
            ends_with_any(text_, kEnds);  // a sign may come in two tokens
  }

  bool finished() const override { return done_; }
  int num_turned() const override { return turned_; }
  std::unique_ptr<generation::SequenceGuide> clone() const override {
    return std::make_unique<SentenceGuide>(*this);
  }

 private:
  std::string text_of(int32_t token) const {
    const auto slot = vocabulary_.format().slot_of(token);
    if (!slot) return vocabulary_.bytes(token);
    const auto value = facts_->slots.find(*slot);
    return value == facts_->slots.end() ? "" : value->second;
  }

  struct OpenPoint {
    std::string value;
    int32_t token;
  };

  /// The token that says a value: its slot, or its own.
  int32_t token_of(const std::string& value) const {
    for (const auto& [slot, slot_value] : facts_->slots) {
      if (slot_value == value) return vocabulary_.format().slot_id(slot);
    }
    const auto token = vocabulary_.format().value_token(value);
    VITRINE_REQUIRE(token, "[make_sentence_guide] the prompt has neither a token nor a slot for '",
                    value, "'");
    return *token;
  }

  bool may_end() const {
    return length_ >= 6 && clause_length_ >= kShortestLastClause &&
           (open_.empty() || !config_.enforce_groups);
  }

  bool points_are_due() const {
    if (!config_.enforce_groups || open_.empty() || length_ < due_) return false;
    return clause_length_ == 0 || length_ >= due_ + kAtOnce;
  }

  void leave_only_open_points(std::span<float> logits) const {
    std::vector<float> kept;
    for (const auto& point : open_) kept.push_back(logits[static_cast<size_t>(point.token)]);
    std::fill(logits.begin(), logits.end(), kNever);
    for (size_t i = 0; i < open_.size(); ++i) logits[static_cast<size_t>(open_[i].token)] = kept[i];
  }

  void remember(const std::u32string& added) {
    recent_ += added;
    if (recent_.size() > kRepetitionWindow + 1)
      recent_.erase(0, recent_.size() - kRepetitionWindow - 1);
  }

  /// Whether the token brings two characters again that stand a few places before.
  bool repeats_nearby(int32_t token) const {
    const std::u32string& added = vocabulary_.code_points(token);
    if (added.empty() || recent_.size() < 2) return false;
    const size_t size = recent_.size() + added.size();
    const auto at = [&](size_t i) {
      return i < recent_.size() ? recent_[i] : added[i - recent_.size()];
    };
    for (size_t i = recent_.size() - 1; i + 1 < size; ++i) {
      if (!text::is_cjk_ideograph(at(i)) || !text::is_cjk_ideograph(at(i + 1))) continue;
      for (size_t j = i > kRepetitionWindow ? i - kRepetitionWindow : 0; j + 2 <= i; ++j) {
        if (at(j) == at(i) && at(j + 1) == at(i + 1)) return true;
      }
    }
    return false;
  }

  /// The longer a sentence runs with open points, the likelier their tokens become.
  void raise_open_points(std::span<float> logits) const {
    const int waited = static_cast<int>(length_) - config_.patience;
    if (waited <= 0) return;
    const float bonus =
        std::min(config_.largest_bonus, config_.bonus_per_code_point * static_cast<float>(waited));
    for (const auto& point : open_) logits[static_cast<size_t>(point.token)] += bonus;
  }

  /// With points still open, the wish to end the sentence becomes the wish for a comma.
  void go_on_instead_of_ending(std::span<float> logits) const {
    if (clause_length_ < kShortestClause || may_end()) return;
    float end = kNever;
    for (const int32_t id : vocabulary_.sentence_ends())
      end = std::max(end, logits[static_cast<size_t>(id)]);
    float& comma = logits[static_cast<size_t>(vocabulary_.comma())];
    comma = std::max(comma, end);
  }

  /// Leaves only what goes on with the code point. (Where nothing does, nothing is left and the
  /// sentence ends unfinished.)
  void complete_code_point(std::span<float> logits) const {
    std::vector<std::pair<int32_t, float>> kept;
    for (const int32_t token : vocabulary_.fragments()) {
      if (fragment_fits(partial_, vocabulary_.bytes(token))) kept.emplace_back(token, logits[static_cast<size_t>(token)]);
    }
    std::fill(logits.begin(), logits.end(), kNever);
    for (const auto& [token, logit] : kept) logits[static_cast<size_t>(token)] = logit;
  }

  bool structure_allows(int32_t token) const {
    if (vocabulary_.is_control(token)) return false;
    if (vocabulary_.is_slot(token))
      return facts_->slots.contains(*vocabulary_.format().slot_of(token));
    if (vocabulary_.holds_sentence_end(token)) return vocabulary_.ends_sentence(token) && may_end();
    return !vocabulary_.opens_with_punctuation(token) || clause_length_ >= kShortestClause;
  }

  /// Banned terms; remembers whether the likeliest token would have written one.
  void forbid_terms(std::span<float> logits) {
    const float best = generation::max_logit(logits);
    bool turned = false;
    const auto can_be_drawn = [&](int32_t token) {
      return logits[static_cast<size_t>(token)] != kNever;
    };
    const auto forbid = [&](int32_t token) {
      float& logit = logits[static_cast<size_t>(token)];
      turned = turned || logit == best;
      logit = kNever;
    };
    vocabulary_.terms().for_each_forbidden(term_position_, facts_->banned, can_be_drawn, forbid);
    turned_ += turned;
  }

  /// Masks what is not allowed or far from likely. Returns false when nothing is left.
  bool keep_allowed(std::span<float> logits) {
    const auto forbid = [&](int32_t token) { logits[static_cast<size_t>(token)] = kNever; };
    forbid(vocabulary_.format().end_id());
    if (config_.enforce_groups) std::for_each(later_.begin(), later_.end(), forbid);
    for (const int32_t token : vocabulary_.structural()) {
      if (!structure_allows(token)) forbid(token);
    }
    for (const int32_t token : vocabulary_.unfit_beginnings()) forbid(token);
    generation::forbid_far_below_max(logits, kConsideredRange);
    if (config_.constrain_facts) {
      for (const int32_t token : vocabulary_.fact_signs()) forbid(token);
      forbid_terms(logits);
    }
    vocabulary_.for_each_possible_repeat(recent_, [&](int32_t token) {
      if (logits[static_cast<size_t>(token)] != kNever && repeats_nearby(token)) forbid(token);
    });
    return generation::max_logit(logits) != kNever;
  }

  const GuideVocabulary& vocabulary_;
  std::shared_ptr<const GuideFacts> facts_;
  PlanGuideConfig config_;
  std::string text_;             // of the sentence
  std::string partial_;          // its end, when that is inside a code point
  size_t length_ = 0;            // code points
  size_t clause_length_ = 0;     // code points since the last pause
  std::u32string recent_;        // its end, slots left out
  std::vector<OpenPoint> open_;  // not yet said
  std::vector<int32_t> later_;   // tokens of points of later sentences
  size_t due_ = 0;               // code points after which open points must be said
  generation::TokenTerms::Position term_position_;
  int turned_ = 0;  // tokens at which the likeliest was a banned term
  bool done_ = false;
};

}  // namespace

GuideVocabulary::GuideVocabulary(const PromptFormat& format, std::vector<std::string> fact_terms,
                                 std::span<const std::string> exceptions)
    : format_(format),
      fact_terms_(std::move(fact_terms)),
      bytes_(bytes_added(format)),
      code_points_(bytes_.size()),
      flags_(bytes_.size()),
      comma_(single_token(format.tokenizer(), "，")),
      terms_(bytes_, fact_terms_, exceptions) {
  for (size_t i = 0; i < bytes_.size(); ++i) add_token(static_cast<int32_t>(i));
  const int32_t full_stop = single_token(format_.tokenizer(), "。");
  std::erase(sentence_ends_, full_stop);
  sentence_ends_.insert(sentence_ends_.begin(), full_stop);
}

void GuideVocabulary::add_token(int32_t id) {
  const auto i = static_cast<size_t>(id);
  if (format_.slot_of(id)) {
    flags_[i] = kSlot;
    structural_.push_back(id);
    return;
  }
  const std::string_view bytes = bytes_[i];
  const bool whole = text::is_valid_utf8(bytes);
  if (whole) code_points_[i] = text::to_utf32(bytes);
  if (!whole) fragments_.push_back(id);
  if (!whole && !fragment_fits("", bytes)) unfit_beginnings_.push_back(id);
  if (format_.is_control(id)) flags_[i] |= kControl;
  if (ends_with_any(bytes, kEnds)) flags_[i] |= kEndsSentence;
  if (bytes == "。" || bytes == "！") sentence_ends_.push_back(id);
  if (holds_any(bytes, kEnds)) flags_[i] |= kHoldsSentenceEnd;
  if (has_ascii_letter_or_digit(bytes) && !format_.value_token(bytes)) fact_signs_.push_back(id);
  for (const auto sign : kSentenceSigns) {
    if (bytes.starts_with(sign)) flags_[i] |= kPunctuationFirst;
  }
  if (flags_[i] & (kHoldsSentenceEnd | kControl | kPunctuationFirst)) structural_.push_back(id);
  index_repeats(id);
}

void GuideVocabulary::index_repeats(int32_t id) {
  const std::u32string& added = code_points(id);
  if (added.empty()) return;
  by_first_[added.front()].push_back(id);
  bool twice = false;
  for (size_t i = 1; i < added.size(); ++i) {
    by_pair_[pair_of(added[i - 1], added[i])].push_back(id);
    twice = twice || added.find(added[i]) < i;
  }
  if (twice) repeat_inside_.push_back(id);
}

std::unique_ptr<generation::SequenceGuide> make_sentence_guide(
    const GuideVocabulary& vocabulary, std::shared_ptr<const GuideFacts> facts,
    const SentencePoints& points, const PlanGuideConfig& config) {
  return std::make_unique<SentenceGuide>(vocabulary, std::move(facts), points, config);
}

}  // namespace vitrine::copywriting
