#include "copywriting/style.h"

#include <algorithm>
#include <optional>
#include <set>

#include "checks/clause_repair.h"
#include "checks/cut_text.h"
#include "checks/lexicon.h"
#include "checks/output_faults.h"
#include "copywriting/subject.h"
#include "text/graphemes.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr std::u32string_view kSentenceEnds = U"。！？!?…~～";
constexpr std::u32string_view kClauseEnds = U"，。！？；,;!?~～";
constexpr std::u32string_view kStops = U"。";
constexpr size_t kMinSlot = 2, kMaxSlot = 6;  // code points of a value that fills a slot or is a tag
constexpr double kClosingShare = 0.6;         // of posts that get a closing where one fits

bool is_one_of(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }

/// Letters and ideographs only: numbers and lists do not read in a tag or an opening.
bool is_plain_word(std::u32string_view word) {
  if (word.size() < kMinSlot || word.size() > kMaxSlot) return false;
  return std::none_of(word.begin(), word.end(), [](char32_t c) {
    return text::is_space(c) || text::is_punctuation(c) || (c >= U'0' && c <= U'9');
  });
}

/// What the product says, and which of it a text says.
class Facts {
 public:
  Facts(const data::Product& product, const Plan& plan) : product_(product), noun_(text::to_utf32(find_subject(product).value)) {
    for (const auto& attribute : product.attributes) {
      add(attribute.val);
      add(attribute.val_raw);
    }
    add(product.brand);
    add(data::category_of(product));
    for (const auto& point : plan.points) {
      points_.emplace_back(point.key, text::to_utf32(point.value));
      add(point.value);
    }
  }

  /// The values that stand in the text, width and case aside.
  std::set<std::u32string> said_in(std::u32string_view text) const {
    const std::u32string folded = checks::fold(text);
    std::set<std::u32string> said;
    for (const auto& value : values_) {
      if (folded.find(value) != folded.npos) said.insert(value);
    }
    return said;
  }
  bool is_said(std::u32string_view text, std::u32string_view word) const {
    return !word.empty() && checks::fold(text).find(checks::fold(word)) != std::u32string::npos;
  }
  /// Whether leaving out what made `before` into `after` lost no value and not the product's name.
  bool says_the_same(std::u32string_view before, std::u32string_view after) const {
    return said_in(before) == said_in(after) && (!checks::names_product(before, product_) || checks::names_product(after, product_));
  }
  std::vector<checks::TextSpan> spans(std::u32string_view text) const {
    std::vector<checks::TextSpan> spans;
    for (const auto& value : values_) {
      for (const auto& span : checks::spans_of(text, value)) spans.push_back(span);
    }
    return spans;
  }

  /// The noun where the text says it, else the category where it does, else nothing; 裙 alone reads badly.
  std::u32string noun_said(std::u32string_view text) const {
    for (const auto& noun : {noun_, text::to_utf32(data::category_of(product_))}) {
      if (noun.size() >= kMinSlot && is_said(text, noun)) return noun;
    }
    return {};
  }
  /// The point that the text says first, where it has one of the keys and reads in a phrase.
  std::u32string first_point(std::u32string_view text, const std::vector<std::string>& keys) const {
    const std::u32string folded = checks::fold(text);
    size_t first = folded.npos;
    std::pair<std::string, std::u32string> best;
    for (const auto& point : points_) {
      const size_t at = folded.find(checks::fold(point.second));
      if (point.second == noun_ || point.first == "类型" || at == folded.npos) continue;
      if (at < first || (at == first && point.second.size() > best.second.size())) best = point;
      first = std::min(first, at);
    }
    const bool fits = std::find(keys.begin(), keys.end(), best.first) != keys.end();
    return fits && is_plain_word(best.second) ? best.second : std::u32string();
  }
  /// What may be a tag: the noun, then the points that the text says in an order of the draw.
  std::vector<std::u32string> tag_words(std::u32string_view text, RandomStream random) const {
    std::vector<std::u32string> words;
    for (const auto& [key, value] : points_) {
      if (key != "类型" && value != noun_ && is_plain_word(value) && is_said(text, value)) words.push_back(value);
    }
    random.shuffle(words);
    const std::u32string noun = noun_said(text);
    if (!noun.empty()) words.insert(words.begin(), noun);
    return words;
  }

 private:
  void add(const std::string& value) {
    if (!value.empty()) values_.insert(checks::fold(text::to_utf32(value)));
  }

  const data::Product& product_;
  std::u32string noun_;
  std::set<std::u32string> values_;  // folded
  std::vector<std::pair<std::string, std::u32string>> points_;
};

int repeats(std::u32string_view text) { return checks::count_repeated_ngrams(text, 4); }

/// Each word outside of the values becomes one of its replacements, the longest word first.
std::u32string with_words(std::u32string text, const std::vector<StyleWord>& words, const Facts& facts, RandomStream random) {
  for (const StyleWord& word : words) {
    for (size_t at = text.find(word.word); at != text.npos; at = text.find(word.word, at)) {
      const size_t end = at + word.word.size();
      const auto spans = facts.spans(text);
      const bool is_value = std::any_of(spans.begin(), spans.end(), [&](const auto& s) { return s.begin < end && at < s.end; });
      const std::u32string replacement = word.replacements.empty() ? U"" : word.replacements[random.below(word.replacements.size())];
      std::u32string next = text;
      next.replace(at, word.word.size(), replacement);
      const bool changes_facts = is_value || facts.said_in(next) != facts.said_in(text);
      if (!changes_facts) text = std::move(next);
      at += changes_facts ? word.word.size() : replacement.size();
    }
  }
  return text;
}

std::u32string without_emoji(const std::u32string& text) {
  std::u32string kept;
  size_t begin = 0;
  for (const size_t end : text::grapheme_ends(text)) {
    const auto cluster = std::u32string_view(text).substr(begin, end - begin);
    if (!text::is_emoji(cluster)) kept += cluster;
    begin = end;
  }
  return kept;
}

/// Stops that replacements brought together are one.
std::u32string without_double_stops(const std::u32string& text) {
  std::u32string kept;
  for (const char32_t c : text) {
    const bool follows = !kept.empty() && is_one_of(kept.back(), U"。！？");
    if (!(is_one_of(c, kStops) && follows)) kept += c;
  }
  return kept;
}

/// Sentences with the signs that end them, spaces around them aside.
std::vector<std::u32string> sentences_of(std::u32string_view text) {
  std::vector<std::u32string> sentences;
  for (size_t begin = 0; begin < text.size();) {
    while (begin < text.size() && text::is_space(text[begin])) ++begin;
    size_t end = begin;
    while (end < text.size() && !is_one_of(text[end], kSentenceEnds) && text[end] != U'\n') ++end;
    while (end < text.size() && is_one_of(text[end], kSentenceEnds)) ++end;
    while (end < text.size() && is_one_of(text[end], U"”」》’）")) ++end;
    if (end > begin) sentences.emplace_back(text.substr(begin, end - begin));
    begin = std::max(end, begin + 1);
  }
  return sentences;
}

std::vector<checks::Span> clauses_of(std::u32string_view text) {
  std::vector<checks::Span> clauses;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find_first_of(kClauseEnds, begin), text.size());
    if (end > begin) clauses.emplace_back(begin, end);
    begin = end + 1;
  }
  return clauses;
}

/// The text without the last clause that can go; nothing when none can.
std::optional<std::u32string> without_a_clause(const std::u32string& text, const Facts& facts) {
  const auto clauses = clauses_of(text);
  for (size_t i = clauses.size(); i-- > 0;) {
    auto rest = checks::drop_clauses(text, {clauses[i]});
    if (rest && rest->size() < text.size() && facts.says_the_same(text, *rest) && checks::starts_well(*rest)) return rest;
  }
  return std::nullopt;
}

/// A post in parts, so that what does not fit can be left out.
struct Post {
  std::u32string opening, body, closing;
  std::vector<std::u32string> emoji, tags;
  bool emoji_before_lines = false, line_breaks = false;

  std::u32string text() const {
    std::vector<std::u32string> lines = sentences_of(body);
    if (lines.empty()) lines.emplace_back();
    lines.front() = opening + lines.front();
    if (!closing.empty()) lines.push_back(closing);
    for (size_t i = 0; emoji_before_lines && i < std::min(lines.size(), emoji.size()); ++i) lines[i] = emoji[i] + lines[i];
    std::u32string text;
    for (const auto& line : lines) text += (line_breaks && !text.empty() ? U"\n" : U"") + line;
    for (size_t i = emoji_before_lines ? lines.size() : 0; i < emoji.size(); ++i) text += emoji[i];
    const char32_t* gap = line_breaks ? U"\n" : U" ";
    for (const auto& tag : tags) {
      text += gap;
      text += U"#" + tag;
      gap = U" ";
    }
    return text;
  }
};

class StyledPost {
 public:
  StyledPost(const data::Product& product, const Plan& plan, const Style& style, RandomKey key, const checks::Limit* limit)
      : facts_(product, plan), style_(style), key_(key), limit_(limit) {
    post_.emoji_before_lines = style.emoji_before_lines;
    post_.line_breaks = style.line_breaks;
    post_.tags = style.fixed_tags;
  }

  std::u32string write(const std::u32string& text) {
    post_.body = without_emoji(text);
    post_.body = with_words(std::move(post_.body), style_.habits, facts_, stream("habits"));
    post_.body = with_words(std::move(post_.body), style_.tone, facts_, stream("tone"));
    post_.body = without_double_stops(post_.body);
    said_ = facts_.said_in(post_.body);
    add_least();
    while (!fits(post_)) {
      auto shorter = without_a_clause(post_.body, facts_);
      if (!shorter) break;
      post_.body = std::move(*shorter);
    }
    leave_out();
    add_more();
    return post_.text();
  }

 private:
  RandomStream stream(const char* name) const { return RandomStream(key_.fold_in(name)); }

  bool fits(const Post& post) const {
    const std::u32string text = post.text();
    if (text.size() > style_.max_length) return false;
    if (limit_ == nullptr) return true;
    const bool is_short = !limit_->max || checks::length_in(checks::measure_lengths(text), limit_->unit) <= *limit_->max;
    return is_short && (!limit_->max_tags || std::ssize(post.tags) <= *limit_->max_tags);
  }
  /// Takes over a change that repeats nothing and says nothing new.
  bool take(Post next, bool must_fit) {
    const std::u32string text = next.text();
    if (repeats(text) > repeats(post_.text()) || facts_.said_in(text) != said_ || (must_fit && !fits(next))) return false;
    post_ = std::move(next);
    return true;
  }

  std::optional<std::u32string> filled(const StylePhrase& phrase) const {
    const auto text = phrase.pattern.render([&](const std::string& slot) {
      return text::to_utf8(slot == "主体" ? facts_.noun_said(post_.body) : facts_.first_point(post_.body, phrase.keys));
    });
    return text ? std::optional(text::to_utf32(*text)) : std::nullopt;
  }
  void add_phrase(std::u32string Post::*place, const std::vector<StylePhrase>& phrases, const char* name, bool must_fit) {
    std::vector<const StylePhrase*> order;
    for (const auto& phrase : phrases) order.push_back(&phrase);
    auto random = stream(name);
    random.shuffle(order);
    for (const auto* phrase : order) {
      const auto text = filled(*phrase);
      Post next = post_;
      if (text) next.*place = *text;
      if (text && take(std::move(next), must_fit)) return;
    }
  }
  void add_tags(size_t most, bool must_fit) {
    for (const auto& word : facts_.tag_words(post_.body, stream("tags"))) {
      if (post_.tags.size() >= most) return;
      if (std::find(post_.tags.begin(), post_.tags.end(), word) != post_.tags.end()) continue;
      Post next = post_;
      next.tags.push_back(word);
      take(std::move(next), must_fit);
    }
  }
  void add_emoji(size_t most, bool must_fit) {
    auto list = style_.emoji;
    auto random = stream("emoji");
    random.shuffle(list);
    while (post_.emoji.size() < std::min(most, list.size())) {
      Post next = post_;
      next.emoji.push_back(list[post_.emoji.size()]);
      if (!take(std::move(next), must_fit)) return;
    }
  }

  void add_least() {
    add_phrase(&Post::opening, style_.openings, "opening", false);
    add_tags(style_.tags_min, false);
    add_emoji(style_.emoji_min, false);
  }
  /// What cannot stay when the values alone are too long for more.
  void leave_out() {
    while (!fits(post_) && post_.tags.size() > style_.fixed_tags.size()) post_.tags.pop_back();
    if (!fits(post_)) post_.opening.clear();
    if (!fits(post_)) post_.emoji.clear();
  }
  void add_more() {
    auto random = stream("more");
    const auto draw = [&](size_t least, size_t most) { return least + random.below(most - least + 1); };
    const size_t emoji = draw(style_.emoji_min, style_.emoji_max), tags = draw(style_.tags_min, style_.tags_max);
    if (random.uniform() < kClosingShare) add_phrase(&Post::closing, style_.closings, "closing", true);
    add_tags(tags, true);
    add_emoji(emoji, true);
  }

  Facts facts_;
  const Style& style_;
  RandomKey key_;
  const checks::Limit* limit_;
  Post post_;
  std::set<std::u32string> said_;
};

}  // namespace

std::string apply_style(std::string_view text, const data::Product& product, const Plan& plan,
                        const Style& style, RandomKey key, const checks::Limit* limit) {
  const std::u32string code_points = text::to_utf32(text);
  if (!style.transforms || code_points.empty()) return std::string(text);
  return text::to_utf8(StyledPost(product, plan, style, key, limit).write(code_points));
}

int64_t least_overhead(const Style& style, checks::LengthUnit unit) {
  Post post;
  post.tags = style.fixed_tags;
  return checks::length_in(checks::measure_lengths(post.text()), unit);
}

}  // namespace vitrine::copywriting
