#include "data/preferences.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"

namespace vitrine::data {
namespace {

constexpr std::array<std::string_view, 5> kSources = {"pick", "feedback", "human", "rule",
                                                      "synthetic"};

using Problem = std::optional<FieldProblem>;

FieldProblem problem(std::string_view code, std::string column, const Json& value) {
  return {std::string(code), std::move(column),
          value.is_string() ? value.get<std::string>()
                            : value.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

/// A text that must be there and hold more than white space.
Problem read_text(const Json& value, std::string column, std::string& text) {
  if (!value.is_string()) return problem("BAD_FIELD", std::move(column), value);
  text = value.get<std::string>();
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return problem("EMPTY_TEXT", std::move(column), value);
  return std::nullopt;
}

Problem read_required(const Json& json, std::string_view name, std::string& text) {
  const auto field = json.find(name);
  if (field == json.end()) return FieldProblem{"MISSING_REQUIRED", std::string(name), ""};
  return read_text(*field, std::string(name), text);
}

Problem read_optional(const Json& json, std::string_view name, std::string& text) {
  const auto field = json.find(name);
  if (field == json.end()) return std::nullopt;
  if (!field->is_string()) return problem("BAD_FIELD", std::string(name), *field);
  text = field->get<std::string>();
  return std::nullopt;
}

Problem read_weight(const Json& json, double& weight) {
  const auto field = json.find("weight");
  if (field == json.end()) return std::nullopt;
  if (!field->is_number()) return problem("BAD_WEIGHT", "weight", *field);
  weight = field->get<double>();
  if (!std::isfinite(weight) || weight <= 0) return problem("BAD_WEIGHT", "weight", *field);
  return std::nullopt;
}

Problem read_source(const Json& json, std::string& source) {
  const auto field = json.find("source");
  if (field == json.end()) return FieldProblem{"MISSING_REQUIRED", "source", ""};
  if (field->is_string()) source = field->get<std::string>();
  const bool known =
      field->is_string() && std::find(kSources.begin(), kSources.end(), source) != kSources.end();
  return known ? std::nullopt : Problem(problem("BAD_SOURCE", "source", *field));
}

/// What lists and pairs have in common.
template <typename Record>
Problem read_common(const Json& json, Record& record) {
  if (!json.is_object()) return problem("BAD_FIELD", "", json);
  if (auto p = read_required(json, "prompt", record.prompt)) return p;
  if (auto p = read_optional(json, "product_id", record.product_id)) return p;
  if (record.product_id.empty()) record.product_id = product_id_of_prompt(record.prompt);
  if (auto p = read_source(json, record.source)) return p;
  if (auto p = read_optional(json, "type", record.type)) return p;
  return read_weight(json, record.weight);
}

Problem read_candidates(const Json& json, std::vector<std::string>& candidates) {
  const auto field = json.find("candidates");
  if (field == json.end()) return FieldProblem{"MISSING_REQUIRED", "candidates", ""};
  if (!field->is_array()) return problem("BAD_FIELD", "candidates", *field);
  if (field->size() < 2) return problem("LIST_ONE_SIDED", "candidates", *field);
  for (size_t i = 0; i < field->size(); ++i) {
    if (auto p = read_text((*field)[i], concat("candidates[", i, "]"), candidates.emplace_back()))
      return p;
  }
  return std::nullopt;
}

Problem read_index(const Json& value, size_t tier, std::vector<bool>& seen,
                   std::vector<int>& texts) {
  const auto bad = [&] { return problem("BAD_ORDER", concat("order[", tier, "]"), value); };
  if (!value.is_number_integer()) return bad();
  const auto index = value.get<int64_t>();
  if (index < 0 || index >= static_cast<int64_t>(seen.size()) || seen[static_cast<size_t>(index)])
    return bad();
  seen[static_cast<size_t>(index)] = true;
  texts.push_back(static_cast<int>(index));
  return std::nullopt;
}

/// [2, [0, 3]]: the third text is best, the first and the fourth are equal.
Problem read_order(const Json& json, RankedList& list) {
  const auto field = json.find("order");
  if (field == json.end()) return FieldProblem{"MISSING_REQUIRED", "order", ""};
  if (!field->is_array()) return problem("BAD_ORDER", "order", *field);
  std::vector<bool> seen(list.candidates.size());
  for (size_t tier = 0; tier < field->size(); ++tier) {
    const Json& value = (*field)[tier];
    const Json texts = value.is_array() ? value : Json::array({value});
    if (texts.empty()) return problem("BAD_ORDER", concat("order[", tier, "]"), value);
    auto& indices = list.order.emplace_back();
    for (const Json& text : texts) {
      if (auto p = read_index(text, tier, seen, indices)) return p;
    }
  }
  return std::nullopt;
}

Problem equal_sides(const RankedList& list) {
  for (const auto& pair : pairs_of(list)) {
    if (pair.chosen == pair.rejected) return FieldProblem{"PAIR_EQUAL", "order", pair.chosen};
  }
  return std::nullopt;
}

void keep_unknown_fields(const Json& json, Json& extra) {
  constexpr std::array<std::string_view, 7> kKnown = {"product_id", "prompt", "candidates", "order",
                                                      "source",     "type",   "weight"};
  for (const auto& [name, value] : json.items()) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) extra[name] = value;
  }
}

void throw_problem(const Problem& found, std::string_view function, std::string_view where) {
  if (!found) return;
  const std::string value = found->value.empty() ? "" : concat(": '", found->value, "'");
  throw InvalidInput(concat("[", function, "] ", where, found->column.empty() ? "" : ", ",
                            found->column, ": ", found->code, value));
}

}  // namespace

std::vector<PreferencePair> pairs_of(const RankedList& list) {
  std::vector<PreferencePair> pairs;
  const auto text = [&](int index) { return list.candidates.at(static_cast<size_t>(index)); };
  for (size_t better = 0; better < list.order.size(); ++better) {
    for (const int chosen : list.order[better]) {
      for (size_t worse = better + 1; worse < list.order.size(); ++worse) {
        for (const int rejected : list.order[worse]) {
          pairs.push_back({list.product_id, list.prompt, text(chosen), text(rejected), list.source,
                           list.type, list.weight});
        }
      }
    }
  }
  return pairs;
}

RankedList list_of(const PreferencePair& pair) {
  return {.product_id = pair.product_id,
          .prompt = pair.prompt,
          .candidates = {pair.chosen, pair.rejected},
          .order = {{0}, {1}},
          .source = pair.source,
          .type = pair.type,
          .weight = pair.weight};
}

std::optional<FieldProblem> read_ranked_list(const Json& json, RankedList& list) {
  list = {};
  if (auto p = read_common(json, list)) return p;
  if (auto p = read_candidates(json, list.candidates)) return p;
  if (auto p = read_order(json, list)) return p;
  if (auto p = equal_sides(list)) return p;
  keep_unknown_fields(json, list.extra);
  return std::nullopt;
}

std::optional<FieldProblem> read_preference_pair(const Json& json, PreferencePair& pair) {
  pair = {};
  if (auto p = read_common(json, pair)) return p;
  if (auto p = read_required(json, "chosen", pair.chosen)) return p;
  if (auto p = read_required(json, "rejected", pair.rejected)) return p;
  if (pair.chosen == pair.rejected) return FieldProblem{"PAIR_EQUAL", "rejected", pair.rejected};
  return std::nullopt;
}

std::optional<FieldProblem> read_single_text(const Json& json, RankedList& list) {
  list = {};
  if (auto p = read_common(json, list)) return p;
  return read_required(json, "completion", list.candidates.emplace_back());
}

RankedList ranked_list_from_json(const Json& json, std::string_view where) {
  RankedList list;
  throw_problem(read_ranked_list(json, list), "ranked_list_from_json", where);
  return list;
}

PreferencePair preference_pair_from_json(const Json& json, std::string_view where) {
  PreferencePair pair;
  throw_problem(read_preference_pair(json, pair), "preference_pair_from_json", where);
  return pair;
}

Json to_json(const RankedList& list) {
  Json json = {
      {"product_id", list.product_id}, {"prompt", list.prompt}, {"candidates", list.candidates}};
  Json order = Json::array();
  for (const auto& tier : list.order)
    order.push_back(tier.size() == 1 ? Json(tier.front()) : Json(tier));
  json["order"] = std::move(order);
  json["source"] = list.source;
  if (!list.type.empty()) json["type"] = list.type;
  json["weight"] = list.weight;
  for (const auto& [name, value] : list.extra.items()) {
    if (!json.contains(name)) json[name] = value;  // a column `order` of a foreign pair is not our order
  }
  return json;
}

Json to_json(const PreferencePair& pair) {
  Json json = {{"product_id", pair.product_id},
               {"prompt", pair.prompt},
               {"chosen", pair.chosen},
               {"rejected", pair.rejected},
               {"source", pair.source}};
  if (!pair.type.empty()) json["type"] = pair.type;
  json["weight"] = pair.weight;
  return json;
}

std::string product_id_of_prompt(std::string_view prompt) {
  return concat("prompt-", sha256_hex(prompt).substr(0, 12));
}

double split_position(std::string_view product_id, std::string_view split_name) {
  return static_cast<double>(hash64(product_id, hash64(split_name)) >> 11) * 0x1p-53;
}

}  // namespace vitrine::data
