#include "recipes/picture_model_identity.h"

#include "base/hash.h"
#include "base/json.h"
#include "recipes/picture_tokenizer.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
using models::SdPart;

PictureModelIdentity identity_of(const models::StableDiffusionFiles& files) {
  const bool one_file = files.layout == models::SdLayout::single_file;
  PictureModelIdentity identity{models::part_sha256(files, SdPart::unet), {}};
  const auto part = [&](SdPart name) { return one_file ? identity.unet_sha256 : models::part_sha256(files, name); };
  identity.parts = {{"text_encoder_sha256", part(SdPart::text_encoder)},
                    {"vae_sha256", part(SdPart::vae)},
                    {"tokenizer_sha256", load_picture_tokenizer(files)->sha256()},
                    {"scheduler_sha256", sha256_hex(dump_line(files.settings.scheduler))}};
  return identity;
}

std::string adapter_sha256(const fs::path& path) {
  if (!fs::is_directory(path)) return sha256_file(path);
  std::string hashes;
  for (const char* file : {"adapter_config.json", "adapter_model.safetensors", "unet/adapter_config.json", "unet/adapter_model.safetensors",
                           "text_encoder/adapter_config.json", "text_encoder/adapter_model.safetensors"}) {
    if (fs::exists(path / file)) hashes += std::string(file) + " " + sha256_file(path / file) + "\n";
  }
  return sha256_hex(hashes);
}

}  // namespace vitrine::recipes
