#include "checks/sentence_rules.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "checks/lexicon.h"
#include "checks/output_faults.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

namespace fs = std::filesystem;

constexpr std::u32string_view kSentenceEnds = U"。！？!?\n";
constexpr std::u32string_view kClauseEnds = U"，。！？；,;!?~～\n";
constexpr std::u32string_view kJoints = U"、，；。";     // weak to strong
constexpr std::u32string_view kSigns = U"、，；。！？";  // the same with the signs that may repeat
constexpr std::u32string_view kOpening = U"【（([{［｛", kClosing = U"】）)]}］｝";
constexpr size_t kProductWordWithin = 6;                     // code points after an opener
constexpr size_t kMaxRepairs = 64;                           // of one text; each makes it shorter
constexpr double kFullStopShare = 0.90, kCommaShare = 0.06;  // of joints; the rest ；

bool is_one_of(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }

size_t skip_spaces(std::u32string_view text, size_t at) {
  while (at < text.size() && text::is_space(text[at])) ++at;
  return at;
}

std::u32string_view trimmed(std::u32string_view text) {
  text.remove_prefix(skip_spaces(text, 0));
  while (!text.empty() && text::is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Calls visit(begin, end) for each sentence, spaces before it and its end sign aside.
template <typename Visit>
void for_each_sentence(std::u32string_view text, const Visit& visit) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find_first_of(kSentenceEnds, begin), text.size());
    begin = skip_spaces(text.substr(0, end), begin);
    if (begin < end) visit(begin, end);
    begin = end + 1;
  }
}

bool is_supported(std::u32string_view inside, const Evidence& evidence) {
  const std::u32string folded = fold(inside);
  const auto holds = [&](const std::u32string& fact) {
    return !fact.empty() && folded.find(fact) != folded.npos;
  };
  if (folded == U"话题") return true;  // the mark of a tag: #连衣裙[话题]#
  if (holds(evidence.brand())) return true;
  if (!folded.empty() && evidence.title().find(folded) != std::u32string::npos) return true;
  return std::any_of(evidence.attributes().begin(), evidence.attributes().end(),
                     [&](const Fact& fact) { return holds(fact.val) || holds(fact.raw); });
}

size_t number_cell(const fs::path& file, const RuleRow& row, std::string_view field) {
  const std::string& cell = row.at(field);
  size_t value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  VITRINE_REQUIRE(!cell.empty() && error == std::errc() && end == cell.data() + cell.size(),
                  "[SentenceRules] ", file.string(), " line ", row.line, ", field ", field,
                  ": expected a number >= 0, got '", cell, "'");
  return value;
}

SentenceStyle read_style(const fs::path& file, const RuleRow& row) {
  SentenceStyle style;
  style.name = row.at("style");
  style.min_length = number_cell(file, row, "min_length");
  style.max_length = number_cell(file, row, "max_length");
  style.max_sentence = number_cell(file, row, "max_sentence");
  style.max_repeated_4grams = static_cast<int>(number_cell(file, row, "max_repeated_4grams"));
  VITRINE_REQUIRE(style.min_length <= style.max_length, "[SentenceRules] ", file.string(), " line ",
                  row.line, ", field min_length: expected at most max_length, got '",
                  row.at("min_length"), "'");
  for (const std::string& opener : split(row.at("openers"), ';')) {
    style.openers.push_back(text::to_utf32(opener));
  }
  std::stable_sort(style.openers.begin(), style.openers.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return style;
}

/// Takes a clause out; the sentence keeps its end sign.
void drop_clause(std::u32string& text, size_t begin, size_t end) {
  const bool ends_sentence = end == text.size() || is_one_of(text[end], kSentenceEnds);
  const bool goes_on = begin > 0 && !is_one_of(text[begin - 1], kSentenceEnds);
  if (ends_sentence && goes_on) {
    text.erase(begin - 1, end - begin + 1);
  } else {
    text.erase(begin, std::min(end + 1, text.size()) - begin);
  }
}

/// A clause and the sign behind it; 0 = none.
struct Clause {
  std::u32string text;
  char32_t sign = 0;
};

std::vector<Clause> clauses_of(std::u32string_view sentence) {
  std::vector<Clause> clauses;
  while (!sentence.empty()) {
    const size_t end = std::min(sentence.find_first_of(kClauseEnds), sentence.size());
    const auto clause = trimmed(sentence.substr(0, end));
    const char32_t sign = end < sentence.size() ? sentence[end] : 0;
    if (!clause.empty()) clauses.push_back({std::u32string(clause), sign});
    sentence.remove_prefix(std::min(end + 1, sentence.size()));
  }
  return clauses;
}

char32_t draw_joint(RandomStream& random) {
  const double draw = random.uniform();
  return draw < kFullStopShare ? U'。' : draw < kFullStopShare + kCommaShare ? U'，' : U'；';
}

}  // namespace

SentenceRules SentenceRules::load(const RuleSet& rules) {
  SentenceRules result;
  result.rules_ = &rules;
  const fs::path file = rules.dir() / "styles.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    SentenceStyle style = read_style(file, row);
    const bool is_new = result.styles_.emplace(style.name, style).second;
    VITRINE_REQUIRE(is_new, "[SentenceRules] ", file.string(), " line ", row.line,
                    ", field style: expected one row a style, got '", style.name, "' again");
  }
  VITRINE_REQUIRE(result.styles_.contains("default"), "[SentenceRules] ", file.string(),
                  ", field style: expected a row 'default', got none");
  for (const RuleRow& row : read_rule_file(rules.dir() / "product_words.tsv").rows) {
    for (const std::string& word : split(row.at("words"), ';')) {
      result.product_words_.push_back(fold(text::to_utf32(word)));
    }
  }
  return result;
}

const SentenceStyle& SentenceRules::style(std::string_view name) const {
  const auto found = styles_.find(name);
  return found == styles_.end() ? styles_.find("default")->second : found->second;
}

void SentenceRules::find(const std::u32string& text, const Evidence& evidence,
                         const CheckContext& context, std::vector<RuleHit>& hits) const {
  const SentenceStyle& limits = style(context.style);
  find_brackets(text, evidence, context, hits);
  find_clauses(text, context, hits);
  find_repetition(text, limits, context, hits);
  find_signs(text, context, hits);
  if (context.field != "description") return;
  find_sentences(text, limits, context, hits);
  find_length(text, limits, context, hits);
}

void SentenceRules::add(std::string_view rule_id, std::u32string_view text, size_t begin,
                        size_t end, const CheckContext& context, std::vector<RuleHit>& hits) const {
  const Rule& rule = rules_->at(rule_id, "SentenceRules");
  if (!context.today.empty() && !applies(rule, context.today)) return;
  RuleHit hit;
  hit.begin = begin;
  hit.end = end;
  hit.term = text::to_utf8(text.substr(begin, end - begin));
  hit.rule = &rule;
  hit.level = rule.level;
  hits.push_back(std::move(hit));
}

void SentenceRules::find_brackets(std::u32string_view text, const Evidence& evidence,
                                  const CheckContext& context, std::vector<RuleHit>& hits) const {
  std::u32string unclosed;  // signs that nothing closes any more
  for (size_t begin = 0; begin < text.size(); ++begin) {
    const size_t kind = kOpening.find(text[begin]);
    if (kind == kOpening.npos || is_one_of(text[begin], unclosed)) continue;
    const size_t end = text.find(kClosing[kind], begin + 1);
    if (end == text.npos) {
      unclosed += text[begin];
      continue;
    }
    if (!is_supported(trimmed(text.substr(begin + 1, end - begin - 1)), evidence)) {
      const size_t before = hits.size();
      add("FMT-1", text, begin, end + 1, context, hits);
      if (hits.size() > before) hits.back().repair = Repair{};
    }
    begin = end;
  }
}

void SentenceRules::find_clauses(std::u32string_view text, const CheckContext& context,
                                 std::vector<RuleHit>& hits) const {
  const std::u32string folded = fold(text);
  for (const auto& [begin, end] : repeated_clauses(folded)) {
    const size_t before = hits.size();
    add("FMT-3", text, begin, end, context, hits);
    if (hits.size() > before) hits.back().repair = Repair{.kind = Repair::Kind::drop_clause};
  }
}

void SentenceRules::find_repetition(std::u32string_view text, const SentenceStyle& style,
                                    const CheckContext& context, std::vector<RuleHit>& hits) const {
  const auto places = repeated_ngrams(text, 4);
  if (static_cast<int>(places.size()) <= style.max_repeated_4grams) return;
  for (size_t i = 0; i < places.size();) {
    size_t last = i;
    while (last + 1 < places.size() && places[last + 1] <= places[last] + 4) ++last;
    add("FMT-6", text, places[i], places[last] + 4, context, hits);
    i = last + 1;
  }
}

void SentenceRules::find_signs(std::u32string_view text, const CheckContext& context,
                               std::vector<RuleHit>& hits) const {
  for (size_t begin = 0; begin < text.size(); ++begin) {
    size_t end = begin, strongest = 0;
    bool is_joint = false;
    for (; end < text.size() && is_one_of(text[end], kSigns); ++end) {
      strongest = std::max(strongest, kSigns.find(text[end]));
      is_joint = is_joint || is_one_of(text[end], kJoints);
    }
    if (is_joint && (end > begin + 1 || begin == 0)) {
      const size_t before = hits.size();
      add("FMT-7", text, begin, end, context, hits);
      const std::u32string sign(begin == 0 ? 0 : 1, kSigns[strongest]);
      if (hits.size() > before) hits.back().repair = Repair{.text = text::to_utf8(sign)};
    }
    begin = std::max(begin, end);
  }
}

void SentenceRules::find_sentences(std::u32string_view text, const SentenceStyle& style,
                                   const CheckContext& context, std::vector<RuleHit>& hits) const {
  bool is_first = true;
  for_each_sentence(text, [&](size_t begin, size_t end) {
    if (end - begin > style.max_sentence) add("FMT-2", text, begin, end, context, hits);
    const auto sentence = text.substr(begin, end - begin);
    const auto opener = is_first ? std::u32string_view() : opener_of(sentence, style);
    is_first = false;
    if (opener.empty()) return;
    const size_t before = hits.size();
    add("FMT-4", text, begin, begin + opener.size(), context, hits);
    const bool is_safe = names_product_soon(sentence.substr(opener.size()));
    if (hits.size() > before && is_safe) hits.back().repair = Repair{};
  });
}

void SentenceRules::find_length(std::u32string_view text, const SentenceStyle& style,
                                const CheckContext& context, std::vector<RuleHit>& hits) const {
  if (text.size() > style.max_length) {
    add("FMT-5", text, style.max_length, text.size(), context, hits);
  }
  if (text.size() < style.min_length) add("FMT-5", text, 0, text.size(), context, hits);
}

std::u32string_view SentenceRules::opener_of(std::u32string_view sentence,
                                             const SentenceStyle& style) const {
  for (const std::u32string& opener : style.openers) {
    if (sentence.starts_with(opener)) return opener;
  }
  return {};
}

bool SentenceRules::names_product_soon(std::u32string_view rest) const {
  const std::u32string next =
      fold(rest.substr(0, std::min(rest.find_first_of(kClauseEnds), kProductWordWithin)));
  if (next.starts_with(U"的")) return false;
  return std::any_of(product_words_.begin(), product_words_.end(),
                     [&](const auto& word) { return next.find(word) != std::u32string::npos; });
}

std::u32string SentenceRules::repair(std::u32string text, const Evidence& evidence,
                                     const CheckContext& context) const {
  for (size_t i = 0; i < kMaxRepairs; ++i) {
    std::vector<RuleHit> hits;
    find(text, evidence, context, hits);
    const auto hit = std::find_if(hits.begin(), hits.end(),
                                  [](const RuleHit& h) { return h.repair.has_value(); });
    if (hit == hits.end()) break;
    if (hit->repair->kind == Repair::Kind::drop_clause) {
      drop_clause(text, hit->begin, hit->end);
    } else {
      text.replace(hit->begin, hit->end - hit->begin, text::to_utf32(hit->repair->text));
    }
  }
  return text;
}

std::string SentenceRules::join_sentences(std::span<const std::string> sentences, RandomKey key,
                                          std::string_view style_name) const {
  const SentenceStyle& limits = style(style_name);
  std::vector<std::u32string> ordered;
  for (const std::string& sentence : sentences) {
    ordered.emplace_back(trimmed(text::to_utf32(sentence)));
  }
  const auto has_opener = [&](const auto& s) { return !opener_of(s, limits).empty(); };
  std::stable_partition(ordered.begin(), ordered.end(), has_opener);
  RandomStream random(key);
  std::set<std::u32string> seen;
  std::u32string text;
  for (std::u32string& sentence : ordered) {
    const size_t opener = text.empty() ? 0 : opener_of(sentence, limits).size();
    if (opener > 0 && names_product_soon(sentence.substr(opener))) sentence.erase(0, opener);
    std::vector<Clause> kept = clauses_of(sentence);
    std::erase_if(kept, [&](const Clause& c) { return !seen.insert(fold(c.text)).second; });
    if (kept.empty()) continue;
    if (!text.empty() && !is_one_of(text.back(), kSentenceEnds)) text += draw_joint(random);
    const char32_t last = kept.back().sign;
    kept.back().sign = last != 0 && is_one_of(last, U"！？!?") ? last : 0;
    for (const Clause& clause : kept) {
      text += clause.text;
      if (clause.sign != 0) text += clause.sign;
    }
  }
  if (!text.empty() && !is_one_of(text.back(), kSentenceEnds)) text += U'。';
  return text::to_utf8(text);
}

}  // namespace vitrine::checks
