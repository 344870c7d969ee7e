// models/diffusers_files.h - the weight files of a part of a diffusers directory.
#pragma once
#include <filesystem>
#include <memory>
#include <string_view>

#include "io/checkpoint.h"

namespace vitrine::models {

inline constexpr const char* kDiffusersStem = "diffusion_pytorch_model";

/// `stem`.safetensors or its shards, else the variant fp16 or its shards (`stem`.safetensors.index.fp16.json, or
/// `stem`.fp16.safetensors.index.json of other versions). Throws what io::open_checkpoint throws.
std::shared_ptr<const io::Checkpoint> open_diffusers_checkpoint(const std::filesystem::path& part_dir, std::string_view stem = kDiffusersStem);

}  // namespace vitrine::models
