// checks/claim_patterns.h - claims whose words no list knows, found by what stands around them.
//
// rules/checks/claim_patterns.tsv, one pattern a row: literal text, {a|b} for one of several, <n>
// for one to n characters of a word, ( ) around what is claimed: {采用|选用}(<6>)面料. A pattern
// holds a literal; <n> may stand at its ends. Column `unless`: words that void the claim that holds them.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/aho_corasick.h"
#include "checks/claim.h"
#include "checks/evidence.h"

namespace vitrine::checks {

/// Immutable and thread-safe.
class ClaimPatterns {
 public:
  /// Reads rules.dir()/claim_patterns.tsv and praise.tsv. `rules` must outlive it. Throws NotFound
  /// or InvalidInput naming file, line, field and value.
  static ClaimPatterns load(const RuleSet& rules);

  /// Adds what the patterns find where no claim of the same type stands yet. What is claimed is
  /// entailed when a value of the evidence holds it or it holds a value; it is no claim when it is
  /// made of words of praise alone (采用优质面料).
  void find(std::u32string_view folded, const Evidence& evidence, std::vector<Claim>& claims) const;

 private:
  struct Piece {
    std::u32string literal;  // empty = 1 to `most` characters of a word
    size_t most = 0;
  };
  struct Pattern {
    std::vector<Piece> pieces;
    size_t anchor = 0;                 // place of the first literal
    size_t claim_begin = 0, claim_end = 0;  // pieces of what is claimed
    std::string type;
    Level level = Level::block;
    const Rule* rule = nullptr;
    std::vector<std::u32string> unless;  // what is claimed holds none of these
  };
  void add(std::u32string_view pattern, const Pattern& base);
  bool is_praise(std::u32string_view words) const;
  bool is_void(const Pattern& pattern, std::u32string_view value) const;
  struct Span {
    size_t begin, end;
  };
  Claim claim_of(const Pattern& pattern, const Span& span, std::u32string_view folded,
                 const Evidence& evidence) const;
  std::optional<Span> match(const Pattern& pattern, std::u32string_view text, size_t at) const;

  std::vector<Pattern> patterns_;
  std::map<std::u32string, uint32_t, std::less<>> anchor_ids_;
  std::vector<std::vector<uint32_t>> by_anchor_;  // patterns that share an anchor
  AhoCorasick anchors_;
  std::vector<std::u32string> praise_;
  std::u32string stops_;  // characters at which a word ends
};

}  // namespace vitrine::checks
