// checks/absolute_terms.h - absolute terms (极限词), article 9 of the Advertising Law: rules ABS-*.
//
// copy_checks section 5. Order of decision: false positives, exemptions, level. The rows lie in
// absolute_terms.tsv, absolute_exceptions.tsv and exemptions.tsv; docs/formats/rules_law.md.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "checks/exemptions.h"
#include "checks/normalized_text.h"
#include "checks/product_kinds.h"
#include "checks/rule_hit.h"
#include "checks/term_search.h"

namespace vitrine::checks {

/// Immutable and safe for any number of threads. Keeps pointers into the rule set.
class AbsoluteTerms {
 public:
  /// Throws NotFound, or InvalidInput naming file, line, field and value.
  static AbsoluteTerms load(const RuleSet& rules);

  /// Appends the hits in order of begin. Of overlapping terms and exceptions the leftmost, then
  /// longest counts. A hit found only behind separators, spellings, wildcards (国×级) or character
  /// forms has evasion = true and is not lowered. Hits that an exemption lowers to pass are left
  /// out.
  void find(const NormalizedText& text, const Evidence& evidence, const CheckContext& context,
            std::vector<RuleHit>& hits) const;

  /// Surface terms that block (UTF-8), in the file's order; 最 stands for all that begin with it.
  std::vector<std::string> blocking_terms() const;
  /// The innocent phrases of absolute_exceptions.tsv (UTF-8); many hold a term.
  std::vector<std::string> exceptions() const;

 private:
  struct Term {
    const Rule* rule = nullptr;  // null = an exception
    std::u32string rewrite;
    std::string group;
    RuleStatus status = RuleStatus::practice;
    bool unless_quoted = false;
    bool needs_follow = false;  // counts only before a letter or an ideograph
  };
  void read_terms(const RuleSet& rules);
  void read_exceptions(const RuleSet& rules);
  void add(std::u32string_view text, Term term, const std::string& where);
  void add_wildcards();
  void find_wildcards(const NormalizedText& text, std::vector<FoundTerm>& found) const;
  bool counts(const FoundTerm& found, const NormalizedText& text) const;
  RuleHit hit_of(const FoundTerm& found, const NormalizedText& text) const;

  TermSearch search_;
  std::vector<Term> terms_;  // by id of search_
  AhoCorasick wildcards_;
  std::vector<uint32_t> wildcard_terms_;  // id in search_ of each wildcard pattern
  ProductKinds kinds_;
  Exemptions exemptions_;
};

}  // namespace vitrine::checks
