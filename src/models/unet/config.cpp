#include "models/unet/config.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "models/config_fields.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kCaller = "unet_config";
constexpr std::array<std::string_view, 2> kDownTypes{"DownBlock2D", "CrossAttnDownBlock2D"};
constexpr std::array<std::string_view, 2> kUpTypes{"UpBlock2D", "CrossAttnUpBlock2D"};

/// Features of UNet2DConditionModel that change the network and are not supported, with the value that means "off".
const std::vector<std::pair<const char*, Json>>& unsupported_fields() {
  static const std::vector<std::pair<const char*, Json>> fields{
      {"act_fn", "silu"}, {"class_embed_type", nullptr}, {"num_class_embeds", nullptr},
      {"encoder_hid_dim", nullptr}, {"encoder_hid_dim_type", nullptr}, {"dual_cross_attention", false},
      {"only_cross_attention", false}, {"resnet_time_scale_shift", "default"}, {"time_embedding_type", "positional"},
      {"time_embedding_act_fn", nullptr}, {"timestep_post_act", nullptr}, {"time_embedding_dim", nullptr}, {"conv_in_kernel", 3}, {"conv_out_kernel", 3},
      {"center_input_sample", false}, {"mid_block_scale_factor", 1}, {"resnet_skip_time_act", false},
      {"resnet_out_scale_factor", 1.0}, {"cross_attention_norm", nullptr}, {"mid_block_only_cross_attention", nullptr},
      {"attention_type", "default"}, {"reverse_transformer_layers_per_block", nullptr}, {"class_embeddings_concat", false}};
  return fields;
}

bool is_off(const Json& value, const Json& off) { return value == off || (value.is_null() && (off.is_null() || off == Json(false))); }

void refuse_unsupported(const ConfigFields& fields, std::string_view where) {
  for (const auto& [name, off] : unsupported_fields()) {
    if (!fields.json().contains(name)) continue;
    const Json& value = fields.json()[name];
    VITRINE_REQUIRE(is_off(value, off), "[unet_config] ", where, ": ", name, ": ", value.dump(), " is not supported (WGT_ARCH), only ", off.dump());
  }
}

/// 0 without an addition_embed_type; 64 heads are what diffusers takes when none are named.
int64_t addition_heads(const ConfigFields& fields, std::string_view where) {
  if (!fields.has("addition_embed_type")) return 0;
  const Json& type = fields.json()["addition_embed_type"];
  VITRINE_REQUIRE(type == "text", "[unet_config] ", where, ": addition_embed_type: ", type.dump(), " is not supported (WGT_ARCH), only \"text\" or null");
  int64_t heads = 64;
  fields.take("addition_embed_type_num_heads", heads);
  require_size(kCaller, where, "addition_embed_type_num_heads", heads);
  return heads;
}

int64_t integer(const Json& value, const char* name, std::string_view where) {
  VITRINE_REQUIRE(value.is_number_integer(), "[unet_config] ", where, ": ", name, ": expected an integer, got ", value.dump());
  return value.get<int64_t>();
}

/// A list with an entry a level, or one number for all levels.
std::vector<int64_t> per_level(const Json& value, size_t num_levels, const char* name, std::string_view where) {
  if (!value.is_array()) return std::vector<int64_t>(num_levels, integer(value, name, where));
  std::vector<int64_t> values;
  for (const Json& entry : value) values.push_back(integer(entry, name, where));
  return values;
}

std::vector<std::string> words(const Json& value, const char* name, std::string_view where) {
  VITRINE_REQUIRE(value.is_array(), "[unet_config] ", where, ": ", name, ": expected a list, got ", value.dump());
  std::vector<std::string> result;
  for (const Json& entry : value) {
    VITRINE_REQUIRE(entry.is_string(), "[unet_config] ", where, ": ", name, ": expected words, got ", entry.dump());
    result.push_back(entry.get<std::string>());
  }
  return result;
}

template <size_t N>
void require_types(const std::vector<std::string>& types, const std::array<std::string_view, N>& known, size_t num_levels, const char* name,
                   std::string_view where) {
  VITRINE_REQUIRE(types.size() == num_levels, "[unet_config] ", where, ": ", name, ": expected ", num_levels, " entries as in block_out_channels, got ",
                  types.size());
  for (const std::string& type : types) {
    VITRINE_REQUIRE(std::find(known.begin(), known.end(), type) != known.end(), "[unet_config] ", where, ": ", name, ": unknown block type '",
                    type, "' (WGT_ARCH), known are ", known[0], " and ", known[1]);
  }
}

void require_levels(const std::vector<int64_t>& values, size_t num_levels, const char* name, std::string_view where) {
  VITRINE_REQUIRE(values.size() == num_levels, "[unet_config] ", where, ": ", name, ": expected ", num_levels, " entries, got ", values.size());
  for (const int64_t value : values) require_size(kCaller, where, name, value);
}

}  // namespace

void validate(const UNetConfig& config, std::string_view where) {
  const size_t n = config.num_levels();
  VITRINE_REQUIRE(n >= 1, "[unet_config] ", where, ": block_out_channels is empty");
  require_levels(config.block_out_channels, n, "block_out_channels", where);
  require_levels(config.layers_per_block, n, "layers_per_block", where);
  require_levels(config.transformer_layers_per_block, n, "transformer_layers_per_block", where);
  require_levels(config.num_attention_heads, n, "attention_head_dim", where);
  require_types(config.down_block_types, kDownTypes, n, "down_block_types", where);
  require_types(config.up_block_types, kUpTypes, n, "up_block_types", where);
  VITRINE_REQUIRE(config.mid_block_type == "UNetMidBlock2DCrossAttn", "[unet_config] ", where, ": mid_block_type: unknown block type '",
                  config.mid_block_type, "' (WGT_ARCH), known is UNetMidBlock2DCrossAttn");
  for (const auto& [name, value] : {std::pair{"sample_size", config.sample_size}, {"in_channels", config.in_channels},
                                    {"out_channels", config.out_channels}, {"cross_attention_dim", config.cross_attention_dim},
                                    {"norm_num_groups", config.norm_num_groups}}) {
    require_size(kCaller, where, name, value);
  }
  require_size(kCaller, where, "time_cond_proj_dim", config.time_cond_proj_dim, 0);
  require_size(kCaller, where, "addition_embed_type_num_heads", config.addition_embed_heads, 0);
  VITRINE_REQUIRE(config.addition_embed_heads == 0 || config.cross_attention_dim % config.addition_embed_heads == 0, "[unet_config] ", where,
                  ": cross_attention_dim: ", config.cross_attention_dim, " is no multiple of ", config.addition_embed_heads, " heads (addition_embed_type_num_heads)");
  VITRINE_REQUIRE(config.norm_eps > 0, "[unet_config] ", where, ": norm_eps: expected > 0, got ", config.norm_eps);
  VITRINE_REQUIRE(config.downsample_padding == 1, "[unet_config] ", where, ": downsample_padding: expected 1, got ", config.downsample_padding);
  for (size_t i = 0; i < n; ++i) {
    const int64_t C = config.block_out_channels[i];
    VITRINE_REQUIRE(C % config.norm_num_groups == 0, "[unet_config] ", where, ": block_out_channels: ", C, " is no multiple of norm_num_groups ",
                    config.norm_num_groups);
    VITRINE_REQUIRE(C % config.num_attention_heads[i] == 0, "[unet_config] ", where, ": block_out_channels: ", C, " is no multiple of ",
                    config.num_attention_heads[i], " heads");
  }
  VITRINE_REQUIRE(config.block_out_channels.front() % 2 == 0, "[unet_config] ", where, ": block_out_channels: the first must be even, got ",
                  config.block_out_channels.front());
}

UNetConfig unet_config_from_json(const Json& json, std::string_view where) {
  const ConfigFields fields(json, kCaller, where);
  std::string class_name = "UNet2DConditionModel";
  fields.take("_class_name", class_name);
  VITRINE_REQUIRE(class_name == "UNet2DConditionModel", "[unet_config] ", where, ": _class_name: expected UNet2DConditionModel, got '", class_name, "'");
  fields.require({"block_out_channels"});
  refuse_unsupported(fields, where);
  UNetConfig config;
  const auto lists = [&](const char* name, std::vector<int64_t>& values) {
    if (fields.has(name)) values = per_level(json[name], config.block_out_channels.size(), name, where);
  };
  config.block_out_channels = per_level(json["block_out_channels"], 1, "block_out_channels", where);
  const size_t n = config.num_levels();
  config.layers_per_block.assign(n, 2);
  config.transformer_layers_per_block.assign(n, 1);
  config.num_attention_heads.assign(n, 8);
  fields.take("sample_size", config.sample_size);
  fields.take("in_channels", config.in_channels);
  fields.take("out_channels", config.out_channels);
  if (fields.has("down_block_types")) config.down_block_types = words(json["down_block_types"], "down_block_types", where);
  if (fields.has("up_block_types")) config.up_block_types = words(json["up_block_types"], "up_block_types", where);
  fields.take("mid_block_type", config.mid_block_type);
  lists("layers_per_block", config.layers_per_block);
  lists("transformer_layers_per_block", config.transformer_layers_per_block);
  // In this class of diffusers attention_head_dim is the number of heads, unless num_attention_heads is given.
  lists("attention_head_dim", config.num_attention_heads);
  lists("num_attention_heads", config.num_attention_heads);
  fields.take("cross_attention_dim", config.cross_attention_dim);
  fields.take("norm_num_groups", config.norm_num_groups);
  fields.take("norm_eps", config.norm_eps);
  fields.take("downsample_padding", config.downsample_padding);
  fields.take("use_linear_projection", config.use_linear_projection);
  fields.take("flip_sin_to_cos", config.flip_sin_to_cos);
  fields.take("freq_shift", config.freq_shift);
  fields.take("time_cond_proj_dim", config.time_cond_proj_dim);
  config.addition_embed_heads = addition_heads(fields, where);
  validate(config, where);
  return config;
}

UNetConfig read_unet_config(const std::filesystem::path& unet_dir) {
  if (!std::filesystem::is_directory(unet_dir)) throw NotFound(concat("[read_unet_config] ", unet_dir.string(), ": no such model directory"));
  const auto path = unet_dir / "config.json";
  return unet_config_from_json(read_json_file(path), path.string());
}

Json to_json(const UNetConfig& config) {
  Json json;
  json["_class_name"] = "UNet2DConditionModel";
  json["sample_size"] = config.sample_size;
  json["in_channels"] = config.in_channels;
  json["out_channels"] = config.out_channels;
  json["down_block_types"] = config.down_block_types;
  json["mid_block_type"] = config.mid_block_type;
  json["up_block_types"] = config.up_block_types;
  json["block_out_channels"] = config.block_out_channels;
  json["layers_per_block"] = config.layers_per_block;
  json["transformer_layers_per_block"] = config.transformer_layers_per_block;
  json["attention_head_dim"] = config.num_attention_heads;
  json["cross_attention_dim"] = config.cross_attention_dim;
  json["norm_num_groups"] = config.norm_num_groups;
  json["norm_eps"] = config.norm_eps;
  json["downsample_padding"] = config.downsample_padding;
  json["use_linear_projection"] = config.use_linear_projection;
  json["flip_sin_to_cos"] = config.flip_sin_to_cos;
  json["freq_shift"] = config.freq_shift;
  json["time_cond_proj_dim"] = config.time_cond_proj_dim > 0 ? Json(config.time_cond_proj_dim) : Json(nullptr);
  if (config.addition_embed_heads > 0) {
    json["addition_embed_type"] = "text";
    json["addition_embed_type_num_heads"] = config.addition_embed_heads;
  }
  return json;
}

}  // namespace vitrine::models
