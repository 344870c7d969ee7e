#include "recipes/run_write.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/resource.h"
#include "base/stopwatch.h"
#include "base/version.h"
#include "checks/checker.h"
#include "copywriting/copy_writer.h"
#include "data/advertisegen.h"
#include "data/import.h"
#include "data/product_reader.h"
#include "generation/dtypes.h"
#include "recipes/check_run.h"
#include "recipes/shard.h"
#include "recipes/write_parts.h"
#include "recipes/write_table.h"
#include "recipes/write_totals.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kRowsPerBatch = 32;
constexpr int64_t kMaxInputMib = int64_t{1} << 20;  // it is not held in memory
constexpr std::string_view kTrainingRows = "data/advertisegen/train.jsonl";

data::ProductReader open_input(const WriteRun& run, const WriteChoice& choice) {
  if (run.input.empty() == run.attributes.empty()) {
    throw UsageError(run.input.empty() ? "PRODUCTS: missing (or --attributes for one product)" : "--attributes: expected nothing beside PRODUCTS");
  }
  data::ImportConfig config = choice.reader;
  config.max_file_mib = kMaxInputMib;
  if (!run.input.empty()) return data::ProductReader(run.input, config);
  data::check_typed_content(run.attributes, "--attributes");
  config.format = "advertisegen";
  return data::ProductReader::in_memory(dump_line({{"content", run.attributes}}), "--attributes",
                                        config);
}

/// A file of plans, as `points` writes it.
struct Plans {
  std::map<std::string, std::vector<std::string>> points;  // of each product, as key#value
  std::string sha256;
};

Plans read_plans(const std::string& path) {
  const std::string text = path.empty() ? "" : read_file_unpacked(path);
  Plans plans{{}, sha256_hex(text)};
  std::istringstream lines(text);
  std::string line;
  for (int64_t row = 1; std::getline(lines, line); ++row) {
    if (line.empty()) continue;
    const std::string where = concat(path, " row ", row);
    const Json plan = parse_json(line, where);
    try {
      auto& list = plans.points[plan.at("product_id").get<std::string>()];
      for (const Json& point : plan.at("points")) list.push_back(point.at("key").get<std::string>() + "#" + point.at("value").get<std::string>());
    } catch (const nlohmann::json::exception& e) {
      throw Corrupt(concat("[write] ", where, ": not a plan of `points`: ", e.what()));
    }
  }
  return plans;
}

std::string dtype_of(const WriteRun& run) {
  return run.dtype.empty() ? copywriting::kDefaultDtype : run.dtype;
}

copywriting::WriterModels load_models(const copywriting::WriteConfig& config, const WriteRun& run) {
  return copywriting::load_writer_models(config, {.threads = run.threads, .dtype = dtype_of(run)});
}

std::vector<data::Product> rows_for(const copywriting::WriteConfig& config) {
  if (config.baseline.empty()) return {};
  return data::read_products(resource_path(kTrainingRows)).products;
}

std::string rejected_line(const data::ImportEntry& entry, bool table) {
  const std::string id = entry.id.empty() ? concat("row-", entry.row) : entry.id;
  const std::string error = concat(entry.code, entry.column.empty() ? "" : " " + entry.column);
  if (table) return concat("■ ", id, "\n  没有可用的文案：", error, "\n\n");
  return dump_line({{"id", id}, {"candidates", Json::array()}, {"error", error}}) + "\n";
}

/// One form of the result and where it goes.
struct Form {
  bool as_table = false;
  std::string path;                  // "-" = standard output
  std::unique_ptr<OutputFile> file;  // none: made of the parts at the end
};

/// The result, and the table beside it when one is wanted.
std::vector<Form> forms_of(const WriteRun& run) {
  const auto place = [](const std::string& path) { return path.empty() ? "-" : path; };
  const bool to_terminal = place(run.output) == "-" && ::isatty(STDOUT_FILENO) == 1;
  std::vector<Form> forms;
  forms.push_back({run.format.empty() ? to_terminal && run.table.empty() : run.format == "table",
                   place(run.output), nullptr});
  if (run.table.empty()) return forms;
  if (place(run.output) == run.table) throw UsageError(concat("--table: expected another place than --output, got ", run.table));
  forms.push_back({/*as_table=*/true, run.table, nullptr});
  return forms;
}

/// Hash of a model's files but the weights: tokenizer, settings, statistics.
std::string small_files_sha256(const fs::path& directory) {
  std::map<std::string, std::string> hashes;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string ending = entry.path().extension().string();
    if (ending == ".json" || ending == ".tsv" || ending == ".txt")
      hashes[entry.path().filename().string()] = sha256_file(entry.path());
  }
  return sha256_hex(Json(hashes).dump());
}

/// Writes the rows of one run; see run_write.
class WriteJob {
 public:
  WriteJob(const copywriting::WriteConfig& config, const WriteRun& run, const WriteChoice& choice)
      : config_(config),
        run_(run),
        choice_(choice),
        shard_(parse_shard(run.shard)),
        forms_(forms_of(run)),
        plans_(read_plans(run.points_file)),
        reader_(open_input(run, choice)),
        models_(load_models(config, run)),
        writer_(config, models_.copy ? &*models_.copy : nullptr, rows_for(config),
                {run.pins, run.order, std::move(plans_.points)}),
        unseen_wishes_(run.order) {
    unseen_wishes_.insert(unseen_wishes_.end(), run.pins.begin(), run.pins.end());
    if (models_.ranker) writer_.use_ranker(&*models_.ranker);
  }

  /// Writes some products for their time alone.
  WriteSpeed measure(int64_t products) {
    WriteSpeed speed{.load_s = seconds_since(start_)};
    std::vector<data::Product> sample;
    while (static_cast<int64_t>(sample.size()) < products) {
      auto row = reader_.next();
      if (!row) break;
      if (is_wanted(*row) && row->product) sample.push_back(std::move(*row->product));
    }
    if (sample.empty()) return speed;
    const auto begin = SteadyClock::now();
    const auto written = writer_.write(sample);
    const auto count = static_cast<double>(sample.size());
    speed.products = static_cast<int64_t>(sample.size());
    speed.seconds_a_product = seconds_since(begin) / count;
    for (const copywriting::WrittenProduct& one : written) {
      for (const auto& candidate : one.candidates) speed.tokens_a_product += static_cast<double>(candidate.tokens) / count;
    }
    return speed;
  }

  /// Whether no row was rejected and every product got a candidate.
  bool write_all() {
    open_outputs();
    for (const auto& finding : reader_.file_findings()) report(finding);
    try {
      write_parts();
    } catch (const Cancelled&) {  // where it was thrown, nobody knows what is kept
      throw Cancelled(concat("interrupted: ", what_is_kept()));
    } catch (const IoError& e) {  // a full disk
      if (num_parts_ == 0) throw;
      throw IoError(concat(e.what(), "; ", what_is_kept()));
    } catch (const data::ImportRefused& refused) {
      report(data::with_short_value(refused.entry()));
      if (rejects_) rejects_->commit();
      throw;
    }
    progress_.finish();
    publish();
    return rows_rejected_ == 0 && totals_.without == 0;
  }

 private:
  void write_parts() {
    for (size_t part = 0;; ++part) {
      const auto record = parts_ ? parts_->finished(part, totals_.rows) : std::nullopt;
      const auto before = record ? std::optional(totals_from_json(*record)) : std::nullopt;
      if (!next_rows(before ? before->rows : rows_of_part())) return;
      if (before) {
        take_over_part(part, *before);
      } else {
        write_part(part);
      }
    }
  }

  void open_outputs() {
    if (!OutputFile::is_device(forms_.front().path)) {
      std::vector<std::string> endings{forms_.front().as_table ? ".txt" : ".jsonl"};
      if (forms_.size() > 1) endings.push_back(".table");
      parts_.emplace(forms_.front().path, settings(), std::move(endings), run_.restart);
      if (parts_->num_found() > 0)
        log_info("[write] going on from ", parts_->folder().string(), ", finished parts: ",
                 parts_->num_found());
    }
    for (Form& form : forms_) {
      if (!parts_ || OutputFile::is_device(form.path))
        form.file = std::make_unique<OutputFile>(form.path, OutputFile::Devices::at_once);
    }
    if (!run_.rejects.empty()) rejects_.emplace(run_.rejects, OutputFile::Devices::at_once);
  }

  /// All that the bytes of a part depend on.
  Json settings() const {
    Json settings = config_to_json(config_);
    settings.erase("model");  // its name says less than its hash
    settings["input_sha256"] = reader_.sha256();
    settings["ranker"] = models_.ranker ? models_.ranker->sha256() : "";
    settings["ranker_files_sha256"] = models_.ranker ? small_files_sha256(models_.ranker->directory()) : "";
    settings["model_sha256"] = models_.copy ? models_.copy->sha256 : "";
    settings["model_files_sha256"] = models_.copy ? small_files_sha256(models_.copy->directory) : "";
    settings["points_sha256"] = plans_.sha256;
    if (!config_.events.empty()) settings["day"] = checks::today();
    settings["ruleset_sha256"] = checks::RuleSet::shipped().sha256();
    for (const auto& [name, file] : {std::pair{"events", config_.events}, {"catalogue", config_.catalogue}}) {
      settings[name] = file.empty() ? "" : sha256_file(file);
    }
    settings["dtype"] = dtype_of(run_);
    settings["isa"] = generation::instruction_set();  // sums of float32 run in an order of its own
    settings["pin"] = run_.pins;
    settings["order"] = run_.order;
    settings["format"] = forms_.front().as_table ? "table" : "jsonl";
    settings["table"] = forms_.size() > 1;
    settings["shard"] = concat(shard_.index, "/", shard_.count);
    settings["checkpoint_every"] = run_.checkpoint_every;
    settings["program_version"] = program_version();
    if (choice_.wanted) settings["wanted"] = choice_.name;
    return settings;
  }

  int64_t rows_of_part() const {
    return parts_ ? run_.checkpoint_every : std::numeric_limits<int64_t>::max();
  }

  /// The next rows of the shard, a batch of them, at most max_rows. False at the end.
  bool next_rows(int64_t max_rows) {
    rows_.clear();
    // A person who waits for standard output sees the first rows sooner.
    const int64_t batch = parts_ ? kRowsPerBatch : kRowsPerBatch / 4;
    while (static_cast<int64_t>(rows_.size()) < std::min(max_rows, batch)) {
      throw_if_interrupted("between two rows");
      auto row = reader_.next();
      if (!row) break;
      if (!is_wanted(*row)) continue;
      look_for_wishes(*row);
      if (!shard_.has(position_++)) continue;
      ++rows_in_;
      rows_rejected_ += !row->product;
      for (const auto& finding : row->findings) report(finding);
      rows_.push_back(std::move(*row));
    }
    return !rows_.empty();
  }

  bool is_wanted(const data::ProductRow& row) const { return !choice_.wanted || (row.product && choice_.wanted(*row.product)); }

  void look_for_wishes(const data::ProductRow& row) {
    if (unseen_wishes_.empty() || !row.product) return;
    unseen_wishes_ = writer_.unknown_wishes({&*row.product, 1}, unseen_wishes_);
  }

  void report(const data::ImportEntry& finding) {
    summary_.add(finding);
    if (rejects_) rejects_->write(dump_line(data::to_json(finding)) + "\n");
  }

  /// Passes over the rows of a part that an earlier run has finished.
  void take_over_part(size_t part, const WriteTotals& before) {
    int64_t rows = 0;
    do rows += static_cast<int64_t>(rows_.size());
    while (rows < before.rows && next_rows(before.rows - rows));
    for (size_t form = 0; form < forms_.size(); ++form) {
      if (forms_[form].file) parts_->copy(part, form, *forms_[form].file);
    }
    num_parts_ = part + 1;
    totals_.add(before);
    products_before_ += before.products;
    progress_.reach(reader_.fraction());
    progress_.skip(static_cast<uint64_t>(before.products));
    start_ = SteadyClock::now();
    products_since_ = candidates_since_ = 0;
  }

  /// Of a run that is interrupted the part ends with its last whole batch, so that no text is written
  /// twice.
  void write_part(size_t part) {
    if (parts_) parts_->begin(part, totals_.rows);
    WriteTotals totals;
    try {
      do {
        write_batch(totals);
        totals.rows += static_cast<int64_t>(rows_.size());
      } while (totals.rows < rows_of_part() && next_rows(rows_of_part() - totals.rows));
    } catch (const Cancelled&) {
      if (parts_ && totals.rows > 0) finish_part(part, totals);
      throw;
    }
    finish_part(part, totals);
  }

  void finish_part(size_t part, const WriteTotals& totals) {
    if (parts_) parts_->finish(to_json(totals));
    num_parts_ = part + 1;
    totals_.add(totals);
    products_since_ += totals.products;
    candidates_since_ += totals.candidates;
  }

  void write_batch(WriteTotals& totals) {
    std::vector<data::Product> products;
    for (auto& row : rows_) {
      if (row.product) products.push_back(std::move(*row.product));
    }
    const auto written = writer_.write(products);
    size_t next = 0;
    for (const auto& row : rows_) {
      if (row.product) {
        put(written[next], products[next]);
        totals.add(written[next++]);
      } else {
        for (size_t form = 0; form < forms_.size(); ++form)
          put(form, rejected_line(row.rejection(), forms_[form].as_table));
      }
    }
    rows_written_ += static_cast<int64_t>(rows_.size());
    progress_.reach(reader_.fraction());
    progress_.advance(products.size());
  }

  void put(const copywriting::WrittenProduct& written, const data::Product& product) {
    for (size_t form = 0; form < forms_.size(); ++form) {
      const std::string text =
          forms_[form].as_table
              ? to_table(written, product)
              : dump_line(to_json(written, config_, models_.copy ? models_.copy->sha256 : ""));
      put(form, text + "\n");
    }
  }

  void put(size_t form, std::string_view text) {
    if (forms_[form].file) forms_[form].file->write(text);
    if (parts_) parts_->write(form, text);
  }

  /// Puts the outputs in their places and says what there was.
  void publish() {
    for (size_t form = 0; form < forms_.size(); ++form) {
      auto& file = forms_[form].file;
      if (!file) {
        file = std::make_unique<OutputFile>(forms_[form].path);
        for (size_t part = 0; part < num_parts_; ++part) parts_->copy(part, form, *file);
      }
      file->commit();
    }
    if (rejects_) rejects_->commit();
    if (parts_) parts_->remove();
    for (const auto& wish : unseen_wishes_) log_warn("[write] ", wish, ": no product has it");
    if (!summary_.counts().empty()) log_warn("input: ", summary_.table(rows_in_, rows_rejected_));
    print_totals();
  }

  void print_totals() const {
    if (totals_.products == 0) return;
    log_info(totals_.text());
    const double seconds = std::max(seconds_since(start_), 1e-3);
    const std::string earlier =
        products_before_ > 0 ? concat("; ", products_before_, " products are of an earlier run")
                             : "";
    log_info(tenths(static_cast<double>(products_since_) / seconds), " products/s, ",
             tenths(static_cast<double>(candidates_since_) / seconds), " copies/s in ",
             tenths(seconds), " s", earlier);
  }

  static std::string tenths(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
  }

  std::string what_is_kept() const {
    if (!parts_) return concat("the output holds ", rows_written_, " rows of the input");
    if (num_parts_ == 0) return "nothing was written; run the same command again";
    return concat(num_parts_, " part", num_parts_ == 1 ? "" : "s", " with ", totals_.products,
                  " products are in ", parts_->folder().string(),
                  "; run the same command again to continue");
  }

  const copywriting::WriteConfig& config_;
  const WriteRun& run_;
  const WriteChoice& choice_;
  Shard shard_;
  std::vector<Form> forms_;
  Plans plans_;  // their points are in writer_
  data::ProductReader reader_;
  copywriting::WriterModels models_;
  copywriting::CopyWriter writer_;
  std::vector<std::string> unseen_wishes_;  // pins and orders that no product had so far
  std::optional<WriteParts> parts_;         // when the result is a file
  std::optional<OutputFile> rejects_;
  data::ImportSummary summary_;

  std::vector<data::ProductRow> rows_;  // the batch
  int64_t position_ = 0;                // of the next row in the input
  int64_t rows_in_ = 0, rows_rejected_ = 0, rows_written_ = 0;
  size_t num_parts_ = 0;
  WriteTotals totals_;
  int64_t products_before_ = 0;                         // of parts that were taken over
  SteadyClock::time_point start_ = SteadyClock::now();  // behind the last of these; from then on:
  int64_t products_since_ = 0, candidates_since_ = 0;
  Progress progress_{"write", 0, "products"};
};

}  // namespace

namespace {

void check_write(const copywriting::WriteConfig& config, const WriteRun& run) {
  if (const std::string fault = config.beam_fault(); !fault.empty()) throw UsageError(fault);
  require_platform(checks::Checker::shipped().lengths(), config.platform);
  config.validate();
  check_file_arguments(
      "write", std::vector{run.input, run.points_file},
      {{"--output", run.output}, {"--table", run.table}, {"--rejects", run.rejects}});
}

}  // namespace

bool run_write(const copywriting::WriteConfig& config, const WriteRun& run, const WriteChoice& choice) {
  check_write(config, run);
  std::optional<WriteJob> job;
  try {
    job.emplace(config, run, choice);
  } catch (const data::ImportRefused& refused) {  // before any row: the list says so
    if (!run.rejects.empty()) write_output(run.rejects, dump_line(data::to_json(data::with_short_value(refused.entry()))) + "\n");
    throw;
  }
  return job->write_all();
}

WriteSpeed measure_write(const copywriting::WriteConfig& config, const WriteRun& run, const WriteChoice& choice, int64_t products) {
  check_write(config, run);
  return WriteJob(config, run, choice).measure(products);
}

}  // namespace vitrine::recipes
