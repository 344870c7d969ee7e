#include "checks/quoted_sources.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "checks/lexicon.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::array<std::string_view, 9> kRoles{
    "marker", "source", "named", "body", "generic", "time", "absolute", "narrow", "exception"};
constexpr size_t kLongestName = 24;  // code points of an institution's name

/// The names that stand before an institution's last word or after 据.
bool may_be_in_name(char32_t c) noexcept {
  return text::is_cjk_ideograph(c) || (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9') ||
         c == U'·' || c == U'《' || c == U'》';
}

}  // namespace

/// One sentence and the places of what was found in it (characters of the normal text).
struct QuotedSources::Sentence {
  size_t begin = 0, end = 0;
  struct Span {
    size_t begin, end;
  };
  std::optional<Span> marker = {}, absolute = {}, narrow = {};
  bool has_source = false, has_time = false;
};

QuotedSources QuotedSources::load(const RuleSet& rules) {
  QuotedSources result;
  const auto file = rules.dir() / "citations.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    const auto role = std::find(kRoles.begin(), kRoles.end(), row.at("role"));
    VITRINE_REQUIRE(role != kRoles.end(), "[QuotedSources] ", file.string(), " line ", row.line,
                    ", field role: expected marker, source, named, body, generic, time, absolute, ",
                    "narrow or exception, got '", row.at("role"), "'");
    for (const auto& pattern : expand_pattern(folded_term(row.at("pattern")))) {
      if (*role == "generic") {
        result.generic_.push_back(pattern);
        continue;
      }
      const uint32_t id = result.search_.add(pattern);
      result.roles_.resize(result.search_.size());
      result.roles_[id] |= 1U << (role - kRoles.begin());
    }
  }
  result.search_.build();
  // Longer words first, so that 第三方权威 leaves nothing of 第三方.
  std::sort(result.generic_.begin(), result.generic_.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
  result.source_ = &rules.at("CIT-1", file.string());
  result.period_ = &rules.at("CIT-2", file.string());
  result.absolute_ = &rules.at("CIT-3", file.string());
  return result;
}

/// Whether nothing with at least two characters is left when general words are taken out.
bool QuotedSources::is_generic(std::u32string_view words) const {
  std::u32string rest(words);
  for (const std::u32string& word : generic_) {
    for (size_t at = rest.find(word); at != rest.npos; at = rest.find(word)) {
      rest.erase(at, word.size());
    }
  }
  return rest.size() < 2;
}

/// What stands before a verb of quoting.
struct QuotedSources::Phrase {
  bool quotes = false;  // 据…统计; 根据 and 依据 may speak of anything
  bool names = false;   // a name stands between 据 and the verb
};

QuotedSources::Phrase QuotedSources::phrase_before(std::u32string_view sentence,
                                                   size_t verb) const {
  const size_t first = verb > kLongestName ? verb - kLongestName : 0;
  for (size_t at = verb; at > first; --at) {
    const char32_t c = sentence[at - 1];
    if (!may_be_in_name(c)) break;
    const char32_t before = at > 1 ? sentence[at - 2] : U' ';
    if (c != U'据' || before == U'数' || before == U'证' || before == U'占') continue;
    return {.quotes = before != U'根' && before != U'依',
            .names = !is_generic(sentence.substr(at, verb - at))};
  }
  return {};
}

/// <name>研究院: whether a name stands before the word at `begin`.
bool QuotedSources::has_body(std::u32string_view sentence, size_t begin) const {
  size_t from = begin;
  while (from > 0 && begin - from < kLongestName && may_be_in_name(sentence[from - 1])) --from;
  return !is_generic(sentence.substr(from, begin - from));
}

void QuotedSources::examine(Sentence& sentence, std::u32string_view normal) const {
  const auto words = normal.substr(sentence.begin, sentence.end - sentence.begin);
  const auto note = [&](std::optional<Sentence::Span>& place, const FoundTerm& found) {
    if (!place) place = {sentence.begin + found.begin, sentence.begin + found.end};
  };
  size_t excepted = 0;
  for (const FoundTerm& found : search_.plain(words)) {
    const auto has = [&](Role role) {
      return (roles_[found.id] >> static_cast<int>(role) & 1U) != 0;
    };
    if (found.begin < excepted) continue;
    if (has(Role::exception)) excepted = found.end;
    if (has(Role::marker)) note(sentence.marker, found);
    if (has(Role::absolute)) note(sentence.absolute, found);
    if (has(Role::narrow)) note(sentence.narrow, found);
    if (has(Role::time)) sentence.has_time = true;
    const Phrase phrase = has(Role::named) ? phrase_before(words, found.begin) : Phrase{};
    if (phrase.quotes) note(sentence.marker, found);
    sentence.has_source = sentence.has_source || has(Role::source) || phrase.names ||
                          (has(Role::body) && has_body(words, found.begin));
  }
}

void QuotedSources::judge(const Sentence& sentence, const NormalizedText& text,
                          const Evidence& evidence, const CheckContext& context,
                          std::vector<RuleHit>& hits) const {
  const auto hit_at = [&](const Sentence::Span& span, const Rule& rule, Level level) -> RuleHit& {
    const auto [begin, end] = text.normal.original_span(span.begin, span.end);
    return hits.emplace_back(RuleHit{.begin = begin,
                                     .end = end,
                                     .term = text_between(text, begin, end),
                                     .rule = &rule,
                                     .level = level,
                                     .evidence_required = rule.evidence_required});
  };
  if (sentence.marker && is_in_force(*source_, context)) {
    const Document* document = evidence.document("survey");
    if (document == nullptr) document = evidence.document("report");
    // A quotation without a source is against the letter of article 11(2): no document mends it.
    RuleHit& hit =
        hit_at(*sentence.marker, *source_, sentence.has_source ? source_->level : Level::block);
    if (!sentence.has_source) hit.repair = Repair{Repair::Kind::drop_sentence};
    if (sentence.has_source && document != nullptr) hit.evidence_id = document->id;
    const bool has_period =
        document != nullptr && !(document->valid_from.empty() && document->valid_to.empty());
    if (sentence.has_source && has_period && !sentence.has_time && is_in_force(*period_, context)) {
      hit_at(*sentence.marker, *period_, period_->level).evidence_id = document->id;
    }
  }
  const bool quotes = sentence.marker || sentence.has_source;
  if (!is_in_force(*absolute_, context)) return;
  if (sentence.narrow) {
    hit_at(*sentence.narrow, *absolute_, absolute_->level);
  } else if (quotes && sentence.absolute) {
    hit_at(*sentence.absolute, *absolute_, absolute_->level);
  }
}

void QuotedSources::find(const NormalizedText& text, const Evidence& evidence,
                         const CheckContext& context, std::vector<RuleHit>& hits) const {
  const std::u32string& normal = text.normal.text;
  for (size_t begin = 0; begin < normal.size();) {
    const size_t end = std::min(normal.find_first_of(kSentenceEnds, begin), normal.size());
    Sentence sentence{.begin = begin, .end = end};
    examine(sentence, normal);
    judge(sentence, text, evidence, context, hits);
    begin = end + 1;
  }
}

}  // namespace vitrine::checks
