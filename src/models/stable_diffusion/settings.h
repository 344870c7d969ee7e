// models/stable_diffusion/settings.h - the settings of all parts: config files of a directory, metadata or shapes of a single file.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "base/json.h"
#include "io/checkpoint.h"
#include "models/clip/config.h"
#include "models/unet/config.h"
#include "models/vae/config.h"

namespace vitrine::models {

struct SdSettings {
  TextConfig text_encoder;
  UNetConfig unet;
  VaeConfig vae;
  Json scheduler;  // scheduler_config.json
};

/// The config.json files of a directory. Throws NotFound, Corrupt, InvalidInput (also for a scheduler without _class_name).
SdSettings read_settings(const std::filesystem::path& model_dir);

/// Those of a single file: what its metadata says under settings_metadata's keys, else read off the shapes.
///   prediction_type  epsilon | v_prediction; empty = what the file says (modelspec.prediction_type), and where it says nothing
///                    v_prediction for Stable Diffusion 2 that is no inpainting (with a warning), else epsilon
/// Throws Corrupt (metadata that is not JSON), InvalidInput.
SdSettings settings_of(const io::Checkpoint& checkpoint, const std::filesystem::path& path, const std::string& prediction_type = "");

/// For the metadata of a single file: vitrine.text_encoder, vitrine.unet, vitrine.vae, vitrine.scheduler.
std::map<std::string, std::string> settings_metadata(const SdSettings& settings);

}  // namespace vitrine::models
