#include "models/clip/weights.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "base/error.h"
#include "models/bert/weights.h"
#include "models/weight_matcher.h"
#include "models/weight_specs.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kTextSide = "text_model.", kVisionSide = "vision_model.";
constexpr int64_t kHeadSize = 64;  // of every published text side

using Pair = std::pair<std::string_view, std::string_view>;

/// The layers of either side.
template <typename Config>
void add_layers(std::vector<WeightSpec>& specs, const Config& config) {
  const int64_t C = config.hidden_size, inner = config.intermediate_size;
  for (int64_t layer_idx = 0; layer_idx < config.num_hidden_layers; ++layer_idx) {
    const std::string layer = concat("encoder.layers.", layer_idx, ".");
    for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"}) add_linear(specs, concat(layer, "self_attn.", part), C, C);
    add_norm(specs, layer + "layer_norm1", C);
    add_linear(specs, layer + "mlp.fc1", inner, C);
    add_linear(specs, layer + "mlp.fc2", C, inner);
    add_norm(specs, layer + "layer_norm2", C);
  }
}

std::vector<WeightSpec> text_specs(const ClipTextConfig& config) {
  const int64_t C = config.hidden_size;
  std::vector<WeightSpec> specs{{"embeddings.token_embedding.weight", {config.vocab_size, C}},
                                {"embeddings.position_embedding.weight", {config.max_position_embeddings, C}}};
  add_layers(specs, config);
  add_norm(specs, "final_layer_norm", C);
  return specs;
}

std::vector<WeightSpec> text_specs(const BertConfig& config) { return bert_weight_specs(config); }

std::vector<WeightSpec> vision_specs(const ClipVisionConfig& config) {
  const int64_t C = config.hidden_size, side = config.patch_size;
  std::vector<WeightSpec> specs{{"embeddings.class_embedding", {C}},
                                {"embeddings.patch_embedding.weight", {C, config.num_channels, side, side}},
                                {"embeddings.position_embedding.weight", {config.num_patches() + 1, C}}};
  add_norm(specs, "pre_layrnorm", C);  // spelt so in every file
  add_layers(specs, config);
  add_norm(specs, "post_layernorm", C);
  return specs;
}

void append(std::vector<WeightSpec>& specs, std::vector<WeightSpec> more, std::string_view prefix) {
  for (WeightSpec& spec : more) specs.push_back({concat(prefix, spec.name), std::move(spec.shape)});
}

bool cut_prefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

std::vector<TensorPart> whole(std::string name, bool transposed = false) { return {{.name = std::move(name), .transposed = transposed}}; }

/// The first pair whose old start `name` has, with the new one in its place.
template <size_t N>
std::optional<std::string> renamed(std::string_view name, const std::array<Pair, N>& starts) {
  for (const auto& [old_start, new_start] : starts) {
    if (name.starts_with(old_start)) return concat(new_start, name.substr(old_start.size()));
  }
  return std::nullopt;
}

/// What follows "resblocks." in OpenAI's names; `side` is "text_model." or "vision_model.".
std::vector<TensorPart> resblock_parts(std::string_view rest, std::string_view side) {
  constexpr std::array<Pair, 5> kStarts{{{"ln_1.", "layer_norm1."},
                                         {"ln_2.", "layer_norm2."},
                                         {"attn.out_proj.", "self_attn.out_proj."},
                                         {"mlp.c_fc.", "mlp.fc1."},
                                         {"mlp.c_proj.", "mlp.fc2."}}};
  const size_t dot = std::min(rest.find('.'), rest.size());
  const std::string layer = concat(side, "encoder.layers.", rest.substr(0, dot), ".");
  rest.remove_prefix(std::min(dot + 1, rest.size()));
  if (cut_prefix(rest, "attn.in_proj_")) {
    const auto part = [&](const char* which, int64_t idx) { return TensorPart{concat(layer, "self_attn.", which, "_proj.", rest), idx, 3}; };
    return {part("q", 0), part("k", 1), part("v", 2)};
  }
  return whole(layer + renamed(rest, kStarts).value_or(std::string(rest)));
}

std::vector<TensorPart> openai_vision_parts(std::string_view name) {
  constexpr std::array<Pair, 5> kStarts{{{"conv1.", "embeddings.patch_embedding."},
                                         {"class_embedding", "embeddings.class_embedding"},
                                         {"positional_embedding", "embeddings.position_embedding.weight"},
                                         {"ln_pre.", "pre_layrnorm."},
                                         {"ln_post.", "post_layernorm."}}};
  if (name == "proj") return whole("visual_projection.weight", true);
  if (cut_prefix(name, "transformer.resblocks.")) return resblock_parts(name, kVisionSide);
  return whole(concat(kVisionSide, renamed(name, kStarts).value_or(std::string(name))));
}

std::string bert_name(std::string_view name) {
  constexpr std::array<Pair, 2> kEnds{{{".LayerNorm.gamma", ".LayerNorm.weight"}, {".LayerNorm.beta", ".LayerNorm.bias"}}};
  for (const auto& [old_end, new_end] : kEnds) {
    if (name.ends_with(old_end)) return concat(name.substr(0, name.size() - old_end.size()), new_end);
  }
  return std::string(name);
}

bool is_buffer(std::string_view name) {
  constexpr std::array<std::string_view, 4> kOpenAi{"attn_mask", "input_resolution", "context_length", "vocab_size"};
  return name.ends_with("embeddings.position_ids") || name.ends_with("embeddings.token_type_ids") ||
         std::find(kOpenAi.begin(), kOpenAi.end(), name) != kOpenAi.end();
}

/// Every wanted tensor of a checkpoint by its own name; `parts_of` may be empty for a name.
std::vector<NamedView> views_of(const io::Checkpoint& checkpoint, const std::function<std::vector<TensorPart>(std::string_view)>& parts_of,
                                std::unordered_set<std::string>& transposed) {
  std::vector<NamedView> views;
  for (const io::TensorView& tensor : checkpoint.tensors()) {
    for (const TensorPart& part : parts_of(tensor.name)) {
      NamedView& view = views.emplace_back(NamedView{part.name, tensor});
      if (part.transposed) transposed.insert(part.name);
      if (part.parts == 1 || tensor.shape.empty() || tensor.shape[0] % part.parts != 0) continue;  // the shape will be listed as wrong
      const size_t size = tensor.bytes.size() / static_cast<size_t>(part.parts);
      view.view.shape[0] /= part.parts;
      view.view.bytes = tensor.bytes.subspan(static_cast<size_t>(part.part) * size, size);
    }
  }
  return views;
}

ClipWeights match(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, std::vector<WeightSpec> specs,
                  const std::function<std::vector<TensorPart>(std::string_view)>& parts_of, bool known_finite) {
  std::unordered_set<std::string> transposed;
  auto views = views_of(*checkpoint, parts_of, transposed);
  WeightMatcher matcher(std::move(checkpoint), std::move(views));
  for (WeightSpec& spec : specs) {
    if (transposed.contains(spec.name)) std::reverse(spec.shape.begin(), spec.shape.end());
    matcher.match(spec);
  }
  return {matcher.finish("load_clip_weights", where, known_finite), std::move(transposed)};
}


/// Whether `own_name`, inside text_model., is of layer `num_layers`.
bool is_layer(std::string_view own_name, int64_t num_layers) { return own_name.starts_with(concat("encoder.layers.", num_layers, ".")); }

bool is_unused_by_text_side(const std::string& own_name) {
  constexpr std::array<std::string_view, 5> kStarts{"vision_model.", "text_model.pooler.", "visual_projection.", "text_projection.",
                                                    "cls."};  // the last: heads that BERT was pretrained with
  return own_name == "logit_scale" ||
         std::any_of(kStarts.begin(), kStarts.end(), [&](std::string_view start) { return own_name.starts_with(start); });
}

/// The parts of a stored tensor that a text side uses, by their names inside text_model.
std::vector<TensorPart> text_parts(std::string_view stored, const TextConfig& config, bool drop_next_layer) {
  const int64_t num_layers = std::visit([](const auto& text) { return text.num_hidden_layers; }, config);
  std::vector<TensorPart> parts = clip_tensor_parts(stored);
  std::erase_if(parts, [](const TensorPart& part) { return is_unused_by_text_side(part.name); });
  for (TensorPart& part : parts) {
    if (part.name.starts_with(kTextSide)) part.name.erase(0, kTextSide.size());
  }
  std::erase_if(parts, [&](const TensorPart& part) { return drop_next_layer && is_layer(part.name, num_layers); });
  return parts;
}

int64_t size_at(const io::TensorView& tensor, size_t dim, std::string_view where) {
  VITRINE_REQUIRE(tensor.shape.size() == 2, "[clip_text_config_of] ", where, ": ", tensor.name, ": expected a matrix, file has ",
                  io::shape_text(tensor.shape));
  return tensor.shape[dim];
}

/// The tensors of a text side by own name inside text_model., shapes as stored.
std::unordered_map<std::string, const io::TensorView*> text_side_of(const io::Checkpoint& checkpoint, std::string_view prefix) {
  std::unordered_map<std::string, const io::TensorView*> tensors;
  for (const io::TensorView& tensor : checkpoint.tensors()) {
    std::string_view name = tensor.name;
    if (!cut_prefix(name, prefix)) continue;
    for (const TensorPart& part : clip_tensor_parts(name)) {
      if (part.name.starts_with(kTextSide)) tensors[part.name.substr(kTextSide.size())] = &tensor;
    }
  }
  return tensors;
}

}  // namespace

std::vector<WeightSpec> text_weight_specs(const TextConfig& config) {
  return std::visit([](const auto& text) { return text_specs(text); }, config);
}

std::vector<WeightSpec> clip_weight_specs(const ClipConfig& config) {
  std::vector<WeightSpec> specs;
  append(specs, text_weight_specs(config.text), kTextSide);
  append(specs, vision_specs(config.vision), kVisionSide);
  specs.push_back({"text_projection.weight", {config.projection_dim, width_of(config.text)}});
  specs.push_back({"visual_projection.weight", {config.projection_dim, config.vision.hidden_size}});
  specs.push_back({"logit_scale", {}});
  return specs;
}

std::string_view vocabulary_matrix_of(const TextConfig& config) {
  return std::holds_alternative<BertConfig>(config) ? "embeddings.word_embeddings.weight" : "embeddings.token_embedding.weight";
}

std::vector<TensorPart> clip_tensor_parts(std::string_view stored) {
  constexpr std::array<Pair, 3> kText{{{"token_embedding.", "embeddings.token_embedding."},
                                       {"positional_embedding", "embeddings.position_embedding.weight"},
                                       {"ln_final.", "final_layer_norm."}}};
  constexpr std::array<std::string_view, 4> kInside{"embeddings.", "encoder.", "final_layer_norm.", "pooler."};
  std::string_view name = stored;
  cut_prefix(name, "module.");
  if (is_buffer(name)) return {};
  if (name == "text_projection") return whole("text_projection.weight", true);
  if (cut_prefix(name, "visual.")) return openai_vision_parts(name);
  if (cut_prefix(name, "bert.")) return whole(concat(kTextSide, bert_name(name)));
  if (cut_prefix(name, "transformer.resblocks.")) return resblock_parts(name, kTextSide);
  if (const auto text = renamed(name, kText)) return whole(concat(kTextSide, *text));
  for (const std::string_view start : kInside) {
    if (name.starts_with(start)) return whole(concat(kTextSide, bert_name(name)));
  }
  return whole(bert_name(name));
}

ClipWeights load_clip_weights(const std::filesystem::path& model_dir, const ClipConfig& config, bool known_finite) {
  const auto parts_of = [](std::string_view stored) {
    auto parts = clip_tensor_parts(stored);
    std::erase_if(parts, [](const TensorPart& part) { return part.name.starts_with("text_model.pooler."); });
    return parts;
  };
  return match(std::make_shared<const io::Checkpoint>(io::open_checkpoint(model_dir)), model_dir, clip_weight_specs(config), parts_of,
               known_finite);
}

ClipWeights load_text_weights(const std::filesystem::path& model_dir, const TextConfig& config, bool known_finite) {
  return match_text_weights(std::make_shared<const io::Checkpoint>(io::open_checkpoint(model_dir)), model_dir, config, "", known_finite);
}

ClipWeights match_text_weights(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where,
                               const TextConfig& config, std::string_view prefix, bool known_finite) {
  const auto parts_of = [&](std::string_view stored) {
    if (!cut_prefix(stored, prefix)) return std::vector<TensorPart>{};
    return text_parts(stored, config, !prefix.empty());
  };
  return match(std::move(checkpoint), where, text_weight_specs(config), parts_of, known_finite);
}

ClipTextConfig clip_text_config_of(const io::Checkpoint& checkpoint, std::string_view prefix, std::string_view where) {
  const auto tensors = text_side_of(checkpoint, prefix);
  const auto tensor = [&](const std::string& name) -> const io::TensorView& {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw NotFound(concat("[clip_text_config_of] ", where, ": no tensor under ", prefix, " stands for ", name));
    return *found->second;
  };
  ClipTextConfig config;
  const io::TensorView& tokens = tensor("embeddings.token_embedding.weight");
  config.vocab_size = size_at(tokens, 0, where);
  config.hidden_size = size_at(tokens, 1, where);
  config.max_position_embeddings = size_at(tensor("embeddings.position_embedding.weight"), 0, where);
  config.intermediate_size = size_at(tensor("encoder.layers.0.mlp.fc1.weight"), 0, where);
  config.num_hidden_layers = 0;
  while (tensors.contains(concat("encoder.layers.", config.num_hidden_layers, ".layer_norm1.weight"))) ++config.num_hidden_layers;
  config.num_attention_heads = std::max<int64_t>(1, config.hidden_size / kHeadSize);
  config.projection_dim = config.hidden_size;
  if (tensor("final_layer_norm.weight").name.ends_with("ln_final.weight")) {
    config.hidden_act = "gelu";
    config.num_hidden_layers -= 1;
  }
  validate(config, where);
  return config;
}

}  // namespace vitrine::models
