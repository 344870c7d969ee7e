#include "models/stable_diffusion/single_file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "models/stable_diffusion/ldm_names.h"
#include "models/unet/weights.h"
#include "models/vae/weights.h"
#include "models/weight_matcher.h"

namespace vitrine::models {
namespace {

constexpr int64_t kGroups = 32, kHeadSize = 64, kHeads = 8;

bool has_start(const Shapes& shapes, std::string_view start) {
  const auto at = shapes.lower_bound(start);
  return at != shapes.end() && at->first.starts_with(start);
}

/// Questions about the tensors behind one prefix.
class Part {
 public:
  Part(const Shapes& shapes, std::string_view prefix, std::string_view where) : shapes_(shapes), prefix_(prefix), where_(where) {}

  bool has(const std::string& name) const { return shapes_.contains(prefix_ + name); }
  bool has_module(const std::string& name) const { return has_start(shapes_, prefix_ + name + "."); }
  size_t rank(const std::string& name) const { return find(name).size(); }
  int64_t size(const std::string& name, size_t dim) const {
    const auto& shape = find(name);
    VITRINE_REQUIRE(dim < shape.size(), "[stable_diffusion] ", where_, ": ", prefix_, name, ": too few dimensions in ", io::shape_text(shape));
    return shape[dim];
  }
  /// How many of name.0, name.1, … there are.
  int64_t count(const std::string& name) const {
    int64_t number = 0;
    while (has_module(concat(name, ".", number))) ++number;
    return number;
  }

 private:
  const std::vector<int64_t>& find(const std::string& name) const {
    const auto found = shapes_.find(prefix_ + name);
    VITRINE_REQUIRE(found != shapes_.end(), "[stable_diffusion] ", where_, ": ", prefix_, name, ": missing");
    return found->second;
  }

  const Shapes& shapes_;
  std::string prefix_;
  std::string_view where_;
};

/// One level of the way down.
struct Level {
  int64_t width = 0, layers = 0, transformer_layers = 0;  // 0 = no attention
};

std::vector<Level> levels_of(const Part& unet) {
  std::vector<Level> levels(1);
  for (int64_t input = 1;; ++input) {
    const std::string block = concat("input_blocks.", input);
    if (unet.has_module(block + ".0.op")) {
      levels.emplace_back();
    } else if (unet.has_module(block + ".0.in_layers")) {
      Level& level = levels.back();
      level.width = unet.size(block + ".0.out_layers.3.weight", 0);
      level.transformer_layers = unet.count(block + ".1.transformer_blocks");
      ++level.layers;
    } else {
      return levels;
    }
  }
}

/// Whether the first layer of each level of the way up has attention, from the deepest on.
std::vector<bool> attention_up(const Part& unet, const std::vector<Level>& levels) {
  std::vector<bool> attention;
  int64_t output = 0;
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    attention.push_back(unet.count(concat("output_blocks.", output, ".1.transformer_blocks")) > 0);
    output += level->layers + 1;
  }
  return attention;
}

/// A module with attention; the middle always has one.
std::string first_transformer(const Part& unet) { return unet.has_module("input_blocks.1.1.transformer_blocks") ? "input_blocks.1.1" : "middle_block.1"; }

void require_groups(const std::vector<int64_t>& widths, const char* part, std::string_view where) {
  for (const int64_t C : widths) {
    VITRINE_REQUIRE(C > 0 && C % kGroups == 0, "[stable_diffusion] ", where, ": ", part, ": a width of ", C, " does not fit ", kGroups,
                    " groups, and the file holds no settings; give a diffusers directory with the same configs");
  }
}

/// Tensors of `prefix` under the names that `own_name` gives; others keep theirs and will be unexpected.
template <typename OwnName>
std::vector<NamedView> views_of(const io::Checkpoint& checkpoint, std::string_view prefix, OwnName own_name) {
  std::vector<NamedView> views;
  for (const io::TensorView& tensor : checkpoint.tensors()) {
    if (!tensor.name.starts_with(prefix)) continue;
    const auto name = own_name(std::string_view(tensor.name).substr(prefix.size()));
    views.push_back({name.value_or(tensor.name), tensor});
  }
  return views;
}

/// [out, in, 1, 1] as [out, in].
void drop_kernel(io::TensorView& view) {
  if (view.shape.size() == 4 && view.shape[2] == 1 && view.shape[3] == 1) view.shape.resize(2);
}

Weights match_all(std::shared_ptr<const io::Checkpoint> checkpoint, std::vector<NamedView> views, const std::vector<WeightSpec>& specs,
                  std::string_view caller, const std::filesystem::path& where) {
  WeightMatcher matcher(std::move(checkpoint), std::move(views));
  for (const WeightSpec& spec : specs) matcher.match(spec);
  return matcher.finish(caller, where);
}

std::vector<NamedView> average_views(const io::Checkpoint& checkpoint, const std::vector<LdmModule>& modules, const std::vector<WeightSpec>& specs) {
  std::vector<NamedView> views;
  for (const WeightSpec& spec : specs) {
    const io::TensorView* tensor = checkpoint.find(ldm_average_name(to_ldm(modules, spec.name).value()));
    if (tensor != nullptr) views.push_back({spec.name, *tensor});
  }
  return views;
}

}  // namespace

Shapes shapes_of(const io::Checkpoint& checkpoint) {
  Shapes shapes;
  for (const io::TensorView& tensor : checkpoint.tensors()) shapes[tensor.name] = tensor.shape;
  return shapes;
}

void require_stable_diffusion(const Shapes& shapes, std::string_view where) {
  const auto refuse = [&](std::string_view what) {
    throw InvalidInput(concat("[stable_diffusion] ", where, ": WGT_ARCH: ", what, "; Stable Diffusion 1.x and 2.x are supported"));
  };
  if (has_start(shapes, "conditioner.embedders.") || has_start(shapes, "model.diffusion_model.label_emb.")) {
    refuse("a Stable Diffusion XL checkpoint");
  }
  if (has_start(shapes, "control_model.")) refuse("a ControlNet");
  if (has_start(shapes, "model.diffusion_model.joint_blocks.") || has_start(shapes, "model.diffusion_model.double_blocks.") ||
      has_start(shapes, "double_blocks.") || has_start(shapes, "joint_blocks.")) {
    refuse("a transformer model (Stable Diffusion 3, Flux)");
  }
  if (!shapes.contains("model.diffusion_model.input_blocks.0.0.weight")) {
    refuse(has_start(shapes, "lora_") ? "a LoRA" : "no tensor model.diffusion_model.input_blocks.0.0.weight, so no known kind");
  }
  if (!has_start(shapes, kLdmVae)) refuse("a UNet without its VAE (first_stage_model.)");
}

UNetConfig unet_config_of(const Shapes& shapes, std::string_view where) {
  const Part unet(shapes, kLdmUNet, where);
  const std::vector<Level> levels = levels_of(unet);
  const std::vector<bool> up = attention_up(unet, levels);
  const std::string transformer = first_transformer(unet);
  UNetConfig config;
  config.in_channels = unet.size("input_blocks.0.0.weight", 1);
  config.out_channels = unet.size("out.2.weight", 0);
  config.cross_attention_dim = unet.size(transformer + ".transformer_blocks.0.attn2.to_k.weight", 1);
  config.use_linear_projection = unet.rank(transformer + ".proj_in.weight") == 2;
  if (unet.has("time_embed.cond_proj.weight")) config.time_cond_proj_dim = unet.size("time_embed.cond_proj.weight", 1);
  config.down_block_types.clear(), config.up_block_types.clear();
  config.block_out_channels.clear(), config.layers_per_block.clear();
  config.transformer_layers_per_block.clear(), config.num_attention_heads.clear();
  for (const Level& level : levels) {
    config.down_block_types.push_back(level.transformer_layers > 0 ? "CrossAttnDownBlock2D" : "DownBlock2D");
    config.block_out_channels.push_back(level.width);
    config.layers_per_block.push_back(level.layers);
    config.transformer_layers_per_block.push_back(std::max<int64_t>(1, level.transformer_layers));
    config.num_attention_heads.push_back(config.use_linear_projection ? std::max<int64_t>(1, level.width / kHeadSize) : kHeads);
  }
  for (const bool attention : up) config.up_block_types.push_back(attention ? "CrossAttnUpBlock2D" : "UpBlock2D");
  config.transformer_layers_per_block.back() = std::max<int64_t>(1, unet.count("middle_block.1.transformer_blocks"));
  require_groups(config.block_out_channels, "UNet", where);
  validate(config, where);
  return config;
}

VaeConfig vae_config_of(const Shapes& shapes, std::string_view where) {
  const Part vae(shapes, kLdmVae, where);
  VaeConfig config;
  config.in_channels = vae.size("encoder.conv_in.weight", 1);
  config.out_channels = vae.size("decoder.conv_out.weight", 0);
  config.latent_channels = vae.size("decoder.conv_in.weight", 1);
  config.block_out_channels.clear();
  const int64_t num_levels = vae.count("encoder.down");
  for (int64_t level = 0; level < num_levels; ++level) {
    config.block_out_channels.push_back(vae.size(concat("encoder.down.", level, ".block.0.conv2.weight"), 0));
  }
  config.layers_per_block = vae.count("encoder.down.0.block");
  config.use_quant_conv = vae.has("quant_conv.weight");
  config.use_post_quant_conv = vae.has("post_quant_conv.weight");
  config.mid_block_add_attention = vae.has_module("encoder.mid.attn_1");
  require_groups(config.block_out_channels, "VAE", where);
  validate(config, where);
  return config;
}

std::string_view ldm_text_prefix(const Shapes& shapes, std::string_view where) {
  for (const std::string_view prefix : {kLdmClip, kLdmOpenClip}) {
    if (has_start(shapes, prefix)) return prefix;
  }
  throw InvalidInput(concat("[stable_diffusion] ", where, ": WGT_ARCH: no text encoder under ", kLdmClip, " or ", kLdmOpenClip));
}

bool is_ignored_in_ldm(std::string_view stored) {
  constexpr std::array<std::string_view, 14> kBuffers{
      "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod", "log_one_minus_alphas_cumprod",
      "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef1",
      "posterior_mean_coef2", "lvlb_weights", "logvar"};
  constexpr std::array<std::string_view, 4> kSingle{"scale_factor", "model_ema.decay", "model_ema.num_updates", "global_step"};
  constexpr std::array<std::string_view, 3> kStarts{"model_ema.", "first_stage_model.loss.", "first_stage_model.model_ema."};
  return std::find(kBuffers.begin(), kBuffers.end(), stored) != kBuffers.end() || std::find(kSingle.begin(), kSingle.end(), stored) != kSingle.end() ||
         std::any_of(kStarts.begin(), kStarts.end(), [&](std::string_view start) { return stored.starts_with(start); });
}

std::string ldm_average_name(std::string_view ldm_unet_name) {
  std::string name = "model_ema.diffusion_model";
  for (const char c : ldm_unet_name) {
    if (c != '.') name += c;
  }
  return name;
}

Weights match_ldm_unet(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, const UNetConfig& config,
                       UNetSource source) {
  const std::vector<LdmModule> modules = ldm_unet_modules(config);
  const std::vector<WeightSpec> specs = unet_weight_specs(config);
  auto views = source == UNetSource::average
                   ? average_views(*checkpoint, modules, specs)
                   : views_of(*checkpoint, kLdmUNet, [&](std::string_view name) { return from_ldm(modules, name); });
  return match_all(std::move(checkpoint), std::move(views), specs, "match_ldm_unet", where);
}

Weights match_ldm_vae(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, const VaeConfig& config) {
  const std::vector<LdmModule> modules = ldm_vae_modules(config);
  auto views = views_of(*checkpoint, kLdmVae, [&](std::string_view name) { return from_ldm(modules, name); });
  std::erase_if(views, [](const NamedView& view) { return is_ignored_in_ldm(view.view.name); });
  for (NamedView& view : views) {
    if (is_kernel_in_ldm(view.name)) drop_kernel(view.view);
  }
  return match_all(std::move(checkpoint), std::move(views), vae_weight_specs(config), "match_ldm_vae", where);
}

std::vector<std::string> foreign_tensors(const io::Checkpoint& checkpoint, std::string_view text_prefix) {
  std::vector<std::string> problems;
  for (const io::TensorView& tensor : checkpoint.tensors()) {
    const bool is_part = tensor.name.starts_with(kLdmUNet) || tensor.name.starts_with(kLdmVae) || tensor.name.starts_with(text_prefix);
    if (!is_part && !is_ignored_in_ldm(tensor.name)) problems.push_back(concat(tensor.name, ": unexpected, ", io::shape_text(tensor.shape)));
  }
  return problems;
}

}  // namespace vitrine::models
