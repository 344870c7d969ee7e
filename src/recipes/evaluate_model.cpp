#include "recipes/evaluate_model.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "copywriting/copy_model.h"
#include "copywriting/training_set.h"
#include "copywriting/copy_writer.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kProductsPerBatch = 32;

eval::SystemRun run_system(std::span<const data::Product> products, copywriting::CopyWriter& writer,
                           const std::string& label) {
  eval::SystemRun run;
  run.label = label;
  Progress progress("evaluate " + label, products.size(), "products");
  for (size_t begin = 0; begin < products.size(); begin += kProductsPerBatch) {
    throw_if_interrupted("nothing was written");
    const auto batch =
        products.subspan(begin, std::min(kProductsPerBatch, products.size() - begin));
    for (const auto& written : writer.write(batch)) {
      auto& candidates = run.candidates.emplace_back();
      for (const auto& candidate : written.candidates) candidates.push_back(candidate.text);
      run.texts.push_back(candidates.empty() ? "" : candidates.front());
    }
    progress.advance(batch.size());
  }
  return run;
}

copywriting::WriteConfig with(copywriting::WriteConfig config, const std::string& baseline, int n) {
  config.baseline = baseline;
  config.num_return_sequences = n;
  config.check = false;
  return config;
}

eval::SystemOutputs baseline_system(const std::string& name, const std::string& baseline,
                                    std::span<const data::Product> products,
                                    const std::vector<data::Product>& training_rows,
                                    const copywriting::WriteConfig& config) {
  copywriting::CopyWriter writer(with(config, baseline, 1), nullptr, training_rows);
  return {name, {run_system(products, writer, name)}};
}

std::string name_of(const EvaluateModelConfig& config) {
  return config.name.empty() ? copywriting::find_model(config.write.model).filename().string() : config.name;
}

ModelFit fit_of(const copywriting::CopyModel& model, const std::string& name,
                std::span<const data::Product> products, const std::string& dtype) {
  const std::vector<data::Product> rows(products.begin(), products.end());
  const copywriting::CopyTrainingSet set(
      copywriting::align_products(rows, model.aligned_terms), *model.format, {});
  ModelFit fit{name, dtype, 0, set.num_code_points(), 0};
  const auto most = static_cast<size_t>(model.decoder->config().n_positions);
  for (const auto& sequence : set.plain()) {
    if (sequence.input_ids.size() > most) {
      log_warn("[evaluate] a human copy of ", sequence.input_ids.size(),
               " tokens is longer than n_positions ", most, " and left out of the perplexity");
      continue;
    }
    const auto score = model.decoder->score(sequence.input_ids, sequence.predicted);
    fit.tokens += score.tokens;
    fit.nats -= score.logprob;
  }
  return fit;
}

}  // namespace

double ModelFit::perplexity() const { return std::exp(nats / static_cast<double>(tokens)); }
double ModelFit::nats_per_character() const { return nats / static_cast<double>(characters); }

std::string system_name(const EvaluateModelConfig& config) {
  const char* plan = !config.write.open_plan ? "" : config.write.complete_open_plan ? " open" : " unaided";
  return name_of(config) + plan;
}

std::optional<copywriting::RankingModel> load_ranker(const EvaluateModelConfig& config) {
  const std::string name = config.write.ranker_name();
  if (name.empty()) return std::nullopt;
  return copywriting::RankingModel::load(copywriting::find_model(name), {.threads = config.threads});
}

ModelSystems write_systems(std::span<const data::Product> products,
                           const std::vector<data::Product>& training_rows,
                           const EvaluateModelConfig& config) {
  std::vector<eval::SystemOutputs> systems;
  systems.push_back(
      baseline_system("template bank", "template", products, training_rows, config.write));
  systems.push_back(
      baseline_system("retrieval", "retrieval", products, training_rows, config.write));

  generation::DecoderConfig decoder;
  decoder.threads = config.threads;
  decoder.dtype = config.dtype.empty() ? copywriting::kDefaultDtype : config.dtype;
  const auto model =
      copywriting::load_copy_model(copywriting::find_model(config.write.model), decoder);
  auto ranker = load_ranker(config);
  const std::string name = system_name(config);

  copywriting::WriteConfig greedy = with(config.write, "", 1);
  greedy.temperature = 0;
  greedy.variants = 1;
  copywriting::CopyWriter greedy_writer(greedy, &model);
  systems.push_back({name + " greedy", {run_system(products, greedy_writer, name + " greedy")}});

  eval::SystemOutputs nucleus{name + " nucleus", {}};
  for (int i = 0; i < config.decoding_seeds; ++i) {
    copywriting::WriteConfig seeded = with(config.write, "", config.write.num_return_sequences);
    seeded.seed += i;
    copywriting::CopyWriter writer(seeded, &model);
    writer.use_ranker(ranker ? &*ranker : nullptr);
    nucleus.runs.push_back(run_system(products, writer, concat("seed ", seeded.seed)));
  }
  systems.push_back(std::move(nucleus));
  return {std::move(systems), fit_of(model, name_of(config), products, decoder.dtype)};
}

}  // namespace vitrine::recipes
