#include "checks/category_rules.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "checks/lexicon.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

bool holds_any(std::u32string_view text, const std::vector<std::u32string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](const auto& word) { return text.find(word) != text.npos; });
}

std::vector<std::u32string> folded_words(std::string_view cell) {
  std::vector<std::u32string> words;
  for (const std::string& word : split(cell, ';')) words.push_back(folded_term(word));
  return words;
}

RuleHit hit_at(size_t begin, size_t end, const NormalizedText& text, const Rule& rule,
               Level level) {
  return {.begin = begin,
          .end = end,
          .term = text_between(text, begin, end),
          .rule = &rule,
          .level = level,
          .evidence_required = rule.evidence_required};
}

}  // namespace

CategoryRules CategoryRules::load(const RuleSet& rules) {
  CategoryRules result;
  result.kinds_ = ProductKinds::load(rules.dir());
  result.read_terms(rules);
  result.read_needs(rules);
  result.search_.build();
  return result;
}

void CategoryRules::set_kinds(Row& row, const std::string& kinds, const std::string& where) const {
  if (kinds == "any") return;
  constexpr std::string_view kNot = "not:";
  const bool negated = kinds.starts_with(kNot);
  const KindSet set =
      kinds_.parse(negated ? std::string_view(kinds).substr(kNot.size()) : kinds, where);
  (negated ? row.none_of : row.any_of) = set;
}

void CategoryRules::read_terms(const RuleSet& rules) {
  const auto file = rules.dir() / "category_terms.tsv";
  for (const RuleRow& cells : read_rule_file(file).rows) {
    const std::string where = concat(file.string(), " line ", cells.line);
    Row row;
    if (cells.at("rule_id") != "pass") {
      row.rule = &rules.at(cells.at("rule_id"), where + ", field rule_id");
      row.level = cells.at("level").empty()
                      ? row.rule->level
                      : std::min(parse_level(cells.at("level")), row.rule->level);
    }
    set_kinds(row, cells.at("kinds"), where);
    row.unless = folded_words(cells.at("unless"));
    row.document = cells.at("document");
    if (cells.at("term") == "*") {
      whole_text_.push_back(row);
      continue;
    }
    for (auto& [term, rewrite] :
         expand_rewrite(folded_term(cells.at("term")), text::to_utf32(cells.at("rewrite")))) {
      row.rewrite = std::move(rewrite);
      const uint32_t id = search_.add(term);
      rows_.resize(search_.size());
      rows_[id].push_back(row);
    }
  }
}

void CategoryRules::read_needs(const RuleSet& rules) {
  const auto file = rules.dir() / "mandatory_warnings.tsv";
  for (const RuleRow& cells : read_rule_file(file).rows) {
    const std::string where = concat(file.string(), " line ", cells.line);
    Need need{
        .rule = &rules.at(cells.at("rule_id"), where + ", field rule_id"),
        .any_of = cells.at("kinds") == "any" ? ~KindSet{0} : kinds_.parse(cells.at("kinds"), where),
        .styles = split(cells.at("styles"), ';'),
        .text = cells.at("text"),
        .accepted = {},
        .document = cells.at("document"),
        .scope = cells.at("scope")};
    if (need.document.empty()) {
      for (const std::string& accepted : split(cells.at("accepted"), ';')) {
        need.accepted.push_back(normalize_for_checks(text::to_utf32(accepted)).compact.text);
      }
      need.accepted.push_back(normalize_for_checks(text::to_utf32(need.text)).compact.text);
      const uint32_t id = search_.add(folded_term(need.text));
      rows_.resize(search_.size());
      rows_[id].push_back({});
    }
    needs_.push_back(std::move(need));
  }
}

bool CategoryRules::applies_to(const Row& row, KindSet kinds, const NormalizedText& text,
                               const Evidence& evidence) const {
  if ((row.any_of != 0 && (row.any_of & kinds) == 0) || (row.none_of & kinds) != 0) return false;
  if (holds_any(text.folded, row.unless)) return false;
  return row.document.empty() || evidence.document(row.document) == nullptr;
}

void CategoryRules::find_terms(const NormalizedText& text, const Evidence& evidence,
                               const CheckContext& context, KindSet kinds,
                               std::vector<RuleHit>& hits) const {
  size_t taken = 0;
  std::map<const Row*, bool> applicable;  // asked once a row: a text may hold its term many times
  for (const FoundTerm& place : search_.candidates(text)) {
    if (place.begin < taken) continue;
    for (const Row& row : rows_[place.id]) {
      const auto [known, is_new] = applicable.emplace(&row, false);
      if (is_new) known->second = applies_to(row, kinds, text, evidence);
      if (!known->second) continue;
      taken = place.end;
      if (row.rule == nullptr) break;
      if (!is_in_force(*row.rule, context)) continue;
      RuleHit hit = hit_at(place.begin, place.end, text, *row.rule, row.level);
      hit.evasion = place.evasion;
      const bool may_repair = row.rule->status != RuleStatus::unverified;
      if (may_repair && !row.rewrite.empty()) {
        hit.repair = Repair{Repair::Kind::replace, text::to_utf8(row.rewrite)};
      } else if (may_repair && row.level >= Level::needs_proof) {
        hit.repair = Repair{Repair::Kind::drop_clause};
      }
      hits.push_back(std::move(hit));
    }
  }
}

bool CategoryRules::is_met(const Need& need, const NormalizedText& text,
                           const Evidence& evidence) const {
  if (need.document.empty()) return holds_any(text.compact.text, need.accepted);
  const std::u32string scope = folded_term(need.scope);
  const auto in_attributes = std::any_of(
      evidence.attributes().begin(), evidence.attributes().end(), [&](const Fact& fact) {
        return folded_or_empty(fact.key).find(scope) != std::u32string::npos;
      });
  return in_attributes || evidence.document(need.document, scope) != nullptr;
}

void CategoryRules::find_needs(const NormalizedText& text, const Evidence& evidence,
                               const CheckContext& context, KindSet kinds,
                               std::vector<RuleHit>& hits) const {
  if (context.field != "description") return;
  const size_t size = text.original.size();
  for (const Need& need : needs_) {
    const bool in_style = need.styles.empty() || std::find(need.styles.begin(), need.styles.end(),
                                                           context.style) != need.styles.end();
    const bool concerned = need.any_of == ~KindSet{0} || (need.any_of & kinds) != 0;
    if (!in_style || !concerned || !is_in_force(*need.rule, context)) continue;
    if (is_met(need, text, evidence)) continue;
    RuleHit hit = hit_at(size, size, text, *need.rule, need.rule->level);
    hit.term = need.text;
    if (!need.document.empty()) {
      hit.evidence_required = need.text;
    } else if (need.rule->level == Level::block) {
      hit.repair = Repair{Repair::Kind::append, need.text};
    }
    hits.push_back(std::move(hit));
  }
}

void CategoryRules::find(const NormalizedText& text, const Evidence& evidence,
                         const CheckContext& context, std::vector<RuleHit>& hits) const {
  const KindSet kinds = kinds_.of(evidence);
  for (const Row& row : whole_text_) {
    if (!applies_to(row, kinds, text, evidence) || !is_in_force(*row.rule, context)) continue;
    hits.push_back(hit_at(0, text.original.size(), text, *row.rule, row.level));
  }
  find_terms(text, evidence, context, kinds, hits);
  find_needs(text, evidence, context, kinds, hits);
}

}  // namespace vitrine::checks
