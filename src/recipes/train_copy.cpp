#include "recipes/train_copy.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "checks/checker.h"
#include "copywriting/copy_model.h"
#include "data/import.h"
#include "data/statistics.h"
#include "models/gpt2/module.h"
#include "recipes/public_gpt2.h"
#include "recipes/curate_copy.h"
#include "recipes/training_rows.h"
#include "copywriting/copy_writer.h"
#include "text/bpe_trainer.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

using copywriting::CopyTrainingSet;
using copywriting::TrainingSequence;

constexpr int kSampledProducts = 4;

/// Rows that the funnel kept (or all), in two parts that share no product.
struct CopyRows {
  std::vector<data::Product> training, validation;
  std::string data_sha256, validation_sha256;  // of the unpacked files
  std::string licence;
  int64_t rejected = 0;
};

/// What the model is made of besides its weights, for its vitrine.json.
struct ModelRecord {
  const TrainCopyConfig& config;
  const CopyRows& rows;
  Json init;  // name and weights_sha256; null = from scratch
  std::string tokenizer_sha256;
  std::vector<std::string> aligned_terms;
};

/// The names of the five sizes of the model and its values.
std::vector<std::pair<std::string, int64_t>> sizes_of(const models::Gpt2Config& model) {
  return {{"n_layer", model.n_layer}, {"n_embd", model.n_embd}, {"n_head", model.n_head}, {"n_positions", model.n_positions}, {"vocab_size", model.vocab_size}};
}

/// A size that the user gave is not silently another one.
void require_sizes_of(const models::Gpt2Config& model, const fs::path& init, const TrainCopyConfig& config) {
  const Json given = config_to_json(config);
  for (const auto& [name, value] : sizes_of(model)) {
    if (!config.given.contains(name) || given[name] == value) continue;
    throw UsageError(concat("[train copy] ", name, ": ", given[name].dump(), " was given, but ", init.string(), " has ", value, ", which --init keeps"));
  }
}

std::vector<data::Product> curated(std::vector<data::Product> products, const TrainCopyConfig& config,
                                   const std::vector<data::Product>& held_out) {
  if (!config.curate) return products;
  auto set = curate_rows(std::move(products), CurateConfig{}, held_out);
  std::vector<data::Product> kept;
  for (auto& row : set.kept) kept.push_back(std::move(row.product));
  return kept;
}

CopyRows prepare_rows(const fs::path& data_path, const fs::path& validation_path, const TrainCopyConfig& config) {
  CopyRows rows;
  auto [products, report, sha256] = read_training_rows("train copy", data_path);
  rows.data_sha256 = sha256;
  rows.rejected = report.rows_rejected;
  rows.licence = licence_of(products, data_file(data_path));
  if (!validation_path.empty()) {
    auto held_out = read_training_rows("train copy", validation_path);
    rows.validation_sha256 = held_out.sha256;
    rows.rejected += held_out.report.rows_rejected;
    rows.validation = std::move(held_out.products);
    rows.training = curated(std::move(products), config, rows.validation);
    rows.validation = curated(std::move(rows.validation), config, {});
    return rows;
  }
  for (auto& product : curated(std::move(products), config, {})) {
    (is_held_out(product, config.validation_share) ? rows.validation : rows.training).push_back(std::move(product));
  }
  return rows;
}

std::vector<std::string> keys_of(const std::vector<data::Product>& products) {
  std::vector<std::string> keys;
  for (const auto& product : products) {
    for (const auto& attribute : product.attributes) keys.push_back(attribute.key);
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

/// Terms that count as facts when a text says them: claim words, and all known values.
std::vector<std::string> other_terms(const std::vector<std::string>& values) {
  std::vector<std::string> terms = values;
  const auto blocking = checks::Checker::shipped().blocking_terms();
  terms.insert(terms.end(), blocking.begin(), blocking.end());
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

/// Writes the tokenizer of a new model into `directory`.
void make_tokenizer(const fs::path& directory, const std::vector<copywriting::CopyDocument>& documents,
                    const std::vector<std::string>& keys, const std::vector<std::string>& values,
                    const TrainCopyConfig& config) {
  std::vector<std::string> texts;
  for (const auto& document : documents) {
    for (const auto& sentence : document.sentences) texts.push_back(sentence.text);
  }
  text::BpeTrainerConfig trainer;
  trainer.vocab_size = config.vocab_size;
  trainer.min_frequency = config.min_frequency;
  for (const auto& token : copywriting::control_tokens(keys)) trainer.added_tokens.push_back({.content = token, .special = true});
  for (const auto& value : values) trainer.added_tokens.push_back({.content = value});
  text::SpecialTokens special;
  special.bos = special.eos = special.pad = special.unk = copywriting::kEndToken;
  text::save_bpe_tokenizer(directory, text::train_bpe(texts, trainer), trainer.added_tokens, special);
}

std::vector<train::Example> to_examples(std::vector<TrainingSequence> sequences) {
  std::vector<train::Example> examples;
  for (auto& sequence : sequences) examples.push_back({std::move(sequence.input_ids), 1, std::move(sequence.predicted)});
  return examples;
}

class AugmentedExamples : public train::ExampleSource {
 public:
  explicit AugmentedExamples(const CopyTrainingSet& set) : set_(set) {}
  std::vector<train::Example> epoch(int, RandomKey key) override { return to_examples(set_.augmented(key)); }

 private:
  const CopyTrainingSet& set_;
};

/// Where the weights come from: config.init is a copy model, a public GPT-2, or not set.
struct Start {
  fs::path directory;              // empty = from scratch
  std::optional<PublicGpt2> base;  // a public GPT-2; none = the directory is a copy model
  models::NewTokens new_tokens;    // of the public GPT-2
};

Start open_start(const TrainCopyConfig& config) {
  Start start;
  if (config.init.empty()) return start;
  start.directory = copywriting::find_model(config.init);
  if (fs::exists(start.directory / "vitrine.json")) {
    copywriting::require_copy_model(start.directory);
  } else {
    start.base = open_public_gpt2(start.directory);
  }
  return start;
}

models::Gpt2Config model_config(const TrainCopyConfig& config, const text::Tokenizer& tokenizer, int32_t end_id) {
  models::Gpt2Config model;
  model.vocab_size = tokenizer.vocab_size();
  model.n_positions = config.n_positions;
  model.n_embd = config.n_embd;
  model.n_layer = config.n_layer;
  model.n_head = config.n_head;
  model.bos_token_id = model.eos_token_id = model.pad_token_id = end_id;
  model.resid_pdrop = config.train.resid_pdrop;
  model.embd_pdrop = config.train.embd_pdrop;
  model.attn_pdrop = config.train.attn_pdrop;
  return model;
}

models::Gpt2 first_model(const Start& start, const fs::path& work, const TrainCopyConfig& config, const text::Tokenizer& tokenizer,
                         int32_t end_id, const at::Device& device) {
  if (start.base) {
    models::Gpt2Config grown = start.base->config;
    grown.vocab_size = tokenizer.vocab_size();
    grown.bos_token_id = grown.eos_token_id = end_id;
    grown.pad_token_id = tokenizer.special().pad.value_or(end_id);
    return models::Gpt2::load(start.directory, grown, start.new_tokens, device);
  }
  if (!start.directory.empty()) return models::Gpt2::load(work, device);
  models::Gpt2 model(model_config(config, tokenizer, end_id), device);
  model.initialize(RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("weights"));
  return model;
}

/// What vitrine.json is to say of a model that was loaded.
TrainCopyConfig with_sizes_of(TrainCopyConfig config, const models::Gpt2Config& model) {
  config.n_layer = static_cast<int>(model.n_layer);
  config.n_embd = static_cast<int>(model.n_embd);
  config.n_head = static_cast<int>(model.n_head);
  config.n_positions = static_cast<int>(model.n_positions);
  config.vocab_size = static_cast<int>(model.vocab_size);
  return config;
}

void save_model(const models::Gpt2& model, const fs::path& directory, const ModelRecord& record, const Json& metrics) {
  const TrainCopyConfig& config = record.config;
  const CopyRows& rows = record.rows;
  model.save(directory, config.save_dtype == "float32" ? models::ComputeType::float32 : models::ComputeType::bfloat16,
             {{"format", "pt"}, {"data_sha256", rows.data_sha256}, {"data_licence", rows.licence}});
  data::AttributeStatistics statistics;
  for (const auto& product : rows.training) statistics.add(product);
  statistics.save(directory / "statistics.tsv");
  std::string lines;
  for (const auto& term : record.aligned_terms) lines += term + "\n";
  write_file_atomic(directory / "aligned_terms.txt", lines);
  Json manifest = manifest_of(copywriting::kCopyModelKind);
  manifest.update({{"prompt_format", copywriting::kPromptFormat},
                   {"slots", copywriting::kNumSlots},
                   {"tokenizer_sha256", record.tokenizer_sha256},
                   {"init", record.init},
                   {"settings", config_to_json(config)},
                   {"data", {{"sha256", rows.data_sha256}, {"licence", rows.licence}, {"training_rows", rows.training.size()}, {"validation_rows", rows.validation.size()}}},
                   {"metrics", metrics}});
  write_file_atomic(directory / kManifestName, dump_pretty(manifest));
}

/// Copy for the first validation products with the weights as they are, for the run page.
std::vector<std::string> sample_texts(const models::Gpt2& model, const fs::path& directory, const ModelRecord& record) {
  const CopyRows& rows = record.rows;
  save_model(model, directory, record, Json::object());
  const auto copy_model = copywriting::load_copy_model(directory, {});
  copywriting::WriteConfig write_config;
  write_config.num_return_sequences = 1;
  write_config.check = false;
  write_config.retries = 0;
  copywriting::CopyWriter writer(write_config, &copy_model);
  const auto count = std::min<size_t>(kSampledProducts, rows.validation.size());
  std::vector<std::string> texts;
  for (const auto& written : writer.write(std::span(rows.validation).first(count))) {
    texts.push_back(written.candidates.empty() ? written.error : written.candidates.front().text);
  }
  return texts;
}

/// What the result depends on besides the run's own settings: a state of other values is of another run.
Json settings_of(const ModelRecord& record) {
  Json settings = config_to_json(record.config);
  settings.erase("init");  // by its content
  settings["init_sha256"] = record.init.is_null() ? Json() : record.init["weights_sha256"];
  settings["tokenizer_sha256"] = record.tokenizer_sha256;
  settings["data_sha256"] = record.rows.data_sha256;
  settings["validation_sha256"] = record.rows.validation_sha256;
  return settings;
}

/// The model's own files; what else lay in the folder of an init model (its README.md) is not this model's.
void copy_own_files(const fs::path& from, const fs::path& to) {
  for (const std::string_view name : copywriting::kCopyModelFiles) {
    if (fs::exists(from / name)) fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing);
  }
}

Json or_null(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

void TrainCopyConfig::validate() const {
  check_config(*this, "train copy");
  train.validate();
  VITRINE_REQUIRE(n_embd % n_head == 0, "[train copy] n_embd: expected a multiple of n_head ", n_head, ", got ", n_embd);
}

bool train_copy(const fs::path& data_path, const fs::path& validation_path, const std::string& output, const TrainCopyConfig& config,
                const std::string& device_name) {
  const at::Device device(device_name);
  config.validate();
  const std::vector<std::string> inputs = {data_file(data_path).string(), data_file(validation_path).string()};
  check_inputs("train copy", inputs);
  const fs::path place = require_artefact_place("train copy", output, copywriting::kCopyModelKind, inputs);
  Start start = open_start(config);
  if (!start.directory.empty()) {
    require_sizes_of(start.base ? start.base->config : models::read_gpt2_config(start.directory), start.directory, config);
  }
  train::RunFolder run("train copy", place.string() + ".run");
  const CopyRows rows = prepare_rows(data_path, validation_path, config);
  VITRINE_REQUIRE(!rows.training.empty(), "[train copy] ", data_path.string(), ": no row with copy is left to train on");
  log_info("rows: ", rows.training.size(), " to train on, ", rows.validation.size(), " to validate on");

  const auto values = copywriting::value_tokens(rows.training, config.min_value_products);
  const auto terms = other_terms(values);
  auto documents = copywriting::align_products(rows.training, terms);
  const fs::path& run_dir = run.path();
  const fs::path work = run.model();
  VITRINE_REQUIRE(start.directory.empty() || !fs::exists(work) || !fs::equivalent(start.directory, work), "[train copy] init: ",
                  work.string(), " is the working folder of this output");
  fs::remove_all(work);  // of a run that was stopped
  if (start.base) {
    start.new_tokens = add_copy_tokens(*start.base, keys_of(rows.training), values, work);
    start.new_tokens.key = RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("new tokens");
  } else if (!start.directory.empty()) {
    fs::copy(start.directory, work, fs::copy_options::recursive);
  } else {
    make_tokenizer(work, documents, keys_of(rows.training), values, config);
  }
  const auto tokenizer = text::load_tokenizer(work);
  const copywriting::PromptFormat format(*tokenizer);
  const CopyTrainingSet training(std::move(documents), format, config.augment);
  const CopyTrainingSet held_out(copywriting::align_products(rows.validation, terms), format, config.augment);

  models::Gpt2 model = first_model(start, work, config, *tokenizer, format.end_id(), device);
  const TrainCopyConfig settings = config.init.empty() ? config : with_sizes_of(config, model.config());
  log_info("model: ", model.parameters().numel(), " parameters, vocabulary ", tokenizer->vocab_size());

  const Json init = start.directory.empty() ? Json() : Json{{"name", config.init}, {"weights_sha256", weights_sha256(start.directory)}};
  const ModelRecord record{settings, rows, init, tokenizer->sha256(), terms};
  AugmentedExamples source(training);
  train::TrainHooks hooks;
  hooks.settings = settings_of(record);
  hooks.samples = [&](const train::EpochReport&) { return sample_texts(model, work, record); };
  const auto result = train::train(model, config.train, source, {to_examples(held_out.plain()), held_out.num_code_points()}, run_dir, hooks);
  if (!result.complete) throw Cancelled(concat("[train copy] stopped by the limit, state saved in ", run_dir.string(), "; the same command goes on"));
  const Json metrics{{"validation_nats_per_label", or_null(result.validation_loss)},
                     {"validation_nats_per_char", or_null(result.validation_nats_per_char)},
                     {"epochs_used", result.epochs_used}};
  save_model(model, work, record, metrics);
  ArtefactFolder finished(place, copywriting::kCopyModelKind);
  copy_own_files(work, finished.path());
  for (const char* name : {"train.jsonl", "run.html"}) {
    if (fs::exists(run_dir / name)) fs::copy_file(run_dir / name, finished.path() / name, fs::copy_options::overwrite_existing);
  }
  finished.commit();
  run.remove();
  log_info("saved ", output);
  return rows.rejected == 0;
}

}  // namespace vitrine::recipes
