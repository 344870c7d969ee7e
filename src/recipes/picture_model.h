// recipes/picture_model.h - a Stable Diffusion model as a command names it, and what it says of itself.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "models/stable_diffusion/files.h"

namespace vitrine::recipes {

/// A file (a single file of weights), else the folder that copywriting::find_model finds. Throws NotFound.
std::filesystem::path find_picture_model(const std::string& name);

struct PictureSides {
  int64_t width, height;  // pixels
};

/// The size that a model of this program was trained at (`settings` of its vitrine.json), else the square of its UNet.
/// Throws Corrupt for a vitrine.json that is no JSON.
PictureSides own_sides(const models::StableDiffusionFiles& files);

}  // namespace vitrine::recipes
