#include "models/clip/preprocess.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kCaller = "clip_preprocess";
constexpr int64_t kBicubic = 3;
constexpr double kRescale = 1.0 / 255;

/// One number of a size in any of its forms.
struct Side {
  int64_t pixels;
  bool keep_ratio;
};

Side side_of(const Json& value, std::string_view where, const char* name) {
  const auto number = [&](const Json& found) {
    VITRINE_REQUIRE(found.is_number_integer(), "[", kCaller, "] ", where, ": ", name, ": expected a number of pixels, got ",
                    dump_line(value));
    return found.get<int64_t>();
  };
  if (!value.is_object()) return {number(value), true};
  if (value.contains("shortest_edge")) return {number(value["shortest_edge"]), true};
  const bool equal = value.contains("height") && value.contains("width") && value["height"] == value["width"];
  VITRINE_REQUIRE(equal, "[", kCaller, "] ", where, ": ", name, ": expected shortest_edge, or height and width that are equal, got ",
                  dump_line(value));
  return {number(value["height"]), false};
}

void require_step(const ConfigFields& fields, std::string_view where, const char* name) {
  bool done = true;
  fields.take(name, done);
  VITRINE_REQUIRE(done, "[", kCaller, "] ", where, ": ", name, ": only true is supported");
}

void take_channels(const ConfigFields& fields, std::string_view where, const char* name, std::array<double, 3>& values) {
  if (!fields.has(name)) return;
  const Json& list = fields.json()[name];
  const bool fits = list.is_array() && list.size() == values.size() &&
                    std::all_of(list.begin(), list.end(), [](const Json& value) { return value.is_number(); });
  VITRINE_REQUIRE(fits, "[", kCaller, "] ", where, ": ", name, ": expected three numbers, got ", dump_line(list));
  std::transform(list.begin(), list.end(), values.begin(), [](const Json& value) { return value.get<double>(); });
}

}  // namespace

void validate(const ClipPreprocess& config, std::string_view where) {
  require_size(kCaller, where, "crop_size", config.crop_size);
  require_size(kCaller, where, "size", config.size, config.crop_size);
  for (const double deviation : config.image_std) {
    VITRINE_REQUIRE(deviation > 0, "[", kCaller, "] ", where, ": image_std: expected > 0, got ", deviation);
  }
}

ClipPreprocess clip_preprocess_from_json(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  for (const char* step : {"do_resize", "do_normalize", "do_rescale"}) require_step(fields, where, step);
  int64_t resample = kBicubic;
  fields.take("resample", resample);
  VITRINE_REQUIRE(resample == kBicubic, "[", kCaller, "] ", where, ": resample: only 3 (bicubic) is supported, got ", resample);
  double factor = kRescale;
  fields.take("rescale_factor", factor);
  VITRINE_REQUIRE(std::abs(factor - kRescale) < 1e-9, "[", kCaller, "] ", where, ": rescale_factor: only 1/255 is supported, got ", factor);
  ClipPreprocess config;
  if (fields.has("size")) {
    const Side side = side_of(json["size"], where, "size");
    config.size = config.crop_size = side.pixels;
    config.keep_ratio = side.keep_ratio;
  }
  bool crops = true;
  fields.take("do_center_crop", crops);
  VITRINE_REQUIRE(crops || !config.keep_ratio, "[", kCaller, "] ", where, ": do_center_crop: false leaves pictures that are not square");
  if (crops && fields.has("crop_size")) config.crop_size = side_of(json["crop_size"], where, "crop_size").pixels;
  take_channels(fields, where, "image_mean", config.image_mean);
  take_channels(fields, where, "image_std", config.image_std);
  validate(config, where);
  return config;
}

ClipPreprocess read_clip_preprocess(const std::filesystem::path& model_dir, int64_t image_size) {
  const auto path = model_dir / "preprocessor_config.json";
  if (!std::filesystem::exists(path)) return {.size = image_size, .crop_size = image_size};
  const ClipPreprocess config = clip_preprocess_from_json(read_json_file(path), path.string());
  VITRINE_REQUIRE(config.crop_size == image_size, "[", kCaller, "] ", path.string(), ": crop_size ", config.crop_size,
                  " is not the image_size of config.json, ", image_size);
  return config;
}

Json to_json(const ClipPreprocess& config) {
  Json json;
  json["image_processor_type"] = "CLIPImageProcessor";
  for (const char* step : {"do_convert_rgb", "do_resize", "do_center_crop", "do_rescale", "do_normalize"}) json[step] = true;
  const Json square{{"height", config.size}, {"width", config.size}};
  json["size"] = config.keep_ratio ? Json{{"shortest_edge", config.size}} : square;
  json["crop_size"] = {{"height", config.crop_size}, {"width", config.crop_size}};
  json["resample"] = kBicubic;
  json["rescale_factor"] = kRescale;
  json["image_mean"] = config.image_mean;
  json["image_std"] = config.image_std;
  return json;
}

}  // namespace vitrine::models
