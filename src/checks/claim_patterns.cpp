#include "checks/claim_patterns.h"

#include <algorithm>

#include "base/error.h"
#include "checks/lexicon.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr char32_t kClaimBegin = U'(', kClaimEnd = U')';

/// Characters of a word: Chinese characters, letters and digits.
bool is_word(char32_t c) {
  return text::is_cjk_ideograph(c) || (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9');
}

/// Where the brace that opens at `open` closes.
size_t closing_brace(std::u32string_view pattern, size_t open) {
  int depth = 0;
  for (size_t at = open; at < pattern.size(); ++at) {
    if (pattern[at] == U'{') ++depth;
    if (pattern[at] == U'}' && --depth == 0) return at;
  }
  throw InvalidInput("expected a } for each {");
}

/// The choices of a|b|{c|d}e, split at the bars outside braces.
std::vector<std::u32string_view> choices_of(std::u32string_view inside) {
  std::vector<std::u32string_view> choices;
  size_t begin = 0;
  int depth = 0;
  for (size_t at = 0; at < inside.size(); ++at) {
    if (inside[at] == U'{') ++depth;
    if (inside[at] == U'}') --depth;
    if (inside[at] != U'|' || depth != 0) continue;
    choices.push_back(inside.substr(begin, at - begin));
    begin = at + 1;
  }
  choices.push_back(inside.substr(begin));
  return choices;
}

/// All texts that the pattern stands for: {a|b} taken apart.
std::vector<std::u32string> alternatives(std::u32string_view pattern) {
  const size_t open = pattern.find(U'{');
  if (open == pattern.npos) return {std::u32string(pattern)};
  const size_t close = closing_brace(pattern, open);
  std::vector<std::u32string> all;
  const auto tails = alternatives(pattern.substr(close + 1));
  for (const auto choice : choices_of(pattern.substr(open + 1, close - open - 1))) {
    for (const auto& inner : alternatives(choice)) {
      for (const auto& tail : tails) all.push_back(std::u32string(pattern.substr(0, open)) + inner + tail);
    }
  }
  return all;
}

/// Which code points of a text claims of a type hold; made when a type is first asked for.
class Taken {
 public:
  Taken(size_t size, const std::vector<Claim>& claims) : size_(size), claims_(claims) {}

  bool any(const std::string& type, size_t begin, size_t end) {
    const std::vector<bool>& taken = of(type);
    return std::find(taken.begin() + static_cast<std::ptrdiff_t>(begin),
                     taken.begin() + static_cast<std::ptrdiff_t>(end),
                     true) != taken.begin() + static_cast<std::ptrdiff_t>(end);
  }
  void add(const std::string& type, size_t begin, size_t end) {
    std::vector<bool>& taken = of(type);
    for (size_t at = begin; at < end; ++at) taken[at] = true;
  }

 private:
  std::vector<bool>& of(const std::string& type) {
    const auto [place, is_new] = by_type_.try_emplace(type, size_);
    if (!is_new) return place->second;
    for (const Claim& claim : claims_) {
      if (claim.type != type) continue;
      for (size_t at = claim.begin; at < claim.end; ++at) place->second[at] = true;
    }
    return place->second;
  }

  size_t size_;
  const std::vector<Claim>& claims_;
  std::map<std::string, std::vector<bool>> by_type_;
};

}  // namespace

ClaimPatterns ClaimPatterns::load(const RuleSet& rules) {
  ClaimPatterns patterns;
  const auto praise = rules.dir() / "praise.tsv";
  for (const RuleRow& row : read_rule_file(praise).rows) {
    const auto word = fold(text::to_utf32(row.at("word")));
    const std::string& kind = row.at("kind");
    VITRINE_REQUIRE(kind == "stop" || kind == "praise", "[ClaimPatterns] ", praise.string(),
                    " line ", row.line, ", field kind: expected praise or stop, got '", kind, "'");
    (kind == "stop" ? patterns.stops_.append(word) : patterns.praise_.emplace_back(word));
  }
  const auto file = rules.dir() / "claim_patterns.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    const std::string where = concat(file.string(), " line ", row.line);
    Pattern base;
    base.type = row.at("type");
    for (const auto& word : split(row.at("unless"), '|')) {
      base.unless.push_back(fold(text::to_utf32(word)));
    }
    base.rule = &rules.of_type(base.type, where + ", field type");
    try {
      base.level = row.at("level").empty() ? base.rule->level : parse_level(row.at("level"));
      for (const auto& text : alternatives(fold(text::to_utf32(row.at("pattern"))))) {
        patterns.add(text, base);
      }
    } catch (const InvalidInput& e) {
      throw InvalidInput(concat("[ClaimPatterns] ", where, ", field pattern or level: ", e.what(),
                                ", got '", row.at("pattern"), "'"));
    }
  }
  patterns.anchors_.build();
  return patterns;
}

void ClaimPatterns::add(std::u32string_view text, const Pattern& base) {
  Pattern pattern = base;
  bool marked = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == kClaimBegin) {
      pattern.claim_begin = pattern.pieces.size();
      marked = true;
    } else if (text[at] == kClaimEnd) {
      pattern.claim_end = pattern.pieces.size();
    } else if (text[at] == U'<') {
      VITRINE_REQUIRE(at + 2 < text.size() && text[at + 1] >= U'1' && text[at + 1] <= U'9' &&
                          text[at + 2] == U'>',
                      "expected <1> to <9>");
      pattern.pieces.push_back({.literal = {}, .most = text[at + 1] - U'0'});
      at += 2;
    } else {
      const bool joins = !pattern.pieces.empty() && !pattern.pieces.back().literal.empty() &&
                         text[at - 1] != kClaimBegin && text[at - 1] != kClaimEnd;
      if (!joins) pattern.pieces.push_back({});
      pattern.pieces.back().literal += text[at];
    }
  }
  if (!marked) pattern.claim_end = pattern.pieces.size();
  VITRINE_REQUIRE(pattern.claim_begin < pattern.claim_end, "expected ( ) around something");
  while (pattern.anchor < pattern.pieces.size() && pattern.pieces[pattern.anchor].literal.empty()) {
    ++pattern.anchor;
  }
  VITRINE_REQUIRE(pattern.anchor < pattern.pieces.size() && pattern.anchor < 2,
                  "expected a literal as its first or second piece");
  const auto id = static_cast<uint32_t>(by_anchor_.size());
  const auto [place, is_new] = anchor_ids_.emplace(pattern.pieces[pattern.anchor].literal, id);
  if (is_new) {
    anchors_.add(place->first, id);
    by_anchor_.emplace_back();
  }
  by_anchor_[place->second].push_back(static_cast<uint32_t>(patterns_.size()));
  patterns_.push_back(std::move(pattern));
}

bool ClaimPatterns::is_praise(std::u32string_view words) const {
  while (!words.empty()) {
    size_t longest = 0;
    for (const auto& word : praise_) {
      if (word.size() > longest && words.starts_with(word)) longest = word.size();
    }
    if (longest == 0) return false;
    words.remove_prefix(longest);
  }
  return true;
}

bool ClaimPatterns::is_void(const Pattern& pattern, std::u32string_view value) const {
  const bool excepted = std::any_of(pattern.unless.begin(), pattern.unless.end(), [&](const auto& w) {
    return value.find(w) != value.npos;
  });
  return excepted || is_praise(value);
}

/// `at`: where the anchor begins. A run of word characters is as long as it may be at the ends of
/// the pattern, as short as it may be inside it.
std::optional<ClaimPatterns::Span> ClaimPatterns::match(const Pattern& pattern,
                                                        std::u32string_view text,
                                                        size_t at) const {
  const auto is_inner = [&](char32_t c) { return is_word(c) && stops_.find(c) == stops_.npos; };
  std::vector<size_t> begins(pattern.pieces.size() + 1);
  size_t begin = at;
  if (pattern.anchor == 1) {
    while (begin > 0 && at - begin < pattern.pieces[0].most && is_inner(text[begin - 1])) --begin;
    if (begin == at) return std::nullopt;
    begins[0] = begin;
  }
  size_t end = at;
  for (size_t i = pattern.anchor; i < pattern.pieces.size(); ++i) {
    const Piece& piece = pattern.pieces[i];
    begins[i] = end;
    if (!piece.literal.empty()) {
      if (text.substr(end, piece.literal.size()) != piece.literal) return std::nullopt;
      end += piece.literal.size();
      continue;
    }
    const bool is_last = i + 1 == pattern.pieces.size();
    const size_t first = end;
    while (end < text.size() && end - first < piece.most && is_inner(text[end])) {
      if (!is_last && end > first && text.substr(end).starts_with(pattern.pieces[i + 1].literal)) break;
      ++end;
    }
    if (end == first) return std::nullopt;
  }
  begins[pattern.pieces.size()] = end;
  return Span{begins[pattern.claim_begin], begins[pattern.claim_end]};
}

void ClaimPatterns::find(std::u32string_view folded, const Evidence& evidence,
                         std::vector<Claim>& claims) const {
  Taken taken(folded.size(), claims);
  for (const auto& anchor : anchors_.scan(folded)) {
    for (const uint32_t id : by_anchor_[anchor.id]) {
      const Pattern& pattern = patterns_[id];
      const auto span = match(pattern, folded, anchor.begin);
      if (!span || is_void(pattern, folded.substr(span->begin, span->end - span->begin))) continue;
      if (taken.any(pattern.type, span->begin, span->end)) continue;
      taken.add(pattern.type, span->begin, span->end);
      claims.push_back(claim_of(pattern, *span, folded, evidence));
    }
  }
}

Claim ClaimPatterns::claim_of(const Pattern& pattern, const Span& span,
                              std::u32string_view folded, const Evidence& evidence) const {
  Claim claim{.type = pattern.type, .begin = span.begin, .end = span.end, .value = {}};
  claim.rule = pattern.rule;
  claim.level = pattern.level;
  claim.repair = Repair{Repair::Kind::drop_clause, {}};
  const auto value = folded.substr(span.begin, span.end - span.begin);
  const auto holds = [](std::u32string_view a, std::u32string_view b) {
    return !b.empty() && a.find(b) != a.npos;
  };
  for (const Fact& fact : evidence.attributes()) {
    const bool inside = fact.val.size() > 1 && holds(value, fact.val);
    if (inside || states(fact.val, value) || states(fact.raw, value)) {
      claim.evidence.push_back(fact.id);
    }
  }
  const std::u32string& brand = evidence.brand();
  if (holds(value, brand) || holds(brand, value)) claim.evidence.push_back("brand");
  if (holds(evidence.title(), value)) claim.evidence.push_back("title");
  if (const Document* proof = evidence.proof_of(claim.type, value)) {
    claim.evidence.push_back("doc:" + proof->id);
  }
  if (!claim.evidence.empty()) claim.support = Support::entailed;
  return claim;
}

}  // namespace vitrine::checks
