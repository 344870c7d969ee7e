#include "checks/look_claims.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::array<std::u32string_view, 8> kThis{U"这款", U"这条", U"这件", U"本款",
                                                   U"此款", U"该款", U"这身", U"这套"};
constexpr size_t kNear = 8;  // code points between 这款 and the garment that it names
/// What ends the name of the product, or begins another thing.
constexpr std::u32string_view kEnds = U"，。！？；,!?;、的搭配是让";

/// Words before a look in its clause that say it of another piece: 搭配长款大衣.
constexpr std::u32string_view kPairing = U"搭配与和内外";
constexpr std::u32string_view kClauseEnds = U"，。！？；,!?;\n";
constexpr size_t kReach = 64;  // code points before a look that can say so

bool is_of_another_piece(std::u32string_view text, size_t begin) {
  const size_t reach = std::min(begin, kReach);
  const auto before = text.substr(begin - reach, reach);
  const size_t end = before.find_last_of(kClauseEnds);
  return before.find_first_of(kPairing, end == before.npos ? 0 : end + 1) != before.npos;
}

bool holds(std::u32string_view text, std::u32string_view word) {
  return text.find(word) != text.npos;
}

std::u32string fold_utf8(std::string_view utf8) { return fold(text::to_utf32(utf8)); }

}  // namespace

LookClaims LookClaims::load(const RuleSet& rules) {
  LookClaims claims;
  claims.rule_ = &rules.at("CLM-COL", "LookClaims");
  claims.read_exclusive(rules);
  claims.read_looks(rules);
  return claims;
}

void LookClaims::read_exclusive(const RuleSet& rules) {
  const auto file = rules.dir() / "exclusive.tsv";
  int group = 0;
  for (const RuleRow& row : read_rule_file(file).rows) {
    const auto values = split(row.at("values"), '|');
    VITRINE_REQUIRE(values.size() > 1, "[LookClaims] ", file.string(), " line ", row.line,
                    ", field values: expected two or more, joined by |, got '", row.at("values"),
                    "'");
    for (const auto& value : values) groups_[fold_utf8(value)] = group;
    ++group;
  }
  const auto garments = rules.dir() / "garments.tsv";
  for (const RuleRow& row : read_rule_file(garments).rows) {
    VITRINE_REQUIRE(!row.at("category").empty(), "[LookClaims] ", garments.string(), " line ",
                    row.line, ", field category: expected a category, got ''");
    garments_.push_back({fold_utf8(row.at("word")), row.at("category"), row.at("part") == "yes"});
  }
}

void LookClaims::read_looks(const RuleSet& rules) {
  const auto file = rules.dir() / "looks.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    VITRINE_REQUIRE(!row.at("key").empty(), "[LookClaims] ", file.string(), " line ", row.line,
                    ", field key: expected an attribute key or 'pass', got ''");
    Look look{.key = row.at("key"), .canonical = row.at("canonical")};
    if (look.canonical.empty()) look.canonical = row.at("term");
    const auto group = groups_.find(fold_utf8(look.canonical));
    if (group != groups_.end()) look.group = group->second;
    words_.add(fold_utf8(row.at("term")), static_cast<uint32_t>(looks_.size()));
    looks_.push_back(std::move(look));
  }
  words_.build();
}

void LookClaims::judge(const Look& look, std::u32string_view word, const Evidence& evidence,
                       Claim& claim) const {
  const std::u32string canonical = fold_utf8(look.canonical);
  for (const Fact& fact : evidence.attributes()) {
    if (holds(fact.val, word) || holds(fact.raw, word) || holds(fact.val, canonical) ||
        (fact.val.size() > 1 && holds(word, fact.val))) {
      claim.evidence.push_back(fact.id);
    }
  }
  if (claim.evidence.empty() && (holds(evidence.title(), word))) claim.evidence.push_back("title");
  if (!claim.evidence.empty()) {
    claim.support = Support::entailed;
    return;
  }
  claim.level = Level::warn;
  for (const Fact& fact : evidence.attributes()) {
    const auto other = groups_.find(fact.val);
    if (look.group >= 0 && other != groups_.end() && other->second == look.group) {
      claim.support = Support::contradicted;
      claim.level = rule_->level;
      claim.evidence.push_back(fact.id);
      return;
    }
  }
}

void LookClaims::find(std::u32string_view folded, const Evidence& evidence,
                      std::vector<Claim>& claims) const {
  auto matches = words_.scan(folded);
  std::sort(matches.begin(), matches.end(), [](const auto& a, const auto& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  size_t free_from = 0;
  for (const auto& match : matches) {
    if (match.begin < free_from) continue;
    free_from = match.end;
    const Look& look = looks_[match.id];
    if (look.key == "pass") continue;
    Claim claim{.type = "look", .begin = match.begin, .end = match.end, .value = {}};
    claim.rule = rule_;
    claim.repair = Repair{Repair::Kind::drop_clause, {}};
    if (is_of_another_piece(folded, match.begin)) {
      claim.support = Support::harmless;
    } else {
      judge(look, folded.substr(match.begin, match.end - match.begin), evidence, claim);
    }
    claims.push_back(std::move(claim));
  }
  find_garment(folded, evidence, claims);
}

void LookClaims::add_garment(size_t begin, const Garment& garment,
                             std::vector<Claim>& claims) const {
  Claim claim{.type = "look", .begin = begin, .end = begin + garment.word.size(), .value = {}};
  claim.rule = rule_;
  claim.level = rule_->level;
  claim.support = Support::contradicted;
  claim.repair = Repair{Repair::Kind::drop_clause, {}};
  const bool known = std::any_of(claims.begin(), claims.end(), [&](const Claim& other) {
    return other.type == "look" && other.support == Support::contradicted &&
           other.begin < claim.end && claim.begin < other.end;
  });
  if (!known) claims.push_back(std::move(claim));
}

/// 裤脚 in a text about a skirt, where nothing is paired in the clause.
void LookClaims::find_parts(std::u32string_view folded, const Evidence& evidence,
                            std::vector<Claim>& claims) const {
  for (const Garment& garment : garments_) {
    if (!garment.is_part || garment.category == evidence.category()) continue;
    const auto& facts = evidence.attributes();
    const bool supported = holds(evidence.title(), garment.word) ||
                           std::any_of(facts.begin(), facts.end(), [&](const Fact& fact) {
                             return holds(fact.val, garment.word) || holds(fact.raw, garment.word);
                           });
    if (supported) continue;
    for (size_t at = folded.find(garment.word); at != folded.npos;
         at = folded.find(garment.word, at + 1)) {
      if (!is_of_another_piece(folded, at)) add_garment(at, garment, claims);
    }
  }
}

std::vector<std::pair<std::string, std::string>> LookClaims::parts() const {
  std::vector<std::pair<std::string, std::string>> parts;
  for (const Garment& garment : garments_) {
    if (garment.is_part) parts.emplace_back(text::to_utf8(garment.word), garment.category);
  }
  return parts;
}

void LookClaims::find_garment(std::u32string_view folded, const Evidence& evidence,
                              std::vector<Claim>& claims) const {
  const bool known = std::any_of(garments_.begin(), garments_.end(), [&](const Garment& g) {
    return g.category == evidence.category();
  });
  if (!known) return;
  find_parts(folded, evidence, claims);
  for (const auto start : kThis) {
    for (size_t at = folded.find(start); at != folded.npos; at = folded.find(start, at + 1)) {
      const auto name = folded.substr(at + start.size(), kNear);
      const auto own = name.substr(0, name.find_first_of(kEnds));
      for (const Garment& garment : garments_) {
        const size_t place = own.find(garment.word);
        if (place == own.npos || garment.category == evidence.category()) continue;
        if (holds(evidence.title(), garment.word)) continue;
        const auto holds_word = [&](const Fact& fact) { return holds(fact.val, garment.word); };
        const auto& facts = evidence.attributes();
        if (std::any_of(facts.begin(), facts.end(), holds_word)) continue;
        add_garment(at + start.size() + place, garment, claims);
        break;
      }
    }
  }
}

}  // namespace vitrine::checks
