// models/diffusers_files.h - the weight files of a part of a diffusers directory.
#pragma once
#include <filesystem>
#include <memory>

#include "io/checkpoint.h"

namespace vitrine::models {

inline constexpr const char* kDiffusersStem = "diffusion_pytorch_model";

/// diffusion_pytorch_model.safetensors or its shards, else the variant .fp16. Throws what io::open_checkpoint throws.
std::shared_ptr<const io::Checkpoint> open_diffusers_checkpoint(const std::filesystem::path& part_dir);

}  // namespace vitrine::models
