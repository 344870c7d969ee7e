#include "checks/quantity_claims.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::array<std::u32string_view, 5> kDenials{U"不支持", U"不带", U"没有", U"不含",
                                                      U"不具备"};
constexpr std::u32string_view kClauseEnds = U"，,；;。";
constexpr std::u32string_view kNumerals = U"零一二三四五六七八九十百千万亿两半";

bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_letter(char32_t c) { return c >= U'a' && c <= U'z'; }
bool is_numeral(char32_t c) { return is_digit(c) || kNumerals.find(c) != kNumerals.npos; }

/// Whether [begin, end) of the text is a number of its own: 5cm is no part of 15cm, 0.5cm or 5cm2.
bool is_whole_number(std::u32string_view text, size_t begin, size_t end) {
  const bool begins = begin == 0 || !(is_numeral(text[begin - 1]) || text[begin - 1] == U'.');
  if (end == text.size() || end == begin) return begins;
  const char32_t last = text[end - 1], next = text[end];
  return begins && !(is_digit(last) && (is_digit(next) || next == U'.')) &&
         !(is_letter(last) && is_letter(next));
}

bool states_number(std::u32string_view text, std::u32string_view token) {
  for (size_t at = text.find(token); at != text.npos; at = text.find(token, at + 1)) {
    if (is_whole_number(text, at, at + token.size())) return true;
  }
  return false;
}

/// Where `term` stands in the value as a word of its own; npos = nowhere.
size_t find_word(std::u32string_view value, std::u32string_view term) {
  size_t at = value.find(term);
  while (at != value.npos && !is_whole_word(value, at, at + term.size())) at = value.find(term, at + 1);
  return at;
}

/// Whether the value denies the term at [begin, end): 不支持4g/5g, 无5g, 5g：不支持. 无线蓝牙/5g does
/// not.
bool is_denied(std::u32string_view value, size_t begin, size_t end) {
  const auto before = value.substr(0, begin);
  if (before.ends_with(U"无") || before.ends_with(U"非")) return true;
  auto after = value.substr(end);
  after.remove_prefix(std::min(after.find_first_not_of(U"：: "), after.size()));
  if (after.starts_with(U"不支持") || after.starts_with(U"无") || after.starts_with(U"否")) return true;
  const size_t clause = before.find_last_of(kClauseEnds);
  const auto own = before.substr(clause == before.npos ? 0 : clause + 1);
  return std::any_of(kDenials.begin(), kDenials.end(),
                     [&](auto denial) { return own.find(denial) != own.npos; });
}

/// What a fact says about a gated term: nothing, that the product has it, or that it has not. The
/// term may be its key (5G：支持).
enum class Statement { none, yes, no };
Statement statement_of(const Fact& fact, std::u32string_view term) {
  Statement statement = Statement::none;
  for (const std::u32string_view value : {std::u32string_view(fact.val), std::u32string_view(fact.raw)}) {
    const size_t at = find_word(value, term);
    if (at == value.npos) continue;
    if (is_denied(value, at, at + term.size())) return Statement::no;
    statement = Statement::yes;
  }
  const auto key = fold(text::to_utf32(fact.key));
  if (statement != Statement::none || find_word(key, term) == key.npos) return statement;
  if (fact.val.starts_with(U"不") || fact.val.starts_with(U"无") || fact.val.starts_with(U"否")) {
    return Statement::no;
  }
  return fact.val == U"支持" || fact.val == U"有" || fact.val == U"是" ? Statement::yes : Statement::none;
}

/// The unit at value[begin]: the longest spelling of the table, else the letters there, whatever they
/// mean. 5mp is no 5 m.
size_t unit_end(const data::UnitTable& units, std::u32string_view value, size_t begin) {
  constexpr size_t kLongest = 4;  // code points of a unit
  size_t letters = begin;
  while (letters < value.size() && is_letter(value[letters])) ++letters;
  for (size_t size = std::min(kLongest, value.size() - begin); size > 0; --size) {
    const bool cuts_word = is_letter(value[begin + size - 1]) && begin + size < letters;
    if (!cuts_word && units.find(text::to_utf8(value.substr(begin, size))) != nullptr) return begin + size;
  }
  return letters;
}

bool same_amount(double a, double b) {
  return std::abs(a - b) <= 1e-6 * std::max({1.0, std::abs(a), std::abs(b)});
}

/// Whether two quantities measure in units that convert into each other, or in the same word.
bool comparable(const Quantity& a, const Quantity& b) {
  if (a.known != nullptr && b.known != nullptr) return a.known->unit_class == b.known->unit_class;
  return a.unit == b.unit;
}

double in_base(const Quantity& q) { return q.known == nullptr ? q.value : q.value * q.known->factor; }

bool same(const Quantity& a, const Quantity& b) {
  return comparable(a, b) && same_amount(in_base(a), in_base(b));
}

/// The quantity's amount, written in the unit of `like`.
std::string written_like(const Quantity& quantity, const Quantity& like) {
  const double factor = like.known == nullptr ? 1 : like.known->factor;
  return data::format_number(in_base(quantity) / factor) + like.unit;
}

}  // namespace

QuantityClaims QuantityClaims::load(const RuleSet& rules) {
  static const auto units = std::make_shared<const data::UnitTable>(data::UnitTable::load());
  QuantityClaims claims;
  claims.rules_ = &rules;
  claims.units_ = units;
  claims.gated_ = Lexicon::load_files(std::array{rules.dir() / "gated_terms.tsv"});
  for (const char* id : {"NUM-1", "NUM-2", "NUM-3", "NUM-5"}) rules.at(id, "QuantityClaims");
  return claims;
}

std::optional<Quantity> QuantityClaims::read(std::u32string_view token) const {
  size_t at = 0;
  const auto value = data::read_number(token, at);
  if (!value) return std::nullopt;
  Quantity quantity{.value = *value, .unit = text::to_utf8(token.substr(at))};
  quantity.known = units_->find(quantity.unit);
  return quantity;
}

/// What the attribute states: its number and unit, and every number in its values.
std::vector<Quantity> QuantityClaims::quantities_of(const Fact& fact) const {
  std::vector<Quantity> quantities;
  const auto add = [&](Quantity quantity) {
    if (std::none_of(quantities.begin(), quantities.end(),
                     [&](const Quantity& q) { return same(q, quantity); })) {
      quantities.push_back(std::move(quantity));
    }
  };
  if (fact.number) {
    add({.value = *fact.number, .unit = fact.unit, .known = units_->find(fact.unit)});
  }
  for (const std::u32string& value : {fact.val, fact.raw}) {
    for (size_t at = 0; at < value.size();) {
      size_t end = at;
      const auto number = data::read_number(value, end);
      if (!number) {
        ++at;
        continue;
      }
      const size_t behind = unit_end(*units_, value, end);
      const std::string unit = text::to_utf8(value.substr(end, behind - end));
      add({.value = *number, .unit = unit, .known = units_->find(unit)});
      at = std::max(behind, at + 1);
    }
  }
  return quantities;
}

Claim QuantityClaims::judge(const Token& token, const Evidence& evidence) const {
  Claim claim{.type = "number", .begin = token.begin, .end = token.end, .value = {}};
  claim.rule = &rules_->at("NUM-1", "QuantityClaims");
  claim.level = claim.rule->level;
  const auto quantity = read(token.text);
  std::vector<Quantity> others;  // of the same kind, but another amount
  const auto consider = [&](const Fact& fact) {
    bool supports = states_number(fact.val, token.text) || states_number(fact.raw, token.text);
    for (const Quantity& stated : quantities_of(fact)) {
      if (!quantity) break;
      if (same(*quantity, stated)) supports = true;
      const bool known = std::any_of(others.begin(), others.end(),
                                     [&](const Quantity& q) { return same(q, stated); });
      if (!quantity->unit.empty() && comparable(*quantity, stated) && !known) {
        others.push_back(stated);
      }
    }
    if (supports) claim.evidence.push_back(fact.id);
  };
  for (const Fact& fact : evidence.attributes()) consider(fact);
  if (evidence.price()) consider(*evidence.price());
  if (!claim.evidence.empty()) {
    claim.support = Support::entailed;
    return claim;
  }
  claim.repair = Repair{Repair::Kind::drop_sentence, {}};
  if (others.empty()) return claim;
  claim.support = Support::contradicted;
  claim.rule = &rules_->at(others.size() == 1 ? "NUM-2" : "NUM-3", "QuantityClaims");
  if (others.size() == 1) {
    claim.repair = Repair{Repair::Kind::replace, written_like(others.front(), *quantity)};
  }
  return claim;
}

void QuantityClaims::find_gated(std::u32string_view folded, const Evidence& evidence,
                                std::vector<Claim>& claims) const {
  for (const TermHit& hit : gated_.find(folded)) {
    Claim claim{.type = "gated", .begin = hit.begin, .end = hit.end, .value = {}};
    claim.rule = &rules_->at("NUM-5", "QuantityClaims");
    claim.level = claim.rule->level;
    claim.repair = Repair{Repair::Kind::drop_clause, {}};
    const auto term = folded.substr(hit.begin, hit.end - hit.begin);
    for (const Fact& fact : evidence.attributes()) {
      const Statement statement = statement_of(fact, term);
      if (statement == Statement::none) continue;
      if (statement == Statement::no) {
        claim.support = Support::contradicted;
        claim.evidence = {fact.id};
        break;
      }
      claim.evidence.push_back(fact.id);
    }
    if (claim.support != Support::contradicted && !claim.evidence.empty()) {
      claim.support = Support::entailed;
    }
    claims.push_back(std::move(claim));
  }
}

}  // namespace vitrine::checks
