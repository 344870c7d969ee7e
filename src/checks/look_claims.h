// checks/look_claims.h - colours, patterns, cuts, lengths, garments that a text names (CLM-COL).
//
// rules/checks/looks.tsv holds the words by attribute key, made from the attribute values of the
// shipped rows and the synonym tables; exclusive.tsv the values of which a product has only one.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checks/claim.h"
#include "checks/evidence.h"
#include "checks/lexicon.h"

namespace vitrine::checks {

/// Immutable and thread-safe.
class LookClaims {
 public:
  /// `rules` must outlive it. Throws NotFound or InvalidInput naming file, line, field and value.
  static LookClaims load(const RuleSet& rules);

  /// A word is entailed when a value of the product holds it or has the same canonical value;
  /// contradicted (level block) when the product has another value of an exclusive group, or when
  /// the text calls the product itself (这款…裤), or a part of it (裤脚), by another category; else unsupported (level warn).
  void find(std::u32string_view folded, const Evidence& evidence, std::vector<Claim>& claims) const;

  /// Words that can only be of goods of one category, UTF-8, with that category.
  std::vector<std::pair<std::string, std::string>> parts() const;

 private:
  struct Look {
    std::string key, canonical;
    int group = -1;  // of exclusive values; -1 = none
  };
  struct Garment {
    std::u32string word;
    std::string category;
    bool is_part = false;  // counts wherever it stands
  };
  void read_looks(const RuleSet& rules);
  void read_exclusive(const RuleSet& rules);
  void judge(const Look& look, std::u32string_view word, const Evidence& evidence,
             Claim& claim) const;
  void add_garment(size_t begin, const Garment& garment, std::vector<Claim>& claims) const;
  void find_parts(std::u32string_view folded, const Evidence& evidence,
                  std::vector<Claim>& claims) const;
  void find_garment(std::u32string_view folded, const Evidence& evidence,
                    std::vector<Claim>& claims) const;

  const Rule* rule_ = nullptr;
  AhoCorasick words_;
  std::vector<Look> looks_;                        // by pattern id
  std::map<std::u32string, int, std::less<>> groups_;  // canonical value, folded -> group
  std::vector<Garment> garments_;
};

}  // namespace vitrine::checks
