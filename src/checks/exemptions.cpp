#include "checks/exemptions.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "checks/lexicon.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::array<std::string_view, 10> kTests{
    "company_info", "governed", "aim",  "reviewer", "own_range",
    "use",          "standard", "name", "award",    "time_and_place"};
constexpr size_t kGoverningReach = 8;  // code points between an aim and the term it governs
constexpr size_t kLongestName = 40;    // code points of a name that is looked for around a term

std::vector<std::u32string> words_of(std::string_view cell) {
  std::vector<std::u32string> words;
  for (const std::string& pattern : split(cell, ';')) {
    for (auto& word : expand_pattern(folded_term(pattern))) words.push_back(std::move(word));
  }
  return words;
}

/// The first of `words` in `text`, or null.
const std::u32string* first_of(const std::vector<std::u32string>& words, std::u32string_view text) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const std::u32string& word) {
    return text.find(word) != text.npos;
  });
  return found == words.end() ? nullptr : &*found;
}

const Document* first_document(const std::vector<std::string>& types, const Evidence& evidence,
                               std::u32string_view term) {
  for (const std::string& type : types) {
    if (const Document* document = evidence.document(type, term)) return document;
  }
  return nullptr;
}

/// Whether a standard's number stands in the text: one of `prefixes`, then perhaps /T, then digits.
bool has_standard_number(std::u32string_view text, const std::vector<std::u32string>& prefixes) {
  for (const std::u32string& prefix : prefixes) {
    for (size_t at = text.find(prefix); at != text.npos; at = text.find(prefix, at + 1)) {
      const size_t digits = text.find_first_not_of(U"/t -", at + prefix.size());
      if (digits != text.npos && text[digits] >= U'0' && text[digits] <= U'9') return true;
    }
  }
  return false;
}

std::string joined(const std::vector<std::string>& types) {
  std::string result;
  for (const std::string& type : types) result += (result.empty() ? "" : " or ") + type;
  return result;
}

/// What in the clause speaks of the goods themselves: a listed word, or a value of the product's.
std::string goods_in(std::u32string_view clause, const std::vector<std::u32string>& words,
                     const Evidence& evidence) {
  if (const auto* word = first_of(words, clause)) return text::to_utf8(*word);
  for (const Fact& fact : evidence.attributes()) {
    if (fact.val.size() > 1 && clause.find(fact.val) != clause.npos) return text::to_utf8(fact.val);
  }
  return "";
}

/// Whether a span of `name`'s length around [begin, end) equals it.
bool stands_in_name(std::u32string_view text, size_t begin, size_t end, std::u32string_view name) {
  if (name.size() < end - begin || name.size() > kLongestName) return false;
  const size_t slack = name.size() - (end - begin);
  for (size_t before = 0; before <= std::min(slack, begin); ++before) {
    if (text.substr(begin - before, name.size()) == name) return true;
  }
  return false;
}

}  // namespace

Exemptions::Row Exemptions::row_of(const std::filesystem::path& file, const RuleRow& cells) {
  Row row;
  row.id = cells.at("id");
  const auto test = std::find(kTests.begin(), kTests.end(), cells.at("test"));
  VITRINE_REQUIRE(test != kTests.end(), "[Exemptions] ", file.string(), " line ", cells.line,
                  ", field test: expected company_info, governed, aim, reviewer, own_range, use, ",
                  "standard, name, award or time_and_place, got '", cells.at("test"), "'");
  row.test = static_cast<Test>(test - kTests.begin());
  row.rules = split(cells.at("rules"), ';');
  row.result = parse_level(cells.at("result"));
  row.words = words_of(cells.at("words"));
  row.more_words = words_of(cells.at("more_words"));
  row.not_words = words_of(cells.at("not_words"));
  row.documents = split(cells.at("documents"), ';');
  return row;
}

Exemptions Exemptions::load(const std::filesystem::path& dir, const ProductKinds& kinds) {
  Exemptions result;
  const auto file = dir / "exemptions.tsv";
  for (const RuleRow& cells : read_rule_file(file).rows) {
    const std::string where = concat(file.string(), " line ", cells.line);
    if (cells.at("test") == "never_lowered") {
      result.never_lowered_ = kinds.parse(cells.at("words"), where);
    } else {
      result.rows_.push_back(row_of(file, cells));
    }
  }
  return result;
}

bool Exemptions::names_goods(std::u32string_view folded, const Evidence& evidence) const {
  const std::u32string category = folded_or_empty(evidence.category());
  if (!category.empty() && folded.find(category) != folded.npos) return true;
  return std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
    return row.test == Test::company_info && first_of(row.not_words, folded) != nullptr;
  });
}

bool Exemptions::is_relevant(const Row& row, const RuleHit& hit, std::string_view group) {
  return std::any_of(row.rules.begin(), row.rules.end(), [&](const std::string& rule) {
    return rule == hit.rule->id || rule == concat(hit.rule->id, ":", group);
  });
}

Exemptions::Outcome Exemptions::try_name(const Row& row, const Place& place,
                                         const Evidence& evidence, const RuleHit& hit) const {
  std::vector<std::u32string> names{evidence.brand(), evidence.title()};
  for (const Fact& fact : evidence.attributes()) {
    const std::u32string key = folded_or_empty(fact.key);
    if (first_of(row.words, key) != nullptr) names.push_back(fact.raw);
  }
  for (const Document& document : evidence.documents()) {
    if (document.type == "trademark") names.push_back(folded_or_empty(document.scope));
  }
  for (const std::u32string& name : names) {
    if (!stands_in_name(place.folded, hit.begin, hit.end, name)) continue;
    const Document* document = first_document(row.documents, evidence, name);
    return {.missing = "",
            .document = document,
            .result = document != nullptr ? row.result : Level::needs_proof};
  }
  return {.missing = "not part of the record's name, model or marks"};
}

Exemptions::Outcome Exemptions::try_governed(const Row& row, const Place& place,
                                             const Evidence& evidence, const RuleHit& hit) const {
  const auto [begin, end] = part_around(place.folded, hit.begin, hit.end, kClauseEnds);
  const auto clause = place.folded.substr(begin, end - begin);
  const bool is_aim = row.test == Test::aim;
  const size_t reach = std::min(hit.begin - begin, kGoverningReach);
  const auto governing = is_aim ? place.folded.substr(hit.begin - reach, reach) : clause;
  if (first_of(row.words, governing) == nullptr) {
    return {.missing = is_aim ? "no aim governs the term" : "no service or attitude in the clause"};
  }
  const std::string goods = goods_in(clause, row.not_words, evidence);
  if (!goods.empty()) return {.missing = "the clause speaks of the goods: " + goods};
  return {.missing = "", .result = row.result};
}

Exemptions::Outcome Exemptions::try_row(const Row& row, const Place& place,
                                        const Evidence& evidence, const CheckContext& context,
                                        const RuleHit& hit) const {
  const auto [clause_begin, clause_end] =
      part_around(place.folded, hit.begin, hit.end, kClauseEnds);
  const auto clause = place.folded.substr(clause_begin, clause_end - clause_begin);
  const auto [begin, end] = part_around(place.folded, hit.begin, hit.end, kSentenceEnds);
  const auto sentence = place.folded.substr(begin, end - begin);
  const auto yes = [&](const Document* document = nullptr) {
    return Outcome{.missing = "", .document = document, .result = row.result};
  };
  const auto no = [](std::string missing) { return Outcome{.missing = std::move(missing)}; };
  const auto with_document = [&](std::u32string_view term) {
    const Document* document = first_document(row.documents, evidence, term);
    return document != nullptr ? yes(document) : no("no document of type " + joined(row.documents));
  };
  switch (row.test) {
    case Test::company_info:
      if (!context.company_info) return no("the field is not company information");
      return place.names_goods ? no("the text names goods") : yes();
    case Test::governed:
    case Test::aim:
      return try_governed(row, place, evidence, hit);
    case Test::reviewer:
      return no("only a reviewer can tell");
    case Test::own_range:
      return first_of(row.words, clause) != nullptr ? yes()
                                                    : no("not compared within the own range");
    case Test::use:
      return no("not about how or when to use or keep");
    case Test::standard:
      if (!has_standard_number(sentence, row.words)) return no("no standard number stated");
      return with_document({});
    case Test::name:
      return try_name(row, place, evidence, hit);
    case Test::award:
      return with_document(place.term);
    case Test::time_and_place:
      if (first_of(row.words, sentence) == nullptr) return no("no time stated");
      if (first_of(row.more_words, sentence) == nullptr) return no("no place or scope stated");
      return with_document(place.term);
  }
  throw InternalError("[Exemptions] unknown test");
}

void Exemptions::apply(const Place& place, const Evidence& evidence, const CheckContext& context,
                       RuleHit& hit) const {
  for (const Row& row : rows_) {
    if (!is_relevant(row, hit, place.group)) continue;
    if ((place.kinds & never_lowered_) != 0) {
      hit.exemption_tested.push_back({row.id, "no: G-ABS 11 names this kind of goods"});
      continue;
    }
    const Outcome outcome = try_row(row, place, evidence, context, hit);
    if (!outcome.missing.empty()) {
      hit.exemption_tested.push_back({row.id, "no: " + outcome.missing});
      continue;
    }
    hit.exemption_tested.push_back({row.id, "yes"});
    if (outcome.result < hit.level) {
      hit.level = outcome.result;
      hit.evidence_id = outcome.document != nullptr ? outcome.document->id : "";
    }
  }
}

}  // namespace vitrine::checks
