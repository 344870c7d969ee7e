#include "models/diffusers_files.h"

#include "base/error.h"

namespace vitrine::models {

std::shared_ptr<const io::Checkpoint> open_diffusers_checkpoint(const std::filesystem::path& part_dir) {
  const std::string stem = kDiffusersStem;
  const auto holds = [&](const std::string& name) { return std::filesystem::exists(part_dir / name); };
  const bool is_plain = holds(stem + ".safetensors") || holds(stem + ".safetensors.index.json");
  const bool is_half = !is_plain && holds(stem + ".fp16.safetensors");
  return std::make_shared<const io::Checkpoint>(io::open_checkpoint(part_dir, is_half ? stem + ".fp16" : stem));
}

}  // namespace vitrine::models
