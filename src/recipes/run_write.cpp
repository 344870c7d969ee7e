#include "recipes/run_write.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <sstream>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/resource.h"
#include "copywriting/copy_model.h"
#include "data/advertisegen.h"
#include "data/import.h"
#include "recipes/write.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kProductsPerBatch = 32;
constexpr std::string_view kTrainingRows = "data/advertisegen/train.jsonl";

data::ImportResult read_input(const WriteRun& run) {
  if (run.input.empty() == run.attributes.empty()) {
    throw UsageError(run.input.empty() ? "PRODUCTS: missing (or --attributes for one product)" : "--attributes: expected nothing beside PRODUCTS");
  }
  if (!run.input.empty()) return data::read_products(run.input);
  data::check_typed_content(run.attributes, "--attributes");
  const std::string line = dump_line({{"content", run.attributes}});
  data::ImportConfig import_config;
  import_config.format = "advertisegen";
  auto result = data::read_products_from(line, "attributes.jsonl", import_config);
  for (auto& product : result.products) product.source.file = "--attributes";
  return result;
}

/// The points of each product in a file of plans, as `points` writes it.
std::map<std::string, std::vector<std::string>> read_points(const std::string& path) {
  std::map<std::string, std::vector<std::string>> points;
  if (path.empty()) return points;
  std::istringstream lines(read_file_unpacked(path));
  std::string line;
  for (int64_t row = 1; std::getline(lines, line); ++row) {
    if (line.empty()) continue;
    const std::string where = concat(path, " row ", row);
    const Json plan = parse_json(line, where);
    try {
      auto& list = points[plan.at("product_id").get<std::string>()];
      for (const Json& point : plan.at("points")) list.push_back(point.at("key").get<std::string>() + "#" + point.at("value").get<std::string>());
    } catch (const nlohmann::json::exception& e) {
      throw Corrupt(concat("[write] ", where, ": not a plan of `points`: ", e.what()));
    }
  }
  return points;
}

/// Where a result goes: standard output, product by product, or a file that appears whole.
class Output {
 public:
  Output(const std::string& path, bool as_table) : as_table_(as_table) {
    if (!path.empty() && path != "-") file_ = std::make_unique<OutputFile>(path);
  }
  bool as_table() const { return as_table_; }
  void write(std::string_view text) {
    if (file_) {
      file_->write(text);
    } else {
      std::cout << text << std::flush;
      if (!std::cout) throw IoError("[write] standard output: cannot write");
    }
  }
  void commit() {
    if (file_) file_->commit();
  }

 private:
  bool as_table_;
  std::unique_ptr<OutputFile> file_;
};

std::optional<copywriting::CopyModel> load_model(const WriteConfig& config, const WriteRun& run) {
  if (!config.baseline.empty()) return std::nullopt;
  generation::DecoderConfig decoder;
  decoder.threads = run.threads;
  if (!run.dtype.empty()) decoder.dtype = run.dtype;
  return copywriting::load_copy_model(copywriting::find_model(config.model), decoder);
}

std::vector<data::Product> rows_for(const WriteConfig& config) {
  if (config.baseline.empty()) return {};
  return data::read_products(resource_path(kTrainingRows)).products;
}

void report_rejects(const data::ImportResult& input, const WriteRun& run) {
  if (!run.rejects.empty()) write_output(run.rejects, input.report.to_jsonl());
  if (!input.report.entries.empty()) log_warn("input: ", input.report.table());
}

struct Totals {
  int64_t products = 0, candidates = 0, dropped = 0, without = 0, in_order = 0;
  std::map<std::string, int> faults;
  int64_t compared = 0;  // products with two candidates or more
  double likeness = 0;   // summed over these

  void add(const WrittenProduct& written) {
    ++products;
    candidates += static_cast<int64_t>(written.candidates.size());
    dropped += written.dropped;
    for (const auto& [fault, count] : written.dropped_faults) faults[fault] += count;
    without += written.candidates.empty();
    compared += written.candidates.size() > 1;
    if (written.candidates.size() > 1) likeness += written.likeness;
    in_order += std::count_if(written.candidates.begin(), written.candidates.end(), [](const auto& c) { return c.groups_in_order; });
  }
  void print() const {
    if (products == 0) return;
    std::string reasons;
    for (const auto& [fault, count] : faults) reasons += concat(reasons.empty() ? " (" : ", ", fault, " ", count);
    if (!reasons.empty()) reasons += ")";
    const auto counted = [](int64_t count, std::string_view noun) { return concat(count, " ", noun, count == 1 ? "" : "s"); };
    const std::string alike = compared == 0 ? "" : concat("; mean pairwise ROUGE-L of a product's candidates ",
                                                          static_cast<int>(1000 * likeness / static_cast<double>(compared)) / 1000.0);
    log_info(counted(products, "product"), ", ", counted(candidates, "candidate"), ", ", dropped, " dropped by the checks", reasons, ", ", without,
             " without a candidate; ", in_order, " in the plan's order", alike);
  }
};

/// The rejected rows of the input, by row: a row that was refused still gives its line.
std::map<int64_t, data::ImportEntry> rejected_rows(const data::ImportReport& report) {
  std::map<int64_t, data::ImportEntry> rows;
  for (const auto& entry : report.entries) {
    if (entry.severity == data::Severity::reject) rows.emplace(entry.row, entry);
  }
  return rows;
}

std::string rejected_line(const data::ImportEntry& entry, bool table) {
  const std::string id = entry.id.empty() ? concat("row-", entry.row) : entry.id;
  const std::string error = concat(entry.code, entry.column.empty() ? "" : " " + entry.column);
  if (table) return concat("■ ", id, "\n  没有可用的文案：", error, "\n\n");
  return dump_line({{"id", id}, {"candidates", Json::array()}, {"error", error}}) + "\n";
}

/// The result, and the table beside it when one is wanted.
std::vector<Output> open_outputs(const WriteRun& run) {
  const bool to_terminal = (run.output.empty() || run.output == "-") && ::isatty(STDOUT_FILENO) == 1;
  std::vector<Output> outputs;
  outputs.emplace_back(run.output, run.format.empty() ? to_terminal && run.table.empty() : run.format == "table");
  if (run.table.empty()) return outputs;
  const auto place = [](const std::string& path) { return path.empty() ? "-" : path; };
  if (place(run.output) == run.table) throw UsageError(concat("--table: expected another place than --output, got ", run.table));
  outputs.emplace_back(run.table, /*as_table=*/true);
  return outputs;
}

void warn_of_unknown_names(const CopyWriter& writer, const std::vector<data::Product>& products, const WriteRun& run) {
  std::vector<std::string> wishes = run.order;
  wishes.insert(wishes.end(), run.pins.begin(), run.pins.end());
  for (const auto& wish : writer.unknown_wishes(products, wishes)) log_warn("[write] ", wish, ": no product has it");
}

}  // namespace

bool run_write(const WriteConfig& config, const WriteRun& run) {
  config.validate();
  check_file_arguments("write", std::vector{run.input, run.points_file}, {{"--output", run.output}, {"--table", run.table}, {"--rejects", run.rejects}});
  const auto input = read_input(run);
  report_rejects(input, run);
  const auto model = load_model(config, run);
  CopyWriter writer(config, model ? &*model : nullptr, rows_for(config), {run.pins, run.order, read_points(run.points_file)});
  warn_of_unknown_names(writer, input.products, run);
  auto outputs = open_outputs(run);
  Progress progress("write", input.products.size(), "products");
  Totals totals;
  auto rejected = rejected_rows(input.report);
  const auto write_rejected_before = [&](int64_t row) {
    for (; !rejected.empty() && rejected.begin()->first < row; rejected.erase(rejected.begin())) {
      for (auto& output : outputs) output.write(rejected_line(rejected.begin()->second, output.as_table()));
    }
  };
  for (size_t begin = 0; begin < input.products.size(); begin += kProductsPerBatch) {
    throw_if_interrupted("nothing was written");
    const auto batch = std::span(input.products).subspan(begin, std::min(kProductsPerBatch, input.products.size() - begin));
    const auto written = writer.write(batch);
    for (size_t i = 0; i < batch.size(); ++i) {
      totals.add(written[i]);
      write_rejected_before(batch[i].source.row);
      for (auto& output : outputs) {
        output.write((output.as_table() ? to_table(written[i], batch[i]) : dump_line(to_json(written[i], config, model ? model->sha256 : ""))) + "\n");
      }
    }
    progress.advance(batch.size());
  }
  write_rejected_before(std::numeric_limits<int64_t>::max());
  for (auto& output : outputs) output.commit();
  progress.finish();
  totals.print();
  return input.report.rows_rejected == 0 && totals.without == 0;
}

}  // namespace vitrine::recipes
