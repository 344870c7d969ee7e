#include "recipes/convert_preferences.h"

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
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

}  // namespace

data::ImportReport convert_preferences(const std::string& input,
                                       const ConvertPreferencesConfig& config) {
  const std::vector<std::string> inputs = {input};
  check_file_arguments("convert", inputs,
                       {{"--output", config.output}, {"--rejects", config.rejects}});
  const PreferenceFormat format = format_of(config.to);
  data::check_preference_output(config.output, format);
  const data::PreferenceFile file = read(input, config);
  if (!file.lists.empty()) log_info("[convert] ", input, ": ", file.kind, ", ", file.lists.size(), " lists");
  if (!config.rejects.empty()) write_output(config.rejects, file.report.to_jsonl());
  data::write_preferences(config.output, file.lists, format);
  return file.report;
}

}  // namespace vitrine::recipes
