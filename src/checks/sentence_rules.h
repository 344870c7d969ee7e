// checks/sentence_rules.h - how a text has to be built: sentences, openers, repetition, total
// length.
//
// copy_checks section 9; limits are rows of rules/checks/styles.tsv,
// docs/formats/lengths_and_styles.md.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "checks/evidence.h"
#include "checks/rule_hit.h"
#include "checks/rule_set.h"

namespace vitrine::checks {

struct SentenceStyle {
  std::string name;
  size_t min_length = 0, max_length = 0;  // code points of the text
  size_t max_sentence = 0;                // code points between 。！？
  int max_repeated_4grams = 0;
  std::vector<std::u32string> openers;  // longest first
};

/// Immutable after load, thread-safe. The rule set must outlive it.
class SentenceRules {
 public:
  /// Reads styles.tsv and product_words.tsv of the rule set's folder. Throws NotFound, or
  /// InvalidInput naming file, line, field and value; a row "default" must be there.
  static SentenceRules load(const RuleSet& rules);

  /// The row of a style, else "default".
  const SentenceStyle& style(std::string_view name) const;

  /// Appends the hits of FMT-1 to FMT-7. FMT-2, FMT-4 and FMT-5 judge descriptions only.
  ///   FMT-1  the brackets and what they hold, when no attribute, brand or title says it; repair:
  ///   remove FMT-2  a sentence, its end sign aside    FMT-3  a later equal clause; repair: drop it
  ///   FMT-4  the opener; repair: remove it, where a product word follows it in its clause
  ///   FMT-5  [max_length, end), or the whole of a text that is too short
  ///   FMT-6  each stretch of repeated 4-grams, when there are too many    FMT-7  signs that follow
  ///   each other, such as "，。"; repair: the stronger one
  void find(const std::u32string& text, const Evidence& evidence, const CheckContext& context,
            std::vector<RuleHit>& hits) const;

  /// The text with every repair of `find` made, until there are none left; other hits stay.
  std::u32string repair(std::u32string text, const Evidence& evidence,
                        const CheckContext& context) const;

  /// FMT-7: sentences of single points as one text. Those with an opener come first, later openers
  /// are removed where that is safe, a clause that stood before is left out. Between sentences
  /// 。/，/； at 0.90/0.06/0.04, drawn from `key`; ！ and ？ stay. Empty for no sentences. Throws
  /// InvalidInput for invalid UTF-8.
  std::string join_sentences(std::span<const std::string> sentences, RandomKey key,
                             std::string_view style_name = {}) const;

 private:
  std::u32string_view opener_of(std::u32string_view sentence, const SentenceStyle& style) const;
  bool names_product_soon(std::u32string_view text) const;
  void add(std::string_view rule_id, std::u32string_view text, size_t begin, size_t end,
           const CheckContext& context, std::vector<RuleHit>& hits) const;
  void find_brackets(std::u32string_view text, const Evidence& evidence,
                     const CheckContext& context, std::vector<RuleHit>& hits) const;
  void find_sentences(std::u32string_view text, const SentenceStyle& style,
                      const CheckContext& context, std::vector<RuleHit>& hits) const;
  void find_clauses(std::u32string_view text, const CheckContext& context,
                    std::vector<RuleHit>& hits) const;
  void find_length(std::u32string_view text, const SentenceStyle& style,
                   const CheckContext& context, std::vector<RuleHit>& hits) const;
  void find_repetition(std::u32string_view text, const SentenceStyle& style,
                       const CheckContext& context, std::vector<RuleHit>& hits) const;
  void find_signs(std::u32string_view text, const CheckContext& context,
                  std::vector<RuleHit>& hits) const;

  const RuleSet* rules_ = nullptr;
  std::map<std::string, SentenceStyle, std::less<>> styles_;
  std::vector<std::u32string> product_words_;  // folded
};

}  // namespace vitrine::checks
