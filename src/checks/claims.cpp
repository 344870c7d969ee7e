#include "checks/claims.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "base/resource.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::array<std::string_view, 4> kSupportNames{"entailed", "unsupported", "contradicted",
                                                        "harmless"};

/// 100%棉 and 棉100% are 棉.
std::u32string_view without_share(std::u32string_view value) {
  constexpr std::u32string_view kShare = U"0123456789.% ";
  const size_t begin = value.find_first_not_of(kShare);
  if (begin == value.npos) return value;
  return value.substr(begin, value.find_last_not_of(kShare) + 1 - begin);
}

bool holds(std::u32string_view text, std::u32string_view word) {
  return !word.empty() && text.find(word) != text.npos;
}

/// A value, or the key itself (产地是新疆) or one that the list names (产自: 产地; what comes behind is a
/// claim of its own). A word of something bad (起球, note "relative") is
/// supported by what denies it, since a text names it to deny it.
bool supports(const Fact& fact, const Term& term) {
  if (fact.key == text::to_utf8(term.text)) return true;
  const bool is_bad = term.note == "relative";
  const auto says = [&](const std::u32string& value) {
    return is_bad ? holds(value, term.text) : states(value, term.text);
  };
  if (says(fact.val) || says(fact.raw)) return true;
  return std::any_of(term.supported_by.begin(), term.supported_by.end(), [&](const auto& value) {
    return without_share(fact.val) == value || without_share(fact.raw) == value ||
           fact.key == text::to_utf8(value);
  });
}

}  // namespace

std::string_view to_string(Support support) { return kSupportNames[static_cast<size_t>(support)]; }

ClaimFinder ClaimFinder::load(const RuleSet& rules) {
  ClaimFinder finder;
  finder.rules_ = &rules;
  finder.lexicon_ = Lexicon::load(rules.dir());
  for (const Term& term : finder.lexicon_.terms()) {
    rules.of_type(term.type, term.place + ", field type");
  }
  finder.tokens_ = TokenRules::load(rules.dir());
  finder.quantities_ = QuantityClaims::load(rules);
  finder.looks_ = LookClaims::load(rules);
  finder.patterns_ = ClaimPatterns::load(rules);
  return finder;
}

const ClaimFinder& ClaimFinder::shipped() {
  static const ClaimFinder finder = load(RuleSet::shipped());
  return finder;
}

Claim ClaimFinder::claim_of(const TermHit& hit, const Evidence& evidence) const {
  const Term& term = *hit.term;
  Claim claim{.type = term.type, .begin = hit.begin, .end = hit.end, .value = {}};
  claim.rule = &rules_->of_type(term.type, "ClaimFinder");
  claim.level = term.level;
  claim.repair = Repair{Repair::Kind::drop_clause, {}};
  if (term.level == Level::harmless) claim.support = Support::harmless;
  const bool is_provable = claim.type != "placeholder" && claim.type != "comparison";
  if (claim.support == Support::harmless || !is_provable) return claim;
  for (const Fact& fact : evidence.attributes()) {
    if (supports(fact, term)) claim.evidence.push_back(fact.id);
  }
  if (claim.type == "brand" && holds(evidence.brand(), term.text)) {
    claim.evidence.push_back("brand");
  }
  if (const Document* proof = evidence.proof_of(claim.type, term.text)) {
    claim.evidence.push_back("doc:" + proof->id);
  }
  if (!claim.evidence.empty()) claim.support = Support::entailed;
  return claim;
}

namespace {

/// A word in Latin letters that is no common one: a brand, a model, a foreign name.
Claim claim_of_word(const Token& token, const Evidence& evidence, const Rule& rule) {
  Claim claim{.type = "brand", .begin = token.begin, .end = token.end, .value = {}};
  claim.rule = &rule;
  claim.level = rule.level;
  claim.repair = Repair{Repair::Kind::drop_clause, {}};
  for (const Fact& fact : evidence.attributes()) {
    if (holds(fact.val, token.text) || holds(fact.raw, token.text)) {
      claim.evidence.push_back(fact.id);
    }
  }
  if (holds(evidence.brand(), token.text)) claim.evidence.push_back("brand");
  if (holds(evidence.title(), token.text)) claim.evidence.push_back("title");
  if (const Document* proof = evidence.proof_of(claim.type, token.text)) {
    claim.evidence.push_back("doc:" + proof->id);
  }
  if (!claim.evidence.empty()) claim.support = Support::entailed;
  return claim;
}

}  // namespace

std::vector<Claim> ClaimFinder::find(std::u32string_view text, const Evidence& evidence) const {
  const std::u32string folded = fold(text);
  std::vector<Claim> claims;
  for (const TermHit& hit : lexicon_.find(text)) claims.push_back(claim_of(hit, evidence));
  quantities_.find_gated(folded, evidence, claims);
  // What a claim holds of each code point: true for a gated term. A map of the text, since a long
  // text has many claims and many tokens.
  std::vector<std::optional<bool>> known(folded.size());
  for (const Claim& claim : claims) {
    for (size_t at = claim.begin; at < claim.end; ++at) {
      known[at] = known[at].value_or(false) || claim.type == "gated";
    }
  }
  const auto is_known = [&](const Token& token) {
    const auto begin = known.begin() + static_cast<std::ptrdiff_t>(token.begin);
    const auto end = known.begin() + static_cast<std::ptrdiff_t>(token.end);
    return std::any_of(begin, end, [&](const auto& gated) {
      return gated.has_value() && (!token.is_number || *gated);
    });
  };
  for (const Token& token : tokens_.find(folded)) {
    // A Latin word that the lists know (<unk>, cashmere) is their claim alone; a number is one of
    // its own (100%).
    if (is_known(token)) continue;
    claims.push_back(token.is_number
                         ? quantities_.judge(token, evidence)
                         : claim_of_word(token, evidence, rules_->of_type("brand", "ClaimFinder")));
  }
  patterns_.find(folded, evidence, claims);
  looks_.find(folded, evidence, claims);
  for (Claim& claim : claims) {
    claim.value = text::to_utf8(text.substr(claim.begin, claim.end - claim.begin));
  }
  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return std::tie(a.begin, a.type, a.end) < std::tie(b.begin, b.type, b.end);
  });
  return claims;
}

std::vector<Claim> ClaimFinder::find_claims(std::string_view text,
                                            const data::Product& product) const {
  return find(text::to_utf32(text), Evidence(product));
}

std::vector<std::string> ClaimFinder::terms(Level level, std::string_view note) const {
  std::vector<std::string> terms;
  for (const Term& term : lexicon_.terms()) {
    if (term.level == level && (note.empty() || term.note == note)) terms.push_back(text::to_utf8(term.text));
  }
  return terms;
}

std::vector<Claim> find_claims(std::string_view text, const data::Product& product) {
  return ClaimFinder::shipped().find_claims(text, product);
}

}  // namespace vitrine::checks
