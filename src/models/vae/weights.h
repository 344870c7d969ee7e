// models/vae/weights.h - which tensors a VAE checkpoint holds, and how they are found in a directory.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/vae/config.h"
#include "models/weights.h"

namespace vitrine::models {

/// All tensors under the present names of diffusers (`encoder.mid_block.attentions.0.to_q.weight`).
std::vector<WeightSpec> vae_weight_specs(const VaeConfig& config);

/// The present name for one of the older names of the attention: query, key, value, proj_attn.
std::string vae_present_name(const std::string& stored);

/// Matches the tensors of an opened `vae` directory. Throws what WeightMatcher::finish throws; `where` is named in messages.
Weights match_vae_weights(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, const VaeConfig& config);

/// Reads diffusion_pytorch_model.safetensors (or its shards, or the .fp16 variant) of a diffusers `vae` directory.
/// Throws what open_checkpoint and WeightMatcher::finish throw.
Weights load_vae_weights(const std::filesystem::path& vae_dir, const VaeConfig& config);

}  // namespace vitrine::models
