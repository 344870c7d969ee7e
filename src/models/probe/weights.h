// models/probe/weights.h - which tensors a probe holds, and how they are found in a directory.
#pragma once
#include <filesystem>
#include <vector>

#include "models/probe/config.h"
#include "models/weights.h"

namespace vitrine::models {

/// conv_in, then for each level blocks.I.downsampler and blocks.I.resnets.J, norm_out, head.
std::vector<WeightSpec> probe_weight_specs(const ProbeConfig& config);

/// Reads model.safetensors. Throws what open_checkpoint and WeightMatcher::finish throw.
Weights load_probe_weights(const std::filesystem::path& model_dir, const ProbeConfig& config);

}  // namespace vitrine::models
