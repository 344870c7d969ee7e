#include "recipes/align_images.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "models/picture_tensor.h"
#include "recipes/align_images_report.h"
#include "recipes/general_prompts.h"
#include "recipes/interval_json.h"
#include "recipes/picture_learner.h"
#include "recipes/prompt_drawer.h"
#include "recipes/reward_pictures.h"
#include "recipes/training_rows.h"
#include "recipes/tune_pictures.h"
#include "recipes/tuning_set.h"
#include "train/text_drift.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerb = "align images";
constexpr std::string_view kFiles[] = {"round-1", "round-2", "round-3", "round-4", "round-5", "round-6", "round-7", "round-8", "report.json", "report.html", kManifestName};
constexpr ArtefactKind kKind{"picture-alignment", kFiles};
constexpr std::string_view kWorkingFiles[] = {"held-out"};
constexpr size_t kShown = 12;  // prompts in a grid

/// What all rounds share.
struct Inputs {
  train::PictureSize size;
  std::vector<PicturePrompt> held_out;
  Json hashes;
};

Inputs load_inputs(const fs::path& data, const AlignImagesConfig& config, const PictureJudges& judges, const at::Device& device) {
  const auto model = load_model_to_tune(config.common.model, config.common.train.dtype, device);
  const train::PictureSize size = cut_size(config.common, *model);
  const TuningSet set = load_tuning_set(data, config.common, size, /*plain=*/false);
  const auto hash = [](const std::string& dir) { return dir.empty() ? Json() : Json(model_sha256(dir)); };
  return {size, reward_pool(set.all, set.training, config.reward, judges).held_out,
          {{"data", set.all.pictures().sha256}, {"base", Json(model->sha256)}, {"clip", hash(config.judges.clip)}, {"probe", hash(config.judges.probe)}}};
}

/// All that the results depend on.
Json settings_of(const AlignImagesConfig& config, const Inputs& inputs) {
  Json settings = config_to_json(config);
  for (const char* name : {"max_minutes", "max_steps", "checkpoint_minutes"}) settings.erase(name);
  settings["inputs_sha256"] = inputs.hashes;
  return settings;
}

class Rounds {
 public:
  Rounds(const fs::path& data, const AlignImagesConfig& config, const std::string& device, const PictureJudges& judges, const Inputs& inputs, const AlignStages& work)
      : data_(data), config_(config), device_(device), judges_(judges), inputs_(inputs), work_(work) {}

  /// The report, when all rounds are done.
  Json operator()() {
    Json report{{"rounds", Json::array()}, {"prompts", Json::array()}, {"pictures_per_prompt", config_.held_out_pictures}, {"settings", settings_of(config_, inputs_)}};
    for (const PicturePrompt& prompt : inputs_.held_out) report["prompts"].push_back(prompt.text);
    std::vector<MeasuredRound> models{measured(0)};
    for (int r = 1; r <= config_.rounds; ++r) {
      report["rounds"].push_back(tuned(r));
      models.push_back(measured(r));
      report["models"] = measured_rounds(models, config_.reward.weights(), config_.held_out_pictures, static_cast<int>(config_.resamples));
      const Json& last = report["models"].back();
      log_info("[", kVerb, "] round ", r, ": reward ", interval_cell(last["reward"], 1), ", likeness to the base ", last["likeness_to_base"].get<double>());
    }
    return report;
  }

  std::string model_of(int r) const { return r == 0 ? config_.common.model : (work_.round(r) / "model").string(); }
  fs::path grid_of(int r) const { return work_.path() / "held-out" / concat(r, ".png"); }

 private:
  Json tuned(int r) const {
    const Json done = work_.run(concat("tune-", r), [&] {
      if (!train_text_encoder(data_, model_of(r), config_.round(r, model_of(r - 1)), device_)) {
        throw Cancelled(concat("[", kVerb, "] round ", r, ": stopped by the limit, state saved; the same command goes on"));
      }
      const Json manifest = read_json_file(fs::path(model_of(r)) / kManifestName);
      Json result{{"round", r}, {"steps", manifest.at("steps")}, {"best_step", manifest.at("best_step")}, {"alarm", manifest.at("alarm")}, {"metrics", manifest.at("metrics")}};
      result.update(manifest.at("reward"));
      return result;
    });
    if (const std::string alarm = done.at("alarm"); !alarm.empty()) {
      throw Error(concat("[", kVerb, "] round ", r, ": ", alarm, "; the rounds so far are in ", work_.path().string(), "; a lower learning_rate or more drift_weight keeps it nearer"));
    }
    return done;
  }

  /// The model of round r, 0 = the base, on the held-out prompts.
  MeasuredRound measured(int r) const {
    const Json done = work_.run(concat("measure-", r), [&] { return measure(r); });
    MeasuredRound result{r == 0 ? "base" : concat("round-", r), {}, done.at("likeness_to_base")};
    for (const Json& parts : done.at("parts")) result.parts.push_back(reward_parts_from(parts));
    return result;
  }

  Json measure(int r) const {
    const auto model = load_model_to_tune(model_of(r), config_.common.train.dtype, at::Device(device_));
    PromptDrawer drawer(networks_of(*model), *model->tokenizer, model->scheduler,
                        {.width = inputs_.size.width, .height = inputs_.size.height, .num_inference_steps = std::max<int64_t>(1, config_.common.sample_steps),
                         .guidance_scale = config_.common.sample_guidance_scale});
    const RewardDrawer draw(drawer, judges_, {work_.path() / "held-out" / std::to_string(r), Json(model->sha256).dump()});
    const auto seed = static_cast<uint64_t>(config_.common.train.seed);
    Json parts = Json::array();
    std::vector<at::Tensor> shown;
    for (const JudgedPictures& group : draw(inputs_.held_out, seed, config_.held_out_pictures)) {
      for (const RewardParts& row : group.parts) parts.push_back(to_json(row));
      if (shown.size() < kShown) shown.push_back(drawer.pictures(group.latents.narrow(0, 0, 1)));
    }
    write_file_atomic(grid_of(r), models::grid_png(at::cat(shown), static_cast<int64_t>(kShown)));
    return {{"parts", parts}, {"likeness_to_base", likeness(*model)}};
  }

  double likeness(const LoadedModel& model) const {
    const std::vector<std::string> prompts = config_.drift.prompts.empty() ? general_prompts() : config_.drift.prompts;
    return train::state_likeness(states_of_prompts(model, prompts), states_of_prompts_at(config_.common.model, prompts, model)).item<double>();
  }

  const fs::path& data_;
  const AlignImagesConfig& config_;
  const std::string& device_;
  const PictureJudges& judges_;
  const Inputs& inputs_;
  const AlignStages& work_;
};

void finish(const fs::path& place, const AlignImagesConfig& config, const Rounds& rounds, const Json& report) {
  ArtefactFolder finished(place, kKind);
  std::vector<std::string> grids;
  for (int r = 0; r <= config.rounds; ++r) {
    grids.push_back(read_file(rounds.grid_of(r)));
    if (r > 0) fs::copy(rounds.model_of(r), finished.path() / concat("round-", r), fs::copy_options::recursive);
  }
  write_file_atomic(finished.path() / "report.json", dump_pretty(report));
  write_file_atomic(finished.path() / "report.html", align_images_html(report, grids));
  Json manifest = manifest_of(kKind);
  manifest["settings"] = report.at("settings");
  write_file_atomic(finished.path() / kManifestName, dump_pretty(manifest));
  finished.commit();
}

}  // namespace

void AlignImagesConfig::validate() const {
  check_config(*this, kVerb);
  if (judges.clip.empty() && judges.probe.empty()) throw UsageError(concat("[", kVerb, "] --clip, --probe: rounds of reward need a judge, none is given"));
  round(1, common.model).validate();
}

TrainTextEncoderConfig AlignImagesConfig::round(int r, const std::string& model) const {
  TrainTextEncoderConfig config;
  config.common = common;
  config.common.model = model;
  config.common.train.seed = common.train.seed + r - 1;
  config.objective = "reward";
  config.drift = drift;
  if (r > 1 && drift.base.empty()) config.drift.base = common.model;
  config.judges = judges;
  config.reward = reward;
  return config;
}

void align_images(const fs::path& data, const std::string& output, const AlignImagesConfig& config, const std::string& device) {
  config.validate();
  const fs::path place = require_artefact_place(kVerb, output, kKind);
  const PictureJudges judges(config.judges.clip, config.judges.probe, device);
  const Inputs inputs = load_inputs(data, config, judges, at::Device(device));
  const AlignStages work({kVerb, kWorkingFiles}, place.string() + ".run", settings_of(config, inputs));
  Rounds rounds(data, config, device, judges, inputs, work);
  const Json report = rounds();
  finish(place, config, rounds, report);
  work.remove();
  log_info("saved ", output);
}

}  // namespace vitrine::recipes
