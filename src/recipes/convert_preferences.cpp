#include "recipes/convert_preferences.h"

#include <map>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "data/import.h"

namespace vitrine::recipes {
namespace {

using data::PreferenceFormat;

PreferenceFormat format_of(const std::string& name) {
  if (name == "own") return PreferenceFormat::own;
  return name == "trl" ? PreferenceFormat::trl : PreferenceFormat::llama_factory;
}

data::PreferenceFile read(const std::string& input, const ConvertPreferencesConfig& config) {
  try {
    return data::read_preferences(input, config.reader);
  } catch (const data::ImportRefused& refused) {
    data::ImportReport report;
    report.add(refused.entry());
    if (!config.rejects.empty()) write_output(config.rejects, report.to_jsonl());
    throw;
  }
}

std::string hash_of(const data::RankedList& list) { return sha256_hex(dump_line(to_json(list))); }

Json manifest_line(const data::RankedList& list, Json after_sha256) {
  return {{"product_id", list.product_id},
          {"source", list.source},
          {"type", list.type},
          {"weight", list.weight},
          {"texts", list.candidates.size()},
          {"pairs", data::pairs_of(list).size()},
          {"before_sha256", hash_of(list)},
          {"after_sha256", std::move(after_sha256)}};
}

/// What became of the lists, by what the output says when it is read.
void write_manifest(const std::string& input, const ConvertPreferencesConfig& config,
                    const std::vector<data::RankedList>& lists) {
  const auto written = data::read_preferences(config.output, config.reader).lists;
  std::map<std::string, size_t> sources;
  std::string lines;
  for (size_t i = 0; i < lists.size(); ++i) {
    ++sources[lists[i].source];
    lines += dump_line(manifest_line(lists[i], i < written.size() ? Json(hash_of(written[i])) : Json())) + "\n";
  }
  const Json head = {{"kind", "preference_manifest"},
                     {"source", input},
                     {"output", std::filesystem::path(config.output).filename().string()},
                     {"output_sha256", sha256_hex(read_file_unpacked(config.output))},
                     {"format", config.to},
                     {"lists", lists.size()},
                     {"sources", sources}};
  write_output(config.manifest, dump_line(head) + "\n" + lines);
}

}  // namespace

data::ImportReport convert_preferences(const std::string& input,
                                       const ConvertPreferencesConfig& config) {
  const std::vector<std::string> inputs = {input};
  check_file_arguments("convert", inputs,
                       {{"--output", config.output}, {"--rejects", config.rejects}, {"--manifest", config.manifest}});
  if (!config.manifest.empty() && OutputFile::is_device(config.output))
    throw UsageError("[convert] --manifest: --output must be a file, which is read back");
  const PreferenceFormat format = format_of(config.to);
  data::check_preference_output(config.output, format);
  const data::PreferenceFile file = read(input, config);
  if (!file.lists.empty()) log_info("[convert] ", input, ": ", file.kind, ", ", file.lists.size(), " lists");
  if (!config.rejects.empty()) write_output(config.rejects, file.report.to_jsonl());
  data::write_preferences(config.output, file.lists, format);
  if (!config.manifest.empty()) write_manifest(input, config, file.lists);
  return file.report;
}

}  // namespace vitrine::recipes
