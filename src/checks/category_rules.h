// checks/category_rules.h - what the law forbids or demands for some kinds of goods: rules CAT-*.
//
// copy_checks section 6. The rows lie in categories.tsv (which goods), category_terms.tsv (words)
// and mandatory_warnings.tsv (sentences and documents); docs/formats/rules_law.md.
#pragma once
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "checks/normalized_text.h"
#include "checks/product_kinds.h"
#include "checks/rule_hit.h"
#include "checks/term_search.h"

namespace vitrine::checks {

/// Immutable and safe for any number of threads. Keeps pointers into the rule set.
class CategoryRules {
 public:
  /// Throws NotFound, or InvalidInput naming file, line, field and value.
  static CategoryRules load(const RuleSet& rules);

  /// Appends hits of words in order of begin, then what is missing, with the span [n, n) at the end
  /// of the text and the exact sentence as repair. What is missing is told for descriptions only: a
  /// title has no room for a warning. Words inside a mandatory sentence are no hits.
  void find(const NormalizedText& text, const Evidence& evidence, const CheckContext& context,
            std::vector<RuleHit>& hits) const;

 private:
  struct Row {
    const Rule* rule = nullptr;  // null = an exception
    KindSet any_of = 0, none_of = 0;
    Level level = Level::block;
    std::u32string rewrite;
    std::vector<std::u32string> unless;  // no hit when the text holds one of these
    std::string document;                // type; no hit when the product has one
  };
  struct Need {
    const Rule* rule = nullptr;
    KindSet any_of = 0;
    std::vector<std::string> styles;  // of CheckContext; empty = every style
    std::string text;
    std::vector<std::u32string> accepted;  // compact forms, each of which fulfils it
    std::string document, scope;           // demanded instead of a sentence
  };
  void read_terms(const RuleSet& rules);
  void read_needs(const RuleSet& rules);
  void set_kinds(Row& row, const std::string& kinds, const std::string& where) const;
  bool applies_to(const Row& row, KindSet kinds, const NormalizedText& text,
                  const Evidence& evidence) const;
  void find_terms(const NormalizedText& text, const Evidence& evidence, const CheckContext& context,
                  KindSet kinds, std::vector<RuleHit>& hits) const;
  void find_needs(const NormalizedText& text, const Evidence& evidence, const CheckContext& context,
                  KindSet kinds, std::vector<RuleHit>& hits) const;
  bool is_met(const Need& need, const NormalizedText& text, const Evidence& evidence) const;

  ProductKinds kinds_;
  TermSearch search_;
  std::vector<std::vector<Row>> rows_;  // by id of search_
  std::vector<Row> whole_text_;         // term *: any advertisement of the goods
  std::vector<Need> needs_;
};

}  // namespace vitrine::checks
