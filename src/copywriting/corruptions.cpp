#include "copywriting/corruptions.h"

#include <algorithm>
#include <numeric>

#include "checks/checker.h"
#include "checks/clause_repair.h"
#include "checks/output_faults.h"
#include "copywriting/alignment.h"
#include "copywriting/distinctive_point.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr std::u32string_view kClauseEnds = U"，；。！？,;!?";
constexpr int kTries = 12;                 // random terms before a rule gives up
constexpr double kLeastDelay = 0.2;        // of the text's length, by which a point must move back
constexpr double kMostSharedValues = 0.4;  // of this product's values that another product's text may say

/// Parts that end with their sign; joined they give the text again.
std::vector<std::u32string> clauses_of(std::u32string_view text) {
  std::vector<std::u32string> clauses;
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = std::min(text.find_first_of(kClauseEnds, begin), text.size());
    while (end < text.size() && kClauseEnds.find(text[end]) != kClauseEnds.npos) ++end;
    clauses.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return clauses;
}

std::string joined(const std::vector<std::u32string>& parts) {
  std::u32string text;
  for (const auto& part : parts) text += part;
  return text::to_utf8(text);
}

/// Attributes whose value stands in the text, the category aside.
std::vector<const data::Attribute*> said_attributes(const CorruptionInput& input) {
  std::vector<const data::Attribute*> said;
  const std::string category = data::category_of(input.product);
  for (const auto& attribute : input.product.attributes) {
    if (!attribute.val.empty() && attribute.val != category && input.text.find(attribute.val) != input.text.npos) said.push_back(&attribute);
  }
  return said;
}

template <typename T>
const T& one_of(const std::vector<T>& values, RandomStream& random) {
  return values[random.below(values.size())];
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

std::optional<std::string> drop_attribute(const CorruptionInput& input, RandomStream& random) {
  const auto said = said_attributes(input);
  if (said.empty()) return std::nullopt;
  const std::u32string text = text::to_utf32(input.text), value = text::to_utf32(one_of(said, random)->val);
  std::vector<checks::Span> spans;
  for (size_t at = 0; (at = text.find(value, at)) != text.npos; at += value.size()) spans.emplace_back(at, at + value.size());
  const auto rest = checks::drop_clauses(text, spans);
  if (!rest || rest->find(value) != rest->npos) return std::nullopt;
  return text::to_utf8(*rest);
}

bool has_value(const data::Product& product, const std::string& value) {
  return std::any_of(product.attributes.begin(), product.attributes.end(), [&](const auto& a) {
    return a.val.find(value) != std::string::npos || value.find(a.val) != std::string::npos;
  });
}

std::optional<std::string> change_attribute(const CorruptionInput& input, RandomStream& random) {
  const auto said = said_attributes(input);
  if (said.empty() || input.pool.empty()) return std::nullopt;
  const data::Attribute& attribute = *one_of(said, random);
  for (int i = 0; i < kTries; ++i) {
    const data::Product& other = *input.pool[random.below(input.pool.size())];
    for (const auto& candidate : other.attributes) {
      const bool is_other = candidate.key == attribute.key && !candidate.val.empty() && !has_value(input.product, candidate.val);
      if (is_other && input.text.find(candidate.val) == input.text.npos) return replaced(std::string(input.text), attribute.val, candidate.val);
    }
  }
  return std::nullopt;
}

/// How many hits block, of rules whose id begins so.
int num_blocking(const std::string& text, const checks::Evidence& evidence, std::string_view id) {
  const auto report = checks::Checker::shipped().check(text, evidence, {});
  return static_cast<int>(std::count_if(report.hits.begin(), report.hits.end(), [&](const checks::RuleHit& hit) {
    return hit.level == checks::Level::block && hit.rule->id.starts_with(id);
  }));
}

/// The clause before the last sign of one of the sentences.
std::string with_clause(const std::string& text, const std::string& clause, RandomStream& random) {
  auto sentences = split_sentences(text);
  if (sentences.empty()) return text + clause;
  auto sentence = text::to_utf32(sentences[random.below(sentences.size())]);
  const auto chosen = text::to_utf8(sentence);
  size_t end = sentence.size();
  while (end > 0 && kClauseEnds.find(sentence[end - 1]) != kClauseEnds.npos) --end;
  sentence.insert(end, text::to_utf32(clause));
  std::string result(text);
  return result.replace(result.find(chosen), chosen.size(), text::to_utf8(sentence));
}

/// A term that blocks, in a clause of its own; `patterns` hold {} for it.
std::optional<std::string> insert_term(const CorruptionInput& input, std::string_view rule_id,
                                       const std::vector<std::string>& patterns, RandomStream& random) {
  static const std::vector<std::string> terms = checks::Checker::shipped().blocking_terms();
  const checks::Evidence evidence(input.product);
  const std::string text(input.text);
  const int before = num_blocking(text, evidence, rule_id);
  for (int i = 0; i < kTries; ++i) {
    const std::string& term = one_of(terms, random);
    if (text.find(term) != std::string::npos) continue;
    std::string worse = with_clause(text, replaced(one_of(patterns, random), "{}", term), random);
    if (num_blocking(worse, evidence, rule_id) > before) return worse;
  }
  return std::nullopt;
}

std::optional<std::string> insert_banned_term(const CorruptionInput& input, RandomStream& random) {
  // Terms of the law are few among all that block: more draws.
  for (int i = 0; i < kTries; ++i) {
    if (auto worse = insert_term(input, "ABS", {"，堪称{}", "，可谓{}", "，{}之选"}, random)) return worse;
  }
  return std::nullopt;
}

std::optional<std::string> insert_claim(const CorruptionInput& input, RandomStream& random) {
  return insert_term(input, "CLM", {"，采用{}面料", "，而且{}", "，穿着{}又舒适", "，{}的质感"}, random);
}

double offset_of(std::string_view text, const std::u32string& value) {
  const auto place = find_point(text::metric_code_points(std::string(text)), value);
  return place ? place->offset : 1;
}

/// The sentence that says the value first goes to the end; of a text of one sentence the clause.
std::optional<std::string> say_late(const CorruptionInput& input) {
  const std::u32string value = text::metric_code_points(input.distinctive_value);
  const double before = offset_of(input.text, value);
  std::vector<std::u32string> parts;
  for (const auto& sentence : split_sentences(input.text)) parts.push_back(text::to_utf32(sentence));
  const auto first = std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.find(value) != part.npos; });
  if (value.empty() || first == parts.end() || parts.size() < 2) return std::nullopt;
  std::rotate(first, first + 1, parts.end());
  std::string worse = joined(parts);
  if (offset_of(worse, value) < before + kLeastDelay) return std::nullopt;
  return worse;
}

std::optional<std::string> repeat_clauses(const CorruptionInput& input, RandomStream& random) {
  auto clauses = clauses_of(text::to_utf32(input.text));
  if (clauses.size() < 2) return std::nullopt;
  for (int i = 0; i < 2; ++i) {
    const size_t from = random.below(clauses.size());
    const size_t to = from + 1 + random.below(clauses.size() - from);
    clauses.insert(clauses.begin() + static_cast<std::ptrdiff_t>(to), clauses[from]);
  }
  return joined(clauses);
}

std::optional<std::string> shuffle(const CorruptionInput& input, RandomStream& random) {
  std::vector<std::u32string> parts;
  for (const auto& sentence : split_sentences(input.text)) parts.push_back(text::to_utf32(sentence));
  if (parts.size() < 3) parts = clauses_of(text::to_utf32(input.text));
  if (parts.size() < 3) return std::nullopt;
  for (int i = 0; i < kTries; ++i) {
    auto order = parts;
    random.shuffle(order);
    if (std::string worse = joined(order); worse != input.text && order.front() != parts.front()) return worse;
  }
  return std::nullopt;
}

std::optional<std::string> take_other_text(const CorruptionInput& input, RandomStream& random) {
  for (int i = 0; i < kTries && !input.pool.empty(); ++i) {
    const data::Product& other = *input.pool[random.below(input.pool.size())];
    if (other.id == input.product.id || other.summary.empty() || other.summary == input.text) continue;
    if (checks::literal_coverage(text::to_utf32(other.summary), input.product, false) <= kMostSharedValues) return other.summary;
  }
  return std::nullopt;
}

std::optional<std::string> apply(Corruption rule, const CorruptionInput& input, RandomStream& random) {
  switch (rule) {
    case Corruption::attribute_dropped: return drop_attribute(input, random);
    case Corruption::attribute_changed: return change_attribute(input, random);
    case Corruption::banned_term: return insert_banned_term(input, random);
    case Corruption::unsupported_claim: return insert_claim(input, random);
    case Corruption::point_late: return say_late(input);
    case Corruption::clauses_repeated: return repeat_clauses(input, random);
    case Corruption::sentences_shuffled: return shuffle(input, random);
    case Corruption::other_product: return take_other_text(input, random);
  }
  return std::nullopt;
}

}  // namespace

const std::vector<Corruption>& all_corruptions() {
  static const std::vector<Corruption> kAll = {Corruption::attribute_dropped, Corruption::attribute_changed, Corruption::banned_term,
                                               Corruption::unsupported_claim, Corruption::point_late,        Corruption::clauses_repeated,
                                               Corruption::sentences_shuffled, Corruption::other_product};
  return kAll;
}

std::string_view name_of(Corruption rule) {
  constexpr std::string_view kNames[] = {"attribute_dropped", "attribute_changed", "banned_term",        "unsupported_claim",
                                         "point_late",        "clauses_repeated",  "sentences_shuffled", "other_product"};
  return kNames[static_cast<size_t>(rule)];
}

std::optional<std::string> corrupt(Corruption rule, const CorruptionInput& input, RandomKey key) {
  RandomStream random(key.fold_in(name_of(rule)));
  auto worse = apply(rule, input, random);
  if (!worse || *worse == input.text || worse->empty()) return std::nullopt;
  return worse;
}

}  // namespace vitrine::copywriting
