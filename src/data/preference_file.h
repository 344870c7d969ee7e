// data/preference_file.h - files of ranked lists and pairs: our own JSONL, TRL's and
// LLaMA-Factory's, in and out.
//
// docs/formats/preferences.md has the dialects. Rows that we write for others name their list in
// two more columns, so that a list comes back whole; rows that were changed or taken out meanwhile
// come back as the pairs they now are.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "data/import_report.h"
#include "data/preferences.h"

namespace vitrine::data {

struct PreferenceReadConfig {
  std::string source = "human";

  void describe(FieldVisitor& v) {
    v.field("source", source, "source of rows that name none",
            {"pick", "feedback", "human", "rule", "synthetic"});
  }
};

struct PreferenceFile {
  std::string kind;               // what the rows are, for people
  std::vector<RankedList> lists;  // in the order of the file; a pair is a list of two texts
  ImportReport report;  // rows of JSON objects; a row of a list that came back whole counts as kept
};

/// Reads one file (.gz, .zst by name; "-" = standard input). Good and bad texts of one prompt (TRL
/// unpaired, KTO) become one list, the good before the bad. A dataset_info.json beside the file
/// that has an entry for it names its columns. Throws ImportRefused: EMPTY_FILE, ENC_UNKNOWN,
/// MIXED_KINDS (rows of several kinds), NO_PREFERENCE (prompts or texts only), NOT_RANKING
/// (dataset_info.json says so); NotFound, IoError, Corrupt.
PreferenceFile read_preferences(const std::filesystem::path& path,
                                const PreferenceReadConfig& config = {});

/// The same for unpacked bytes in memory; `name` is the file in findings. dataset_entry: of
/// dataset_info.json, null = none.
PreferenceFile read_preferences_from(std::string_view bytes, std::string_view name,
                                     const PreferenceReadConfig& config = {},
                                     const Json& dataset_entry = nullptr);

/// Own lists, one a line.
std::string to_own_lines(std::span<const RankedList> lists);

/// A row a pair, one a line. Lists without a pair travel in the row of a list beside them.
/// Throws InvalidInput when no list has a pair.
std::string to_trl_lines(std::span<const RankedList> lists);
std::string to_llama_factory_lines(std::span<const RankedList> lists);

enum class PreferenceFormat { own, trl, llama_factory };

/// Throws UsageError for a name that the format cannot have: LLaMA-Factory reads .json and .jsonl
/// only, and needs a folder.
void check_preference_output(const std::filesystem::path& path, PreferenceFormat format);

/// Writes the file, whole or not at all, packed by its name; for LLaMA-Factory an array when it is
/// .json, then the file's entry in the dataset_info.json beside it, whose other entries stay.
/// Throws UsageError, IoError; InvalidInput as to_trl_lines, and when the entry's name is another
/// file's.
void write_preferences(const std::filesystem::path& path, std::span<const RankedList> lists,
                       PreferenceFormat format);

}  // namespace vitrine::data
