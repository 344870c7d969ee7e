// recipes/tune_pictures.h - a Stable Diffusion model is tuned on a picture set: its text encoder (the main way), adapters, one thing
// (DreamBooth), a new word (textual inversion).
#pragma once
#include <filesystem>
#include <string>

#include "recipes/tune_pictures_config.h"

namespace vitrine::recipes {

/// DATA: a picture set (data/picture_sets.h) with the splits train and validation, or without splits: then every twentieth
/// picture is held out, and of fewer than twenty the first one is measured though it is trained on, with a warning. The same command goes on with a
/// run that was stopped. Each returns false when the run was stopped by its own limits, with its state saved.
/// Throws what the config's validate, load_model_to_tune and train_steps throw; InternalError when a part that does not learn was changed.

/// Writes a whole Stable Diffusion directory; UNet and VAE are the files of the model, byte for byte.
bool train_text_encoder(const std::filesystem::path& data, const std::string& output, const TrainTextEncoderConfig& config, const std::string& device);

/// Writes lora.safetensors (or, of PEFT, lora/) with vitrine.json, train.jsonl and run.html.
bool train_lora(const std::filesystem::path& data, const std::string& output, const TrainLoraConfig& config, const std::string& device);

/// Writes a whole Stable Diffusion directory.
bool train_dreambooth(const std::filesystem::path& data, const std::string& output, const TrainDreamboothConfig& config, const std::string& device);

/// Writes learned_embeds.safetensors with vitrine.json, train.jsonl and run.html.
bool train_textual_inversion(const std::filesystem::path& data, const std::string& output, const TrainTextualInversionConfig& config,
                             const std::string& device);

}  // namespace vitrine::recipes
