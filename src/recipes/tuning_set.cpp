#include "recipes/tuning_set.h"

#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "recipes/picture_model.h"

namespace vitrine::recipes {
namespace {

constexpr double kSpare = 1.08;  // pictures are read so much larger than their cuts
constexpr size_t kHeldOut = 20;  // one picture in so many is held out of a set without splits

}  // namespace

train::PictureSize cut_size(const TunePicturesConfig& config, const LoadedModel& model) {
  const int64_t step = model.files.settings.vae.downscale();
  const PictureSides own = own_sides(model.files);
  const train::PictureSize size{config.width > 0 ? config.width : own.width, config.height > 0 ? config.height : own.height};
  VITRINE_REQUIRE(size.width % step == 0 && size.height % step == 0, "[train] width and height: expected multiples of ", step, ", got ", size.width, "x", size.height);
  return size;
}

TuningSet load_tuning_set(const std::filesystem::path& data, const TunePicturesConfig& config, const train::PictureSize& cut, bool plain) {
  const auto larger = [](int64_t side) { return static_cast<int64_t>(std::lround(kSpare * static_cast<double>(side))); };
  TuningSet sets{CaptionedPictures(data, {"", config.language, config.licence, plain}, {larger(cut.width), larger(cut.height)}), {}, {}};
  const bool has_splits = sets.all.has_split("train") && sets.all.has_split("validation");
  for (size_t row = 0; row < sets.all.size(); ++row) {
    const bool is_held_out = has_splits ? sets.all.split(row) == "validation" : row % kHeldOut == kHeldOut - 1;
    if (has_splits && !is_held_out && sets.all.split(row) != "train") continue;
    (is_held_out ? sets.validation : sets.training).push_back(static_cast<int64_t>(row));
  }
  if (sets.validation.empty()) {
    log_warn("[train] ", data.string(), ": ", sets.training.size(), " pictures without splits, fewer than ", kHeldOut,
             ": none is held out, the validation loss (and keep_best, patience) is of the first one, which is trained on");
    sets.validation = {sets.training.front()};
  }
  return sets;
}

}  // namespace vitrine::recipes
