#include "models/lora/keys.h"

#include <array>
#include <utility>

#include "base/error.h"

namespace vitrine::models {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

bool cut_end(std::string_view& name, std::string_view ending) {
  if (!name.ends_with(ending)) return false;
  name.remove_suffix(ending.size());
  return true;
}

bool cut_start(std::string_view& name, std::string_view start) {
  if (!name.starts_with(start)) return false;
  name.remove_prefix(start.size());
  return true;
}

/// "….to_q.lora_A.default" without ".lora_A.default"; the adapter's name may be missing.
bool cut_peft_end(std::string_view& name, std::string_view matrix) {
  if (cut_end(name, matrix)) return true;
  const size_t at = name.rfind('.');
  if (at == std::string_view::npos || !name.substr(0, at).ends_with(matrix)) return false;
  name = name.substr(0, at - matrix.size());
  return true;
}

/// The oldest names of diffusers: attn1.processor.to_q_lora, and self_attn.to_q_lora for the text encoder's q_proj.
std::string present_module(std::string_view name) {
  constexpr std::string_view kProcessor = ".processor", kTextAttention = ".self_attn";
  constexpr std::array<Pair, 4> kUNet{{{".to_q_lora", ".to_q"}, {".to_k_lora", ".to_k"}, {".to_v_lora", ".to_v"}, {".to_out_lora", ".to_out.0"}}};
  constexpr std::array<Pair, 4> kText{{{".to_q_lora", ".q_proj"}, {".to_k_lora", ".k_proj"}, {".to_v_lora", ".v_proj"}, {".to_out_lora", ".out_proj"}}};
  for (size_t i = 0; i < kUNet.size(); ++i) {
    std::string_view rest = name;
    if (!cut_end(rest, kUNet[i].first)) continue;
    cut_end(rest, kProcessor);
    return concat(rest, rest.ends_with(kTextAttention) ? kText[i].second : kUNet[i].second);
  }
  const size_t at = name.find(concat(kProcessor, "."));
  if (at == std::string_view::npos) return std::string(name);
  return concat(name.substr(0, at), name.substr(at + kProcessor.size()));
}

}  // namespace

std::optional<LoraKey> parse_lora_key(std::string_view stored) {
  std::string_view name = stored;
  if (cut_end(name, ".alpha")) return LoraKey{present_module(name), LoraHalf::alpha};
  if (!cut_end(name, ".weight")) return std::nullopt;
  // lora.down stands for the newer names and, with to_q_lora.down, for the oldest.
  constexpr std::array<Pair, 4> kEnds{{{".lora_down", ".lora_up"}, {".lora.down", ".lora.up"}, {".lora_linear_layer.down", ".lora_linear_layer.up"}, {".down", ".up"}}};
  for (const auto& [down, up] : kEnds) {
    if (down == ".down" && name.find("_lora.") == std::string_view::npos) continue;
    if (cut_end(name, down)) return LoraKey{present_module(name), LoraHalf::down};
    if (cut_end(name, up)) return LoraKey{present_module(name), LoraHalf::up};
  }
  if (cut_peft_end(name, ".lora_A")) return LoraKey{present_module(name), LoraHalf::down};
  if (cut_peft_end(name, ".lora_B")) return LoraKey{present_module(name), LoraHalf::up};
  return std::nullopt;
}

std::string_view foreign_adapter(std::string_view stored) {
  constexpr std::array<Pair, 12> kKinds{{{"lora_mid", "a LoRA with a middle matrix (lora_mid)"},
                                         {"hada_", "LoHa (hada_)"},
                                         {"lokr_", "LoKr (lokr_)"},
                                         {"dora_scale", "DoRA (dora_scale)"},
                                         {"lora_magnitude_vector", "DoRA (lora_magnitude_vector)"},
                                         {"lora_embedding_", "a LoRA of embeddings (lora_embedding_)"},
                                         {"oft_", "OFT (oft_)"},
                                         {"boft_", "BOFT (boft_)"},
                                         {"on_input", "IA3 (on_input)"},
                                         {".diff", "a full difference (diff)"},
                                         {"ia3_", "IA3 (ia3_)"},
                                         {"vera_", "VeRA (vera_)"}}};
  for (const auto& [sign, kind] : kKinds) {
    if (stored.find(sign) != std::string_view::npos) return kind;
  }
  if (stored.ends_with(".bias")) return "a bias";
  return "";
}

const LoraTarget* find_target(const LoraTargets& targets, std::string_view module, std::optional<SdPart> only) {
  if (module.starts_with("lora_")) return targets.find_kohya(module);
  if (cut_start(module, "unet.")) return targets.find(SdPart::unet, module);
  if (cut_start(module, "text_encoder.")) return targets.find(SdPart::text_encoder, module);
  cut_start(module, "base_model.model.");
  if (only) return targets.find(*only, module);
  const LoraTarget* target = targets.find(SdPart::unet, module);
  return target != nullptr ? target : targets.find(SdPart::text_encoder, module);
}

}  // namespace vitrine::models
