#include "models/probe/classifier.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <vector>

#include "models/probe/module.h"
#include "models/probe/weights.h"
#include "models/tensor_files.h"

namespace vitrine::models {

ProbeClassifier::ProbeClassifier(const std::filesystem::path& model_dir)
    : config_(read_probe_config(model_dir)),
      tensors_(std::make_unique<nn::FrozenTensors>(frozen_tensors(load_probe_weights(model_dir, config_), probe_weight_specs(config_), {}))) {}

std::optional<size_t> ProbeClassifier::class_idx(std::string_view label) const {
  const auto found = std::find(config_.classes.begin(), config_.classes.end(), label);
  if (found == config_.classes.end()) return std::nullopt;
  return static_cast<size_t>(found - config_.classes.begin());
}

ProbeView ProbeClassifier::look(const at::Tensor& pictures) const {
  constexpr int64_t kBatch = 64;
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> probabilities, features;
  for (int64_t begin = 0; begin < pictures.size(0); begin += kBatch) {
    const at::Tensor batch = pictures.narrow(0, begin, std::min(kBatch, pictures.size(0) - begin));
    const at::Tensor sized = at::_upsample_bilinear2d_aa(batch, {config_.height, config_.width}, /*align_corners=*/false);
    const ProbeOutput output = probe_forward(config_, nn::TensorScope(*tensors_), sized);
    probabilities.push_back(at::softmax(output.logits, -1));
    features.push_back(output.features);
  }
  return {at::cat(probabilities), at::cat(features).contiguous()};
}

}  // namespace vitrine::models
