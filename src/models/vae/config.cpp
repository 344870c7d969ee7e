#include "models/vae/config.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kCaller = "vae_config";
constexpr const char* kDownType = "DownEncoderBlock2D";
constexpr const char* kUpType = "UpDecoderBlock2D";

void require_types(const Json& json, const char* name, const char* type, size_t num_levels, std::string_view where) {
  if (!json.contains(name)) return;
  VITRINE_REQUIRE(json[name].is_array() && json[name].size() == num_levels, "[vae_config] ", where, ": ", name, ": expected ", num_levels,
                  " entries as in block_out_channels, got ", json[name].dump());
  for (const Json& entry : json[name]) {
    VITRINE_REQUIRE(entry == type, "[vae_config] ", where, ": ", name, ": unknown block type ", entry.dump(), " (WGT_ARCH), known is ", type);
  }
}

void require_off(const Json& json, const char* name, const Json& off, std::string_view where) {
  VITRINE_REQUIRE(!json.contains(name) || json[name] == off, "[vae_config] ", where, ": ", name, ": ", json[name].dump(),
                  " is not supported (WGT_ARCH), only ", off.dump());
}

}  // namespace

void validate(const VaeConfig& config, std::string_view where) {
  VITRINE_REQUIRE(!config.block_out_channels.empty() && config.num_levels() <= 8, "[vae_config] ", where,
                  ": block_out_channels: expected 1 to 8 levels, got ", config.num_levels());
  for (const auto& [name, value] : {std::pair{"in_channels", config.in_channels}, {"out_channels", config.out_channels},
                                    {"layers_per_block", config.layers_per_block}, {"latent_channels", config.latent_channels},
                                    {"norm_num_groups", config.norm_num_groups}, {"sample_size", config.sample_size}}) {
    require_size(kCaller, where, name, value);
  }
  for (const int64_t C : config.block_out_channels) {
    require_size(kCaller, where, "block_out_channels", C);
    VITRINE_REQUIRE(C % config.norm_num_groups == 0, "[vae_config] ", where, ": block_out_channels: ", C, " is no multiple of norm_num_groups ",
                    config.norm_num_groups);
  }
  VITRINE_REQUIRE(config.scaling_factor > 0, "[vae_config] ", where, ": scaling_factor: expected > 0, got ", config.scaling_factor);
}

VaeConfig vae_config_from_json(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  std::string class_name = "AutoencoderKL";
  fields.take("_class_name", class_name);
  VITRINE_REQUIRE(class_name == "AutoencoderKL", "[vae_config] ", where, ": _class_name: expected AutoencoderKL, got '", class_name, "'");
  fields.require({"block_out_channels"});
  VaeConfig config;
  config.block_out_channels.clear();
  VITRINE_REQUIRE(json["block_out_channels"].is_array(), "[vae_config] ", where, ": block_out_channels: expected a list, got ",
                  json["block_out_channels"].dump());
  for (const Json& entry : json["block_out_channels"]) {
    VITRINE_REQUIRE(entry.is_number_integer(), "[vae_config] ", where, ": block_out_channels: expected integers, got ", entry.dump());
    config.block_out_channels.push_back(entry.get<int64_t>());
  }
  require_types(json, "down_block_types", kDownType, config.num_levels(), where);
  require_types(json, "up_block_types", kUpType, config.num_levels(), where);
  require_off(json, "act_fn", "silu", where);
  require_off(json, "shift_factor", nullptr, where);
  config.layers_per_block = 1;
  fields.take("in_channels", config.in_channels);
  fields.take("out_channels", config.out_channels);
  fields.take("layers_per_block", config.layers_per_block);
  fields.take("latent_channels", config.latent_channels);
  fields.take("norm_num_groups", config.norm_num_groups);
  config.sample_size = 32;
  fields.take("sample_size", config.sample_size);
  fields.take("scaling_factor", config.scaling_factor);
  fields.take("use_quant_conv", config.use_quant_conv);
  fields.take("use_post_quant_conv", config.use_post_quant_conv);
  fields.take("mid_block_add_attention", config.mid_block_add_attention);
  validate(config, where);
  return config;
}

VaeConfig read_vae_config(const std::filesystem::path& vae_dir) {
  if (!std::filesystem::is_directory(vae_dir)) throw NotFound(concat("[read_vae_config] ", vae_dir.string(), ": no such model directory"));
  const auto path = vae_dir / "config.json";
  return vae_config_from_json(read_json_file(path), path.string());
}

Json to_json(const VaeConfig& config) {
  Json json;
  json["_class_name"] = "AutoencoderKL";
  json["in_channels"] = config.in_channels;
  json["out_channels"] = config.out_channels;
  json["down_block_types"] = std::vector<std::string>(config.num_levels(), kDownType);
  json["up_block_types"] = std::vector<std::string>(config.num_levels(), kUpType);
  json["block_out_channels"] = config.block_out_channels;
  json["layers_per_block"] = config.layers_per_block;
  json["act_fn"] = "silu";
  json["latent_channels"] = config.latent_channels;
  json["norm_num_groups"] = config.norm_num_groups;
  json["sample_size"] = config.sample_size;
  json["scaling_factor"] = config.scaling_factor;
  json["use_quant_conv"] = config.use_quant_conv;
  json["use_post_quant_conv"] = config.use_post_quant_conv;
  json["mid_block_add_attention"] = config.mid_block_add_attention;
  return json;
}

}  // namespace vitrine::models
