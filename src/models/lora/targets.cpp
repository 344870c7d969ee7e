#include "models/lora/targets.h"

#include <algorithm>

#include "base/error.h"
#include "models/stable_diffusion/ldm_names.h"
#include "models/unet/weights.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kWeight = ".weight", kTextModel = "text_model.";

std::string path_key(SdPart part, std::string_view path) { return concat(name_of(part), ":", path); }

std::string with_underscores(std::string_view path) {
  std::string name(path);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string_view kohya_prefix(SdPart part) { return part == SdPart::unet ? "lora_unet_" : "lora_te_"; }

bool is_adaptable(const WeightSpec& spec) {
  return spec.name.ends_with(kWeight) && spec.shape.size() >= 2 && spec.name.find("embeddings.") == std::string::npos;
}

std::vector<LoraTarget> targets_of(SdPart part, const std::vector<WeightSpec>& specs, std::string_view prefix) {
  std::vector<LoraTarget> targets;
  for (const WeightSpec& spec : specs) {
    if (is_adaptable(spec)) targets.push_back({part, concat(prefix, spec.name.substr(0, spec.name.size() - kWeight.size())), spec.shape});
  }
  return targets;
}

}  // namespace

LoraTargets::LoraTargets(const SdSettings& settings) {
  const bool is_clip = std::holds_alternative<ClipTextConfig>(settings.text_encoder);
  targets_ = targets_of(SdPart::unet, unet_weight_specs(settings.unet), "");
  for (LoraTarget& target : targets_of(SdPart::text_encoder, text_weight_specs(settings.text_encoder), is_clip ? kTextModel : "")) {
    targets_.push_back(std::move(target));
  }
  const std::vector<LdmModule> ldm = ldm_unet_modules(settings.unet);
  for (size_t i = 0; i < targets_.size(); ++i) {
    const LoraTarget& target = targets_[i];
    by_path_[path_key(target.part, target.module)] = i;
    by_kohya_[kohya_name(target)] = i;
    const auto in_ldm = target.part == SdPart::unet ? to_ldm(ldm, target.module) : std::nullopt;  // add_embedding has no such name
    if (in_ldm) by_kohya_[concat(kohya_prefix(target.part), with_underscores(*in_ldm))] = i;
    if (target.module.starts_with(kTextModel)) by_path_[path_key(target.part, std::string_view(target.module).substr(kTextModel.size()))] = i;
  }
}

const LoraTarget* LoraTargets::find(SdPart part, std::string_view path) const {
  const auto found = by_path_.find(path_key(part, path));
  return found == by_path_.end() ? nullptr : &targets_[found->second];
}

const LoraTarget* LoraTargets::find_kohya(std::string_view name) const {
  constexpr std::string_view kFirstOfTwo = "lora_te1_";
  const std::string own = name.starts_with(kFirstOfTwo) ? concat("lora_te_", name.substr(kFirstOfTwo.size())) : std::string(name);
  const auto found = by_kohya_.find(own);
  return found == by_kohya_.end() ? nullptr : &targets_[found->second];
}

std::string kohya_name(const LoraTarget& target) { return concat(kohya_prefix(target.part), with_underscores(target.module)); }

}  // namespace vitrine::models
