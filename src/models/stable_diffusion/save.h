// models/stable_diffusion/save.h - writes a Stable Diffusion model in either layout, without computing: numbers are copied, or
// rounded to another type.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "io/dtype.h"
#include "models/stable_diffusion/files.h"

namespace vitrine::models {

struct SdSaveConfig {
  std::optional<io::DType> dtype = {};              // F32, F16, BF16; nothing = as stored
  std::map<std::string, std::string> metadata = {};  // of every safetensors file
};

/// model_index.json, text_encoder/, unet/, vae/, scheduler/ into `dir`, which is made. The tokenizer is the caller's.
/// Throws what save_copies throws.
void save_diffusers(const StableDiffusionFiles& files, const StableDiffusionWeights& weights, const std::filesystem::path& dir,
                    const SdSaveConfig& config = {});

/// One file with LDM names and with the settings in its metadata. Text encoders with `gelu` get the names of OpenCLIP, others
/// those of transformers. Throws what save_copies throws; InvalidInput for a text encoder that is no CLIP and for a
/// UNet with addition_embed_type.
void save_single_file(const StableDiffusionFiles& files, const StableDiffusionWeights& weights, const std::filesystem::path& path,
                      const SdSaveConfig& config = {});

}  // namespace vitrine::models
