// models/stable_diffusion/model_index.h - model_index.json: which parts a directory of diffusers has.
#pragma once
#include <filesystem>

#include "base/json.h"
#include "models/clip/config.h"

namespace vitrine::models {

/// Checks DIR/model_index.json. safety_checker, feature_extractor and image_encoder may be absent or null.
/// Throws NotFound, Corrupt (not JSON), InvalidInput (WGT_ARCH) listing the parts that are missing, or that are of
/// other pipelines (a second text encoder, a transformer instead of the UNet).
void require_model_index(const std::filesystem::path& model_dir);

/// One that diffusers reads, for a directory without a safety checker.
///   scheduler  its scheduler_config.json, whose _class_name is named
Json model_index(const TextConfig& text_encoder, const Json& scheduler, bool is_inpainting);

}  // namespace vitrine::models
