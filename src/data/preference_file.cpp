#include "data/preference_file.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "data/import.h"
#include "data/json_rows.h"
#include "data/preference_rows.h"

namespace vitrine::data {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(std::string_view name, int64_t row, std::string_view code,
                         std::string value) {
  throw ImportRefused(
      {std::string(name), row, "", std::string(code), Severity::fatal, std::move(value)});
}

/// null when there is none.
Json field(const Json& object, std::string_view name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? Json(nullptr) : *found;
}

/// A row that was read, and where it stood.
struct PlacedRow {
  int64_t row = 0;
  PreferenceRow content;
};

/// The names that a dataset_info.json gives to LLaMA-Factory's columns, put back to the usual ones.
class DatasetColumns {
 public:
  DatasetColumns(const Json& entry, std::string_view name) {
    if (!entry.is_object()) return;
    if (const Json formatting = field(entry, "formatting");
        !formatting.is_null() && formatting != "alpaca") {
      refuse(name, 0, "NO_PREFERENCE", "dataset_info.json: formatting: " + dump_line(formatting));
    }
    has_entry_ = true;
    ranking_ = field(entry, "ranking") == true;
    const Json columns = field(entry, "columns");
    const std::vector<std::pair<std::string, std::string>> usual = {
        {"prompt", "instruction"}, {"query", "input"},       {"response", "output"},
        {"chosen", "chosen"},      {"rejected", "rejected"}, {"kto_tag", "kto_tag"}};
    for (const auto& [column, usual_name] : usual) {
      if (const Json given = field(columns, column); given.is_string())
        names_.emplace(given.get<std::string>(), usual_name);
    }
  }

  Json usual(const Json& row) const {
    if (names_.empty()) return row;
    Json out = Json::object();
    for (const auto& [name, value] : row.items()) {
      const auto found = names_.find(name);
      out[found == names_.end() ? name : found->second] = value;
    }
    return out;
  }
  bool forbids(PreferenceKind kind) const {
    const bool is_pair =
        kind == PreferenceKind::llama_factory || kind == PreferenceKind::llama_factory_pair;
    return has_entry_ && !ranking_ && is_pair;
  }

 private:
  std::map<std::string, std::string, std::less<>> names_;
  bool has_entry_ = false, ranking_ = false;
};

/// All rows of a file are of one kind.
class KindOfFile {
 public:
  KindOfFile(std::string_view name, const DatasetColumns& columns)
      : name_(name), columns_(columns) {}

  void see(int64_t row, PreferenceKind kind) {
    if (!kind_) {
      if (!holds_preference(kind))
        refuse(name_, row, "NO_PREFERENCE",
               concat(to_string(kind), ": nothing says which text is better"));
      if (columns_.forbids(kind))
        refuse(name_, 0, "NOT_RANKING", "its entry in dataset_info.json lacks \"ranking\": true");
      kind_ = kind;
      return;
    }
    if (*kind_ != kind)
      refuse(name_, row, "MIXED_KINDS", concat(to_string(kind), " after ", to_string(*kind_)));
  }
  std::optional<PreferenceKind> kind() const { return kind_; }

 private:
  std::string name_;
  const DatasetColumns& columns_;
  std::optional<PreferenceKind> kind_;
};

/// Good and bad texts of one prompt as lists; rows that stand alone are rejected.
class UnpairedLists {
 public:
  UnpairedLists(std::string_view name, std::string text_column, PreferenceFile& file)
      : name_(name), text_column_(std::move(text_column)), file_(file) {}

  void add(const PlacedRow& placed) {
    RankedList key = placed.content.list;
    key.candidates.clear();
    const std::string id = dump_line(to_json(key));
    const auto [place, is_new] = groups_.emplace(id, order_.size());
    if (is_new) order_.emplace_back();
    Group& group = order_[place->second];
    const std::string& text = placed.content.list.candidates.front();
    const auto [known, first] = group.labels.emplace(text, placed.content.label);
    if (!first && known->second != placed.content.label) {
      return reject_row(file_.report, name_, placed.row, {"PAIR_EQUAL", text_column_, text});
    }
    group.rows.push_back(placed);
  }

  void finish() {
    for (const Group& group : order_) {
      if (group.rows.size() == 1) {
        const auto& row = group.rows.front();
        reject_row(file_.report, name_, row.row,
                   {"LIST_ONE_SIDED", text_column_, row.content.list.candidates.front()});
      } else if (!group.rows.empty()) {
        file_.lists.push_back(list_of_group(group));
      }
    }
  }

 private:
  struct Group {
    std::vector<PlacedRow> rows;
    std::map<std::string, bool> labels;
  };

  static RankedList list_of_group(const Group& group) {
    RankedList list = group.rows.front().content.list;
    list.candidates.clear();
    std::vector<int> good, bad;
    for (const PlacedRow& row : group.rows) {
      (row.content.label ? good : bad).push_back(static_cast<int>(list.candidates.size()));
      list.candidates.push_back(row.content.list.candidates.front());
    }
    for (auto* tier : {&good, &bad}) {
      if (!tier->empty()) list.order.push_back(*tier);
    }
    return list;
  }

  std::string name_, text_column_;
  PreferenceFile& file_;
  std::map<std::string, size_t> groups_;
  std::vector<Group> order_;
};

/// Rows that we wrote for others: lists come back whole where all of their pairs are still there,
/// unchanged.
class WholeLists {
 public:
  explicit WholeLists(const std::vector<PlacedRow>& rows) {
    for (const PlacedRow& row : rows) {
      if (!row.content.group.empty()) present_[row.content.group].insert(text_of(row.content.list));
    }
  }

  /// What the row stands for: its list, or itself, or nothing when its list is there already.
  /// Throws InvalidInput for lists that cannot be read.
  std::vector<RankedList> take(const PreferenceRow& row, const std::string& where) {
    std::vector<RankedList> out;
    const bool member = whole_.contains(row.group);
    if (row.lists.empty()) {
      if (!member) out.push_back(row.list);
      return out;
    }
    bool has_own = member;
    for (size_t at = 0; at < row.lists.size();) {
      const size_t end = std::min(row.lists.find('\n', at), row.lists.size());
      RankedList list = ranked_list_from_json(
          parse_json(std::string_view(row.lists).substr(at, end - at), where), where);
      const bool is_own = !pairs_of(list).empty();
      out.push_back(is_own && !is_whole(list, row.group) ? row.list : std::move(list));
      has_own = has_own || is_own;
      at = end + 1;
    }
    if (!has_own) out.insert(out.begin(), row.list);
    return out;
  }

 private:
  static std::string text_of(const RankedList& list) { return dump_line(to_json(list)); }

  /// Whether the rows of the group are the pairs of the list; then its other rows need not be read
  /// again.
  bool is_whole(const RankedList& list, const std::string& group) {
    std::multiset<std::string> expected;
    for (const auto& pair : pairs_of(list)) {
      RankedList two = list_of(pair);
      for (const auto& [name, value] : list.extra.items()) {
        if (!is_row_field(name) && !value.is_null()) two.extra[name] = value;
      }
      expected.insert(text_of(two));
    }
    const bool whole = expected == present_[group];
    if (whole) whole_.insert(group);
    return whole;
  }

  std::map<std::string, std::multiset<std::string>> present_;
  std::set<std::string> whole_;
};

void add_unpaired(const std::vector<PlacedRow>& rows, std::string_view name,
                  std::string text_column, PreferenceFile& file) {
  UnpairedLists lists(name, std::move(text_column), file);
  for (const PlacedRow& row : rows) lists.add(row);
  lists.finish();
}

void add_paired(const std::vector<PlacedRow>& rows, std::string_view name, PreferenceFile& file) {
  WholeLists lists(rows);
  for (const PlacedRow& row : rows) {
    try {
      for (auto& list : lists.take(row.content, std::string(kListsColumn)))
        file.lists.push_back(std::move(list));
    } catch (const Error& e) {  // not our JSON, or a list that is refused
      reject_row(file.report, name, row.row, {"BAD_FIELD", std::string(kListsColumn), e.what()});
    }
  }
}

/// The entry of dataset_info.json beside the file, or null.
Json dataset_entry_of(const fs::path& path) {
  const fs::path info = path.parent_path() / "dataset_info.json";
  if (path == "-" || !fs::exists(info)) return nullptr;
  const Json entries = read_json_file(info);
  for (const auto& [name, entry] : entries.items()) {
    if (field(entry, "file_name") == path.filename().string()) return entry;
  }
  return nullptr;
}

}  // namespace

PreferenceFile read_preferences_from(std::string_view bytes, std::string_view name,
                                     const PreferenceReadConfig& config,
                                     const Json& dataset_entry) {
  PreferenceFile file;
  const DatasetColumns columns(dataset_entry, name);
  KindOfFile kind_of_file(name, columns);
  std::vector<PlacedRow> rows;
  for (const JsonRow& read : read_json_rows(bytes, name, file.report)) {
    const Json row = columns.usual(read.json);
    const auto kind = kind_of_row(row);
    if (!kind) {
      reject_row(file.report, name, read.row, {"MISSING_REQUIRED", "prompt", dump_line(row)});
      continue;
    }
    kind_of_file.see(read.row, *kind);
    PlacedRow placed{read.row, {}};
    if (const auto problem = read_preference_row(row, *kind, config.source, placed.content)) {
      reject_row(file.report, name, read.row, *problem);
    } else {
      rows.push_back(std::move(placed));
    }
  }
  if (const auto kind = kind_of_file.kind()) {
    file.kind = to_string(*kind);
    if (is_unpaired(*kind))
      add_unpaired(rows, name, *kind == PreferenceKind::trl_unpaired ? "completion" : "output",
                   file);
    else
      add_paired(rows, name, file);
  }
  finish_report(file.report);
  return file;
}

PreferenceFile read_preferences(const fs::path& path, const PreferenceReadConfig& config) {
  return read_preferences_from(read_file_unpacked(path), path.string(), config,
                               dataset_entry_of(path));
}

}  // namespace vitrine::data
