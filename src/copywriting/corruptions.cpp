#include "copywriting/corruptions.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "checks/clause_repair.h"
#include "checks/output_faults.h"
#include "copywriting/alignment.h"
#include "copywriting/mentions.h"
#include "copywriting/text_clauses.h"
#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr double kMinRest = 1.0 / 3;   // share of the text that stays when a value goes
constexpr double kMinDelay = 0.2;      // by how much of the text a point comes later
constexpr double kLatePosition = 0.5;  // where it then stands at least
constexpr double kMaxCommonValues =
    0.25;  // share of its values that a product has in common with the other one
constexpr size_t kMinClause = 4;  // code points of a clause whose repetition is seen
constexpr size_t kMaxTries = 16;

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Where in the text `part` first stands, 0..1; 1 when it is not there.
double position(std::string_view text, std::string_view part) {
  const size_t at = text.find(part);
  if (at == std::string_view::npos || text.empty()) return 1;
  return static_cast<double>(text::count_code_points(text.substr(0, at))) /
         static_cast<double>(text::count_code_points(text));
}

std::string replaced(std::string_view text, std::string_view part, std::string_view by) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t found = std::min(text.find(part, at), text.size());
    out += text.substr(at, found - at);
    if (found < text.size()) out += by;
    at = found + part.size();
  }
  return out;
}

/// A value of the product as the text says it.
struct SaidValue {
  std::string key, word;
};

/// Values of at least two signs that the text says, without what is sold; each word once.
std::vector<SaidValue> said_values(const GoodText& good) {
  std::vector<SaidValue> said;
  std::set<std::string> seen;
  for (const auto& attribute : good.product.attributes) {
    if (attribute.key == kTypeKey) continue;
    for (const auto& word : {attribute.val, attribute.val_raw}) {
      if (text::count_code_points(word) < 2 || !holds(good.text, word) || !seen.insert(word).second)
        continue;
      said.push_back({attribute.key, word});
    }
  }
  return said;
}

std::set<std::string> values_of(const data::Product& product) {
  std::set<std::string> values;
  for (const auto& attribute : product.attributes) {
    if (attribute.key != kTypeKey) values.insert(attribute.val);
  }
  return values;
}

/// Whether the product has the value, a part of it or more than it (蓝色 and 深蓝色).
bool is_like_own_value(const data::Product& product, std::string_view value) {
  const auto alike = [&](const std::string& own) {
    return !own.empty() && (holds(own, value) || holds(value, own));
  };
  return std::any_of(product.attributes.begin(), product.attributes.end(),
                     [&](const data::Attribute& a) { return alike(a.val) || alike(a.val_raw); });
}

std::vector<checks::Span> spans_of(std::u32string_view text, std::u32string_view word) {
  std::vector<checks::Span> spans;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + word.size()))
    spans.push_back({at, at + word.size()});
  return spans;
}

std::optional<std::string> drop_value(const GoodText& good, RandomStream& random) {
  auto said = said_values(good);
  random.shuffle(said);
  const std::u32string text = text::to_utf32(good.text);
  for (const auto& [key, word] : said) {
    const std::u32string value = text::to_utf32(word);
    const auto rest = checks::drop_clauses(text, spans_of(text, value));
    const bool enough =
        rest && static_cast<double>(rest->size()) >= kMinRest * static_cast<double>(text.size());
    if (enough && rest->find(value) == rest->npos) return text::to_utf8(*rest);
  }
  return std::nullopt;
}

/// Sentences with their end signs.
std::vector<std::string> ended_sentences(std::string_view text) {
  auto sentences = split_sentences(text);
  if (!sentences.empty() && split_clauses(sentences.back()).back().mark.empty())
    sentences.back() += "。";
  return sentences;
}

std::optional<std::string> move_sentences(const GoodText& good) {
  auto sentences = ended_sentences(good.text);
  std::stable_partition(sentences.begin(), sentences.end(),
                        [&](const auto& s) { return !holds(s, good.distinctive_value); });
  std::string moved;
  for (const auto& sentence : sentences) moved += sentence;
  return checks::starts_well(text::to_utf32(moved)) ? std::optional(moved) : std::nullopt;
}

/// Clauses change places, marks stay.
std::optional<std::string> move_clauses(const GoodText& good) {
  auto clauses = split_clauses(good.text);
  std::vector<std::string> bodies;
  for (const auto& clause : clauses) bodies.push_back(clause.body);
  std::stable_partition(bodies.begin(), bodies.end(),
                        [&](const auto& b) { return !holds(b, good.distinctive_value); });
  for (size_t i = 0; i < clauses.size(); ++i) clauses[i].body = bodies[i];
  const std::string moved = joined(clauses);
  return checks::starts_well(text::to_utf32(moved)) ? std::optional(moved) : std::nullopt;
}

std::optional<std::string> move_point(const GoodText& good) {
  if (good.distinctive_value.empty() || !holds(good.text, good.distinctive_value))
    return std::nullopt;
  const double before = position(good.text, good.distinctive_value);
  for (const auto& moved : {move_sentences(good), move_clauses(good)}) {
    if (!moved || !holds(*moved, good.distinctive_value)) continue;
    const double after = position(*moved, good.distinctive_value);
    if (after >= kLatePosition && after >= before + kMinDelay) return moved;
  }
  return std::nullopt;
}

/// A clause of its own at the end of a sentence.
std::string with_clause(std::vector<std::string> sentences, size_t sentence,
                        const std::string& clause) {
  auto clauses = split_clauses(sentences[sentence]);
  const std::string end = clauses.back().mark;
  clauses.back().mark = "，";
  clauses.push_back({clause, end});
  sentences[sentence] = joined(clauses);
  std::string text;
  for (const auto& s : sentences) text += s;
  return text;
}

std::string repeat_one(const std::string& text, RandomStream& random) {
  const auto sentences = ended_sentences(text);
  struct Place {
    size_t sentence;
    std::string body;
  };
  std::vector<Place> places;
  for (size_t s = 0; s < sentences.size(); ++s) {
    for (const auto& clause : split_clauses(sentences[s])) {
      if (text::count_code_points(clause.body) >= kMinClause) places.push_back({s, clause.body});
    }
  }
  if (places.empty()) return text;
  const Place& place = places[random.below(places.size())];
  const size_t later = place.sentence + random.below(sentences.size() - place.sentence);
  return with_clause(sentences, later, place.body);
}

std::optional<std::string> repeat_clauses(const GoodText& good, RandomStream& random) {
  const auto count = [](std::string_view text) {
    return checks::repeated_clauses(text::to_utf32(text)).size();
  };
  const size_t times = 1 + random.below(2), before = count(good.text);
  std::string text(good.text);
  for (size_t i = 0; i < times; ++i) text = repeat_one(text, random);
  return count(text) > before ? std::optional(text) : std::nullopt;
}

/// Another order with another start, or nothing where all parts are alike.
std::optional<std::vector<std::string>> another_order(const std::vector<std::string>& parts,
                                                      RandomStream& random) {
  for (size_t i = 0; i < kMaxTries; ++i) {
    auto shuffled = parts;
    random.shuffle(shuffled);
    if (shuffled.front() != parts.front()) return shuffled;
  }
  return std::nullopt;
}

std::optional<std::string> shuffle_sentences(const GoodText& good, RandomStream& random) {
  const auto sentences = ended_sentences(good.text);
  auto clauses = split_clauses(good.text);
  std::vector<std::string> bodies;
  for (const auto& clause : clauses) bodies.push_back(clause.body);
  const bool by_clause = sentences.size() < 3;
  if (by_clause && bodies.size() < 3) return std::nullopt;
  const auto order = another_order(by_clause ? bodies : sentences, random);
  if (!order) return std::nullopt;
  std::string text;
  for (const auto& sentence : *order) text += sentence;
  if (!by_clause) return text;
  for (size_t i = 0; i < clauses.size(); ++i) clauses[i].body = (*order)[i];
  return joined(clauses);
}

template <typename T>
const T& pick(const std::vector<T>& values, RandomStream& random) {
  return values[random.below(values.size())];
}

/// The clause at the end of a random sentence that asks nothing; the text itself when there is
/// none.
std::string with_closing(const std::string& text, const std::string& clause, RandomStream& random) {
  const auto sentences = ended_sentences(text);
  std::vector<size_t> statements;
  for (size_t i = 0; i < sentences.size(); ++i) {
    if (sentences[i].ends_with("。") || sentences[i].ends_with("！")) statements.push_back(i);
  }
  return statements.empty() ? text : with_clause(sentences, pick(statements, random), clause);
}

/// A random place of a word of `words` where it does not follow 的 (which another attributive ends
/// with).
std::optional<std::pair<size_t, std::string>> find_any(std::string_view text,
                                                       std::vector<std::string> words,
                                                       RandomStream& random) {
  random.shuffle(words);
  for (const auto& word : words) {
    const size_t at = text.find(word);
    if (at != std::string_view::npos && !text.substr(0, at).ends_with("的"))
      return std::pair(at, word);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Corruption rule) {
  constexpr std::array<std::string_view, 8> kNames = {
      "attribute_dropped", "attribute_changed", "banned_term",        "unsupported_claim",
      "point_late",        "clauses_repeated",  "sentences_shuffled", "other_product"};
  return kNames.at(static_cast<size_t>(rule));
}

Corruptor::Corruptor(const data::AttributeStatistics& statistics,
                     std::span<const data::Product> pool, const checks::Checker& checker)
    : checker_(checker), words_(CorruptionWords::load(checker)) {
  for (const auto& [pair, df] : statistics.pairs()) {
    const auto& [category, key, value] = pair;
    if (df >= 2 && key != kTypeKey && text::count_code_points(value) >= 2)
      values_[{category, key}].push_back(value);
  }
  for (const auto& product : pool) {
    if (!product.summary.empty()) pool_[data::category_of(product)].push_back(&product);
  }
}

std::optional<std::string> Corruptor::change_value(const GoodText& good,
                                                   RandomStream& random) const {
  auto said = said_values(good);
  random.shuffle(said);
  for (const auto& value : said) {
    const bool is_part = std::any_of(said.begin(), said.end(), [&](const auto& other) {
      return other.word != value.word && holds(other.word, value.word);
    });
    const auto others = values_.find({data::category_of(good.product), value.key});
    if (is_part || others == values_.end()) continue;
    for (size_t i = 0; i < kMaxTries; ++i) {
      const std::string& other = pick(others->second, random);
      if (is_like_own_value(good.product, other) || holds(good.text, other)) continue;
      const std::string changed = replaced(good.text, value.word, other);
      const auto claims = checker_.claims().find_claims(changed, good.product);
      const bool is_true =
          std::any_of(claims.begin(), claims.end(), [&](const checks::Claim& claim) {
            return claim.support == checks::Support::entailed &&
                   (claim.value == other || holds(claim.value, other));
          });
      if (!is_true && !holds(changed, value.word)) return changed;
    }
  }
  return std::nullopt;
}

int Corruptor::count_absolute_terms(std::string_view text, const checks::Evidence& evidence) const {
  const auto report = checker_.check(text, evidence, {});
  return static_cast<int>(
      std::count_if(report.hits.begin(), report.hits.end(), [](const checks::RuleHit& hit) {
        return hit.level == checks::Level::block && hit.rule != nullptr &&
               hit.rule->id.starts_with("ABS");
      }));
}

std::optional<std::string> Corruptor::ban(const GoodText& good, RandomStream& random) const {
  const checks::Evidence evidence(good.product);
  const int before = count_absolute_terms(good.text, evidence);
  for (size_t i = 0; i < kMaxTries; ++i) {
    std::string text(good.text);
    const uint64_t way = random.below(3);
    if (way == 0) {
      const auto noun = find_any(text, words_.noun, random);
      if (noun) text.insert(noun->first, pick(words_.attributive, random) + "的");
    } else if (way == 1) {
      const auto intensifier = find_any(text, words_.intensifier, random);
      if (intensifier)
        text.replace(intensifier->first, intensifier->second.size(), pick(words_.adverb, random));
    } else {
      text = with_closing(text, pick(words_.closing, random), random);
    }
    if (text != good.text && count_absolute_terms(text, evidence) > before) return text;
  }
  return std::nullopt;
}

bool Corruptor::is_unsupported_in(std::string_view text, std::string_view word,
                                  const data::Product& product) const {
  const auto claims = checker_.claims().find_claims(text, product);
  return std::any_of(claims.begin(), claims.end(), [&](const checks::Claim& claim) {
    return checks::is_unsupported(claim) && holds(claim.value, word);
  });
}

std::optional<std::string> Corruptor::claim(const GoodText& good, RandomStream& random) const {
  const std::array<const CorruptionWords::Claims*, 3> kinds = {&words_.function, &words_.material,
                                                               &words_.origin};
  for (size_t i = 0; i < kMaxTries; ++i) {
    const CorruptionWords::Claims& kind = *kinds[random.below(kinds.size())];
    const std::string& word = pick(kind.words, random);
    if (holds(good.text, word) || is_like_own_value(good.product, word)) continue;
    std::string text(good.text);
    const auto cloth = find_any(text, words_.cloth, random);
    if (cloth && random.below(2) == 0) {
      text.insert(cloth->first, replaced(pick(kind.inlines, random), "{}", word));
    } else {
      text = with_closing(text, replaced(pick(kind.frames, random), "{}", word), random);
    }
    if (is_unsupported_in(text, word, good.product)) return text;
  }
  return std::nullopt;
}

std::optional<std::string> Corruptor::replace_text(const GoodText& good,
                                                   RandomStream& random) const {
  const auto others = pool_.find(data::category_of(good.product));
  if (others == pool_.end()) return std::nullopt;
  const auto own = values_of(good.product);
  const auto coverage = [&](std::string_view text) {
    return checks::literal_coverage(text::to_utf32(text), good.product, true);
  };
  const double own_coverage = coverage(good.text);
  for (size_t i = 0; i < kMaxTries; ++i) {
    const data::Product& other = *pick(others->second, random);
    if (other.id == good.product.id || other.summary == good.text) continue;
    const auto values = values_of(other);
    const auto common = std::count_if(own.begin(), own.end(),
                                      [&](const auto& value) { return values.contains(value); });
    const bool differs =
        static_cast<double>(common) <= kMaxCommonValues * static_cast<double>(own.size());
    if (differs && coverage(other.summary) < own_coverage) return other.summary;
  }
  return std::nullopt;
}

std::optional<std::string> Corruptor::attempt(Corruption rule, const GoodText& good,
                                              RandomStream& random) const {
  switch (rule) {
    case Corruption::attribute_dropped:
      return drop_value(good, random);
    case Corruption::attribute_changed:
      return change_value(good, random);
    case Corruption::banned_term:
      return ban(good, random);
    case Corruption::unsupported_claim:
      return claim(good, random);
    case Corruption::point_late:
      return move_point(good);
    case Corruption::clauses_repeated:
      return repeat_clauses(good, random);
    case Corruption::sentences_shuffled:
      return shuffle_sentences(good, random);
    case Corruption::other_product:
      return replace_text(good, random);
  }
  throw InternalError("[corruptions] unknown rule");
}

std::optional<std::string> Corruptor::worse(Corruption rule, const GoodText& good,
                                            RandomKey key) const {
  VITRINE_REQUIRE(text::is_valid_utf8(good.text), "[corruptions] product ", good.product.id,
                  ": the text is not UTF-8");
  RandomStream random(key.fold_in(to_string(rule)));
  auto worse = attempt(rule, good, random);
  return worse && *worse != good.text && !worse->empty() ? worse : std::nullopt;
}

}  // namespace vitrine::copywriting
