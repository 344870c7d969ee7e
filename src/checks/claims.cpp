#include "checks/claims.h"

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "base/resource.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

/// The words that can prove a claim: attribute values (canonical and raw) and the brand.
class Evidence {
 public:
  explicit Evidence(const data::Product& product) : brand_(folded(product.brand)) {
    for (const auto& attribute : product.attributes) {
      facts_.push_back({&attribute, folded(attribute.val), folded(attribute.val_raw)});
    }
  }

  std::vector<std::string> of_term(const Term& term) const {
    return collect([&](const Fact& fact) {
      return fact.holds(term.text) || std::any_of(term.supported_by.begin(), term.supported_by.end(), [&](const auto& v) { return fact.equals(v); });
    });
  }
  std::vector<std::string> of_number(const Token& token) const {
    return collect([&](const Fact& fact) { return fact.holds(token.text) || fact.measures(token.text); });
  }
  std::vector<std::string> of_word(const Token& token) const {
    auto ids = collect([&](const Fact& fact) { return fact.holds(token.text); });
    if (!brand_.empty() && brand_.find(token.text) != brand_.npos) ids.emplace_back("brand");
    return ids;
  }

 private:
  struct Fact {
    const data::Attribute* attribute;
    std::u32string val, raw;
    bool holds(std::u32string_view word) const { return val.find(word) != val.npos || raw.find(word) != raw.npos; }
    bool equals(std::u32string_view word) const { return without_share(val) == word || without_share(raw) == word; }
    /// number and unit of the attribute, written together, are the token.
    bool measures(std::u32string_view token) const {
      if (!attribute->number) return false;
      return folded(concat(*attribute->number, attribute->unit.value_or(""))) == token;
    }
  };
  /// 100%棉 and 棉100% are 棉.
  static std::u32string_view without_share(std::u32string_view value) {
    constexpr std::u32string_view kShare = U"0123456789.% ";
    const size_t begin = value.find_first_not_of(kShare);
    return begin == value.npos ? value : value.substr(begin, value.find_last_not_of(kShare) + 1 - begin);
  }
  static std::u32string folded(std::string_view utf8) { return fold(text::to_utf32(utf8)); }

  template <typename Test>
  std::vector<std::string> collect(Test test) const {
    std::vector<std::string> ids;
    for (const Fact& fact : facts_) {
      if (test(fact)) ids.push_back("attr:" + fact.attribute->id);
    }
    return ids;
  }

  std::u32string brand_;
  std::vector<Fact> facts_;
};

bool needs_no_evidence(const std::string& type) { return type == "absolute" || type == "placeholder"; }

Claim claim_of(const Hit& hit, const Evidence& evidence) {
  Claim claim{.type = hit.term->type, .begin = hit.begin, .end = hit.end, .value = {}, .level = hit.term->level, .evidence = {}};
  if (hit.term->level == Level::harmless) claim.support = Support::harmless;
  if (claim.support == Support::harmless || needs_no_evidence(claim.type)) return claim;
  claim.evidence = evidence.of_term(*hit.term);
  if (!claim.evidence.empty()) claim.support = Support::entailed;
  return claim;
}

Claim claim_of(const Token& token, const Evidence& evidence) {
  Claim claim{.type = token.is_number ? "number" : "brand", .begin = token.begin, .end = token.end, .value = {}, .evidence = {}};
  claim.evidence = token.is_number ? evidence.of_number(token) : evidence.of_word(token);
  if (!claim.evidence.empty()) claim.support = Support::entailed;
  return claim;
}

bool overlaps(const Claim& a, const Hit& b) { return a.begin < b.end && b.begin < a.end; }

}  // namespace

std::string_view to_string(Support support) {
  constexpr std::string_view kNames[] = {"entailed", "unsupported", "harmless"};
  return kNames[static_cast<size_t>(support)];
}

ClaimFinder ClaimFinder::load(const std::filesystem::path& dir) {
  ClaimFinder finder;
  finder.lexicon_ = Lexicon::load(dir);
  finder.tokens_ = TokenRules::load(dir);
  return finder;
}

const ClaimFinder& ClaimFinder::shipped() {
  static const ClaimFinder finder = load(resource_path("rules/checks"));
  return finder;
}

std::vector<Claim> ClaimFinder::find_claims(std::string_view text, const data::Product& product) const {
  const std::u32string code_points = text::to_utf32(text);
  const Evidence evidence(product);
  const auto hits = lexicon_.find(code_points);
  std::vector<Claim> claims;
  for (const Hit& hit : hits) claims.push_back(claim_of(hit, evidence));
  for (const Token& token : tokens_.find(fold(code_points))) {
    Claim claim = claim_of(token, evidence);
    // A Latin word that the lists know (<unk>, cashmere) is their claim alone; a number is one of its own (100%).
    const bool known = !token.is_number && std::any_of(hits.begin(), hits.end(), [&](const Hit& hit) { return overlaps(claim, hit); });
    if (!known) claims.push_back(std::move(claim));
  }
  for (Claim& claim : claims) claim.value = text::to_utf8(std::u32string_view(code_points).substr(claim.begin, claim.end - claim.begin));
  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) { return std::tie(a.begin, a.type) < std::tie(b.begin, b.type); });
  return claims;
}

std::vector<std::string> blocking_terms() {
  std::vector<std::string> terms;
  for (const Term& term : ClaimFinder::shipped().lexicon().terms()) {
    if (term.level == Level::block) terms.push_back(text::to_utf8(term.text));
  }
  return terms;
}

std::vector<Claim> find_claims(std::string_view text, const data::Product& product) {
  return ClaimFinder::shipped().find_claims(text, product);
}

}  // namespace vitrine::checks
