// checks/exemptions.h - when an absolute term is none in law: articles 4 to 6 and 11 of G-ABS.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "checks/evidence.h"
#include "checks/product_kinds.h"
#include "checks/rule_hit.h"

namespace vitrine::checks {

/// The rows of exemptions.tsv. Immutable and safe for any number of threads.
class Exemptions {
 public:
  /// Throws NotFound, or InvalidInput naming file, line, field and value.
  static Exemptions load(const std::filesystem::path& dir, const ProductKinds& kinds);

  struct Place {
    std::u32string_view folded;  // the whole text
    std::u32string_view term;    // as the rule spells it, folded
    std::string_view group;      // of the term's row in absolute_terms.tsv; may be empty
    KindSet kinds;               // of the product
    bool names_goods;            // of the whole text: see names_goods
  };
  /// Tries every exemption that the file names for the hit's rule; fills exemption_tested and
  /// evidence_id and lowers the level, never below what the best exemption gives.
  void apply(const Place& place, const Evidence& evidence, const CheckContext& context,
             RuleHit& hit) const;
  /// Whether a text that should only tell about the firm speaks of goods: the product's category or
  /// a listed word.
  bool names_goods(std::u32string_view folded, const Evidence& evidence) const;

 private:
  enum class Test {
    company_info,
    governed,
    aim,
    reviewer,
    own_range,
    use,
    standard,
    name,
    award,
    time_and_place
  };
  struct Row {
    std::string id;
    Test test = Test::reviewer;
    std::vector<std::string> rules;  // ABS-03, or ABS-04:order for the terms of one group
    Level result = Level::needs_proof;
    std::vector<std::u32string> words, more_words, not_words;
    std::vector<std::string> documents;  // types
  };
  struct Outcome {
    std::string missing;  // empty = the exemption holds
    const Document* document = nullptr;
    Level result = Level::needs_proof;
  };
  static Row row_of(const std::filesystem::path& file, const struct RuleRow& cells);
  static bool is_relevant(const Row& row, const RuleHit& hit, std::string_view group);
  Outcome try_row(const Row& row, const Place& place, const Evidence& evidence,
                  const CheckContext& context, const RuleHit& hit) const;
  Outcome try_governed(const Row& row, const Place& place, const Evidence& evidence,
                       const RuleHit& hit) const;
  Outcome try_name(const Row& row, const Place& place, const Evidence& evidence,
                   const RuleHit& hit) const;

  std::vector<Row> rows_;
  KindSet never_lowered_ = 0;  // G-ABS 11
};

}  // namespace vitrine::checks
