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

/// The name of the loops in force (kernels/isa.h): texts are the same bit for bit within one only.
std::string instruction_set();

/// One of weight_dtypes(). Throws InvalidInput, naming `where`, for anything else.
kernels::WeightType weight_type(const std::string& dtype, std::string_view where);

/// Of keys and values beside weights of a type: float32 with float32, bfloat16 with bfloat16, and
/// int8 with int8 and int4 (bfloat16 where heads are too wide for it).
KvType default_kv_type(kernels::WeightType type, size_t head_size);
/// One of kv_dtypes(), or empty = the default. Throws InvalidInput, naming `where`, for anything
/// else.
KvType kv_type(const std::string& kv_dtype, kernels::WeightType type, size_t head_size,
               std::string_view where);

}  // namespace vitrine::generation
