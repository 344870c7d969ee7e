#include "models/gpt2/weights.h"

#include <memory>
#include <optional>

#include "base/error.h"
#include "models/weight_matcher.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kPrefix = "transformer.";

bool is_head(std::string_view name) { return name.starts_with("lm_head.") || name.starts_with("score."); }

std::string without_prefix(const std::string& name) { return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name; }

/// h.N.attn.bias (the causal mask) and h.N.attn.masked_bias: constants that old versions stored.
bool is_ignored_buffer(std::string_view name) {
  return name.starts_with("h.") && (name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias"));
}

bool is_vocabulary_matrix(std::string_view name) { return name == "wte.weight" || name == "lm_head.weight"; }

void add_layer(std::vector<WeightSpec>& specs, const Gpt2Config& config, int64_t layer_idx) {
  const std::string h = concat("h.", layer_idx, ".");
  const int64_t C = config.n_embd;
  const int64_t inner = config.mlp_width();
  specs.insert(specs.end(), {{h + "ln_1.weight", {C}},
                             {h + "ln_1.bias", {C}},
                             {h + "attn.c_attn.weight", {C, 3 * C}},
                             {h + "attn.c_attn.bias", {3 * C}},
                             {h + "attn.c_proj.weight", {C, C}},
                             {h + "attn.c_proj.bias", {C}},
                             {h + "ln_2.weight", {C}},
                             {h + "ln_2.bias", {C}},
                             {h + "mlp.c_fc.weight", {C, inner}},
                             {h + "mlp.c_fc.bias", {inner}},
                             {h + "mlp.c_proj.weight", {inner, C}},
                             {h + "mlp.c_proj.bias", {C}}});
}

/// Nothing for constants that old versions stored.
std::optional<std::string> own_name(const std::string& stored) {
  std::string name = without_prefix(stored);
  if (is_ignored_buffer(name)) return std::nullopt;
  return name;
}

}  // namespace

std::vector<WeightSpec> gpt2_weight_specs(const Gpt2Config& config) {
  const int64_t C = config.n_embd;
  std::vector<WeightSpec> specs{{"wte.weight", {config.vocab_size, C}}, {"wpe.weight", {config.n_positions, C}}};
  for (int64_t layer_idx = 0; layer_idx < config.n_layer; ++layer_idx) add_layer(specs, config, layer_idx);
  specs.push_back({"ln_f.weight", {C}});
  specs.push_back({"ln_f.bias", {C}});
  if (!config.tie_word_embeddings) specs.push_back({"lm_head.weight", {config.vocab_size, C}});
  return specs;
}

std::string gpt2_checkpoint_name(std::string_view name) { return is_head(name) ? std::string(name) : concat(kPrefix, name); }

Gpt2Weights load_gpt2_weights(const std::filesystem::path& model_dir, const Gpt2Config& config, std::span<const WeightSpec> extra,
                              bool known_finite) {
  WeightMatcher matcher(std::make_shared<const io::Checkpoint>(io::open_checkpoint(model_dir)), own_name);
  std::vector<WeightSpec> specs = gpt2_weight_specs(config);
  specs.insert(specs.end(), extra.begin(), extra.end());
  for (const WeightSpec& spec : specs) is_vocabulary_matrix(spec.name) ? matcher.match_vocabulary(spec) : matcher.match(spec);
  if (config.tie_word_embeddings) matcher.match_copy("lm_head.weight", "wte.weight", "tie_word_embeddings is true");
  return matcher.finish("load_gpt2_weights", model_dir, known_finite);
}

}  // namespace vitrine::models
