#include "imagery/picture_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "imagery/comfyui_prompt.h"
#include "imagery/generation_text.h"
#include "imagery/scheduler_names.h"
#include "io/exif.h"
#include "io/xmp_packet.h"

namespace vitrine::imagery {
namespace {

std::string text_of(const Json& record, const char* key) {
  return record.contains(key) && record.at(key).is_string() ? record.at(key).get<std::string>()
                                                            : "";
}

std::optional<int64_t> whole_of(const Json& record, const char* key) {
  if (!record.contains(key) || !record.at(key).is_number_integer()) return std::nullopt;
  if (record.at(key).is_number_unsigned() &&
      record.at(key).get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    return std::nullopt;
  return record.at(key).get<int64_t>();
}

std::optional<double> number_of(const Json& record, const char* key) {
  return record.contains(key) && record.at(key).is_number()
             ? std::optional(record.at(key).get<double>())
             : std::nullopt;
}

template <typename Number>
std::optional<Number> parsed(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

std::optional<Json> parse_object(const std::string& text, std::string_view name,
                                 std::string_view what) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  log_warn("[recall] ", name, ": ", what, " is no JSON object and is left aside");
  return std::nullopt;
}

UsedFile file_in(const Json& json) {
  UsedFile file{.file = bare_name(text_of(json, "file")), .sha256 = text_of(json, "sha256")};
  file.weight = number_of(json, "weight").value_or(1);
  return file;
}

/// Settings that say how `draw` computed, and what it began with; false = not one of them, or not a value that draw takes.
/// REQUIRES: settings.scheduler has been taken.
bool take_drawing(const std::string& key, const Json& value, RestoredSettings& settings) {
  static const std::set<std::string> kParts = {"text_encoder_sha256", "vae_sha256", "tokenizer_sha256", "scheduler_sha256"};
  if (key == "karras" && value.is_boolean()) {
    const bool has_them = settings.scheduler == "euler" || settings.scheduler == "dpmpp_2m";
    settings.use_karras_sigmas = value && has_them;
    return has_them || !value;
  }
  if (key == "strength" && value.is_number()) {
    const auto strength = value.get<double>();
    if (strength > 0 && strength <= 1) settings.strength = strength;
    return settings.strength.has_value();
  }
  if (key == "vae_tiling" && value.is_boolean()) return settings.vae_tiling.emplace(value.get<bool>()), true;
  if (key == "dtype" && (value == "float32" || value == "bfloat16")) return settings.dtype = value.get<std::string>(), true;
  if (kParts.contains(key) && value.is_string()) return settings.model_parts[key] = value.get<std::string>(), true;
  if (!value.is_object()) return false;
  if (key == "image") return settings.image = file_in(value), true;
  if (key == "mask") return settings.mask = file_in(value), true;
  if (key == "latents") return settings.latents = file_in(value), true;
  return false;
}

RestoredSettings restore_from_record(const Json& record) {
  RestoredSettings settings{.source = "vitrine",
                            .prompt = text_of(record, "prompt"),
                            .negative_prompt = text_of(record, "negative"),
                            .scheduler = scheduler_of(text_of(record, "sampler")),
                            .size_label = text_of(record, "size_label")};
  settings.seed = whole_of(record, "seed");
  settings.index = whole_of(record, "index");
  settings.steps = whole_of(record, "steps");
  settings.guidance_scale = number_of(record, "cfg");
  const Json size = record.value("size", Json());
  if (size.is_array() && size.size() == 2 && size[0].is_number_integer() &&
      size[1].is_number_integer()) {
    settings.width = size[0].get<int64_t>();
    settings.height = size[1].get<int64_t>();
  }
  if (record.contains("model") && record.at("model").is_object())
    settings.model = file_in(record.at("model"));
  const Json adapters = record.value("adapters", Json());
  for (const Json& adapter : adapters)
    if (adapter.is_object()) settings.adapters.push_back(file_in(adapter));
  static const std::set<std::string> kTaken = {"prompt", "negative", "seed",  "index",   "steps",
                                               "cfg",    "size",     "model", "adapters", "size_label"};
  for (const auto& [key, value] : record.items())
    if (!kTaken.contains(key) && !(key == "sampler" && !settings.scheduler.empty()) &&
        !take_drawing(key, value, settings))
      settings.other[key] = value;
  return settings;
}

bool take_setting(const std::string& key, const std::string& value, RestoredSettings& settings) {
  if (key == "Steps") return (settings.steps = parsed<int64_t>(value)).has_value();
  if (key == "Seed") return (settings.seed = parsed<int64_t>(value)).has_value();
  if (key == "CFG scale") return (settings.guidance_scale = parsed<double>(value)).has_value();
  if (key == "Sampler") return !(settings.scheduler = scheduler_of(value)).empty();
  if (key == "Model") return !(settings.model.file = bare_name(value)).empty();
  if (key == "Model hash") return !(settings.model.sha256 = value).empty();
  if (key != "Size") return false;
  const size_t x = std::min(value.find('x'), value.size());
  settings.width = parsed<int64_t>(value.substr(0, x));
  settings.height = parsed<int64_t>(value.substr(std::min(x + 1, value.size())));
  return settings.width && settings.height;
}

RestoredSettings restore_from_parameters(const std::string& parameters) {
  const GenerationText text = parse_generation_text(parameters);
  RestoredSettings settings{
      .source = "a1111", .prompt = text.prompt, .negative_prompt = text.negative_prompt};
  for (const auto& [key, value] : text.settings)
    if (!take_setting(key, value, settings)) settings.other[key] = value;
  return settings;
}

std::string number_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::string bare_name(const std::string& path) {
  const std::string name = path.substr(path.find_last_of("/\\") + 1);
  return name == "." || name == ".." ? "" : name;
}

std::optional<Json> read_record(const io::PictureMetadata& metadata, std::string_view name) {
  if (const std::string* text = metadata.text(kRecordKey))
    return parse_object(*text, name, "the text vitrine");
  for (const std::string& packet : metadata.xmp) {
    const io::XmpReading xmp = io::read_xmp(packet);
    if (const auto* property = xmp.find(kRecordSpace, kRecordName))
      return parse_object(property->value, name, "the XMP property vitrine:record");
  }
  return std::nullopt;
}

std::optional<std::string> read_parameters(const io::PictureMetadata& metadata) {
  if (const std::string* text = metadata.text(kParametersKey)) return *text;
  if (metadata.format == io::PictureFormat::png) return std::nullopt;
  const auto comment = io::read_exif(metadata.exif).user_comment;
  const bool is_parameters = comment && parse_generation_text(*comment).settings.size() >= 3;
  return is_parameters ? comment : std::nullopt;
}

std::string parameters_of(const Json& record) {
  GenerationText text{.prompt = text_of(record, "prompt"),
                      .negative_prompt = text_of(record, "negative"),
                      .settings = {}};
  if (text.prompt.empty()) return "";
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) text.settings.emplace_back(key, value);
  };
  const auto number = [&](const char* key) {
    return record.contains(key) ? number_text(record.at(key)) : "";
  };
  add("Steps", number("steps"));
  add("Sampler", sampler_of(text_of(record, "sampler")));
  add("CFG scale", number("cfg"));
  add("Seed", number("seed"));
  const Json size = record.value("size", Json());
  if (size.is_array() && size.size() == 2) add("Size", concat(size[0].dump(), "x", size[1].dump()));
  if (record.contains("model") && record.at("model").is_object()) {
    const UsedFile model = file_in(record.at("model"));
    add("Model hash", model.sha256.substr(0, 10));
    add("Model", model.file);
  }
  add("Version", text_of(record, "version"));
  return format_generation_text(text);
}

std::optional<RestoredSettings> restore_settings(const io::PictureMetadata& metadata,
                                                 std::string_view name) {
  if (const auto record = read_record(metadata, name);
      record && !text_of(*record, "prompt").empty())
    return restore_from_record(*record);
  if (const auto parameters = read_parameters(metadata))
    return restore_from_parameters(*parameters);
  if (const std::string* graph = metadata.text("prompt")) {
    const auto json = parse_object(*graph, name, "the text prompt (ComfyUI)");
    if (json) return restore_from_comfyui(*json);
  }
  return std::nullopt;
}

}  // namespace vitrine::imagery
