#include "data/preference_rows.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "base/error.h"

namespace vitrine::data {
namespace {

using Kind = PreferenceKind;
using Problem = std::optional<FieldProblem>;

bool has(const Json& row, std::string_view name) {
  const auto field = row.find(name);
  return field != row.end() && !field->is_null();
}

bool is_list(const Json& row, std::string_view name) {
  return has(row, name) && row.find(name)->is_array();
}

Problem bad_field(std::string column, const Json& value) {
  return FieldProblem{"BAD_FIELD", std::move(column),
                      value.is_string() ? value.get<std::string>() : dump_line(value)};
}

/// Messages of a conversation, or nothing when they are none.
struct Message {
  std::string role, content;
  bool operator==(const Message&) const = default;
};

std::optional<std::vector<Message>> messages_of(const Json& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<Message> messages;
  for (const Json& message : value) {
    if (!message.is_object() || !has(message, "role") || !has(message, "content"))
      return std::nullopt;
    const Json& role = message["role"];
    const Json& content = message["content"];
    if (!role.is_string() || !content.is_string()) return std::nullopt;
    messages.push_back({role.get<std::string>(), content.get<std::string>()});
  }
  return messages;
}

/// A prompt is one message of the user, perhaps after one of the system, which goes to
/// own["system"].
Problem put_prompt(const std::vector<Message>& messages, const Json& shown, std::string_view column,
                   Json& own) {
  const bool has_system = !messages.empty() && messages.front().role == "system";
  if (messages.size() != (has_system ? 2u : 1u) || messages.back().role != "user")
    return bad_field(std::string(column), shown);
  if (has_system) own["system"] = messages.front().content;
  own["prompt"] = messages.back().content;
  return std::nullopt;
}

Problem put_answer(const std::vector<Message>& messages, const Json& shown, std::string_view column,
                   Json& own) {
  if (messages.size() != 1 || messages.front().role != "assistant")
    return bad_field(std::string(column), shown);
  own[column] = messages.front().content;
  return std::nullopt;
}

/// TRL's explicit form, or the implicit one in which both sides begin with the prompt.
Problem flatten_conversation(const Json& row, std::initializer_list<std::string_view> answers,
                             Json& own) {
  std::vector<std::vector<Message>> sides;
  for (const auto name : answers) {
    if (!has(row, name)) return FieldProblem{"MISSING_REQUIRED", std::string(name), ""};
    auto messages = messages_of(*row.find(name));
    if (!messages) return bad_field(std::string(name), *row.find(name));
    sides.push_back(std::move(*messages));
  }
  if (has(row, "prompt")) {
    const auto prompt = messages_of(row["prompt"]);
    if (!prompt) return bad_field("prompt", row["prompt"]);
    if (auto p = put_prompt(*prompt, row["prompt"], "prompt", own)) return p;
  } else {
    auto& first = sides.front();
    if (first.size() < 2) return FieldProblem{"MISSING_REQUIRED", "prompt", ""};
    const std::vector<Message> prompt(first.begin(), first.end() - 1);
    if (auto p = put_prompt(prompt, *row.find(*answers.begin()), *answers.begin(), own)) return p;
    for (auto& side : sides) {
      const bool same =
          side.size() == first.size() && std::equal(prompt.begin(), prompt.end(), side.begin());
      if (!same)
        return bad_field(std::string(*(answers.begin() + 1)), *row.find(*(answers.begin() + 1)));
    }
    for (auto& side : sides) side.erase(side.begin(), side.end() - 1);
  }
  auto side = sides.begin();
  for (const auto name : answers) {
    if (auto p = put_answer(*side++, *row.find(name), name, own)) return p;
  }
  return std::nullopt;
}

/// instruction and input as LLaMA-Factory joins them. A history cannot be kept in one prompt.
Problem flatten_alpaca(const Json& row, Json& own) {
  if (!has(row, "instruction")) return FieldProblem{"MISSING_REQUIRED", "instruction", ""};
  if (!row["instruction"].is_string()) return bad_field("instruction", row["instruction"]);
  std::string prompt = row["instruction"].get<std::string>();
  if (has(row, "input")) {
    if (!row["input"].is_string()) return bad_field("input", row["input"]);
    const std::string input = row["input"].get<std::string>();
    if (!input.empty()) prompt += prompt.empty() ? input : "\n" + input;
  }
  if (has(row, "history") && !row["history"].empty()) return bad_field("history", row["history"]);
  own["prompt"] = prompt;
  return std::nullopt;
}

/// `output` of the older form becomes chosen and rejected.
Problem flatten_output_pair(const Json& row, Json& own) {
  const Json& output = row["output"];
  if (!output.is_array() || output.size() != 2) return bad_field("output", output);
  own["chosen"] = output[0];
  own["rejected"] = output[1];
  return flatten_alpaca(row, own);
}

Problem flatten_unpaired(const Json& row, std::string_view text, std::string_view label,
                         Json& own) {
  if (!has(row, label)) return FieldProblem{"MISSING_REQUIRED", std::string(label), ""};
  if (!row.find(label)->is_boolean()) return bad_field(std::string(label), *row.find(label));
  if (!has(row, text)) return FieldProblem{"MISSING_REQUIRED", std::string(text), ""};
  own["completion"] = *row.find(text);
  return std::nullopt;
}

Problem flatten(const Json& row, Kind kind, Json& own) {
  switch (kind) {
    case Kind::trl_conversational:
      return flatten_conversation(row, {"chosen", "rejected"}, own);
    case Kind::trl_unpaired:
      if (auto p = flatten_unpaired(row, "completion", "label", own)) return p;
      return is_list(row, "completion") ? flatten_conversation(row, {"completion"}, own)
                                        : std::nullopt;
    case Kind::llama_factory:
      return flatten_alpaca(row, own);
    case Kind::llama_factory_pair:
      return flatten_output_pair(row, own);
    case Kind::llama_factory_kto:
      if (auto p = flatten_unpaired(row, "output", "kto_tag", own)) return p;
      return flatten_alpaca(row, own);
    default:
      return std::nullopt;
  }
}

/// The name that the row itself has for a field of ours.
std::string name_in_row(const std::string& column, Kind kind) {
  using Names = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  const auto in = [&](Names names) {
    for (const auto& [ours, theirs] : names) {
      if (column == ours) return std::string(theirs);
    }
    return column;
  };
  switch (kind) {
    case Kind::llama_factory:
      return in({{"prompt", "instruction"}});
    case Kind::llama_factory_pair:
      return in({{"prompt", "instruction"}, {"chosen", "output[0]"}, {"rejected", "output[1]"}});
    case Kind::llama_factory_kto:
      return in({{"prompt", "instruction"}, {"completion", "output"}});
    default:
      return column;
  }
}

/// The row without what its dialect has turned into fields of ours.
Json other_fields(const Json& row, Kind kind) {
  Json own = Json::object();
  constexpr std::array<std::string_view, 5> kAlpaca = {"instruction", "input", "output", "history",
                                                       "kto_tag"};
  const bool alpaca = kind == Kind::llama_factory || kind == Kind::llama_factory_pair ||
                      kind == Kind::llama_factory_kto;
  for (const auto& [name, value] : row.items()) {
    if (name == kGroupColumn || name == kListsColumn ||
        (value.is_null() && kind != Kind::ranked_list))
      continue;
    if (alpaca && std::find(kAlpaca.begin(), kAlpaca.end(), name) != kAlpaca.end()) continue;
    if (kind == Kind::trl_unpaired && name == "label") continue;
    own[name] = value;
  }
  return own;
}

Problem read_group(const Json& row, PreferenceRow& out) {
  for (const auto& [name, text] :
       {std::pair{kGroupColumn, &out.group}, std::pair{kListsColumn, &out.lists}}) {
    if (!has(row, name)) continue;
    if (!row.find(name)->is_string()) return bad_field(std::string(name), *row.find(name));
    *text = row.find(name)->get<std::string>();
  }
  return std::nullopt;
}

void keep_unknown_fields(const Json& own, RankedList& list) {
  constexpr std::array<std::string_view, 8> kKnown = {"product_id", "prompt", "chosen", "rejected",
                                                      "completion", "source", "type",   "weight"};
  for (const auto& [name, value] : own.items()) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) list.extra[name] = value;
  }
}

Problem read_pair(const Json& own, RankedList& list) {
  PreferencePair pair;
  if (auto p = read_preference_pair(own, pair)) return p;
  list = list_of(pair);
  keep_unknown_fields(own, list);
  return std::nullopt;
}

Problem read_single(const Json& own, RankedList& list) {
  if (auto p = read_single_text(own, list)) return p;
  keep_unknown_fields(own, list);
  return std::nullopt;
}

}  // namespace

std::string_view to_string(PreferenceKind kind) {
  constexpr std::array<std::string_view, 12> kNames = {"ranked lists",
                                                       "pairs",
                                                       "TRL conversational pairs",
                                                       "TRL unpaired",
                                                       "LLaMA-Factory pairs",
                                                       "LLaMA-Factory pairs in output",
                                                       "LLaMA-Factory KTO",
                                                       "TRL prompt-completion",
                                                       "TRL prompt-only",
                                                       "Alpaca",
                                                       "ShareGPT",
                                                       "messages"};
  return kNames.at(static_cast<size_t>(kind));
}

bool is_row_field(std::string_view name) {
  constexpr std::array<std::string_view, 15> kFields = {
      "prompt",     "chosen",   "rejected",      "instruction", "input",
      "output",     "history",  "kto_tag",       "completion",  "label",
      "candidates", "messages", "conversations", kGroupColumn,  kListsColumn};
  return std::find(kFields.begin(), kFields.end(), name) != kFields.end();
}

bool holds_preference(PreferenceKind kind) { return kind < PreferenceKind::prompt_completion; }

std::optional<PreferenceKind> kind_of_row(const Json& row) {
  if (has(row, "candidates")) return Kind::ranked_list;
  if (has(row, "conversations")) return Kind::share_gpt;
  if (has(row, "messages")) return Kind::messages;
  if (row.contains("kto_tag")) return Kind::llama_factory_kto;
  const bool sided = has(row, "chosen") || has(row, "rejected");
  if (has(row, "instruction")) {
    if (sided) return Kind::llama_factory;
    return is_list(row, "output") ? Kind::llama_factory_pair : Kind::alpaca;
  }
  if (sided)
    return is_list(row, "chosen") || is_list(row, "rejected") ? Kind::trl_conversational
                                                              : Kind::pair;
  if (has(row, "completion"))
    return row.contains("label") ? Kind::trl_unpaired : Kind::prompt_completion;
  return has(row, "prompt") ? std::optional(Kind::prompt_only) : std::nullopt;
}

std::optional<FieldProblem> read_preference_row(const Json& row, PreferenceKind kind,
                                                std::string_view default_source,
                                                PreferenceRow& out) {
  out = {};
  Json own = other_fields(row, kind);
  Problem problem = flatten(row, kind, own);
  if (!own.contains("source")) own["source"] = default_source;
  if (!problem) problem = read_group(row, out);
  if (!problem && is_unpaired(kind)) {
    out.label = row.at(kind == Kind::trl_unpaired ? "label" : "kto_tag").get<bool>();
    problem = read_single(own, out.list);
  } else if (!problem) {
    problem =
        kind == Kind::ranked_list ? read_ranked_list(own, out.list) : read_pair(own, out.list);
  }
  if (problem) problem->column = name_in_row(problem->column, kind);
  return problem;
}

}  // namespace vitrine::data
