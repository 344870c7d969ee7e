// models/probe/classifier.h - a trained probe from its directory: which class pictures are of, and their features.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "models/probe/config.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

/// What the probe says of pictures.
struct ProbeView {
  at::Tensor probabilities;  // [N, classes]
  at::Tensor features;       // [N, d]
};

/// On the CPU. Any thread.
class ProbeClassifier {
 public:
  /// Throws what read_probe_config and load_probe_weights throw.
  explicit ProbeClassifier(const std::filesystem::path& model_dir);

  const ProbeConfig& config() const { return config_; }
  /// In the order of the probabilities; nothing for a class that the probe does not know.
  std::optional<size_t> class_idx(std::string_view label) const;

  /// pictures [N, 3, H, W] from -1 to 1, N >= 1, of any size: brought to that of the probe.
  ProbeView look(const at::Tensor& pictures) const;

 private:
  ProbeConfig config_;
  std::unique_ptr<nn::FrozenTensors> tensors_;
};

}  // namespace vitrine::models
