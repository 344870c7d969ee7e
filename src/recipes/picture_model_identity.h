// recipes/picture_model_identity.h - what tells the model and the adapters of a picture from others: hashes of their files.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "models/stable_diffusion/files.h"

namespace vitrine::recipes {

/// Of all parts that a picture depends on, by the names of docs/formats/picture_metadata.md; reads whole files.
struct PictureModelIdentity {
  std::string unet_sha256;                   // of the UNet's file; of a single file the file's own
  std::map<std::string, std::string> parts;  // text_encoder_sha256, vae_sha256, tokenizer_sha256, scheduler_sha256
};
/// Throws what load_picture_tokenizer throws, IoError.
PictureModelIdentity identity_of(const models::StableDiffusionFiles& files);

/// SHA-256 of an adapter's file; of a directory of PEFT that of the hashes of its files. Throws NotFound, IoError.
std::string adapter_sha256(const std::filesystem::path& path);

}  // namespace vitrine::recipes
