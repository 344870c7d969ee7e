#include "checks/absolute_terms.h"

#include <algorithm>

#include "base/error.h"
#include "checks/lexicon.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr char32_t kWildcard = 0xE000;  // stands for the hidden character in pattern and text
constexpr std::u32string_view kWildcardSigns = U"×*✕✖╳";
constexpr size_t kLongestTitle = 40;  // code points between quotation marks

bool is_latin_or_digit(char32_t c) noexcept {
  return (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9');
}

/// Whether [begin, end) lies in a pair of quotation marks that holds more than it.
bool in_quoted_title(std::u32string_view text, size_t begin, size_t end) {
  constexpr std::u32string_view kOpen = U"“‘「《\"", kClose = U"”’」》\"";
  constexpr std::u32string_view kNotInside = U"，。！？；\n";
  size_t from = begin;
  while (from > 0 && begin - from < kLongestTitle && kOpen.find(text[from - 1]) == kOpen.npos)
    --from;
  size_t to = end;
  while (to < text.size() && to - end < kLongestTitle && kClose.find(text[to]) == kClose.npos) ++to;
  if (from == 0 || to == text.size()) return false;
  if (kOpen.find(text[from - 1]) == kOpen.npos || kClose.find(text[to]) == kClose.npos)
    return false;
  const auto inside = text.substr(from, to - from);
  return inside.find_first_of(kNotInside) == inside.npos && inside.size() > end - begin;
}

/// Whether term characters may be hidden: three or more, all ideographs.
bool takes_wildcards(std::u32string_view term) {
  return term.size() >= 3 && std::all_of(term.begin(), term.end(), text::is_cjk_ideograph);
}

/// The normal text without separators, with the signs that may hide a character replaced by
/// kWildcard: × and *, and a letter x that stands alone.
MappedText with_wildcards(const MappedText& normal) {
  MappedText result = without_separators(normal, kWildcardSigns);
  std::u32string& text = result.text;
  const auto stands_alone = [&](size_t at) {
    return (at == 0 || !is_latin_or_digit(text[at - 1])) &&
           (at + 1 == text.size() || !is_latin_or_digit(text[at + 1]));
  };
  for (size_t at = 0; at < text.size(); ++at) {
    const bool is_sign = kWildcardSigns.find(text[at]) != kWildcardSigns.npos;
    if (is_sign || (text[at] == U'x' && stands_alone(at))) text[at] = kWildcard;
  }
  return result;
}

bool may_hold_wildcards(std::u32string_view normal) {
  return normal.find_first_of(U"×*✕✖╳x") != normal.npos;
}

RuleStatus status_of(const RuleRow& row, const Rule& rule) {
  if (row.at("status") == "unverified") return RuleStatus::unverified;
  return row.at("status") == "practice" ? RuleStatus::practice : rule.status;
}

}  // namespace

AbsoluteTerms AbsoluteTerms::load(const RuleSet& rules) {
  AbsoluteTerms result;
  result.kinds_ = ProductKinds::load(rules.dir());
  result.exemptions_ = Exemptions::load(rules.dir(), result.kinds_);
  result.read_terms(rules);
  result.read_exceptions(rules);
  result.search_.build();
  result.add_wildcards();
  return result;
}

void AbsoluteTerms::add(std::u32string_view text, Term term, const std::string& where) {
  const uint32_t id = search_.add(text);
  VITRINE_REQUIRE(id == terms_.size(), "[AbsoluteTerms] ", where,
                  ": expected a term that no row has yet, got '", text::to_utf8(text), "'");
  terms_.push_back(std::move(term));
}

void AbsoluteTerms::read_terms(const RuleSet& rules) {
  const auto file = rules.dir() / "absolute_terms.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    const std::string where = concat(file.string(), " line ", row.line);
    const Rule& rule = rules.at(row.at("rule_id"), where + ", field rule_id");
    Term term{.rule = &rule,
              .rewrite = {},
              .group = row.at("group"),
              .status = status_of(row, rule),
              .unless_quoted = row.at("unless") == "quoted",
              .needs_follow = row.at("unless") == "no_follow"};
    VITRINE_REQUIRE(row.at("unless").empty() || term.unless_quoted || term.needs_follow,
                    "[AbsoluteTerms] ", where, ", field unless: expected quoted, no_follow or ",
                    "nothing, got '", row.at("unless"), "'");
    for (auto& [text, rewrite] :
         expand_rewrite(folded_term(row.at("term")), text::to_utf32(row.at("rewrite")))) {
      term.rewrite = std::move(rewrite);
      add(text, term, where);
    }
  }
}

void AbsoluteTerms::read_exceptions(const RuleSet& rules) {
  const auto file = rules.dir() / "absolute_exceptions.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    const std::string where = concat(file.string(), " line ", row.line);
    try {
      for (const auto& text : expand_pattern(folded_term(row.at("pattern")))) add(text, {}, where);
    } catch (const InvalidInput& e) {
      throw InvalidInput(concat("[AbsoluteTerms] ", where, ", field pattern: ", e.what()));
    }
  }
}

void AbsoluteTerms::add_wildcards() {
  for (uint32_t id = 0; id < terms_.size(); ++id) {
    std::u32string pattern = search_.term(id);
    if (terms_[id].rule == nullptr || !takes_wildcards(pattern)) continue;
    const size_t end = pattern.size() > 3 ? pattern.size() : pattern.size() - 1;
    for (size_t at = 1; at < end; ++at) {
      const char32_t hidden = std::exchange(pattern[at], kWildcard);
      wildcards_.add(pattern, static_cast<uint32_t>(wildcard_terms_.size()));
      wildcard_terms_.push_back(id);
      pattern[at] = hidden;
    }
  }
  wildcards_.build();
}

void AbsoluteTerms::find_wildcards(const NormalizedText& text,
                                   std::vector<FoundTerm>& found) const {
  if (!may_hold_wildcards(text.normal.text)) return;
  const MappedText hidden = with_wildcards(text.normal);
  const size_t known = found.size();
  for (const auto& match : wildcards_.scan(hidden.text)) {
    const auto [begin, end] = hidden.original_span(match.begin, match.end);
    found.push_back({begin, end, wildcard_terms_[match.id], true, match.end - match.begin});
  }
  if (found.size() > known) sort_by_place(found);
}

bool AbsoluteTerms::counts(const FoundTerm& found, const NormalizedText& text) const {
  const Term& term = terms_[found.id];
  if (term.needs_follow) {
    const char32_t next = found.end < text.folded.size() ? text.folded[found.end] : U' ';
    return !found.evasion &&
           (text::is_cjk_ideograph(next) || is_latin_or_digit(next) || next == U'<');
  }
  return !term.unless_quoted || !in_quoted_title(text.folded, found.begin, found.end);
}

RuleHit AbsoluteTerms::hit_of(const FoundTerm& found, const NormalizedText& text) const {
  const Term& term = terms_[found.id];
  RuleHit hit{.begin = found.begin,
              .end = found.end,
              .term = text_between(text, found.begin, found.end),
              .rule = term.rule,
              .level = term.status == RuleStatus::unverified
                           ? std::min(term.rule->level, Level::warn)
                           : term.rule->level,
              .evasion = found.evasion,
              .evidence_required = term.rule->evidence_required};
  if (term.status == RuleStatus::unverified) return hit;
  if (!term.rewrite.empty()) {
    hit.repair = Repair{Repair::Kind::replace, text::to_utf8(term.rewrite)};
  } else if (hit.level >= Level::needs_proof) {
    hit.repair = Repair{Repair::Kind::drop_clause};
  }
  return hit;
}

void AbsoluteTerms::find(const NormalizedText& text, const Evidence& evidence,
                         const CheckContext& context, std::vector<RuleHit>& hits) const {
  auto found = search_.candidates(text);
  find_wildcards(text, found);
  std::optional<Exemptions::Place> where;
  size_t taken = 0;
  for (const FoundTerm& place : found) {
    if (place.begin < taken || !counts(place, text)) continue;
    taken = place.end;
    const Term& term = terms_[place.id];
    if (term.rule == nullptr || !is_in_force(*term.rule, context)) continue;
    RuleHit hit = hit_of(place, text);
    if (!hit.evasion) {
      if (!where) {
        where = {text.folded,
                 {},
                 {},
                 kinds_.of(evidence),
                 context.company_info && exemptions_.names_goods(text.folded, evidence)};
      }
      where->term = search_.term(place.id);
      where->group = term.group;
      exemptions_.apply(*where, evidence, context, hit);
    }
    if (hit.level != Level::pass) hits.push_back(std::move(hit));
  }
}

std::vector<std::string> AbsoluteTerms::blocking_terms() const {
  std::vector<std::string> result;
  for (uint32_t id = 0; id < terms_.size(); ++id) {
    const Term& term = terms_[id];
    if (term.rule == nullptr || term.rule->level != Level::block) continue;
    if (term.status != RuleStatus::unverified) result.push_back(text::to_utf8(search_.term(id)));
  }
  return result;
}

std::vector<std::string> AbsoluteTerms::exceptions() const {
  std::vector<std::string> result;
  for (uint32_t id = 0; id < terms_.size(); ++id) {
    if (terms_[id].rule == nullptr) result.push_back(text::to_utf8(search_.term(id)));
  }
  return result;
}

}  // namespace vitrine::checks
