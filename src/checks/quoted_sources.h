// checks/quoted_sources.h - data, surveys, test results and quotations need a source: rules CIT-*.
//
// copy_checks section 7, article 11(2) of the Advertising Law. The words lie in citations.tsv;
// docs/formats/rules_law.md.
#pragma once
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "checks/normalized_text.h"
#include "checks/rule_hit.h"
#include "checks/term_search.h"

namespace vitrine::checks {

/// Immutable and safe for any number of threads. Keeps pointers into the rule set.
class QuotedSources {
 public:
  /// Throws NotFound, or InvalidInput naming file, line, field and value.
  static QuotedSources load(const RuleSet& rules);

  /// Appends hits in order of their sentences. CIT-1: the quotation's sentence names no source:
  /// block; it does: needs_proof, with the id of a valid document of type survey or report where
  /// there is one. CIT-2: that document has a period of validity and the sentence states no time.
  /// CIT-3: the sentence quotes an absolute term or a first place in a narrow category.
  void find(const NormalizedText& text, const Evidence& evidence, const CheckContext& context,
            std::vector<RuleHit>& hits) const;

 private:
  enum class Role { marker, source, named, body, generic, time, absolute, narrow, exception };
  struct Sentence;
  void examine(Sentence& sentence, std::u32string_view normal) const;
  struct Phrase;
  Phrase phrase_before(std::u32string_view sentence, size_t verb) const;
  bool has_body(std::u32string_view sentence, size_t begin) const;
  void judge(const Sentence& sentence, const NormalizedText& text, const Evidence& evidence,
             const CheckContext& context, std::vector<RuleHit>& hits) const;
  bool is_generic(std::u32string_view words) const;

  TermSearch search_;
  std::vector<uint32_t> roles_;  // bits of Role, by id of search_
  std::vector<std::u32string> generic_;
  const Rule* source_ = nullptr;    // CIT-1
  const Rule* period_ = nullptr;    // CIT-2
  const Rule* absolute_ = nullptr;  // CIT-3
};

}  // namespace vitrine::checks
