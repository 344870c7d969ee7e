#include "generation/dtypes.h"

#include <utility>

#include "base/error.h"

namespace vitrine::generation {

kernels::WeightType weight_type(const std::string& dtype, std::string_view where) {
  using kernels::WeightType;
  constexpr std::pair<std::string_view, WeightType> kTypes[] = {{"float32", WeightType::float32},
                                                                {"bfloat16", WeightType::bfloat16},
                                                                {"int8", WeightType::int8},
                                                                {"int4", WeightType::int4}};
  for (const auto& [name, type] : kTypes) {
    if (name == dtype) return type;
  }
  throw InvalidInput(
      concat("[", where, "] dtype: expected float32, bfloat16, int8 or int4, got '", dtype, "'"));
}

KvType kv_type(kernels::WeightType type) {
  return type == kernels::WeightType::float32 ? KvType::float32 : KvType::bfloat16;
}

}  // namespace vitrine::generation
