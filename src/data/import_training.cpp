// Training and preference sets: Alpaca, ShareGPT, messages, TRL, LLaMA-Factory, KTO.
#include "data/advertisegen.h"
#include "data/import_dialects.h"
#include "data/preference_rows.h"
#include "data/table_file.h"

namespace vitrine::data {
namespace {

bool is_text(const Json& row, const char* name) {
  const auto found = row.find(name);
  return found != row.end() && found->is_string() && !trim_space(found->get_ref<const std::string&>()).empty();
}

std::string text_of(const Json& row, const char* name) { return is_text(row, name) ? trim_space(row[name].get<std::string>()) : ""; }

/// Whether a text is pairs in AdvertiseGen notation.
bool is_content(const std::string& text) { return text.find('#') != std::string::npos && text.find('\n') == std::string::npos; }

/// What was asked for: pairs where it is in that notation, else a title.
void put_prompt(const std::string& prompt, RowTarget& target) {
  std::string rest;
  for (const std::string& line : split_any(prompt, U"\n")) {
    if (is_content(line)) {
      for (const BadPair& bad : append_content(line, target.product)) target.note("prompt", bad.code, Severity::warn, bad.piece);
    } else {
      rest += (rest.empty() ? "" : " ") + line;
    }
  }
  if (target.product.attributes.empty()) target.product.title_raw = rest;
}

void keep_row(const Json& row, RowTarget& target) {
  for (const auto& [name, value] : row.items()) {
    if (name == "id" || name == "product_id") {
      apply_json("id", name, value, target);
    } else {
      keep_unknown(name, value, target);
    }
  }
}

/// The first of these members that stands there and is no text.
std::optional<FieldProblem> first_no_text(const Json& row, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = row.find(name);
    if (found != row.end() && !found->is_string() && !found->is_null()) return FieldProblem{"BAD_FIELD", name, dump_line(*found)};
  }
  return std::nullopt;
}

std::optional<FieldProblem> read_alpaca(const Json& row, RowTarget& target) {
  if (auto problem = first_no_text(row, {"instruction", "input", "output", "system"})) return problem;
  if (!is_text(row, "output")) return FieldProblem{"MISSING_REQUIRED", "output", row.contains("output") ? dump_line(row["output"]) : ""};
  put_prompt(text_of(row, "instruction") + "\n" + text_of(row, "input"), target);
  target.product.summary = text_of(row, "output");
  return std::nullopt;
}

/// The names by which a dialect of conversations calls its parts.
struct ChatNames {
  const char *list, *role, *text;
};

/// user | assistant | system, "" for another role.
std::string role_of(const std::string& role) {
  if (role == "human" || role == "user") return "user";
  if (role == "gpt" || role == "assistant") return "assistant";
  return role == "system" ? role : "";
}

std::optional<FieldProblem> read_chat(const Json& row, const ChatNames& names, RowTarget& target) {
  const Json& turns = row[names.list];
  if (!turns.is_array() || turns.empty()) return FieldProblem{"MISSING_REQUIRED", names.list, dump_line(turns)};
  std::string expected = "user", prompt, answer;
  for (size_t i = 0; i < turns.size(); ++i) {
    const Json& turn = turns[i];
    const std::string column = std::string(names.list) + "[" + std::to_string(i) + "]";
    if (!turn.is_object() || !turn.contains(names.role) || !turn[names.role].is_string() || !is_text(turn, names.text)) return FieldProblem{"BAD_FIELD", column, dump_line(turn)};
    const std::string role = role_of(turn[names.role].get<std::string>());
    if (role == "system" && i == 0) continue;
    if (role != expected) return FieldProblem{"ROLE_ORDER", column, dump_line(turn[names.role])};
    (role == "user" ? prompt : answer) = text_of(turn, names.text);
    expected = role == "user" ? "assistant" : "user";
  }
  if (expected != "user" || answer.empty()) return FieldProblem{"MISSING_REQUIRED", names.list, "no answer at the end"};
  put_prompt(prompt, target);
  target.product.summary = answer;
  return std::nullopt;
}

std::optional<FieldProblem> read_preference(const Json& row, PreferenceKind kind, RowTarget& target) {
  PreferenceRow read;
  if (auto problem = read_preference_row(row, kind, "human", read)) return problem;
  put_prompt(read.list.prompt, target);
  if (is_unpaired(kind)) {
    if (read.label) target.product.summary = read.list.candidates.front();
  } else if (!read.list.order.empty() && !read.list.order.front().empty()) {
    target.product.summary = read.list.candidates[static_cast<size_t>(read.list.order.front().front())];
  }
  return std::nullopt;
}

std::optional<FieldProblem> read_of_kind(const Json& row, RowTarget& target) {
  if (row.contains("conversations")) return read_chat(row, {"conversations", "from", "value"}, target);
  if (row.contains("messages")) return read_chat(row, {"messages", "role", "content"}, target);
  const auto kind = kind_of_row(row);
  if (kind && holds_preference(*kind)) return read_preference(row, *kind, target);
  if (row.contains("instruction")) return read_alpaca(row, target);
  if (auto problem = first_no_text(row, {"prompt", "completion"})) return problem;
  if (!is_text(row, "prompt")) return FieldProblem{"MISSING_REQUIRED", "prompt", ""};
  put_prompt(text_of(row, "prompt"), target);
  target.product.summary = text_of(row, "completion");
  return std::nullopt;
}

}  // namespace

std::string training_format_of(const Json& row) {
  if (row.contains("conversations") && row["conversations"].is_array()) return "share_gpt";
  if (row.contains("messages") && row["messages"].is_array()) return "messages";
  if (row.contains("candidates") && !row.contains("order")) return "";  // a line of `write`
  const auto kind = kind_of_row(row);
  if (row.contains("instruction") && !(kind && holds_preference(*kind))) return "alpaca";
  return kind && *kind != PreferenceKind::alpaca ? "preference" : "";
}

std::string training_kind_of(const Json& row) {
  if (row.contains("conversations")) return "ShareGPT";
  if (row.contains("messages")) return "messages";
  const auto kind = kind_of_row(row);
  return kind ? std::string(to_string(*kind)) : "";
}

std::optional<FieldProblem> read_training_row(const Json& row, RowTarget& target) {
  if (auto problem = read_of_kind(row, target)) return problem;
  keep_row(row, target);
  return std::nullopt;
}

}  // namespace vitrine::data
