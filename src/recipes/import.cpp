#include "recipes/import.h"

#include <algorithm>

#include "base/compressed.h"
#include "base/file_arguments.h"
#include "base/interrupt.h"
#include "data/normalization.h"

namespace vitrine::recipes {
namespace {

using data::ImportEntry;
using data::ImportReport;
using data::ImportResult;
using data::Severity;

void normalize_products(ImportResult& result, const data::AttributeNormalizer& normalizer) {
  for (data::Product& product : result.products) {
    for (const data::UnmappedPair& pair : normalizer.normalize(product)) {
      result.report.add({product.source.file, product.source.row, pair.key_raw, pair.code, Severity::warn, pair.val_raw});
    }
  }
}

void refuse_if_rejected(const ImportReport& report) {
  if (report.rows_rejected == 0) return;
  const auto first = std::find_if(report.entries.begin(), report.entries.end(),
                                  [](const ImportEntry& entry) { return entry.severity == Severity::reject; });
  throw Corrupt(concat("[import] --strict: ", report.rows_rejected, " rows rejected, the first is ", first->file, " row ",
                       first->row, ": ", first->code, first->column.empty() ? "" : " in " + first->column));
}

std::string to_lines(const std::vector<data::Product>& products) {
  std::string lines;
  for (const data::Product& product : products) lines += dump_line(to_json(product)) + "\n";
  return lines;
}

/// Reads all files; what was found so far is in `report` also when one is refused.
std::string read_all(std::span<const std::string> files, const ImportRecipeConfig& config, ImportReport& report) {
  std::unordered_set<std::string> ids;
  std::optional<data::AttributeNormalizer> normalizer;
  if (config.normalize) normalizer.emplace(data::AttributeNormalizer::load());
  std::string lines;
  for (const std::string& file : files) {
    throw_if_interrupted("nothing was written");
    ImportResult result = data::read_products(file, config.reader);
    data::reject_repeated_ids(result, ids);
    if (normalizer) normalize_products(result, *normalizer);
    report.merge(result.report);
    lines += to_lines(result.products);
  }
  return lines;
}

}  // namespace

ImportReport import_files(std::span<const std::string> files, const ImportRecipeConfig& config) {
  VITRINE_REQUIRE(!files.empty(), "[import] no files");
  check_file_arguments("import", files, {{"--output", config.output}, {"--rejects", config.rejects}});
  ImportReport report;
  std::string lines;
  try {
    lines = read_all(files, config, report);
  } catch (const data::ImportRefused& refused) {
    report.add(refused.entry());
    if (!config.rejects.empty()) write_output(config.rejects, report.to_jsonl());
    throw;
  }
  if (!config.rejects.empty()) write_output(config.rejects, report.to_jsonl());
  if (config.strict) refuse_if_rejected(report);
  write_output(config.output, lines);
  return report;
}

}  // namespace vitrine::recipes
