// generation/dtypes.h - the names of the types of weights, keys and values in settings.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "generation/kv_cache.h"
#include "kernels/packed_matrix.h"

namespace vitrine::generation {

/// What a setting dtype or kv_dtype may be.
std::vector<std::string> weight_dtypes();  // float32, bfloat16, int8, int4
std::vector<std::string> kv_dtypes();      // float32, bfloat16, int8

/// One of weight_dtypes(). Throws InvalidInput, naming `where`, for anything else.
kernels::WeightType weight_type(const std::string& dtype, std::string_view where);

/// One of kv_dtypes(), or empty: of keys and values beside such weights, float32 with float32, else
/// bfloat16. Throws InvalidInput, naming `where`, for anything else.
KvType kv_type(const std::string& kv_dtype, kernels::WeightType type, std::string_view where);

}  // namespace vitrine::generation
