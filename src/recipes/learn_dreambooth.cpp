// UNet and, where asked for, text encoder learn.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "models/diffusers_files.h"
#include "models/tensor_files.h"
#include "models/text_encoder.h"
#include "models/unet/weights.h"
#include "base/file.h"
#include "recipes/picture_learner.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kText = "text_encoder.";
constexpr const char* kUNet = "unet.";

std::vector<models::WeightSpec> specs_of(const LoadedModel& model, bool with_text) {
  std::vector<models::WeightSpec> specs;
  for (const models::WeightSpec& spec : models::unet_weight_specs(model.files.settings.unet)) specs.push_back({kUNet + spec.name, spec.shape});
  if (!with_text) return specs;
  for (const models::WeightSpec& spec : model.parts.text_encoder.tensors().specs()) specs.push_back({kText + spec.name, spec.shape});
  return specs;
}

class DreamboothLearner final : public PictureLearner {
 public:
  DreamboothLearner(const LoadedModel& model, bool with_text)
      : model_(model), with_text_(with_text), parameters_(models::parameter_specs(specs_of(model, with_text)), model.device),
        trained_(parameters_, model.dtype) {
    const at::NoGradGuard no_grad;
    const models::Weights unet = models::load_unet_weights(model.files);  // in full: the loaded part may be bfloat16
    for (const models::WeightSpec& spec : models::unet_weight_specs(model.files.settings.unet)) {
      parameters_.value(kUNet + spec.name).detach().copy_(models::read_parameter({spec.name, spec.shape}, unet.view(spec.name)));
    }
    if (with_text) copy_text(models::TextEncoder(model.files.settings.text_encoder, models::load_text_weights(model.files)));
    parameters_.refresh_compute_copy();
  }

  nn::ParameterStore& parameters() override { return parameters_; }
  void weights_changed() override { trained_.weights_changed(); }
  const nn::TensorSource& unet() const override { return unet_; }
  at::Tensor text_states(const at::Tensor& input_ids) const override { return model_.parts.text_encoder.states(input_ids, {.source = text_source()}); }
  const text::Tokenizer& tokenizer() const override { return *model_.tokenizer; }
  diffusion::Networks networks() const override {
    return {.text_encoder = model_.parts.text_encoder, .unet_config = model_.files.settings.unet, .unet = unet_, .vae_config = model_.files.settings.vae,
            .vae = model_.parts.vae, .device = model_.device, .adapted_text = text_source()};
  }
  void save(const SaveLearner& to) const override {
    std::vector<models::NamedTensor> tensors;
    for (const models::WeightSpec& spec : models::unet_weight_specs(model_.files.settings.unet)) tensors.push_back({spec.name, parameters_.value(kUNet + spec.name)});
    fs::create_directories(to.folder / "unet");
    models::save_tensors(to.folder / "unet" / (std::string(models::kDiffusersStem) + ".safetensors"), tensors, to.dtype, to.metadata);
    write_file_atomic(to.folder / "unet" / "config.json", dump_pretty(models::to_json(model_.files.settings.unet)));
    if (with_text_) save_text(to);
  }
  std::vector<std::string> saved_names() const override {
    return with_text_ ? std::vector<std::string>{"unet", "text_encoder"} : std::vector<std::string>{"unet"};
  }

 private:
  const nn::TensorSource* text_source() const { return with_text_ ? &text_ : nullptr; }

  void copy_text(const models::TextEncoder& encoder) {
    for (const models::WeightSpec& spec : encoder.tensors().specs()) parameters_.value(kText + spec.name).detach().copy_(encoder.tensors().value(spec.name));
  }

  void save_text(const SaveLearner& to) const {
    models::TextEncoder encoder(model_.files.settings.text_encoder, models::load_text_weights(model_.files), {.trained = true});
    const at::NoGradGuard no_grad;
    for (const models::WeightSpec& spec : encoder.tensors().specs()) {
      encoder.tensors().parameters().value(spec.name).detach().copy_(parameters_.value(kText + spec.name));
    }
    encoder.save(to.folder / "text_encoder", to.dtype, to.metadata);
  }

  const LoadedModel& model_;
  bool with_text_;
  nn::ParameterStore parameters_;
  nn::TrainedTensors trained_;
  nn::PrefixedTensors unet_{trained_, kUNet}, text_{trained_, kText};
};

}  // namespace

std::unique_ptr<PictureLearner> make_dreambooth_learner(const LoadedModel& model, const TrainDreamboothConfig& config) {
  return std::make_unique<DreamboothLearner>(model, config.train_text_encoder);
}

}  // namespace vitrine::recipes
