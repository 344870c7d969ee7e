// recipes/picture_learner.h - what of a Stable Diffusion model learns in a run of `train`, and how it is saved.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "diffusion/network_models.h"
#include "diffusion/scheduler_config.h"
#include "models/stable_diffusion/model.h"
#include "models/trainable.h"
#include "nn/parameters.h"
#include "recipes/tune_pictures_config.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {

/// The model that is tuned, in memory as it is on disk.
struct LoadedModel {
  models::StableDiffusionFiles files;
  models::StableDiffusion parts;
  std::unique_ptr<text::Tokenizer> tokenizer;
  diffusion::SchedulerConfig scheduler;
  at::ScalarType dtype = at::kFloat;  // of the computation
  at::Device device = at::Device(at::kCPU);
  /// SHA-256 of each part's file: {"text_encoder", "unet", "vae"}.
  std::map<std::string, std::string> sha256;
};

/// name: a directory, a single file or a name, as find_picture_model takes it; dtype: of TunePicturesConfig::train. Throws what find_picture_model,
/// open_stable_diffusion, load_picture_tokenizer, load_stable_diffusion and scheduler_config_from_json throw.
std::unique_ptr<LoadedModel> load_model_to_tune(const std::string& name, const std::string& dtype, const at::Device& device);

/// For pictures with the model as it is on disk.
diffusion::Networks networks_of(const LoadedModel& model);

/// Beside text_encoder/ of a model tuned by objective contrastive: its head.
inline constexpr const char* kTextProjectionFile = "text_projection.safetensors";

struct SaveLearner {
  std::filesystem::path folder;  // of the artefact, empty
  models::ComputeType dtype = models::ComputeType::bfloat16;
  std::map<std::string, std::string> metadata;
};

/// The model and the learner live until the run ends.
class PictureLearner {
 public:
  virtual ~PictureLearner() = default;

  virtual nn::ParameterStore& parameters() = 0;
  virtual void weights_changed() = 0;
  virtual const nn::TensorSource& unet() const = 0;
  /// States [B, T, C] of token rows, with gradient where the text side learns.
  virtual at::Tensor text_states(const at::Tensor& input_ids) const = 0;
  virtual const text::Tokenizer& tokenizer() const = 0;
  /// For pictures with the weights as they are.
  virtual diffusion::Networks networks() const = 0;
  /// The text encoder in training when it has a head (objective contrastive); else nullptr.
  virtual models::TextEncoder* encoder_with_head() { return nullptr; }
  virtual void save(const SaveLearner& to) const = 0;
  /// Files and folders that save makes.
  virtual std::vector<std::string> saved_names() const = 0;
};

std::unique_ptr<PictureLearner> make_text_encoder_learner(const LoadedModel& model, const TrainTextEncoderConfig& config,
                                                          const std::vector<std::string>& captions);
std::unique_ptr<PictureLearner> make_lora_learner(const LoadedModel& model, const TrainLoraConfig& config);
std::unique_ptr<PictureLearner> make_dreambooth_learner(const LoadedModel& model, const TrainDreamboothConfig& config);
std::unique_ptr<PictureLearner> make_textual_inversion_learner(const LoadedModel& model, const TrainTextualInversionConfig& config);

}  // namespace vitrine::recipes
