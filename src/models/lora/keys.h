// models/lora/keys.h - what the names of the tensors in a LoRA file say.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "models/lora/targets.h"

namespace vitrine::models {

enum class LoraHalf { down, up, alpha };

struct LoraKey {
  std::string module;  // the name before the ending, with its prefix: lora_unet_…, unet.…, base_model.model.…, or none
  LoraHalf half = LoraHalf::down;
};

/// Nothing for a name that belongs to no LoRA of the kinds we know.
std::optional<LoraKey> parse_lora_key(std::string_view stored);

/// What a name belongs to that is refused: "LoHa (hada_)"; "" when it is not known at all.
std::string_view foreign_adapter(std::string_view stored);

/// The target of LoraKey::module, by its prefix. `only` restricts names of PEFT and names without prefix; without it these are looked up in
/// the UNet and then in the text encoder.
const LoraTarget* find_target(const LoraTargets& targets, std::string_view module, std::optional<SdPart> only = std::nullopt);

}  // namespace vitrine::models
