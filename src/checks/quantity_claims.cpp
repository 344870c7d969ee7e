#include "checks/quantity_claims.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::u32string_view kDenials[] = {U"不支持", U"不带", U"没有", U"无", U"非", U"不含"};

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
      size_t unit_end = end;
      while (unit_end < value.size() && unit_end - end < 4 && value[unit_end] != U'-' &&
             value[unit_end] != U'~' && units_->find(text::to_utf8(value.substr(end, unit_end + 1 - end))) != nullptr) {
        ++unit_end;
      }
      const std::string unit = text::to_utf8(value.substr(end, unit_end - end));
      add({.value = *number, .unit = unit, .known = units_->find(unit)});
      at = std::max(unit_end, at + 1);
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
    bool supports = fact.val.find(token.text) != fact.val.npos ||
                    fact.raw.find(token.text) != fact.raw.npos;
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
      const size_t at = std::min(fact.val.find(term), fact.raw.find(term));
      if (at == fact.val.npos) continue;
      const bool denied = std::any_of(std::begin(kDenials), std::end(kDenials), [&](auto denial) {
        return fact.val.find(denial) < at || fact.raw.find(denial) < at;
      });
      if (denied) {
        claim.support = Support::contradicted;
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
