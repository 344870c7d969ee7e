#include "models/probe/config.h"

#include <utility>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kCaller = "probe_config";
constexpr const char* kModelType = "vitrine_probe";

template <typename T>
std::vector<T> list(const Json& json, const char* name, std::string_view where) {
  try {
    return json.at(name).get<std::vector<T>>();
  } catch (const Json::exception&) {
    throw InvalidInput(concat("[probe_config] ", where, ": ", name, ": expected a list, got ", json.value(name, Json()).dump()));
  }
}

}  // namespace

void validate(const ProbeConfig& config, std::string_view where) {
  for (const auto& [name, value] : {std::pair{"width", config.width}, {"height", config.height}, {"layers_per_block", config.layers_per_block},
                                    {"norm_num_groups", config.norm_num_groups}}) {
    require_size(kCaller, where, name, value);
  }
  VITRINE_REQUIRE(!config.block_out_channels.empty(), "[probe_config] ", where, ": block_out_channels is empty");
  for (const int64_t C : config.block_out_channels) {
    require_size(kCaller, where, "block_out_channels", C);
    VITRINE_REQUIRE(C % config.norm_num_groups == 0, "[probe_config] ", where, ": block_out_channels: ", C, " is no multiple of norm_num_groups ",
                    config.norm_num_groups);
  }
  VITRINE_REQUIRE(config.classes.size() >= 2, "[probe_config] ", where, ": classes: expected at least 2, got ", config.classes.size());
}

ProbeConfig probe_config_from_json(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  std::string model_type;
  fields.take("model_type", model_type);
  VITRINE_REQUIRE(model_type == kModelType, "[probe_config] ", where, ": model_type: expected '", kModelType, "', got '", model_type, "'");
  ProbeConfig config;
  fields.take("width", config.width);
  fields.take("height", config.height);
  fields.take("layers_per_block", config.layers_per_block);
  fields.take("norm_num_groups", config.norm_num_groups);
  config.block_out_channels = list<int64_t>(json, "block_out_channels", where);
  config.classes = list<std::string>(json, "classes", where);
  validate(config, where);
  return config;
}

ProbeConfig read_probe_config(const std::filesystem::path& model_dir) {
  if (!std::filesystem::is_directory(model_dir)) throw NotFound(concat("[read_probe_config] ", model_dir.string(), ": no such model directory"));
  const auto path = model_dir / "config.json";
  return probe_config_from_json(read_json_file(path), path.string());
}

Json to_json(const ProbeConfig& config) {
  return {{"model_type", kModelType},
          {"width", config.width},
          {"height", config.height},
          {"block_out_channels", config.block_out_channels},
          {"layers_per_block", config.layers_per_block},
          {"norm_num_groups", config.norm_num_groups},
          {"classes", config.classes}};
}

}  // namespace vitrine::models
