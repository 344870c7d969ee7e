// serve/picture_model.h - what a picture model says of itself, for the choices that the page offers.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vitrine::serve {

struct PictureModelFacts {
  int side = 512;               // the shorter side that it was trained at, pixels; a multiple of 8, at least 128
  double guidance_scale = 7.5;  // that it is drawn with
};

/// From vitrine.json of a model that this program trained, else from unet/config.json of a diffusers directory; what neither
/// says, and a single file, has the defaults. Throws Corrupt for a file that is no JSON.
PictureModelFacts read_picture_model(const std::filesystem::path& model);

/// Where a picture model lies: a file, or a folder as copywriting::find_model finds it. Nothing = it is missing.
std::optional<std::filesystem::path> find_picture_model(const std::string& name);

/// Sides to choose from, up to the model's own: its own alone for a model of thumbnails.
std::vector<int> picture_sides(const PictureModelFacts& model);

}  // namespace vitrine::serve
