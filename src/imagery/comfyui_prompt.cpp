#include "imagery/comfyui_prompt.h"

#include <cstdint>

#include "imagery/scheduler_names.h"

namespace vitrine::imagery {
namespace {

constexpr int kMostSteps = 32;  // along links: a graph may be a ring

const Json& member(const Json& object, const char* key) {
  static const Json kNull;
  return object.is_object() && object.contains(key) ? object.at(key) : kNull;
}

const Json& inputs_of(const Json& node) { return member(node, "inputs"); }

std::string text_in(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

std::optional<int64_t> whole_in(const Json& value) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    return std::nullopt;
  return value.is_number_integer() ? std::optional(value.get<int64_t>()) : std::nullopt;
}

/// The node that a link ["4", 0] names, or null.
const Json& linked(const Json& graph, const Json& link) {
  static const Json kNull;
  if (!link.is_array() || link.empty() || !link.front().is_string()) return kNull;
  return member(graph, link.front().get<std::string>().c_str());
}

bool is_sampler(const Json& node) {
  const Json& inputs = inputs_of(node);
  return text_in(member(node, "class_type")).find("Sampler") != std::string::npos &&
         member(inputs, "positive").is_array() && member(inputs, "steps").is_number();
}

/// The text that a link leads to: of an encoder, or of a node that holds a string for it.
std::string text_behind(const Json& graph, const Json& link) {
  const Json* place = &link;
  for (int i = 0; i < kMostSteps; ++i) {
    const Json& inputs = inputs_of(linked(graph, *place));
    const Json* next = nullptr;
    for (const char* key : {"text", "value", "string", "text_g", "conditioning"}) {
      const Json& value = member(inputs, key);
      if (value.is_string()) return value.get<std::string>();
      if (value.is_array() && next == nullptr) next = &value;
    }
    if (next == nullptr) return "";
    place = next;
  }
  return "";
}

/// Along "model": LoRA files, then the checkpoint.
void take_files(const Json& graph, const Json& sampler, RestoredSettings& settings) {
  const Json* link = &member(inputs_of(sampler), "model");
  for (int i = 0; i < kMostSteps && link->is_array(); ++i) {
    const Json& inputs = inputs_of(linked(graph, *link));
    const std::string lora = bare_name(text_in(member(inputs, "lora_name")));
    if (!lora.empty()) {
      const Json& weight = member(inputs, "strength_model");
      settings.adapters.push_back(
          {.file = lora, .sha256 = {}, .weight = weight.is_number() ? weight.get<double>() : 1});
    }
    for (const char* key : {"ckpt_name", "unet_name"})
      if (settings.model.file.empty()) settings.model.file = bare_name(text_in(member(inputs, key)));
    link = &member(inputs, "model");
  }
}

}  // namespace

std::optional<RestoredSettings> restore_from_comfyui(const Json& graph) {
  if (!graph.is_object()) return std::nullopt;
  for (const auto& [id, node] : graph.items()) {
    if (!is_sampler(node)) continue;
    const Json& inputs = inputs_of(node);
    RestoredSettings settings{.source = "comfyui",
                              .prompt = text_behind(graph, member(inputs, "positive")),
                              .negative_prompt = text_behind(graph, member(inputs, "negative"))};
    settings.seed = whole_in(member(inputs, "seed"));
    if (!settings.seed) settings.seed = whole_in(member(inputs, "noise_seed"));
    settings.steps = whole_in(member(inputs, "steps"));
    if (member(inputs, "cfg").is_number())
      settings.guidance_scale = member(inputs, "cfg").get<double>();
    settings.scheduler = scheduler_of(text_in(member(inputs, "sampler_name")));
    for (const char* key : {"sampler_name", "scheduler", "denoise"})
      if (!member(inputs, key).is_null()) settings.other[key] = member(inputs, key);
    const Json& latents = inputs_of(linked(graph, member(inputs, "latent_image")));
    settings.width = whole_in(member(latents, "width"));
    settings.height = whole_in(member(latents, "height"));
    take_files(graph, node, settings);
    return settings;
  }
  return std::nullopt;
}

}  // namespace vitrine::imagery
