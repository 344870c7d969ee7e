#include "recipes/curate_run.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"

namespace vitrine::recipes {
namespace {

struct Rows {
  std::vector<data::Product> products;
  data::ImportReport report;
  Json files = Json::array();  // name, sha256, rows
};

void number_repeated_ids(std::vector<data::Product>& products) {
  std::map<std::string, int64_t> seen;
  for (auto& product : products) {
    const int64_t times = ++seen[product.id];
    if (times > 1) product.id += "-" + std::to_string(times);
  }
}

Rows read_all(std::span<const std::string> files, const data::ImportConfig& reader) {
  Rows rows;
  for (const std::string& file : files) {
    auto result = data::read_products(file, reader);
    rows.files.push_back({{"file", file}, {"sha256", result.sha256}, {"rows", result.report.rows_in}});
    std::move(result.products.begin(), result.products.end(), std::back_inserter(rows.products));
    rows.report.merge(result.report);
  }
  number_repeated_ids(rows.products);
  return rows;
}

/// The first line of the funnel, so that its sums equal the files.
FilterReport import_line(const data::ImportReport& report, const data::ImportConfig& reader) {
  FilterReport line{.filter = "import", .rows_in = report.rows_in, .kept = report.rows_kept, .dropped = report.rows_rejected,
                    .config_sha256 = sha256_hex(dump_line(config_to_json(reader))), .score_name = {}, .thresholds = {}, .scores = {},
                    .margin = {}, .reasons = {}, .buckets = {}, .notes = {}};
  for (const auto& [code, count] : report.counts()) line.reasons.emplace_back(code, count);
  return line;
}

std::string rejects_of_import(const data::ImportReport& report) {
  std::string lines;
  for (const auto& entry : report.entries) {
    if (entry.severity != data::Severity::reject) continue;
    Json json = data::to_json(entry);
    json["filter"] = "import";
    lines += dump_line(json) + "\n";
  }
  return lines;
}

Json manifest(const Rows& rows, const Rows& held_out, const CurateRunConfig& config, const std::string& kept) {
  Json json = manifest_of(kCuratedCopyKind);
  json.update({{"verb", "curate copy"}, {"settings", config_to_json(config)}, {"inputs", rows.files}, {"held_out", held_out.files},
               {"outputs", {{"kept.jsonl", sha256_hex(kept)}}}});
  return json;
}

void warn_of_rejects(const char* what, const data::ImportReport& report) {
  if (report.rows_rejected > 0) data::log_table(concat("[curate copy] ", what, ":"), report.table(), true);
}

}  // namespace

CuratedSet curate_files(std::span<const std::string> files, const CurateRunConfig& config) {
  if (files.empty()) throw UsageError("[curate copy] no input files");
  std::vector<std::string> inputs(files.begin(), files.end());
  inputs.push_back(config.dev);
  check_inputs("curate copy", inputs);
  const std::filesystem::path place = require_artefact_place("curate copy", config.output, kCuratedCopyKind, inputs);
  Rows rows = read_all(files, config.reader);
  const Rows held_out = config.dev.empty() ? Rows{} : read_all(std::span(&config.dev, 1), config.reader);
  warn_of_rejects("input", rows.report);
  warn_of_rejects("dev", held_out.report);
  CuratedSet set = curate_rows(std::move(rows.products), config.funnel, held_out.products);
  set.filters.insert(set.filters.begin(), import_line(rows.report, config.reader));
  set.held_out_rejected = held_out.report.rows_rejected;

  ArtefactFolder folder(place, kCuratedCopyKind);
  const std::string kept = kept_jsonl(set);
  write_file_atomic(folder.path() / "kept.jsonl", kept);
  write_file_atomic(folder.path() / "rejects.jsonl", rejects_of_import(rows.report) + rejects_jsonl(set));
  write_file_atomic(folder.path() / "funnel.json", dump_pretty(funnel_json(set)));
  write_file_atomic(folder.path() / "funnel.html", funnel_html(set));
  write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest(rows, held_out, config, kept)));
  folder.commit();
  return set;
}

}  // namespace vitrine::recipes
