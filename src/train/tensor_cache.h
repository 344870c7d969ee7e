// train/tensor_cache.h - tensors that were dear to compute, in a file that says what they were computed from.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "models/tensor_files.h"

namespace vitrine::train {

struct TensorCache {
  std::filesystem::path file;  // "" = none: nothing is found, nothing is written
  std::string content;         // a hash of all that the tensors depend on

  /// A tensor in float32; undefined when the file is not there, is of another content or lacks it.
  at::Tensor find(const std::string& name) const;
  /// Float32, atomically. Throws IoError.
  void write(const std::vector<models::NamedTensor>& tensors) const;
};

}  // namespace vitrine::train
