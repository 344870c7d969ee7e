#include "data/picks.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.h"
#include "data/json_rows.h"

namespace vitrine::data {
namespace {

constexpr int64_t kHastyMs = 2000;

using Problem = std::optional<FieldProblem>;
using Texts = std::map<std::string, CandidateText, std::less<>>;

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_line(value);
}

bool contains(const std::vector<std::string>& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool has(const Json& json, std::string_view name) {
  const auto field = json.find(name);
  return field != json.end() && !field->is_null();
}

Problem read_string(const Json& json, std::string_view name, bool required, std::string& text) {
  if (!has(json, name))
    return required ? Problem({"MISSING_REQUIRED", std::string(name), ""}) : std::nullopt;
  const Json& value = *json.find(name);
  if (!value.is_string()) return FieldProblem{"BAD_FIELD", std::string(name), dump_line(value)};
  text = value.get<std::string>();
  if (required && text.empty()) return FieldProblem{"MISSING_REQUIRED", std::string(name), ""};
  return std::nullopt;
}

/// Different ids; `among`: what they may be, null = anything.
Problem read_ids(const Json& value, std::string_view name, std::string_view code,
                 const std::vector<std::string>* among, std::vector<std::string>& ids) {
  if (!value.is_array()) return FieldProblem{std::string(code), std::string(name), shown(value)};
  for (size_t i = 0; i < value.size(); ++i) {
    const bool good = value[i].is_string() && !contains(ids, value[i].get<std::string>()) &&
                      (among == nullptr || contains(*among, value[i].get<std::string>()));
    if (!good) return FieldProblem{std::string(code), concat(name, "[", i, "]"), shown(value[i])};
    ids.push_back(value[i].get<std::string>());
  }
  return std::nullopt;
}

Problem read_choice(const Json& json, Pick& pick) {
  if (!has(json, "shown_ids")) return FieldProblem{"MISSING_REQUIRED", "shown_ids", ""};
  if (auto p = read_ids(json["shown_ids"], "shown_ids", "BAD_FIELD", nullptr, pick.shown_ids))
    return p;
  if (pick.shown_ids.empty()) return FieldProblem{"MISSING_REQUIRED", "shown_ids", "[]"};
  if (!json.contains("chosen")) return FieldProblem{"MISSING_REQUIRED", "chosen", ""};
  if (json["chosen"] == "none") return std::nullopt;
  return read_ids(json["chosen"], "chosen", "BAD_FIELD", &pick.shown_ids, pick.chosen);
}

Problem read_order(const Json& json, Pick& pick) {
  if (!has(json, "order")) return std::nullopt;
  if (auto p = read_ids(json["order"], "order", "BAD_ORDER", &pick.shown_ids, pick.order)) return p;
  bool passed_over = false;
  for (size_t i = 0; i < pick.order.size(); ++i) {
    const bool is_chosen = contains(pick.chosen, pick.order[i]);
    if (is_chosen && passed_over)
      return FieldProblem{"BAD_ORDER", concat("order[", i, "]"), pick.order[i]};
    passed_over = passed_over || !is_chosen;
  }
  return std::nullopt;
}

Problem read_edits(const Json& json, Pick& pick) {
  if (!has(json, "edits")) return std::nullopt;
  if (!json["edits"].is_array()) return FieldProblem{"BAD_FIELD", "edits", shown(json["edits"])};
  for (const Json& edit : json["edits"]) {
    const std::string name = concat("edits[", pick.edits.size(), "]");
    if (!edit.is_object()) return FieldProblem{"BAD_FIELD", name, shown(edit)};
    PickEdit& out = pick.edits.emplace_back();
    for (const auto& [part, text] : {std::pair{"from", &out.from}, std::pair{"to", &out.to}}) {
      auto p = read_string(edit, part, true, *text);
      if (p) p->column = name + "." + part;
      if (p) return p;
    }
    if (out.to.find_first_not_of(" \t\r\n") == std::string::npos)
      return FieldProblem{"EMPTY_TEXT", name + ".to", out.to};
  }
  return std::nullopt;
}

Problem read_ms(const Json& json, Pick& pick) {
  if (!has(json, "ms")) return std::nullopt;
  const Json& ms = json["ms"];
  if (!ms.is_number_integer() || ms.get<int64_t>() < 0)
    return FieldProblem{"BAD_FIELD", "ms", shown(ms)};
  pick.ms = ms.get<int64_t>();
  return std::nullopt;
}

/// The lists of one pick, one after the other.
class PickLists {
 public:
  PickLists(const Pick& pick, const CandidateLookup& lookup, std::vector<RankedList>& lists)
      : pick_(pick), lookup_(lookup), lists_(lists) {}

  Problem add_all() {
    if (auto p = look_up()) return p;
    const size_t before = lists_.size();
    if (auto p = add_choice()) return p;
    if (auto p = add_order()) return p;
    if (auto p = add_edits()) return p;
    if (lists_.size() == before)
      return FieldProblem{"LIST_ONE_SIDED", "shown_ids", pick_.shown_ids.front()};
    return std::nullopt;
  }

 private:
  Problem look_up() {
    for (size_t i = 0; i < pick_.shown_ids.size(); ++i) {
      const std::string& id = pick_.shown_ids[i];
      const std::string column = concat("shown_ids[", i, "]");
      auto text = lookup_(id);
      if (!text) return FieldProblem{"UNKNOWN_CANDIDATE", column, id};
      const CandidateText& first = i == 0 ? *text : texts_.at(pick_.shown_ids.front());
      if (text->product_id != first.product_id || text->prompt != first.prompt)
        return FieldProblem{"BAD_FIELD", column, concat(id, " is of product ", text->product_id)};
      texts_.emplace(id, std::move(*text));
    }
    return std::nullopt;
  }

  RankedList list(std::string type, std::vector<std::string> candidates) const {
    const CandidateText& first = texts_.begin()->second;
    RankedList list{.product_id = first.product_id,
                    .prompt = first.prompt,
                    .candidates = std::move(candidates),
                    .order = {},
                    .source = "pick",
                    .type = std::move(type),
                    .weight = pick_.ms && *pick_.ms < kHastyMs ? 0.5 : 1.0};
    list.extra["pick_id"] = pick_.id;
    return list;
  }

  const std::string& text(std::string_view id) const { return texts_.find(id)->second.text; }

  Problem add_choice() {
    if (pick_.shown_ids.size() < 2) return std::nullopt;
    std::vector<std::string> candidates;
    std::vector<int> chosen, others;
    for (const auto& id : pick_.shown_ids) {
      (contains(pick_.chosen, id) ? chosen : others).push_back(static_cast<int>(candidates.size()));
      candidates.push_back(text(id));
    }
    RankedList choice = list("choice", std::move(candidates));
    choice.extra["pick"] = to_json(pick_);
    if (!chosen.empty()) choice.order.push_back(chosen);
    if (!chosen.empty() && !others.empty()) choice.order.push_back(others);
    for (const auto& pair : pairs_of(choice)) {
      if (pair.chosen == pair.rejected) return FieldProblem{"PAIR_EQUAL", "chosen", pair.chosen};
    }
    lists_.push_back(std::move(choice));
    return std::nullopt;
  }

  Problem add_pair(std::string type, const std::string& better, const std::string& worse,
                   std::string column) {
    if (better == worse) return FieldProblem{"PAIR_EQUAL", std::move(column), better};
    RankedList two = list(std::move(type), {better, worse});
    two.order = {{0}, {1}};
    lists_.push_back(std::move(two));
    return std::nullopt;
  }

  Problem add_order() {
    for (size_t i = 0; i + 1 < pick_.order.size(); ++i) {
      const std::string &better = pick_.order[i], &worse = pick_.order[i + 1];
      if (contains(pick_.chosen, better) != contains(pick_.chosen, worse))
        continue;  // the choice says it
      if (auto p = add_pair("order", text(better), text(worse), concat("order[", i + 1, "]")))
        return p;
    }
    return std::nullopt;
  }

  Problem add_edits() {
    for (size_t i = 0; i < pick_.edits.size(); ++i) {
      const PickEdit& edit = pick_.edits[i];
      const auto picked =
          std::find_if(pick_.chosen.begin(), pick_.chosen.end(),
                       [&](const auto& id) { return id == edit.from || text(id) == edit.from; });
      if (picked == pick_.chosen.end())
        return FieldProblem{"BAD_FIELD", concat("edits[", i, "].from"), edit.from};
      if (auto p = add_pair("edit", edit.to, text(*picked), concat("edits[", i, "].to"))) return p;
    }
    return std::nullopt;
  }

  const Pick& pick_;
  const CandidateLookup& lookup_;
  std::vector<RankedList>& lists_;
  Texts texts_;
};

/// {id, text} with the product and prompt of `about`, or a row that has them itself.
Problem read_candidate(const Json& json, const Json& about, Texts& texts) {
  std::string id;
  CandidateText candidate;
  if (!json.is_object()) return FieldProblem{"BAD_FIELD", "", shown(json)};
  if (auto p = read_string(json, "id", true, id)) return p;
  if (auto p = read_string(json, "text", true, candidate.text)) return p;
  if (auto p = read_string(about, "prompt", true, candidate.prompt)) return p;
  if (auto p = read_string(about, "product_id", false, candidate.product_id)) return p;
  if (candidate.product_id.empty()) candidate.product_id = product_id_of_prompt(candidate.prompt);
  if (!texts.emplace(id, std::move(candidate)).second) return FieldProblem{"DUP_ID", "id", id};
  return std::nullopt;
}

Problem read_inline_candidates(const Json& row, Texts& texts) {
  const Json& candidates = row["candidates"];
  if (!candidates.is_array()) return FieldProblem{"BAD_FIELD", "candidates", shown(candidates)};
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (auto p = read_candidate(candidates[i], row, texts)) {
      const bool of_row = p->column == "prompt" || p->column == "product_id";
      if (!of_row)
        p->column = concat("candidates[", i, "]", p->column.empty() ? "" : ".", p->column);
      return p;
    }
  }
  return std::nullopt;
}

/// A second file must be whole: a text that is not there would look like an unknown candidate.
Texts read_candidates_file(const std::filesystem::path& path) {
  Texts texts;
  ImportReport report;
  for (const JsonRow& row : read_json_rows(path, report)) {
    const Json& about = row.json;
    if (const auto p = read_candidate(row.json, about, texts))
      reject_row(report, path.string(), row.row, *p);
  }
  for (const auto& entry : report.entries) {
    if (entry.severity == Severity::reject) throw Corrupt("[picks] " + to_line(entry));
  }
  return texts;
}

Problem read_pick_row(const Json& row, const Texts& known, std::set<std::string>& ids,
                      std::vector<RankedList>& lists) {
  Pick pick;
  if (auto p = read_pick(row, pick)) return p;
  if (ids.contains(pick.id)) return FieldProblem{"DUP_ID", "id", pick.id};
  Texts own;
  if (has(row, "candidates")) {
    if (auto p = read_inline_candidates(row, own)) return p;
  }
  const Texts& texts = has(row, "candidates") ? own : known;
  const auto lookup = [&](std::string_view id) {
    const auto found = texts.find(id);
    return found == texts.end() ? std::nullopt : std::optional(found->second);
  };
  std::vector<RankedList> found;
  if (auto p = lists_of(pick, lookup, found)) return p;
  ids.insert(pick.id);
  for (auto& list : found) lists.push_back(std::move(list));
  return std::nullopt;
}

}  // namespace

std::optional<FieldProblem> read_pick(const Json& json, Pick& pick) {
  pick = {};
  if (!json.is_object()) return FieldProblem{"BAD_FIELD", "", shown(json)};
  if (auto p = read_string(json, "id", true, pick.id)) return p;
  if (auto p = read_choice(json, pick)) return p;
  if (auto p = read_order(json, pick)) return p;
  if (auto p = read_edits(json, pick)) return p;
  if (auto p = read_string(json, "reason", false, pick.reason)) return p;
  if (auto p = read_string(json, "user", true, pick.user)) return p;
  if (auto p = read_ms(json, pick)) return p;
  if (auto p = read_string(json, "time", false, pick.time)) return p;
  constexpr std::array<std::string_view, 12> kKnown = {
      "id", "shown_ids", "chosen",     "order",      "edits", "reason", "user",
      "ms", "time",      "candidates", "product_id", "prompt"};  // the last three: inline texts
  for (const auto& [name, value] : json.items()) {
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) pick.extra[name] = value;
  }
  return std::nullopt;
}

Json to_json(const Pick& pick) {
  Json json = {{"id", pick.id}, {"shown_ids", pick.shown_ids}};
  json["chosen"] = pick.chosen.empty() ? Json("none") : Json(pick.chosen);
  if (!pick.order.empty()) json["order"] = pick.order;
  json["edits"] = Json::array();
  for (const auto& edit : pick.edits)
    json["edits"].push_back({{"from", edit.from}, {"to", edit.to}});
  if (!pick.reason.empty()) json["reason"] = pick.reason;
  json["user"] = pick.user;
  if (pick.ms) json["ms"] = *pick.ms;
  if (!pick.time.empty()) json["time"] = pick.time;
  for (const auto& [name, value] : pick.extra.items()) json[name] = value;
  return json;
}

std::optional<FieldProblem> lists_of(const Pick& pick, const CandidateLookup& lookup,
                                     std::vector<RankedList>& lists) {
  return PickLists(pick, lookup, lists).add_all();
}

PickFile read_picks(const std::filesystem::path& path, const std::filesystem::path& candidates) {
  PickFile file;
  const Texts texts = candidates.empty() ? Texts() : read_candidates_file(candidates);
  std::set<std::string> ids;
  for (const JsonRow& row : read_json_rows(path, file.report)) {
    if (const auto p = read_pick_row(row.json, texts, ids, file.lists))
      reject_row(file.report, path.string(), row.row, *p);
  }
  finish_report(file.report);
  return file;
}

}  // namespace vitrine::data
