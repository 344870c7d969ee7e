// Lists as rows of TRL and LLaMA-Factory.
#include <deque>

#include "base/compressed.h"
#include "base/error.h"
#include "base/hash.h"
#include "data/preference_file.h"
#include "data/preference_rows.h"

namespace vitrine::data {
namespace {

namespace fs = std::filesystem;

Json sides(const PreferencePair& pair, PreferenceFormat format) {
  if (format == PreferenceFormat::trl)
    return {{"prompt", pair.prompt}, {"chosen", pair.chosen}, {"rejected", pair.rejected}};
  return {{"instruction", pair.prompt},
          {"input", ""},
          {"chosen", pair.chosen},
          {"rejected", pair.rejected}};
}

/// Every row has the same columns, which table readers want; unknown fields stand behind them.
Json row_of(const PreferencePair& pair, const Json& extra, const std::string& group,
            const std::string& lists, PreferenceFormat format) {
  Json row = sides(pair, format);
  row["product_id"] = pair.product_id;
  row["source"] = pair.source;
  row["type"] = pair.type;
  row["weight"] = pair.weight;
  row[kGroupColumn] = group;
  row[kListsColumn] = lists;
  for (const auto& [name, value] : extra.items()) {
    if (!is_row_field(name)) row[name] = value;
  }
  return row;
}

/// Puts lists without a pair into the rows, so many into each as its column may hold.
class Passengers {
 public:
  void add(std::string line) { waiting_.push_back(std::move(line)); }

  /// Those that wait, before the row's own list.
  void board(Json& row) {
    std::string before;
    while (!waiting_.empty() && before.size() + waiting_.front().size() < kMaxBytes) {
      before += waiting_.front() + "\n";
      waiting_.pop_front();
    }
    const std::string own = row[kListsColumn].get<std::string>();
    row[kListsColumn] =
        own.empty() && !before.empty() ? before.substr(0, before.size() - 1) : before + own;
  }

  /// The rest, behind the lists of the last rows.
  void board_last(std::vector<Json>& rows) {
    for (auto row = rows.rbegin(); row != rows.rend() && !waiting_.empty(); ++row) {
      std::string lists = (*row)[kListsColumn].get<std::string>();
      while (!waiting_.empty() && lists.size() + waiting_.front().size() < kMaxBytes) {
        lists += (lists.empty() ? "" : "\n") + waiting_.front();
        waiting_.pop_front();
      }
      (*row)[kListsColumn] = lists;
    }
    VITRINE_REQUIRE(waiting_.empty(), "[preferences] ", waiting_.size(),
                    " lists without a pair find no room beside ", rows.size(), " rows");
  }

 private:
  static constexpr size_t kMaxBytes = size_t{96}
                                      << 10;  // readers refuse fields of more than 256 KiB
  std::deque<std::string> waiting_;
};

std::vector<Json> rows_of(std::span<const RankedList> lists, PreferenceFormat format) {
  std::vector<Json> rows;
  Passengers passengers;
  for (size_t i = 0; i < lists.size(); ++i) {
    const std::string line = dump_line(to_json(lists[i]));
    const auto pairs = pairs_of(lists[i]);
    if (pairs.empty()) passengers.add(line);
    const std::string group = concat(sha256_hex(line).substr(0, 12), "-", i);
    for (size_t k = 0; k < pairs.size(); ++k) {
      rows.push_back(row_of(pairs[k], lists[i].extra, group, k == 0 ? line : "", format));
      passengers.board(rows.back());
    }
  }
  VITRINE_REQUIRE(!rows.empty(), "[preferences] ", lists.size(),
                  " lists, but no pair: such a file would have no rows");
  passengers.board_last(rows);
  return rows;
}

std::string joined(const std::vector<Json>& rows) {
  std::string lines;
  for (const Json& row : rows) lines += dump_line(row) + "\n";
  return lines;
}

std::string as_array(const std::string& lines) {
  std::string array = "[\n";
  for (const char c : lines.substr(0, lines.size() - 1))
    array += c == '\n' ? std::string(",\n") : std::string(1, c);
  return array + "\n]\n";
}

/// dataset_info.json with the file's entry. Throws InvalidInput when the name is another file's.
Json dataset_info_for(const fs::path& path, const fs::path& info) {
  Json entries = fs::exists(info) ? read_json_file(info) : Json::object();
  VITRINE_REQUIRE(entries.is_object(), "[preferences] ", info.string(),
                  ": expected an object, got ", entries.type_name());
  const std::string name = path.stem().string(), file_name = path.filename().string();
  if (entries.contains(name)) {
    const Json known = entries[name].is_object() && entries[name].contains("file_name")
                           ? entries[name]["file_name"]
                           : entries[name];
    VITRINE_REQUIRE(known == file_name, "[preferences] ", info.string(), ": the name ", name,
                    " is taken by ", dump_line(known));
  }
  Json& entry = entries[name];
  if (!entry.is_object()) entry = Json::object();
  entry.update({{"file_name", file_name},
                {"ranking", true},
                {"columns",
                 {{"prompt", "instruction"},
                  {"query", "input"},
                  {"chosen", "chosen"},
                  {"rejected", "rejected"}}}});
  return entries;
}

void write_for_llama_factory(const fs::path& path, std::span<const RankedList> lists) {
  const fs::path info = path.parent_path() / "dataset_info.json";
  const Json entries = dataset_info_for(path, info);
  const std::string lines = to_llama_factory_lines(lists);
  write_output(path, path.extension() == ".json" ? as_array(lines) : lines);
  write_output(info, dump_pretty(entries));
}

}  // namespace

std::string to_own_lines(std::span<const RankedList> lists) {
  std::string lines;
  for (const auto& list : lists) lines += dump_line(to_json(list)) + "\n";
  return lines;
}

std::string to_trl_lines(std::span<const RankedList> lists) {
  return joined(rows_of(lists, PreferenceFormat::trl));
}

std::string to_llama_factory_lines(std::span<const RankedList> lists) {
  return joined(rows_of(lists, PreferenceFormat::llama_factory));
}

void check_preference_output(const fs::path& path, PreferenceFormat format) {
  if (format != PreferenceFormat::llama_factory) return;
  const std::string ending = path.extension().string();
  if (ending == ".json" || ending == ".jsonl") return;
  throw UsageError(concat("[convert] --output ", path.string(),
                          ": LLaMA-Factory reads .json and .jsonl files only"));
}

void write_preferences(const fs::path& path, std::span<const RankedList> lists,
                       PreferenceFormat format) {
  check_preference_output(path, format);
  if (format == PreferenceFormat::own) return write_output(path, to_own_lines(lists));
  if (format == PreferenceFormat::trl) return write_output(path, to_trl_lines(lists));
  write_for_llama_factory(path, lists);
}

}  // namespace vitrine::data
