// models/lora/adapter_config.h - adapter_config.json of PEFT, and the same settings in the metadata of diffusers.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "models/lora/lora_file.h"

namespace vitrine::models {

/// Strength of a module: what alpha / rank is multiplied with. Patterns name modules, or ends of their names at a dot.
class AdapterConfig {
 public:
  /// `where` names the file. Throws InvalidInput (LORA_KIND) for another peft_type, DoRA, biases or saved modules, and for a pattern that is
  /// a regular expression; InvalidInput for a value of another type.
  AdapterConfig(const Json& json, std::string_view where);

  /// The alpha whose division by `rank` gives the scale: lora_alpha, or with use_rslora lora_alpha * sqrt(rank).
  double alpha(std::string_view module, int64_t rank) const;

 private:
  double lora_alpha_ = 8;
  bool use_rslora_ = false;
  std::vector<std::pair<std::string, double>> alpha_pattern_;
};

/// The settings that PEFT needs to load `pairs`, all of one part.
Json adapter_config(const std::vector<LoraPair>& pairs);

}  // namespace vitrine::models
