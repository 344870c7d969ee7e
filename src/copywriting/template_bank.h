// copywriting/template_bank.h - copy with no model: sentence plans and phrases by key, filled with the product's values.
//
// The bank is the folder rules/templates: categories.tsv, plans.tsv, values.tsv and one file of phrases for each kind of
// goods (clothes.tsv, homestay.tsv, goods.tsv); the head of each file says what its columns mean. Its fixed phrases state
// nothing that the input does not hold: only praise without a fact that could be checked.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "copywriting/plan.h"
#include "copywriting/template_pattern.h"
#include "data/product.h"

namespace vitrine::copywriting {

struct TemplateCategory {
  std::string name, parent;         // phrases not found under the name are looked up under the parent
  std::vector<std::string> words;   // what a category path or 类型 contains; "*" = anything
  std::vector<std::string> these;   // 这条, 这款
  std::string noun;                 // what later sentences call the product
};

/// One pattern a sentence: first, second, third, last.
struct SentencePlan {
  std::string name;
  TemplatePattern first, second, third, last;
};

enum class PhraseForm { adjective, clause, tail, closing, finale };

struct Phrase {
  PhraseForm form;
  std::string when;  // any | one | many | number | ^abc (the value starts with one of these) | !abc (it does not)
  std::string text;  // {v} values joined by 、  {k} the key

  bool fits(const std::vector<std::string>& values) const;
};

/// What a value needs that does not read right in the phrases of its key.
struct ValuePhrases {
  std::string word;                        // stands for {v}; "" = the value itself
  std::vector<std::string> clauses, adjectives;
  bool no_adjective = false;
};

/// Immutable once loaded, thread-safe.
class TemplateBank {
 public:
  /// The shipped bank, or the one in `folder`. Throws NotFound, or Corrupt naming file, row, field and value.
  static TemplateBank load();
  static TemplateBank load(const std::filesystem::path& folder);

  /// The first row of categories.tsv that has a word of the product's 类型, category path or subject.
  const TemplateCategory& category_of(const data::Product& product) const;
  const std::vector<TemplateCategory>& categories() const { return categories_; }
  const std::vector<SentencePlan>& plans(const std::string& category) const;

  /// Phrases of a form under the key, in the category or else its parent; "*" is looked up only when asked for.
  std::vector<const Phrase*> phrases(const TemplateCategory& category, const std::string& key, PhraseForm form) const;
  /// nullptr when the value reads right as it is.
  const ValuePhrases* value_phrases(const std::string& key, const std::string& value) const;

  /// Whether a slot of a pattern stands for a key ({颜色}) and not for a part of the sentence ({其余}).
  static bool is_key_slot(const std::string& slot);

  /// Every fixed text of the bank with its place, for checks of its words.
  std::vector<std::pair<std::string, std::string>> fixed_texts() const;

 private:
  using Cells = std::vector<std::string>;
  void add_category(const Cells& cells, const std::string& where);
  void add_plan(const Cells& cells, const std::string& where);
  void add_phrase(const Cells& cells, const std::string& where);
  void add_value(const Cells& cells, const std::string& where);
  void validate(const std::filesystem::path& folder) const;

  std::vector<TemplateCategory> categories_;
  std::map<std::string, std::vector<SentencePlan>> plans_;
  std::map<std::pair<std::string, std::string>, std::vector<Phrase>> phrases_;  // by category and key
  std::map<std::pair<std::string, std::string>, ValuePhrases> values_;          // by key and value
};

/// Copy of about plan.length code points that says every point of the plan, group after group, one sentence a group.
/// Candidate i of a product: key = RandomKey(seed).fold_in(product.id).fold_in(i); the same key gives the same text.
/// Every value is in the text literally; the length is within 20 % of plan.length where the number of points allows it.
/// The first form uses the shipped bank. Throws InvalidInput when the plan has no points.
std::string write_from_template(const data::Product& product, const Plan& plan, RandomKey key);
std::string write_from_template(const TemplateBank& bank, const data::Product& product, const Plan& plan, RandomKey key);

}  // namespace vitrine::copywriting
