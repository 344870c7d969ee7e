#include "serve/picture_model.h"

#include <algorithm>

#include "base/artefact.h"
#include "base/error.h"
#include "base/json.h"
#include "copywriting/copy_model.h"

namespace vitrine::serve {
namespace {

constexpr int kStep = 8, kLeastSide = 128;  // of draw
constexpr int kLatentScale = 8;             // pixels of a latent position of Stable Diffusion
constexpr int kThumbnails = 256;            // up to here a smaller picture is of no use

Json json_of(const std::filesystem::path& file) { return std::filesystem::is_regular_file(file) ? read_json_file(file) : Json::object(); }

int whole(const Json& json, const char* name) { return json.contains(name) && json[name].is_number_integer() ? json[name].get<int>() : 0; }

int drawable(int side) { return std::max(kLeastSide, side / kStep * kStep); }

}  // namespace

PictureModelFacts read_picture_model(const std::filesystem::path& model) {
  PictureModelFacts facts;
  const Json settings = json_of(model / kManifestName).value("settings", Json::object());
  const int trained = std::min(whole(settings, "width"), whole(settings, "height"));
  const int sample = whole(json_of(model / "unet" / "config.json"), "sample_size") * kLatentScale;
  if (const int side = trained > 0 ? trained : sample; side > 0) facts.side = drawable(side);
  const Json guidance = settings.value("sample_guidance_scale", Json());
  if (guidance.is_number() && guidance.get<double>() >= 1) facts.guidance_scale = guidance.get<double>();
  return facts;
}

std::optional<std::filesystem::path> find_picture_model(const std::string& name) {
  if (std::filesystem::is_regular_file(name)) return name;
  try {
    return copywriting::find_model(name);
  } catch (const NotFound&) {
    return std::nullopt;
  }
}

std::vector<int> picture_sides(const PictureModelFacts& model) {
  if (model.side <= kThumbnails) return {model.side};
  return {drawable(model.side / 2), drawable(model.side * 3 / 4), model.side};
}

}  // namespace vitrine::serve
