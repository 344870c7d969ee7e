// Low-rank adapters of UNet and text encoder learn; the model itself does not.
#include <ATen/ATen.h>

#include "base/error.h"
#include "base/random.h"
#include "models/lora/trained_lora.h"
#include "recipes/picture_learner.h"

namespace vitrine::recipes {
namespace {

using models::SdPart;

models::LoraDialect dialect_of(const std::string& word) {
  for (const auto dialect : {models::LoraDialect::kohya, models::LoraDialect::diffusers, models::LoraDialect::peft}) {
    if (models::name_of(dialect) == word) return dialect;
  }
  throw InvalidInput(concat("[train lora] dialect: expected kohya, diffusers or peft, got '", word, "'"));
}

std::vector<models::LoraTarget> chosen_targets(const models::LoraTargets& all, const TrainLoraConfig& config) {
  std::vector<models::LoraTarget> targets;
  const auto add = [&](SdPart part, const std::vector<std::string>& endings) {
    for (models::LoraTarget& target : models::choose_targets(all, part, endings)) targets.push_back(std::move(target));
  };
  if (config.parts != "text-encoder") add(SdPart::unet, config.unet_modules);
  if (config.parts != "unet") add(SdPart::text_encoder, config.text_modules);
  return targets;
}

class LoraLearner final : public PictureLearner {
 public:
  LoraLearner(const LoadedModel& model, const TrainLoraConfig& config)
      : model_(model), config_(config), targets_(model.files.settings),
        parameters_(models::lora_parameter_specs(chosen_targets(targets_, config), config.rank), model.device),
        unet_(model.parts.unet, parameters_, SdPart::unet, config.alpha / static_cast<double>(config.rank)),
        text_(model.parts.text_encoder.tensors().source(), parameters_, SdPart::text_encoder, config.alpha / static_cast<double>(config.rank)) {
    models::initialize_lora(parameters_, models::LoraInit::kaiming, RandomKey(static_cast<uint64_t>(config.common.train.seed)).fold_in("lora"));
  }

  nn::ParameterStore& parameters() override { return parameters_; }
  void weights_changed() override {}  // nothing is kept of them
  const nn::TensorSource& unet() const override { return unet_; }
  at::Tensor text_states(const at::Tensor& input_ids) const override { return model_.parts.text_encoder.states(input_ids, {.source = &text_}); }
  const text::Tokenizer& tokenizer() const override { return *model_.tokenizer; }
  diffusion::Networks networks() const override {
    return {.text_encoder = model_.parts.text_encoder, .unet_config = model_.files.settings.unet, .unet = unet_, .vae_config = model_.files.settings.vae,
            .vae = model_.parts.vae, .device = model_.device, .adapted_text = &text_};
  }
  void save(const SaveLearner& to) const override {
    models::LoraSaveConfig config;
    config.metadata = to.metadata;
    if (to.dtype == models::ComputeType::bfloat16) config.dtype = io::DType::BF16;
    models::save_trained_lora(to.folder / name(), parameters_, targets_, config_.alpha, dialect_of(config_.dialect), config);
  }
  std::vector<std::string> saved_names() const override { return {name()}; }

 private:
  /// PEFT's form is a folder.
  std::string name() const { return config_.dialect == "peft" ? "lora" : "lora.safetensors"; }

  const LoadedModel& model_;
  const TrainLoraConfig& config_;
  models::LoraTargets targets_;
  nn::ParameterStore parameters_;
  models::LoraTensors unet_, text_;
};

}  // namespace

std::unique_ptr<PictureLearner> make_lora_learner(const LoadedModel& model, const TrainLoraConfig& config) {
  return std::make_unique<LoraLearner>(model, config);
}

}  // namespace vitrine::recipes
