#include "recipes/picture_model.h"

#include "base/artefact.h"
#include "base/json.h"
#include "copywriting/copy_model.h"

namespace vitrine::recipes {

namespace fs = std::filesystem;

fs::path find_picture_model(const std::string& name) { return fs::is_regular_file(name) ? fs::path(name) : copywriting::find_model(name); }

PictureSides own_sides(const models::StableDiffusionFiles& files) {
  const fs::path manifest = files.path / kManifestName;
  const Json settings = fs::is_regular_file(manifest) ? read_json_file(manifest).value("settings", Json::object()) : Json::object();
  const int64_t square = files.settings.unet.sample_size * files.settings.vae.downscale();
  const auto side = [&](const char* name) {
    const Json trained = settings.value(name, Json());
    return trained.is_number_integer() && trained.get<int64_t>() > 0 ? trained.get<int64_t>() : square;
  };
  return {side("width"), side("height")};
}

}  // namespace vitrine::recipes
