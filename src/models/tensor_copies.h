// models/tensor_copies.h - tensors of opened files into a new file: other names, other shapes of the same numbers, another type.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace vitrine::models {

/// The bytes of `pieces` one after another, all of one type; `shape` is of the whole.
struct TensorCopy {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<io::TensorView> pieces;
  bool keeps_type = false;  // not rounded to the type of the others
};

/// A copy of one tensor under another name.
TensorCopy copy_as(std::string name, const io::TensorView& view);

/// Writes a safetensors file, tensor by tensor, whole or not at all.
///   dtype  F32, F16 or BF16 for all; nothing = as stored, F64 as F32
/// Throws InvalidInput for a value that the type cannot hold (WGT_NONFINITE, the tensor named), IoError.
void save_copies(const std::filesystem::path& path, std::span<const TensorCopy> copies, std::optional<io::DType> dtype,
                 const std::map<std::string, std::string>& metadata);

}  // namespace vitrine::models
