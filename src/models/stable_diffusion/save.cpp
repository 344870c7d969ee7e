#include "models/stable_diffusion/save.h"

#include <array>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "models/diffusers_files.h"
#include "models/stable_diffusion/ldm_names.h"
#include "models/stable_diffusion/model_index.h"
#include "models/tensor_copies.h"
#include "models/unet/weights.h"
#include "models/vae/weights.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;
using Copies = std::vector<TensorCopy>;

/// The copies of `specs` under their own names behind `prefix`, in the shapes of the specs.
Copies own_copies(const Weights& weights, const std::vector<WeightSpec>& specs, std::string_view prefix = "") {
  Copies copies;
  for (const WeightSpec& spec : specs) copies.push_back({.name = concat(prefix, spec.name), .shape = spec.shape, .pieces = {weights.view(spec.name)}});
  return copies;
}

void save_part(const fs::path& dir, const Copies& copies, const Json& config_json, std::string_view stem, const SdSaveConfig& config) {
  fs::create_directories(dir);
  save_copies(dir / concat(stem, ".safetensors"), copies, config.dtype, config.metadata);
  write_file_atomic(dir / "config.json", dump_pretty(config_json));
}

/// As config.json of transformers says it.
std::string dtype_word(const Copies& copies, const SdSaveConfig& config) {
  switch (config.dtype.value_or(copies.front().pieces.front().dtype)) {
    case io::DType::F16: return "float16";
    case io::DType::BF16: return "bfloat16";
    default: return "float32";
  }
}

void save_text_encoder(const StableDiffusionFiles& files, const Weights& weights, const fs::path& dir, const SdSaveConfig& config) {
  const TextConfig& text = files.settings.text_encoder;
  const bool is_bert = std::holds_alternative<BertConfig>(text);
  const Copies copies = own_copies(weights, text_weight_specs(text), is_bert ? "" : "text_model.");
  save_part(dir, copies, to_json(text, dtype_word(copies, config)), "model", config);
}

void add_renamed(Copies& copies, const Weights& weights, const std::vector<WeightSpec>& specs, const std::vector<LdmModule>& modules,
                 std::string_view prefix) {
  for (const WeightSpec& spec : specs) copies.push_back({.name = concat(prefix, to_ldm(modules, spec.name).value()), .shape = spec.shape, .pieces = {weights.view(spec.name)}});
}

void add_vae(Copies& copies, const Weights& weights, const VaeConfig& config) {
  const std::vector<LdmModule> modules = ldm_vae_modules(config);
  for (WeightSpec& spec : vae_weight_specs(config)) {
    if (is_kernel_in_ldm(spec.name)) spec.shape.insert(spec.shape.end(), {1, 1});
    copies.push_back({.name = concat(kLdmVae, to_ldm(modules, spec.name).value()), .shape = spec.shape, .pieces = {weights.view(spec.name)}});
  }
}

/// Layers as OpenCLIP has them: q, k and v are one tensor.
void add_open_clip_layer(Copies& copies, const Weights& weights, const ClipTextConfig& config, int64_t layer_idx) {
  const std::string own = concat("encoder.layers.", layer_idx, "."), ldm = concat(kLdmOpenClip, "transformer.resblocks.", layer_idx, ".");
  const int64_t C = config.hidden_size;
  const auto qkv = [&](const char* end) {
    return std::vector<io::TensorView>{weights.view(concat(own, "self_attn.q_proj.", end)), weights.view(concat(own, "self_attn.k_proj.", end)),
                                       weights.view(concat(own, "self_attn.v_proj.", end))};
  };
  copies.push_back({.name = ldm + "attn.in_proj_weight", .shape = {3 * C, C}, .pieces = qkv("weight")});
  copies.push_back({.name = ldm + "attn.in_proj_bias", .shape = {3 * C}, .pieces = qkv("bias")});
  constexpr std::array<std::pair<const char*, const char*>, 5> kModules{{{"self_attn.out_proj.", "attn.out_proj."},
                                                                         {"layer_norm1.", "ln_1."},
                                                                         {"layer_norm2.", "ln_2."},
                                                                         {"mlp.fc1.", "mlp.c_fc."},
                                                                         {"mlp.fc2.", "mlp.c_proj."}}};
  for (const auto& [from, to] : kModules) {
    for (const char* end : {"weight", "bias"}) copies.push_back(copy_as(concat(ldm, to, end), weights.view(concat(own, from, end))));
  }
}

void add_open_clip(Copies& copies, const Weights& weights, const ClipTextConfig& config) {
  const auto add = [&](const char* ldm, const char* own) { copies.push_back(copy_as(concat(kLdmOpenClip, ldm), weights.view(own))); };
  add("token_embedding.weight", "embeddings.token_embedding.weight");
  add("positional_embedding", "embeddings.position_embedding.weight");
  for (int64_t layer_idx = 0; layer_idx < config.num_hidden_layers; ++layer_idx) add_open_clip_layer(copies, weights, config, layer_idx);
  add("ln_final.weight", "final_layer_norm.weight");
  add("ln_final.bias", "final_layer_norm.bias");
}

void add_text_encoder(Copies& copies, const Weights& weights, const TextConfig& text, const fs::path& path) {
  const ClipTextConfig* config = std::get_if<ClipTextConfig>(&text);
  VITRINE_REQUIRE(config != nullptr, "[save_single_file] ", path.string(), ": a single file has no place for a text encoder that is no CLIP");
  if (config->hidden_act == "gelu") return add_open_clip(copies, weights, *config);
  for (TensorCopy& copy : own_copies(weights, text_weight_specs(text), concat(kLdmClip, "text_model."))) copies.push_back(std::move(copy));
}

}  // namespace

void save_diffusers(const StableDiffusionFiles& files, const StableDiffusionWeights& weights, const fs::path& dir, const SdSaveConfig& config) {
  const SdSettings& settings = files.settings;
  save_text_encoder(files, weights.text_encoder.weights, dir / "text_encoder", config);
  save_part(dir / "unet", own_copies(weights.unet, unet_weight_specs(settings.unet)), to_json(settings.unet), kDiffusersStem, config);
  save_part(dir / "vae", own_copies(weights.vae, vae_weight_specs(settings.vae)), to_json(settings.vae), kDiffusersStem, config);
  fs::create_directories(dir / "scheduler");
  write_file_atomic(dir / "scheduler" / "scheduler_config.json", dump_pretty(settings.scheduler));
  write_file_atomic(dir / "model_index.json", dump_pretty(model_index(settings.text_encoder, settings.scheduler, files.is_inpainting())));
}

void save_single_file(const StableDiffusionFiles& files, const StableDiffusionWeights& weights, const fs::path& path, const SdSaveConfig& config) {
  const SdSettings& settings = files.settings;
  VITRINE_REQUIRE(settings.unet.addition_embed_heads == 0, "[save_single_file] ", path.string(),
                  ": a single file has no place for text in the time embedding (addition_embed_type)");
  Copies copies;
  add_renamed(copies, weights.unet, unet_weight_specs(settings.unet), ldm_unet_modules(settings.unet), kLdmUNet);
  add_vae(copies, weights.vae, settings.vae);
  add_text_encoder(copies, weights.text_encoder.weights, settings.text_encoder, path);
  std::map<std::string, std::string> metadata = settings_metadata(settings);
  metadata.insert(config.metadata.begin(), config.metadata.end());
  save_copies(path, copies, config.dtype, metadata);
}

}  // namespace vitrine::models
