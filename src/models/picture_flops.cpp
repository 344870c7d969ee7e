#include "models/picture_flops.h"

#include <string>
#include <string_view>

#include "models/unet/weights.h"
#include "models/vae/weights.h"

namespace vitrine::models {
namespace {

double inputs_and_outputs(const WeightSpec& spec) {
  double product = 1;
  for (const int64_t size : spec.shape) product *= static_cast<double>(size);
  return product;
}

/// Number behind a prefix: 2 of "up_blocks.2.resnets…".
int64_t number_after(std::string_view name, std::string_view prefix) { return std::stoll(std::string(name.substr(prefix.size()))); }

bool contains(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

/// How often the side is halved where a layer of the UNet works.
int64_t unet_halvings(const UNetConfig& config, std::string_view name) {
  const int64_t deepest = static_cast<int64_t>(config.num_levels()) - 1;
  if (name.starts_with("mid_block.")) return deepest;
  if (name.starts_with("down_blocks.")) return number_after(name, "down_blocks.") + (contains(name, "downsamplers") ? 1 : 0);
  if (name.starts_with("up_blocks.")) return deepest - number_after(name, "up_blocks.") - (contains(name, "upsamplers") ? 1 : 0);
  return 0;
}

bool is_of_text(std::string_view name) {
  return contains(name, "attn2.to_k") || contains(name, "attn2.to_v") || contains(name, "add_embedding.pool.k_proj") || contains(name, "add_embedding.pool.v_proj");
}
/// Once a picture, not for each of its places.
bool is_of_time(std::string_view name) {
  return name.starts_with("time_embedding.") || contains(name, "time_emb_proj") || (name.starts_with("add_embedding.") && !is_of_text(name));
}

/// Times the side is doubled before a layer of the VAE's decoder.
int64_t vae_doublings(const VaeConfig& config, std::string_view name) {
  const std::string_view up = "decoder.up_blocks.";
  if (name.starts_with(up)) return number_after(name, up) + (contains(name, "upsamplers") ? 1 : 0);
  const bool at_the_end = name.starts_with("decoder.conv_out") || name.starts_with("decoder.conv_norm_out");
  return at_the_end ? static_cast<int64_t>(config.num_levels()) - 1 : 0;
}

/// Scores and values: each of `queries` meets each of `keys`.
double attention_flops(double queries, double keys, int64_t width) { return 4 * queries * keys * static_cast<double>(width); }

int64_t halved(int64_t side, int64_t times) {
  for (int64_t i = 0; i < times; ++i) side = (side + 1) / 2;
  return side;
}

}  // namespace

double unet_flops(const UNetConfig& config, int64_t B, int64_t h, int64_t w, int64_t tokens) {
  double sum = 0;
  for (const WeightSpec& spec : unet_weight_specs(config)) {
    if (spec.shape.size() < 2) continue;
    const int64_t halvings = unet_halvings(config, spec.name);
    const auto pixels = static_cast<double>(halved(h, halvings) * halved(w, halvings));
    const double places = is_of_time(spec.name) ? 1 : is_of_text(spec.name) ? static_cast<double>(tokens) : pixels;
    sum += 2 * inputs_and_outputs(spec) * places;
    if (spec.name.ends_with("attn1.to_q.weight")) sum += attention_flops(pixels, pixels, spec.shape[0]);
    if (spec.name.ends_with("attn2.to_q.weight")) sum += attention_flops(pixels, static_cast<double>(tokens), spec.shape[0]);
  }
  return static_cast<double>(B) * sum;
}

double vae_decode_flops(const VaeConfig& config, int64_t B, int64_t h, int64_t w) {
  double sum = 0;
  for (const WeightSpec& spec : vae_weight_specs(config)) {
    if (spec.shape.size() < 2 || spec.name.starts_with("encoder.") || spec.name.starts_with("quant_conv.")) continue;
    const auto scale = static_cast<double>(int64_t{1} << vae_doublings(config, spec.name));
    const double pixels = static_cast<double>(h * w) * scale * scale;
    sum += 2 * inputs_and_outputs(spec) * pixels;
    if (spec.name.ends_with("to_q.weight")) sum += attention_flops(pixels, pixels, spec.shape[0]);
  }
  return static_cast<double>(B) * sum;
}

double text_flops(const ClipTextConfig& config, int64_t B, int64_t T) {
  const auto C = static_cast<double>(config.hidden_size), F = static_cast<double>(config.intermediate_size);
  const double tokens = static_cast<double>(B * T);
  const double layer = 2 * tokens * (4 * C * C + 2 * C * F) + attention_flops(tokens, static_cast<double>(T), config.hidden_size);
  return layer * static_cast<double>(config.num_hidden_layers);
}

}  // namespace vitrine::models
