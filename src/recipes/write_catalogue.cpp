#include "recipes/write_catalogue.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/version.h"
#include "checks/checker.h"
#include "copywriting/copy_model.h"
#include "data/shop_file.h"
#include "recipes/shop_findings.h"
#include "recipes/unfinished_folder.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kSampleProducts = 4;
constexpr int64_t kMaxInputMib = int64_t{1} << 20;  // it is not held in memory

/// Which products need a text, by 8 bytes each. Among a million products two have one hash in fewer than
/// one table of a million; such a product gets a text that finds no empty cell.
class WantedIds {
 public:
  void add(const std::string& id) {
    hashes_.push_back(hash64(id));
    all_.add(id + "\n");
  }
  /// Behind the last add.
  void finish() {
    std::sort(hashes_.begin(), hashes_.end());
    hashes_.shrink_to_fit();
    name_ = all_.hex();
  }
  bool contains(const std::string& id) const {
    return std::binary_search(hashes_.begin(), hashes_.end(), hash64(id));
  }
  size_t size() const { return hashes_.size(); }
  bool empty() const { return hashes_.empty(); }
  /// Of all the ids in their order.
  const std::string& name() const { return name_; }

 private:
  std::vector<uint64_t> hashes_;
  Sha256 all_;
  std::string name_;
};

/// Of a model's weights, tokenizer and settings.
std::string model_sha256(const std::string& name) {
  std::map<std::string, std::string> hashes;
  for (const auto& entry : fs::directory_iterator(copywriting::find_model(name))) {
    const std::string ending = entry.path().extension().string();
    const bool is_read =
        ending == ".safetensors" || ending == ".json" || ending == ".tsv" || ending == ".txt";
    if (is_read && entry.is_regular_file())
      hashes[entry.path().filename().string()] = sha256_file(entry.path());
  }
  return sha256_hex(Json(hashes).dump());
}

class Catalogue {
 public:
  Catalogue(const copywriting::WriteConfig& config, const WriteRun& run,
            const CatalogueConfig& catalogue, const LabelOptions& labels)
      : config_(config),
        run_(run),
        catalogue_(catalogue),
        context_(open_labels(labels, system_utc_clock())),
        own_{.place = run.output + ".run",
             .verb = "write",
             .holds = "a run",
             .makes = [this](const std::string& name) { return makes(name); }},
        shop_config_(shop_config()) {
    if (run.input.empty() || run.input == "-")
      throw UsageError("[write] a table as output needs a table as PRODUCTS, a file");
    if (!run.table.empty() || !run.format.empty())
      throw UsageError("[write] --table and --format: not with a table as output");
    if (run.shard != "1/1") throw UsageError("[write] --shard: not with a table as output");
    if (!catalogue.dry_run) require_producer(context_);
    if (catalogue.dry_run) require_free_manifest("write", run.output, catalogue.manifest);
    check_file_arguments(
        "write", std::vector{run.input},
        {{"--output", run.output}, {"--rejects", run.rejects}, {"--manifest", catalogue.manifest}});
    read_table();
  }

  bool run() {
    if (catalogue_.dry_run) return dry_run();
    open_folder();
    std::vector<std::string> texts;
    for (const auto& [field, ids] : to_write_) {
      if (ids.empty()) continue;
      write_field(field, ids);
      texts.push_back(field + "=" + lines_of(field));
    }
    const ExportResult result =
        export_texts(run_.input, export_config(texts), context_, (own_.place / "export").string());
    log_info("[write] ", to_line(result));
    remove_folder();
    return rows_rejected_ == 0 && !result.has_refused() &&
           result.counts[ExportStatus::no_text] == 0;
  }

 private:
  data::ShopFileConfig shop_config() const {
    data::ShopFileConfig config;
    config.columns = catalogue_.columns;
    config.reader.max_file_mib = kMaxInputMib;
    config.reader.map = catalogue_.map;
    config.reader.format = catalogue_.source_format;
    config.reader.shop = catalogue_.shop;
    config.reader.sheet = catalogue_.sheet;
    config.reader.separator = catalogue_.separator;
    config.reader.properties = catalogue_.properties;
    config.reader.licence = catalogue_.licence;
    return config;
  }

  /// Finds out what is to be written.
  void read_table() {
    ShopFindings findings(run_.rejects);
    try {
      data::ShopFile file(run_.input, shop_config_);
      require_same_kind("write", file, run_.input, run_.output);
      plan(file, findings);
      findings.finish(file);
      source_sha256_ = file.sha256();
    } catch (const data::ImportRefused& refused) {
      findings.refuse(refused);
      throw;
    }
    rows_rejected_ = findings.rows_rejected();
  }

  void plan(data::ShopFile& file, ShopFindings& findings) {
    Sha256 records;  // as they were read: remembered mappings have a say in them too
    bool has_titles = false;
    while (auto row = file.next()) {
      throw_if_interrupted("nothing was written yet");
      findings.add(file, *row);
      if (!row->places) continue;
      if (rows_++ == 0) open_fields(file);
      records.add(sha256_hex(dump_line(data::to_json(*row->product))));
      has_titles = has_titles || (file.has_field("title") && !file.is_blank(*row, "title"));
      for (auto& [field, ids] : to_write_) {
        if (is_wanted(file, *row, field)) ids.add(row->product->id);
      }
    }
    for (auto& [field, ids] : to_write_) ids.finish();
    table_sha256_ = records.hex();
    // Titles where the shop's table has a column for them and some are missing.
    const bool leaves_titles =
        catalogue_.fields.empty() && !has_titles && file.column_of("title") != "structured_title";
    if (leaves_titles)
      std::erase_if(to_write_, [](const auto& plan) { return plan.first == "title"; });
  }

  /// The fields that were asked for, else all that may get texts.
  void open_fields(const data::ShopFile& file) {
    table_fields_ = file.fields();
    std::vector<std::string> fields = catalogue_.fields;
    if (fields.empty()) fields = {"description"};
    if (catalogue_.fields.empty() && file.has_field("title")) fields.emplace_back("title");
    for (const std::string& field : fields) {
      if (!file.has_field(field))
        throw UsageError(concat("--fields: ", run_.input, " has no place for ", field));
      to_write_.emplace_back(field, WantedIds());
    }
  }

  bool is_wanted(const data::ShopFile& file, const data::ShopRow& row,
                 const std::string& field) const {
    const bool has_room = !catalogue_.only_empty || file.is_blank(row, field);
    return has_room && !file.is_fixed(row, field);
  }

  std::string lines_of(const std::string& field) const {
    return (own_.place / (field + ".jsonl")).string();
  }

  copywriting::WriteConfig config_for(const std::string& field) const {
    copywriting::WriteConfig config = config_;
    config.field = field;
    return config;
  }

  WriteRun run_for(const std::string& field) const {
    WriteRun run = run_;
    run.output = lines_of(field);
    run.rejects.clear();  // they are those of the table, once
    run.restart = run_.restart || !catalogue_.resume;
    return run;
  }

  WriteChoice choice_for(const WantedIds& ids) const {
    return {[&ids](const data::Product& product) { return ids.contains(product.id); }, ids.name(),
            shop_config_.reader};
  }

  /// All that the texts depend on and write's own parts do not see once a field is done.
  Json settings() const {
    Json settings = config_to_json(config_);
    settings["input_sha256"] = source_sha256_;
    for (const auto& [name, list] : {std::pair{"columns", &catalogue_.columns},
                                     {"map", &catalogue_.map},
                                     {"pin", &run_.pins},
                                     {"order", &run_.order}})
      settings[name] = *list;
    settings["source_format"] = catalogue_.source_format;
    settings["shop"] = catalogue_.shop;
    settings["sheet"] = catalogue_.sheet;
    settings["table_sha256"] = table_sha256_;
    settings["dtype"] = run_.dtype;
    settings["ruleset_sha256"] = checks::RuleSet::shipped().sha256();
    for (const auto& [name, file] : {std::pair{"points_sha256", run_.points_file},
                                     {"events_sha256", config_.events},
                                     {"catalogue_sha256", config_.catalogue}}) {
      settings[name] = file.empty() ? "" : sha256_file(file);
    }
    if (!config_.events.empty()) settings["day"] = checks::today();
    if (config_.baseline.empty()) {
      settings["model_sha256"] = model_sha256(config_.model);
      settings["ranker_sha256"] =
          config_.ranker_name().empty() ? "" : model_sha256(config_.ranker_name());
    }
    settings["only_empty"] = catalogue_.only_empty;
    settings["fields"] = Json::array();
    for (const auto& [field, ids] : to_write_) settings["fields"].push_back(field);
    settings["program_version"] = program_version();
    return settings;
  }

  /// The texts and parts of a field and of the export.
  bool makes(const std::string& name) const {
    const auto begins = [&](const std::string& stem) { return name.starts_with(stem + "."); };
    return begins("export") || std::any_of(table_fields_.begin(), table_fields_.end(), begins);
  }

  void remove_folder() const {
    if (!fs::exists(own_.place)) return;
    for (const fs::path& file : own_.files()) {
      if (own_.is_own(file)) fs::remove_all(file);
    }
    std::error_code ignored;  // files of others keep the folder
    fs::remove(own_.place, ignored);
  }

  void open_folder() {
    const fs::path file = own_.place / kRunSettings;
    own_.require_own();
    if (!catalogue_.resume || run_.restart) remove_folder();
    const Json now = settings();
    if (!fs::exists(file)) return write_file_atomic(file, dump_pretty(now));
    const Json before = read_json_file(file);
    for (const auto& [name, value] : now.items()) {
      if (before.value(name, Json()) == value) continue;
      throw InvalidInput(concat("[write] ", own_.place.string(), " is of a run with another ", name,
                                ": ", dump_line(before.value(name, Json())), ", now ",
                                dump_line(value), "; --no-resume starts anew"));
    }
  }

  /// A product without a text shows when the texts are exported.
  void write_field(const std::string& field, const WantedIds& ids) const {
    if (fs::exists(lines_of(field))) return;  // of an earlier run; it appeared whole
    run_write(config_for(field), run_for(field), choice_for(ids));
  }

  ExportConfig export_config(std::vector<std::string> texts) const {
    ExportConfig config;
    config.file = shop_config_;
    config.texts = std::move(texts);
    config.output = run_.output;
    config.manifest = catalogue_.manifest;
    config.only_empty = catalogue_.only_empty;
    config.dry_run = catalogue_.dry_run;
    config.platform = config_.platform;
    return config;
  }

  /// The manifest alone, and what a run would take on this machine by its first products.
  bool dry_run() {
    double seconds = 0, tokens = 0;
    size_t count = 0;
    for (const auto& [field, ids] : to_write_) {
      count += ids.size();
      if (ids.empty()) continue;
      const WriteSpeed speed =
          measure_write(config_for(field), run_for(field), choice_for(ids), kSampleProducts);
      seconds += speed.load_s + speed.seconds_a_product * static_cast<double>(ids.size());
      tokens += speed.tokens_a_product * static_cast<double>(ids.size());
      log_info("[write] ", field, ": 待写 ", ids.size(), ", 已有 ", rows_ - ids.size(), "; 每件约 ",
               rounded(speed.seconds_a_product), " 秒 (按前 ", speed.products, " 件)");
    }
    const double cost = seconds / 3600 * catalogue_.price_per_hour;
    const Json head = {{"kind", "catalogue_plan"},
                       {"source", run_.input},
                       {"source_sha256", source_sha256_},
                       {"rows", rows_},
                       {"rows_rejected", rows_rejected_},
                       {"texts_to_write", count},
                       {"seconds", rounded(seconds)},
                       {"tokens", std::llround(tokens)},
                       {"price_per_hour", catalogue_.price_per_hour},
                       {"cost", rounded(cost)}};
    log_info("[write] 预计 ", rounded(seconds), " 秒, ", std::llround(tokens), " 词元, 费用 ",
             rounded(cost));
    OutputFile manifest(catalogue_.manifest.empty() ? run_.output + ".manifest.jsonl"
                                                    : catalogue_.manifest);
    manifest.write(dump_line(head) + "\n");
    for (const auto& [field, ids] : to_write_) list_wanted(field, ids, manifest);
    manifest.commit();
    return true;
  }

  void list_wanted(const std::string& field, const WantedIds& ids, OutputFile& manifest) const {
    data::ShopFile file(run_.input, shop_config_);
    while (const auto row = file.next()) {
      throw_if_interrupted("nothing was written");
      if (!row->places || !ids.contains(row->product->id)) continue;
      manifest.write(
          dump_line({{"id", row->product->id}, {"field", field}, {"status", "to_write"}}) + "\n");
    }
  }

  static double rounded(double value) { return std::round(value * 1000) / 1000; }

  const copywriting::WriteConfig& config_;
  const WriteRun& run_;
  const CatalogueConfig& catalogue_;
  LabelContext context_;
  UnfinishedFolder own_;
  std::vector<std::string> table_fields_;  // all that the table has a place for
  data::ShopFileConfig shop_config_;
  std::string source_sha256_, table_sha256_;
  int64_t rows_rejected_ = 0;
  size_t rows_ = 0;
  std::vector<std::pair<std::string, WantedIds>> to_write_;  // by field
};

}  // namespace

bool is_catalogue_output(const std::string& output) {
  constexpr std::string_view kEndings[] = {".csv",  ".tsv",    ".xlsx", ".xml",
                                           ".json", ".jsonld", ".zip"};
  const std::string ending = without_compression_suffix(output).extension().string();
  return std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
}

bool write_catalogue(const copywriting::WriteConfig& config, const WriteRun& run,
                     const CatalogueConfig& catalogue, const LabelOptions& labels) {
  return Catalogue(config, run, catalogue, labels).run();
}

}  // namespace vitrine::recipes
