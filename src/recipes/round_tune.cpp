#include "recipes/round_tune.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "base/artefact.h"
#include "base/cache_folder.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/shuffled.h"
#include "copywriting/copy_model.h"
#include "copywriting/distinctive_point.h"
#include "copywriting/open_plan.h"
#include "models/gpt2/module.h"
#include "models/preference_gpt2.h"
#include "recipes/training_rows.h"
#include "text/tokenizer.h"
#include "text/utf8.h"
#include "train/compute_type.h"
#include "train/objectives.h"
#include "train/packing.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

using copywriting::CopyDocument;
using copywriting::PromptFormat;
using train::Example;

Example example_of(copywriting::TrainingSequence sequence) {
  return {.input_ids = std::move(sequence.input_ids), .labels_from = 1, .predicted = std::move(sequence.predicted)};
}

/// After all points of the product, as `write --open-plan` prompts, whatever plan the text was drawn under.
Example open_example(const PromptFormat& format, const data::Product& product, const CopyDocument& document, int length) {
  return example_of(sequence_after_open_plan(format, product, document, length));
}

/// What all ways to make examples need.
struct Maker {
  const TuneData& data;
  const TuneConfig& config;
  const PromptFormat& format;
  const std::vector<std::string>& terms;
  int64_t longest;  // tokens of a sequence

  CopyDocument document(size_t product, const std::string& text) const { return copywriting::document_of(data.products[product], text, terms); }
  bool fits(const Example& example) const { return static_cast<int64_t>(example.input_ids.size()) <= longest; }
};

bool may_teach(const OrderedProduct& product) { return !product.samples.empty() && product.samples.front().parts.may_leave; }

/// Best-of-n fine-tuning: the best text of each product, newly drawn forms and human copies in every epoch.
class BestTexts : public train::ExampleSource {
 public:
  BestTexts(const Maker& maker, RandomKey key) : maker_(maker) {
    for (const size_t i : shuffled_indices(maker.data.ordered.size(), key)) {
      if (best_.size() == static_cast<size_t>(maker.config.max_pairs)) break;
      const auto& product = maker.data.ordered[i];
      if (may_teach(product)) best_.emplace_back(i, maker.document(i, product.samples.front().sample.text));
    }
    for (const auto& human : maker.data.humans) humans_.push_back({copywriting::align_products({human}, maker.terms).front(), says_point_first(human)});
  }

  size_t num_products() const { return best_.size(); }

  std::vector<Example> epoch(int, RandomKey key) override {
    std::vector<Example> examples;
    RandomStream random(key);
    for (const auto& [i, document] : best_) {
      const bool planned = random.uniform() < maker_.config.planned_share;
      add(planned ? example_of(planned_sequence(maker_.format, document)) : open_example(maker_.format, maker_.data.products[i], document, maker_.data.length), examples);
    }
    const auto wanted = static_cast<size_t>(maker_.config.human_share * static_cast<double>(best_.size()));
    const auto order = shuffled_indices(humans_.size(), key.fold_in("humans"));
    for (size_t h = 0; h < std::min(wanted, order.size()); ++h) add(human_example(humans_[order[h]], random), examples);
    return examples;
  }

 private:
  struct Human {
    CopyDocument document;
    bool says_point_first = false;
  };

  bool says_point_first(const data::Product& human) const {
    const auto point = text::metric_code_points(maker_.data.frequencies.distinctive_value(human));
    const auto place = copywriting::find_point(text::metric_code_points(human.summary), point);
    return place && place->in_first_sentence;
  }

  /// What is said first after an open plan is what the rounds are to change: there only those people teach it who say the
  /// distinctive point first. The others teach words, under their own plan.
  Example human_example(const Human& human, RandomStream& random) const {
    if (!human.says_point_first || random.uniform() < maker_.config.planned_share) return example_of(planned_sequence(maker_.format, human.document));
    auto points = copywriting::points_said(human.document);
    random.shuffle(points);
    return example_of(open_sequence(maker_.format, human.document, points));
  }

  void add(Example example, std::vector<Example>& examples) const {
    if (maker_.fits(example)) examples.push_back(std::move(example));
  }

  const Maker& maker_;
  std::vector<std::pair<size_t, CopyDocument>> best_;
  std::vector<Human> humans_;
};

/// The places of `count` texts, evenly from best to worst, among `size`.
std::vector<size_t> spread(size_t size, size_t count) {
  std::vector<size_t> places;
  for (size_t i = 0; i < std::min(size, count); ++i) {
    places.push_back(i * (size - 1) / std::max<size_t>(1, std::min(size, count) - 1));
  }
  return places;
}

/// One group a product: its best text, then `count` - 1 worse ones.
std::vector<Example> groups_of(const Maker& maker, size_t count, RandomKey key) {
  std::vector<Example> groups;
  for (const size_t i : shuffled_indices(maker.data.ordered.size(), key)) {
    if (groups.size() == static_cast<size_t>(maker.config.max_pairs)) break;
    const auto& samples = maker.data.ordered[i].samples;
    if (!may_teach(maker.data.ordered[i]) || samples.front().reward <= samples.back().reward) continue;
    std::vector<Example> texts;
    for (const size_t place : spread(samples.size(), count)) {
      Example example = open_example(maker.format, maker.data.products[i], maker.document(i, samples[place].sample.text), maker.data.length);
      example.reward = samples[place].reward;
      if (maker.fits(example)) texts.push_back(std::move(example));
    }
    if (texts.size() < 2 || texts.front().reward <= texts.back().reward) continue;
    Example group = std::move(texts.front());
    group.compared.assign(std::make_move_iterator(texts.begin() + 1), std::make_move_iterator(texts.end()));
    groups.push_back(std::move(group));
  }
  return groups;
}

// ---- reference log-probabilities, kept for later runs

fs::path cache_folder(const TuneConfig& config) {
  if (!config.reference_cache.empty()) return config.reference_cache;
  if (const auto folder = user_cache_folder()) return *folder / "vitrine" / "ref_logps";
  return {};
}

std::string hash_of(const std::vector<Example>& groups) {
  Sha256 hash;
  const auto add = [&](const Example& example) {
    hash.add(std::string_view(reinterpret_cast<const char*>(example.input_ids.data()), example.input_ids.size() * sizeof(int32_t)));
    std::string mask;
    for (const bool predicted : example.predicted) mask += predicted ? '1' : '0';
    hash.add(mask + "\n");
  };
  for (const auto& group : groups) {
    add(group);
    for (const auto& other : group.compared) add(other);
  }
  return hash.hex();
}

std::vector<double> reference_logps(models::Gpt2& model, const TuneConfig& config, const std::vector<Example>& groups) {
  models::PassConfig pass;
  pass.dtype = train::compute_type(config.train.dtype, model.parameters().values());
  pass.plain = config.train.plain;
  std::vector<double> logps;
  for (const auto& batch : train::pack(groups, config.train.batch_tokens)) {
    for (const double nll : model.document_nll(batch, pass)) logps.push_back(-nll);
  }
  return logps;
}

void set_reference(const std::vector<double>& logps, std::vector<Example>& groups) {
  size_t next = 0;
  for (auto& group : groups) {
    group.ref_logp = logps.at(next++);
    for (auto& other : group.compared) other.ref_logp = logps.at(next++);
  }
}

size_t count_texts(const std::vector<Example>& groups) {
  size_t count = 0;
  for (const auto& group : groups) count += 1 + group.compared.size();
  return count;
}

/// What an earlier run left there; nothing when there is none, or it is damaged.
std::optional<std::vector<double>> kept_logps(const fs::path& file, size_t count) {
  if (!fs::exists(file)) return std::nullopt;
  const Json json = Json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  const auto is_good = [](const Json& value) { return value.is_number() && std::isfinite(value.get<double>()); };
  if (json.is_array() && json.size() == count && std::all_of(json.begin(), json.end(), is_good)) return json.get<std::vector<double>>();
  log_warn("reference log-probabilities: ", file.string(), " is damaged and is made again");
  return std::nullopt;
}

/// Key: weights, compute type and data. Returns whether the cache had them.
bool add_reference(models::Gpt2& model, const std::string& model_sha256, const TuneConfig& config, std::vector<Example>& groups) {
  const auto type = train::compute_type(config.train.dtype, model.parameters().values());
  const std::string key = sha256_hex(concat(model_sha256, " ", train::name_of(type), " ", config.train.plain, " ", config.train.batch_tokens, " ", hash_of(groups)));
  const fs::path folder = cache_folder(config), file = folder / (key.substr(0, 32) + ".json");
  if (const auto kept = folder.empty() ? std::nullopt : kept_logps(file, count_texts(groups))) {
    set_reference(*kept, groups);
    log_info("reference log-probabilities: from ", file.string());
    return true;
  }
  const auto logps = reference_logps(model, config, groups);
  set_reference(logps, groups);
  if (!folder.empty()) write_file_atomic(file, dump_line(Json(logps)) + "\n");
  return false;
}

// ---- the run

std::unique_ptr<models::GroupObjective> objective_of(const TuneConfig& config) {
  if (config.objective == "dpo") return std::make_unique<train::DpoObjective>(config.beta);
  return std::make_unique<train::RrhfObjective>(config.rank_weight, config.sft_weight);
}

Json settings_of(const TuneConfig& config, const TuneRun& run, const std::string& model_sha256) {
  Json settings = config_to_json(config);
  settings.erase("reference_cache");
  settings.update({{"init_sha256", model_sha256}, {"data_sha256", run.data_sha256}, {"round", run.round}});
  return settings;
}

/// Everything but the weights comes from the model that the round started from.
void save_tuned(const models::Gpt2& model, const TuneConfig& config, const TuneRun& run, const std::string& model_sha256,
                const TuneResult& result, const fs::path& run_dir) {
  ArtefactFolder finished(run.output, copywriting::kCopyModelKind);
  for (const std::string_view name : copywriting::kCopyModelFiles) {
    const bool of_weights = name.starts_with("packed-") || name == "model.safetensors" || name == "train.jsonl" || name == "run.html";
    if (!of_weights && fs::exists(run.model_dir / name)) fs::copy_file(run.model_dir / name, finished.path() / name);
  }
  model.save(finished.path(), models::ComputeType::bfloat16, {{"format", "pt"}, {"base_sha256", model_sha256}, {"data_sha256", run.data_sha256}});
  Json manifest = read_json_file(run.model_dir / kManifestName);
  Json settings = config_to_json(config);
  settings.erase("reference_cache");
  manifest.update({{"version", manifest_of(copywriting::kCopyModelKind)["version"]},
                   {"init", {{"name", run.init_name}, {"weights_sha256", model_sha256}}},
                   {"alignment", {{"round", run.round}, {"objective", config.objective}, {"ordered_sha256", run.data_sha256}, {"examples", result.examples}, {"settings", std::move(settings)}}},
                   {"metrics", {{"training_loss", result.loss}}}});
  write_file_atomic(finished.path() / kManifestName, dump_pretty(manifest));
  for (const char* name : {"train.jsonl", "run.html"}) {
    if (fs::exists(run_dir / name)) fs::copy_file(run_dir / name, finished.path() / name);
  }
  finished.commit();
}

/// The model that a round tunes, and where the run lies.
struct Start {
  models::Gpt2& model;
  const std::string& model_sha256;
  const fs::path& folder;
  const train::TrainHooks& hooks;
};

train::TrainResult tune_on_best(const Maker& maker, RandomKey key, const TuneRun& run, const Start& start, TuneResult& result) {
  BestTexts source(maker, key);
  result.products = static_cast<int64_t>(source.num_products());
  result.examples = static_cast<int64_t>(source.epoch(0, key).size());
  VITRINE_REQUIRE(result.products > 0, "[align copy] round ", run.round, ": no product has a text that may be learned from");
  return train::train(start.model, maker.config.train, source, {}, start.folder, start.hooks);
}

train::TrainResult tune_on_groups(const Maker& maker, RandomKey key, const TuneRun& run, const Start& start, TuneResult& result) {
  const bool is_dpo = maker.config.objective == "dpo";
  auto groups = groups_of(maker, is_dpo ? 2 : static_cast<size_t>(maker.config.list_size), key);
  VITRINE_REQUIRE(!groups.empty(), "[align copy] round ", run.round, ": no product has two texts of different reward");
  if (is_dpo) result.reference_from_cache = add_reference(start.model, start.model_sha256, maker.config, groups);
  result.products = result.examples = static_cast<int64_t>(groups.size());
  const auto objective = objective_of(maker.config);
  models::PreferenceGpt2 preference(start.model, *objective);
  train::FixedExamples source(std::move(groups));
  return train::train(preference, maker.config.train, source, {}, start.folder, start.hooks);
}

}  // namespace

void TuneConfig::validate() const {
  check_config(*this, "align copy");
  train.validate();
}

TuneResult tune_round(const TuneData& data, const TuneConfig& config, const TuneRun& run) {
  config.validate();
  train::RunFolder folder("align copy", run.output.string() + ".run");
  const auto tokenizer = text::load_tokenizer(run.model_dir);
  const PromptFormat format(*tokenizer);
  const auto terms = copywriting::aligned_terms_of(run.model_dir, data::AttributeStatistics::load(run.model_dir / "statistics.tsv"));
  models::Gpt2 model = models::Gpt2::load(run.model_dir, at::Device(run.device));
  const std::string model_sha256 = weights_sha256(run.model_dir);
  const Maker maker{data, config, format, terms, model.config().n_positions};
  const RandomKey key = RandomKey(static_cast<uint64_t>(config.train.seed)).fold_in("tune").fold_in(static_cast<uint64_t>(run.round));
  train::TrainHooks hooks;
  hooks.settings = settings_of(config, run, model_sha256);

  TuneResult result;
  const Start start{model, model_sha256, folder.path(), hooks};
  const auto trained = config.objective == "raft" ? tune_on_best(maker, key, run, start, result) : tune_on_groups(maker, key, run, start, result);
  result.complete = trained.complete;
  if (!trained.progress.reports.empty()) result.loss = trained.progress.reports.back().train_loss;
  if (!result.complete) return result;
  save_tuned(model, config, run, model_sha256, result, folder.path());
  folder.remove();
  return result;
}

}  // namespace vitrine::recipes
