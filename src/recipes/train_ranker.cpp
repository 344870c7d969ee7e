#include "recipes/train_ranker.h"

#include <algorithm>
#include <ATen/Parallel.h>

#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "copywriting/copy_model.h"
#include "copywriting/ranker_input.h"
#include "models/ranker/module.h"
#include "models/ranker/weights.h"
#include "recipes/ranker_rows.h"
#include "recipes/training_rows.h"
#include "text/tokenizer.h"
#include "train/compute_type.h"
#include "train/objectives.h"
#include "train/packing.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kVerb = "train ranker";

struct Rows {
  std::vector<RankedRow> training, validation;
  std::string data_sha256, validation_sha256;  // of the unpacked files
};

/// Leaves the rows of these sources; no names = all.
void keep_sources(const std::vector<std::string>& sources, std::vector<RankedRow>& rows) {
  constexpr std::string_view kSources[] = {"pick", "feedback", "human", "rule", "synthetic"};
  for (const auto& source : sources) {
    if (std::find(std::begin(kSources), std::end(kSources), source) != std::end(kSources)) continue;
    throw UsageError(concat("--sources: expected pick, feedback, human, rule or synthetic, got ", source));
  }
  if (sources.empty()) return;
  std::erase_if(rows, [&](const RankedRow& row) {
    return std::find(sources.begin(), sources.end(), row.list.source) == sources.end();
  });
}

Rows prepare_rows(const fs::path& data, const fs::path& validation,
                  const TrainRankerConfig& config) {
  auto read = read_ranked_rows(data);
  Rows rows{std::move(read.rows), {}, read.sha256, ""};
  keep_sources(config.sources, rows.training);
  if (validation.empty()) {
    rows.validation = take_held_out(rows.training, config.split, config.validation_share);
  } else {
    auto held_out = read_ranked_rows(validation);
    rows.validation = std::move(held_out.rows);
    keep_sources(config.sources, rows.validation);
    rows.validation_sha256 = held_out.sha256;
    require_no_leak(rows.training, rows.validation);
  }
  VITRINE_REQUIRE(!rows.training.empty(), "[train ranker] ", data.string(), ": the split '",
                  config.split, "' holds out every product, or no row is of the sources asked for");
  return rows;
}

/// Where weights and vocabulary come from.
struct Start {
  fs::path init;       // empty = from scratch
  fs::path tokenizer;  // a model directory
};

fs::path find_our_model(const std::string& name) {
  const fs::path directory = copywriting::find_model(name);
  copywriting::is_ranking_model(directory) ? copywriting::require_ranking_model(directory) : copywriting::require_copy_model(directory);
  return directory;
}

Start open_start(const TrainRankerConfig& config) {
  if (!config.init.empty()) {
    const fs::path init = find_our_model(config.init);
    return {init, init};
  }
  if (config.tokenizer.empty())
    throw UsageError(
        "[train ranker] neither --init nor --tokenizer: there is no vocabulary to read texts with");
  return {"", find_our_model(config.tokenizer)};
}

}  // namespace

TrainRankerConfig with_sizes_of(TrainRankerConfig config, const fs::path& init) {
  const models::Gpt2Config model = models::read_ranker_config(init);
  if (config.n_layer > model.n_layer) {
    throw UsageError(concat("[train ranker] n_layer: ", config.n_layer, " was given, but ",
                            init.string(), " has ", model.n_layer, " layers"));
  }
  if (config.n_layer == 0) config.n_layer = static_cast<int>(model.n_layer);
  const std::pair<const char*, std::pair<int*, int64_t>> sizes[] = {
      {"n_embd", {&config.n_embd, model.n_embd}},
      {"n_head", {&config.n_head, model.n_head}},
      {"n_positions", {&config.n_positions, model.n_positions}}};
  for (const auto& [name, size] : sizes) {
    if (config.given.contains(name) && *size.first != size.second) {
      throw UsageError(concat("[train ranker] ", name, ": ", *size.first, " was given, but ",
                              init.string(), " has ", size.second, ", which --init keeps"));
    }
    *size.first = static_cast<int>(size.second);
  }
  return config;
}

namespace {

std::unique_ptr<const models::GroupObjective> make_objective(const TrainRankerConfig& config) {
  if (config.objective == "list")
    return std::make_unique<train::ListwiseObjective>(config.center_weight);
  return std::make_unique<train::PairwiseObjective>(config.margin, config.center_weight);
}

models::Ranker first_model(const Start& start, const TrainRankerConfig& config,
                           const copywriting::PromptFormat& format, const at::Device& device) {
  if (!start.init.empty())
    return models::Ranker::load(start.init, make_objective(config), config.n_layer, device);
  models::Gpt2Config model;
  model.vocab_size = format.tokenizer().vocab_size();
  model.n_positions = config.n_positions;
  model.n_embd = config.n_embd;
  model.n_layer = config.n_layer;
  model.n_head = config.n_head;
  model.bos_token_id = model.eos_token_id = model.pad_token_id = format.end_id();
  model.resid_pdrop = config.train.resid_pdrop;
  model.embd_pdrop = config.train.embd_pdrop;
  model.attn_pdrop = config.train.attn_pdrop;
  models::Ranker ranker(model, make_objective(config), device);
  ranker.initialize(RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("weights"));
  return ranker;
}

std::vector<train::Example> examples_of(std::span<const RankedRow> rows,
                                        const copywriting::PromptFormat& format,
                                        const data::AttributeStatistics& statistics,
                                        int64_t n_positions) {
  std::vector<train::Example> examples;
  for (const auto& row : rows)
    examples.push_back(ranked_example(format, statistics, row, n_positions));
  return examples;
}

/// What the model is made of besides its weights, for its vitrine.json.
struct Record {
  const TrainRankerConfig& config;
  const Rows& rows;
  Json init;  // name and weights_sha256; null = from scratch
  std::string tokenizer_sha256;
  std::string statistics_sha256;  // of what statistics.tsv holds
};

Json init_of(const Start& start) {
  if (start.init.empty()) return nullptr;
  return {{"name", start.init.filename().string()}, {"weights_sha256", weights_sha256(start.init)}};
}

void save_model(const models::Ranker& model, const fs::path& directory, const Record& record,
                const Json& metrics) {
  const bool float32 = record.config.save_dtype == "float32";
  model.save(directory, float32 ? models::ComputeType::float32 : models::ComputeType::bfloat16,
             {{"format", "pt"}, {"data_sha256", record.rows.data_sha256}});
  Json settings = config_to_json(record.config);
  settings["init"] = fs::path(record.config.init).filename().string();  // a path says nothing elsewhere
  settings["tokenizer"] = fs::path(record.config.tokenizer).filename().string();
  Json manifest = manifest_of(kRankerModelKind);
  manifest.update({{"prompt_format", copywriting::kRankerInput},
                   {"tokenizer_sha256", record.tokenizer_sha256},
                   {"init", record.init},
                   {"settings", std::move(settings)},
                   {"data",
                    {{"sha256", record.rows.data_sha256},
                     {"validation_sha256", record.rows.validation_sha256},
                     {"training_rows", record.rows.training.size()},
                     {"validation_rows", record.rows.validation.size()}}},
                   {"metrics", metrics}});
  write_file_atomic(directory / kManifestName, dump_pretty(manifest));
}

/// What the result depends on besides the run's own settings.
Json settings_of(const Record& record) {
  Json settings = config_to_json(record.config);
  settings.erase("init");  // by its content
  settings.erase("tokenizer");
  settings["init_sha256"] = record.init.is_null() ? Json() : record.init["weights_sha256"];
  settings["tokenizer_sha256"] = record.tokenizer_sha256;
  settings["prompt_format"] = copywriting::kRankerInput;
  settings["statistics_sha256"] = record.statistics_sha256;
  settings["data_sha256"] = record.rows.data_sha256;
  settings["validation_sha256"] = record.rows.validation_sha256;
  return settings;
}

/// The held-out figures with the weights as they are, for the log and the run page.
std::vector<std::string> watch(models::Ranker& model, const TrainRankerConfig& config,
                               std::span<const RankedRow> rows,
                               std::span<const train::Example> examples) {
  models::PassConfig pass;
  pass.dtype = train::compute_type(config.train.dtype, model.parameters().values());
  pass.plain = config.train.plain;
  std::vector<double> scores;
  for (const auto& batch : train::pack(examples, config.train.batch_tokens)) {
    for (const double score : model.scores(batch, pass)) scores.push_back(score);
  }
  const auto lines = ranker_figures(rows, scores).lines();
  for (const auto& line : lines) log_info(line);
  return lines;
}

/// The figures of the model as it was saved, by the engine that will use it.
RankerFigures measure(const fs::path& directory, std::span<const RankedRow> rows,
                      std::span<const train::Example> examples) {
  std::vector<std::vector<int32_t>> texts;
  for (const auto& example : examples) {
    texts.push_back(example.input_ids);
    for (const auto& other : example.compared) texts.push_back(other.input_ids);
  }
  auto ranker = copywriting::RankingModel::load(directory, {.threads = at::get_num_threads()});
  return ranker_figures(rows, ranker.ranker().score(texts));
}

void copy_own_files(const fs::path& from, const fs::path& to) {
  for (const std::string_view name : kRankerModelFiles) {
    if (name.starts_with("packed-") || !fs::exists(from / name)) continue;
    fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing);
  }
}

void finish(const fs::path& place, const train::RunFolder& run) {
  ArtefactFolder finished(place, kRankerModelKind);
  copy_own_files(run.model(), finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) {
    if (fs::exists(run.path() / name))
      fs::copy_file(run.path() / name, finished.path() / name,
                    fs::copy_options::overwrite_existing);
  }
  finished.commit();
}

/// Vocabulary and how common its values are: nothing else of the model that it comes from.
void copy_vocabulary(const fs::path& from, const fs::path& work) {
  fs::remove_all(work);  // of a run that was stopped
  fs::create_directories(work);
  for (const char* name :
       {"vocab.json", "vocab.txt", "merges.txt", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "added_tokens.json", "statistics.tsv"}) {
    if (fs::exists(from / name)) fs::copy_file(from / name, work / name);
  }
}

}  // namespace

void TrainRankerConfig::validate() const {
  check_config(*this, kVerb);
  train.validate();
  VITRINE_REQUIRE(init.empty() || tokenizer.empty(),
                  "[train ranker] tokenizer: expected none with init, which brings its own, got '",
                  tokenizer, "'");
  VITRINE_REQUIRE(!init.empty() || n_layer > 0,
                  "[train ranker] n_layer: expected 1 or more without init, got ", n_layer);
  VITRINE_REQUIRE(!init.empty() || n_embd % n_head == 0,
                  "[train ranker] n_embd: expected a multiple of n_head ", n_head, ", got ",
                  n_embd);
  VITRINE_REQUIRE(objective == "pairs" || margin == 0,
                  "[train ranker] margin: expected 0 with the objective list, got ", margin);
  VITRINE_REQUIRE(train.label_smoothing == 0, "[train ranker] label_smoothing: expected 0, got ",
                  train.label_smoothing);
}

bool train_ranker(const fs::path& data, const fs::path& validation, const std::string& output,
                  const TrainRankerConfig& given_config, const std::string& device_name) {
  const at::Device device(device_name);
  const std::vector<std::string> inputs = {data.string(), validation.string()};
  check_inputs(kVerb, inputs);
  const fs::path place = require_artefact_place(kVerb, output, kRankerModelKind, inputs);
  const Start start = open_start(given_config);
  given_config.validate();
  const TrainRankerConfig config =
      start.init.empty() ? given_config : with_sizes_of(given_config, start.init);
  train::RunFolder run(kVerb, place.string() + ".run");
  const Rows rows = prepare_rows(data, validation, config);
  log_info("rows: ", rows.training.size(), " to train on, ", rows.validation.size(),
           " to validate on");

  const fs::path work = run.model();
  VITRINE_REQUIRE(!fs::exists(work) || !fs::equivalent(start.tokenizer, work),
                  "[train ranker] init: ", work.string(), " is the working folder of this output");
  const auto tokenizer = text::load_tokenizer(start.tokenizer);
  const copywriting::PromptFormat format(*tokenizer);
  const auto statistics = copywriting::ranker_statistics(start.tokenizer);
  train::FixedExamples source(examples_of(rows.training, format, statistics, config.n_positions));
  const train::ValidationSet held_out{
      examples_of(rows.validation, format, statistics, config.n_positions), 0};

  copy_vocabulary(start.tokenizer, work);
  models::Ranker model = first_model(start, config, format, device);
  VITRINE_REQUIRE(model.config().vocab_size == tokenizer->vocab_size(), "[train ranker] ",
                  start.tokenizer.string(), ": TOK_MISMATCH: the tokenizer has ",
                  tokenizer->vocab_size(), " tokens, the model ", model.config().vocab_size);
  log_info("model: ", model.parameters().numel(), " parameters, ", model.config().n_layer,
           " layers");
  const Record record{config, rows, init_of(start), tokenizer->sha256(), sha256_hex(statistics.to_tsv())};
  train::TrainHooks hooks;
  hooks.loss_unit = "nats/group";
  hooks.settings = settings_of(record);
  hooks.samples = [&](const train::EpochReport&) {
    return watch(model, config, rows.validation, held_out.examples);
  };
  const auto result = train::train(model, config.train, source, held_out, run.path(), hooks);
  if (!result.complete) throw Cancelled(concat("[train ranker] stopped by the limit, state saved in ", run.path().string(), "; the same command goes on"));
  save_model(model, work, record, Json::object());
  const RankerFigures figures = measure(work, rows.validation, held_out.examples);
  for (const auto& line : figures.lines()) log_info("saved model, ", line);
  const Json metrics{
      {"validation_loss", result.validation_loss ? Json(*result.validation_loss) : Json(nullptr)},
      {"epochs_used", result.epochs_used},
      {"held_out", to_json(figures)}};
  save_model(model, work, record, metrics);
  write_file_atomic(work / "metrics.json", dump_pretty(metrics));
  finish(place, run);
  run.remove();
  log_info("saved ", output);
  return true;
}

}  // namespace vitrine::recipes
