#include "recipes/align_copy.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/compressed.h"
#include "base/config_path.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/version.h"
#include "base/log.h"
#include "checks/rule_set.h"
#include "copywriting/copy_model.h"
#include "copywriting/ranker_input.h"
#include "copywriting/ranking_model.h"
#include "data/advertisegen.h"
#include "generation/dtypes.h"
#include "models/gpt2/config.h"
#include "recipes/align_data.h"
#include "recipes/align_report.h"
#include "recipes/evaluate_ranker.h"
#include "recipes/train_ranker.h"
#include "recipes/training_rows.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kVerb = "align copy";
constexpr std::string_view kWorkingFiles[] = {"ranker", "ranker-evaluation", "pairs.jsonl", "held-out-pairs.jsonl"};

/// The settings and inputs that everything in a working folder belongs to.
struct Inputs {
  fs::path model, ranker;  // ranker: empty = to be trained
  std::string model_sha256, ranker_sha256, products_sha256, picks_sha256, feedback_sha256;
};

std::string file_hash(const std::string& path) { return path.empty() ? "" : sha256_hex(read_file_unpacked(path)); }

Inputs open_inputs(const AlignCopyRun& run) {
  Inputs inputs;
  inputs.model = copywriting::find_model(run.model);
  copywriting::require_copy_model(inputs.model);
  inputs.model_sha256 = model_sha256(inputs.model);
  inputs.products_sha256 = file_hash(data_file(run.products).string());
  inputs.picks_sha256 = file_hash(run.picks) + file_hash(run.pick_texts);
  inputs.feedback_sha256 = file_hash(run.feedback);
  if (run.ranker.empty()) return inputs;
  inputs.ranker = copywriting::find_model(run.ranker);
  copywriting::RankingModel::load(inputs.ranker, {.threads = run.threads, .dtype = "bfloat16"});  // a damaged one is found before the sampling
  inputs.ranker_sha256 = model_sha256(inputs.ranker);
  return inputs;
}

/// What would silently do nothing, and standard input, which cannot be read again when the loop goes on.
void require_effect(const AlignCopyRun& run, const AlignCopyConfig& config) {
  const std::pair<const char*, const std::string*> files[] = {{"PRODUCTS", &run.products}, {"--picks", &run.picks}, {"--pick-texts", &run.pick_texts}, {"--feedback", &run.feedback}};
  for (const auto& [option, file] : files) {
    if (*file == "-") throw UsageError(concat(option, ": expected a file, got standard input, which a loop that goes on later cannot read again"));
  }
  if (!run.pick_texts.empty() && run.picks.empty()) throw UsageError("--pick-texts without --picks: there is no pick that names its texts");
  if (!run.ranker.empty() && !config.order.use_ranker) throw UsageError("--ranker with --no-use-ranker: the ranking model would have no say");
}

/// A settings file, or a name in configs/, for a ranking model from the SFT model. Throws what says that they do not fit.
TrainRankerConfig ranker_config(const std::string& name, const fs::path& sft) {
  const fs::path file = find_config("--ranker-config", name);
  TrainRankerConfig config;
  const Json json = read_json_file(file);
  config_from_json(config, json, file.string());
  for (const auto& [field, value] : json.items()) config.given.insert(field);
  config.given.erase("init");  // the loop's own
  config.init = sft.string();
  config.validate();
  return with_sizes_of(config, sft);
}

Json settings_of(const AlignCopyRun& run, const AlignCopyConfig& config, const Inputs& inputs) {
  Json settings = config_to_json(config);
  for (const char* name : {"max_minutes", "max_steps", "checkpoint_minutes", "reference_cache", "ignore_alarms"}) settings.erase(name);
  settings.update({{"model_sha256", inputs.model_sha256},       {"ranker_sha256", inputs.ranker_sha256},
                   {"products_sha256", inputs.products_sha256}, {"picks_sha256", inputs.picks_sha256},
                   {"feedback_sha256", inputs.feedback_sha256}, {"sampling_dtype", run.dtype},
                   {"ruleset_sha256", checks::RuleSet::shipped().sha256()}, {"isa", generation::instruction_set()}, {"device", run.device},
                   {"program", program_version()}, {"prompt_format", copywriting::kPromptFormat}, {"ranker_input", copywriting::kRankerInput}});
  if (inputs.ranker.empty() && config.order.use_ranker) {
    settings["ranker_settings"] = config_to_json(ranker_config(config.ranker_config, inputs.model));
    for (const char* name : {"init", "max_minutes", "max_steps", "checkpoint_minutes"}) settings["ranker_settings"].erase(name);
  }
  return settings;
}

/// A text that is too long for the ranking model is worse than the worst of the others.
std::vector<double> scores_of(copywriting::RankingModel& model, const data::Product& product, const std::vector<std::string>& texts) {
  std::vector<std::vector<int32_t>> ids;
  std::vector<size_t> places;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto fitting = model.fitting_ids(product, texts[i]);
    if (!fitting) continue;
    ids.push_back(std::move(*fitting));
    places.push_back(i);
  }
  const auto found = model.ranker().score(ids);
  const double worst = found.empty() ? 0 : *std::min_element(found.begin(), found.end()) - 1;
  std::vector<double> scores(texts.size(), worst);
  for (size_t i = 0; i < places.size(); ++i) scores[places[i]] = found[i];
  return scores;
}

/// Takes out the pairs with a text that is too long for the model, or a product that its prompt cannot hold (a value with *, too
/// many slot values; the first is named); returns how many.
int64_t drop_too_long(const copywriting::PromptFormat& format, const data::AttributeStatistics& statistics, int64_t n_positions, std::vector<data::PreferencePair>& pairs) {
  std::string first;
  const auto fits = [&](const data::PreferencePair& pair) {
    try {
      const auto product = data::product_from_content(pair.prompt);
      const auto tokens = [&](const std::string& text) { return copywriting::ranker_input(format, statistics, product, text).size(); };
      return static_cast<int64_t>(std::max(tokens(pair.chosen), tokens(pair.rejected))) <= n_positions;
    } catch (const InvalidInput& e) {
      if (first.empty()) first = concat("product ", pair.product_id, ": '", pair.prompt, "': ", e.what());
      return false;
    }
  };
  const auto count = static_cast<int64_t>(std::erase_if(pairs, [&](const auto& pair) { return !fits(pair); }));
  if (!first.empty()) log_warn("[", kVerb, "] ", count, " pairs left out that the ranking model cannot read; the first for its product: ", first);
  return count;
}

class Loop {
 public:
  Loop(const AlignCopyRun& run, const AlignCopyConfig& config, const Inputs& inputs, AlignData data, const AlignStages& work)
      : run_(run), config_(config), inputs_(inputs), data_(std::move(data)), work_(work) {}

  /// The report, when all rounds are done.
  Json operator()() {
    Json report{{"products", data_.products.size()}, {"human_copies", data_.humans.size()}, {"rounds", Json::array()}};
    report["start"] = work_.run("watch-0", [&] { return to_json(watch(inputs_.model, 0)); });
    for (int r = 1; r <= config_.rounds; ++r) report["rounds"].push_back(round(r));
    if (inputs_.ranker.empty() && config_.order.use_ranker) report["ranker"] = work_.result("ranker");
    return report;
  }

  fs::path model_of(int r) const { return r == 0 ? inputs_.model : work_.round(r) / "model"; }

 private:
  Json round(int r) {
    Json result{{"round", r}};
    result["sample"] = work_.run(concat("sample-", r), [&] { return sample(r); });
    result["fluency"] = work_.run(concat("fluency-", r), [&] { return judge_fluency(r); });
    if (r == 1 && inputs_.ranker.empty() && config_.order.use_ranker) work_.run("ranker", [&] { return train_ranking_model(); });
    result["order"] = work_.run(concat("order-", r), [&] { return order(r); });
    result["tune"] = work_.run(concat("tune-", r), [&] { return tune(r); });
    result["watch"] = work_.run(concat("watch-", r), [&] { return watched(r); });
    stop_at_alarms(r, result["watch"]);
    return result;
  }

  int sampled_round(int r) const { return config_.fresh_samples ? r : 1; }
  fs::path samples_file(int r) const { return work_.round(sampled_round(r)) / "samples.jsonl"; }
  fs::path ordered_file(int r) const { return work_.round(r) / "ordered.jsonl"; }
  fs::path ranker_dir() const { return inputs_.ranker.empty() ? work_.path() / "ranker" : inputs_.ranker; }

  /// A model that has changed under the loop would make texts and log-probabilities that do not belong together.
  void require_unchanged(int r) const {
    require_same(model_of(r), r == 0 ? inputs_.model_sha256 : sha256_of_stage(concat("tune-", r)));
    if (!config_.order.use_ranker) return;
    if (!inputs_.ranker.empty()) require_same(inputs_.ranker, inputs_.ranker_sha256);
    if (inputs_.ranker.empty() && work_.is_done("ranker")) require_same(ranker_dir(), sha256_of_stage("ranker"));
  }

  std::string sha256_of_stage(const std::string& stage) const {
    return work_.result(stage).at("model_sha256").get<std::string>();
  }

  static void require_same(const fs::path& directory, const std::string& expected) {
    const std::string found = model_sha256(directory);
    if (found != expected) throw Corrupt(concat("[", kVerb, "] ", directory.string(), ": the model has changed while the loop was running: model_sha256 was ", expected, ", is ", found));
  }

  Json sample(int r) {
    require_unchanged(r - 1);
    if (sampled_round(r) != r) return {{"texts_of_round", 1}};
    SampleRun sample;
    sample.model_dir = model_of(r - 1);
    sample.output = samples_file(r);
    sample.dtype = run_.dtype;
    sample.threads = run_.threads;
    sample.seed = config_.tune.train.seed;
    sample.round = r;
    fs::create_directories(work_.round(r));
    sample_products(data_.products, config_.sample, sample);
    int64_t texts = 0, blocked = 0;
    for (const auto& product : read_samples(samples_file(r))) {
      texts += static_cast<int64_t>(product.samples.size());
      blocked += std::count_if(product.samples.begin(), product.samples.end(), [](const Sample& s) { return !s.may_leave; });
    }
    return {{"texts", texts}, {"must_not_leave", blocked}};
  }

  copywriting::CopyModel load(const fs::path& directory) const {
    generation::DecoderConfig decoder;
    decoder.threads = run_.threads;
    decoder.dtype = run_.dtype;
    decoder.max_batch = kRoundBatch;
    return copywriting::load_copy_model(directory, decoder);
  }

  fs::path fluency_file(int r) const { return work_.round(sampled_round(r)) / "fluency.json"; }

  /// Under the SFT model, after an open plan, whatever plan the texts were drawn under.
  Json judge_fluency(int r) {
    require_unchanged(0);
    if (sampled_round(r) != r) return {{"texts_of_round", 1}};
    Json products = Json::array();
    const auto sampled = read_samples(samples_file(r));
    const bool few = config_.order.contenders > 0 && config_.order.use_rules;  // rules without a say must not choose either
    const int most = few ? config_.order.contenders : config_.sample.num_return_sequences;
    const auto read = contenders(data_.products, sampled, {data_.frequencies, config_.sample.length}, config_.order.reward, most);
    for (const auto& texts : fluency_of(load(inputs_.model), data_.products, sampled, config_.sample.length, read)) {
      Json& product = products.emplace_back(Json::array());
      for (const auto& text : texts) product.push_back({text.tokens, text.logprob});
    }
    write_file_atomic(fluency_file(r), dump_line(products));
    return Json::object();
  }

  std::vector<std::vector<TextFluency>> fluency(int r) const {
    std::vector<std::vector<TextFluency>> fluency;
    for (const auto& product : read_json_file(fluency_file(r))) {
      auto& texts = fluency.emplace_back();
      for (const auto& text : product) texts.push_back({text.at(0).get<int64_t>(), text.at(1).get<double>()});
    }
    return fluency;
  }

  /// Tens of thousands of texts: bfloat16, as it is saved.
  RankTexts rank_texts() const {
    if (!config_.order.use_ranker) return nullptr;
    auto model = std::make_shared<copywriting::RankingModel>(copywriting::RankingModel::load(ranker_dir(), {.threads = run_.threads, .dtype = "bfloat16"}));
    return [model](const data::Product& product, const std::vector<std::string>& texts) { return scores_of(*model, product, texts); };
  }

  std::vector<OrderedProduct> ordered(int r, const RankTexts& rank) const {
    return order_samples(data_.products, read_samples(samples_file(r)), fluency(r), {data_.frequencies, config_.sample.length, rank}, config_.order);
  }

  /// Of the rules alone: the ranking model is to learn their order, among others.
  Json train_ranking_model() {
    require_unchanged(0);
    AlignCopyConfig by_rules = config_;
    by_rules.order.use_ranker = false;
    by_rules.order.use_rules = true;
    const auto ordered = order_samples(data_.products, read_samples(samples_file(1)), fluency(1), {data_.frequencies, config_.sample.length}, by_rules.order);
    const RandomKey key = RandomKey(static_cast<uint64_t>(config_.tune.train.seed)).fold_in("pairs");
    PairSets sets = collect_pairs({data_.products, ordered, data_.humans, data_.given}, data_.frequencies, config_.pairs, key);
    const auto tokenizer = text::load_tokenizer(inputs_.model);
    const copywriting::PromptFormat format(*tokenizer);
    const auto statistics = copywriting::ranker_statistics(inputs_.model);
    const int64_t n_positions = models::read_gpt2_config(inputs_.model).n_positions;
    const int64_t too_long = drop_too_long(format, statistics, n_positions, sets.training) + drop_too_long(format, statistics, n_positions, sets.held_out);
    VITRINE_REQUIRE(!sets.training.empty(), "[", kVerb, "] ", run_.products, ": no pair that the ranking model can read (", too_long, " left out)");
    write_pairs(sets.training, work_.path() / "pairs.jsonl");
    write_pairs(sets.held_out, work_.path() / "held-out-pairs.jsonl");
    Json result{{"pairs", sets.by_source}, {"training", sets.training.size()}, {"held_out", sets.held_out.size()}, {"too_long", too_long}};
    TrainRankerConfig ranker = ranker_config(config_.ranker_config, inputs_.model);
    if (!ranker.given.contains("seed")) ranker.train.seed = config_.tune.train.seed;
    if (!ranker.given.contains("dtype")) ranker.train.dtype = config_.tune.train.dtype;
    train_ranker(work_.path() / "pairs.jsonl", sets.held_out.empty() ? fs::path() : work_.path() / "held-out-pairs.jsonl", (work_.path() / "ranker").string(), ranker, run_.device);
    result["model_sha256"] = model_sha256(work_.path() / "ranker");
    if (!sets.held_out.empty()) result["held_out_accuracy"] = measure_ranking_model();
    return result;
  }

  /// By source and type, beside rankers that learned nothing; the report lies in ranker-evaluation.
  Json measure_ranking_model() const {
    EvaluateRankerConfig config;
    config.model = (work_.path() / "ranker").string();
    config.output = (work_.path() / "ranker-evaluation").string();
    const auto evaluation = run_evaluate_ranker((work_.path() / "held-out-pairs.jsonl").string(), config, "float32", run_.threads);
    Json accuracy = Json::object();
    for (const auto& row : evaluation.accuracy) {
      accuracy[row.source.empty() ? "all" : row.type.empty() ? row.source : row.source + "/" + row.type] = eval::to_json(row.accuracy.front());
    }
    return accuracy;
  }

  static void write_pairs(const std::vector<data::PreferencePair>& pairs, const fs::path& path) {
    std::string lines;
    for (const auto& pair : pairs) lines += dump_line(data::to_json(pair)) + "\n";
    write_file_atomic(path, lines);
  }

  Json order(int r) {
    require_unchanged(0);
    const auto products = ordered(r, rank_texts());
    write_file_atomic(ordered_file(r), ordered_jsonl(products));
    return summary_of(products);
  }

  Json tune(int r) {
    require_unchanged(r - 1);
    const auto products = read_ordered(ordered_file(r));
    TuneRun tune;
    tune.model_dir = model_of(r - 1);
    tune.init_name = r == 1 ? inputs_.model.filename().string() : concat("round-", r - 1);
    tune.output = model_of(r);
    tune.device = run_.device;
    tune.round = r;
    tune.data_sha256 = sha256_file(ordered_file(r));
    const TuneResult result = tune_round({data_.products, products, data_.humans, data_.frequencies, config_.sample.length}, config_.tune, tune);
    if (!result.complete) throw Cancelled(concat("[", kVerb, "] round ", r, ": stopped by the limit, state saved; the same command goes on"));
    return {{"examples", result.examples}, {"products", result.products}, {"loss", result.loss},
            {"reference_from_cache", result.reference_from_cache}, {"model_sha256", model_sha256(model_of(r))}};
  }

  RoundWatch watch(const fs::path& directory, int r) const {
    require_unchanged(0);
    require_unchanged(r);
    const auto model = load(directory);
    std::optional<copywriting::CopyModel> sft;
    if (r > 0) sft = load(inputs_.model);
    const RankTexts rank = r > 0 ? rank_texts() : nullptr;
    const WatchContext context{{data_.frequencies, config_.sample.length, rank}, config_.order.reward};
    return watch_round(model, sft ? &*sft : nullptr, r == 0 ? "sft" : concat("round-", r), data_.products, context, config_.watch);
  }

  /// The numbers of round r's model with the alarms that they raise.
  Json watched(int r) const {
    const RoundWatch before = round_watch_from(work_.result("watch-0")), now = watch(model_of(r), r);
    Json json = to_json(now);
    json["alarms"] = Json::array();
    for (const auto& alarm : eval::alarms(before.numbers, now.numbers, config_.watch.limits)) json["alarms"].push_back(eval::to_json(alarm));
    return json;
  }

  void stop_at_alarms(int r, const Json& watch) const {
    const Json& alarms = watch.at("alarms");
    for (const auto& alarm : alarms) log_warn("[", kVerb, "] ", alarm.at("en").get<std::string>());
    if (alarms.empty() || config_.watch.ignore_alarms) return;
    throw Error(concat("[", kVerb, "] round ", r, " stopped by ", alarms.size(), " alarm(s): ", alarms[0].at("en").get<std::string>(), "; the models so far are in ", work_.path().string(), "; --ignore-alarms goes on"));
  }

  const AlignCopyRun& run_;
  const AlignCopyConfig& config_;
  const Inputs& inputs_;
  AlignData data_;
  const AlignStages& work_;
};

void finish(const AlignCopyRun& run, const AlignCopyConfig& config, const Inputs& inputs, const Loop& loop, const AlignStages& work, const Json& report, const fs::path& place) {
  ArtefactFolder finished(place, kAlignmentKind);
  const auto tree = fs::copy_options::recursive;
  for (int r = 1; r <= config.rounds; ++r) {
    fs::copy(loop.model_of(r), finished.path() / concat("round-", r), tree);
    fs::copy_file(work.round(r) / "ordered.jsonl", finished.path() / concat("round-", r, ".jsonl"));
  }
  for (const char* name : {"ranker", "ranker-evaluation", "pairs.jsonl", "held-out-pairs.jsonl"}) {
    if (fs::exists(work.path() / name)) fs::copy(work.path() / name, finished.path() / name, tree);
  }
  write_file_atomic(finished.path() / "report.json", dump_pretty(report));
  write_file_atomic(finished.path() / "report.html", align_report_html(report));
  Json manifest = manifest_of(kAlignmentKind);
  manifest["settings"] = settings_of(run, config, inputs);
  write_file_atomic(finished.path() / kManifestName, dump_pretty(manifest));
  finished.commit();
}

}  // namespace

void AlignCopyConfig::validate() const {
  check_config(*this, kVerb);
  sample.validate();
  order.validate();
  pairs.validate();
  tune.validate();
}

bool align_copy(const AlignCopyRun& run, const AlignCopyConfig& config) {
  config.validate();
  require_effect(run, config);
  std::vector<std::string> files = {data_file(run.products).string()};
  for (const auto& file : {run.picks, run.pick_texts, run.feedback}) {
    if (!file.empty()) files.push_back(file);
  }
  check_inputs(kVerb, files);
  const fs::path place = require_artefact_place(kVerb, run.output, kAlignmentKind, files);
  const Inputs inputs = open_inputs(run);
  AlignData data = read_align_data(run, config);
  const int64_t rejected = data.rejected;
  const AlignStages work({kVerb, kWorkingFiles}, place.string() + ".run", settings_of(run, config, inputs));
  Loop loop(run, config, inputs, std::move(data), work);
  Json report = loop();
  report["settings"] = settings_of(run, config, inputs);
  finish(run, config, inputs, loop, work, report, place);
  work.remove();
  log_info(align_table(report), "saved ", run.output);
  return rejected == 0;
}

}  // namespace vitrine::recipes
