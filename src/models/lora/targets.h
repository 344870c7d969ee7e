// models/lora/targets.h - the modules of a Stable Diffusion model that a LoRA may adapt, and their names in files.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "models/stable_diffusion/files.h"

namespace vitrine::models {

/// A linear layer or a convolution.
struct LoraTarget {
  SdPart part = SdPart::unet;        // unet or text_encoder
  std::string module;                // as tensors are named in memory: mid_block.attentions.0.proj_in, text_model.encoder.layers.0.mlp.fc1
  std::vector<int64_t> weight_shape;  // [out, in] or [out, in, k, k]
};

class LoraTargets {
 public:
  explicit LoraTargets(const SdSettings& settings);

  const std::vector<LoraTarget>& all() const { return targets_; }

  /// Both return nullptr for a module that the model does not have.
  ///   path  as diffusers and PEFT write it; text_model. may be missing
  const LoraTarget* find(SdPart part, std::string_view path) const;
  ///   name  of kohya: lora_unet_… or lora_te_… (lora_te1_… too), dots replaced by _; names of the UNet in either layout. It is looked
  ///         up in the list of modules, as a _ does not say whether it was a dot.
  const LoraTarget* find_kohya(std::string_view name) const;

 private:
  std::vector<LoraTarget> targets_;
  std::unordered_map<std::string, size_t> by_path_;   // "unet:" or "text_encoder:" and the path
  std::unordered_map<std::string, size_t> by_kohya_;
};

/// The name of kohya for a target: lora_unet_mid_block_attentions_0_proj_in.
std::string kohya_name(const LoraTarget& target);

}  // namespace vitrine::models
