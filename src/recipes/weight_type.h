// recipes/weight_type.h - --dtype of verbs that write weights.
#pragma once
#include <optional>
#include <string>

#include "io/dtype.h"

namespace vitrine::recipes {

/// float32, float16 or bfloat16 (the command line knows no other here); empty = as stored.
inline std::optional<io::DType> weight_type(const std::string& dtype) {
  if (dtype == "float32") return io::DType::F32;
  if (dtype == "float16") return io::DType::F16;
  if (dtype == "bfloat16") return io::DType::BF16;
  return std::nullopt;
}

}  // namespace vitrine::recipes
