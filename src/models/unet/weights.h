// models/unet/weights.h - which tensors a UNet checkpoint holds, and how they are found in a directory.
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "models/unet/config.h"
#include "models/weights.h"

namespace vitrine::models {

/// All tensors under the names of diffusers (`down_blocks.0.resnets.0.conv1.weight`).
/// Linear weights are [out, in], convolutions [out, in, k, k].
std::vector<WeightSpec> unet_weight_specs(const UNetConfig& config);

/// Channels that enter resnet `layer` of up_blocks.idx: of the level below, and of the way down that joins it.
struct UpChannels {
  int64_t hidden, skip;
};
UpChannels up_channels(const UNetConfig& config, size_t idx, int64_t layer);

/// Matches the tensors of an opened `unet` directory. Throws what WeightMatcher::finish throws; `where` is named in messages.
Weights match_unet_weights(std::shared_ptr<const io::Checkpoint> checkpoint, const std::filesystem::path& where, const UNetConfig& config);

/// Reads diffusion_pytorch_model.safetensors (or its shards, or the .fp16 variant) of a diffusers `unet` directory.
/// Throws what open_checkpoint and WeightMatcher::finish throw.
Weights load_unet_weights(const std::filesystem::path& unet_dir, const UNetConfig& config);

}  // namespace vitrine::models
