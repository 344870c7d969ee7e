// data/preferences.h - which text of a product is better than which: ranked lists, pairs, and where
// they come from.
//
// A ranked list keeps what was said, partial orders and ties included; pairs are made from it for
// training and always name their list's product, so that sets are split by product.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "data/product.h"

namespace vitrine::data {

/// Texts of one product and what is known about their order. JSON: docs/formats/preferences.md.
struct RankedList {
  std::string product_id;  // lists of one product never stand in different sets
  std::string prompt;      // attributes in AdvertiseGen notation: 类型#裙*风格#简约
  std::vector<std::string> candidates;  // as shown
  /// Best first; texts of one tier are equally good; a text in no tier was not judged.
  std::vector<std::vector<int>> order;
  std::string source;           // pick | feedback | human | rule | synthetic
  std::string type;             // of a synthetic list its rule, else may be empty
  double weight = 1;            // > 0
  Json extra = Json::object();  // unknown fields, written back unchanged
};

struct PreferencePair {
  std::string product_id, prompt, chosen, rejected, source, type;
  double weight = 1;
  bool operator==(const PreferencePair&) const = default;
};

/// Every text of a tier before every text of a later one; weight and source of the list.
std::vector<PreferencePair> pairs_of(const RankedList& list);

/// Reads one line. Throws InvalidInput naming `where`, the field and the value: an order that is no
/// partial permutation, a list of fewer than two texts, an empty text, chosen equal to rejected
/// (PAIR_EQUAL), a weight that is not finite or not above 0, a source that is not one of the above.
RankedList ranked_list_from_json(const Json& json, std::string_view where);
Json to_json(const RankedList& list);
PreferencePair preference_pair_from_json(const Json& json, std::string_view where);
Json to_json(const PreferencePair& pair);

/// As the two above, without throwing: the first problem, or nothing when the record is good. An
/// absent weight is 1; an absent product_id stands for the prompt (product_id_of_prompt); unknown
/// fields of a pair are left out. Codes: MISSING_REQUIRED, BAD_FIELD, EMPTY_TEXT, BAD_ORDER,
/// BAD_WEIGHT, BAD_SOURCE, LIST_ONE_SIDED, PAIR_EQUAL.
std::optional<FieldProblem> read_ranked_list(const Json& json, RankedList& list);
std::optional<FieldProblem> read_preference_pair(const Json& json, PreferencePair& pair);

/// One text that was called good or bad, {"prompt","completion",…}: fills a list of this text
/// alone, without an order.
std::optional<FieldProblem> read_single_text(const Json& json, RankedList& list);

/// The list of two texts that says the same as the pair.
RankedList list_of(const PreferencePair& pair);

/// "prompt-" and 12 hex digits of the prompt's SHA-256: equal prompts are one product where nothing
/// else is known.
std::string product_id_of_prompt(std::string_view prompt);

/// A share in [0, 1) of a product's id and a name of the split: pairs of one product are on one
/// side.
double split_position(std::string_view product_id, std::string_view split_name);

}  // namespace vitrine::data
