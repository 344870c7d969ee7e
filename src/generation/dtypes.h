// generation/dtypes.h - the names of weight types in settings.
#pragma once
#include <string>
#include <string_view>

#include "generation/kv_cache.h"
#include "kernels/packed_matrix.h"

namespace vitrine::generation {

/// float32, bfloat16, int8 or int4. Throws InvalidInput, naming `where`, for anything else.
kernels::WeightType weight_type(const std::string& dtype, std::string_view where);

/// Of the keys and values beside these weights: float32 with float32, else bfloat16.
KvType kv_type(kernels::WeightType type);

}  // namespace vitrine::generation
