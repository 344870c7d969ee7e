// io/dtype.h - the data types of stored tensors and their conversion to and from float32.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace vitrine::io {

enum class DType { F32, F16, BF16, F64, I64, I32, U8, BOOL };

/// Bytes of one value: 8, 4, 2 or 1.
size_t size_of(DType dtype) noexcept;
/// The name in a safetensors header: "F32", "BF16", …
std::string_view name_of(DType dtype) noexcept;
/// The inverse of name_of; nothing for a name that is not one of ours.
std::optional<DType> dtype_from_name(std::string_view name) noexcept;

/// IEEE half precision and bfloat16, bits in the low half of an uint16_t.
/// Rounding is to nearest, ties to even; too large becomes infinity; NaN stays NaN.
float float16_to_float(uint16_t bits) noexcept;
uint16_t float_to_float16(float value) noexcept;
float bfloat16_to_float(uint16_t bits) noexcept;
uint16_t float_to_bfloat16(float value) noexcept;

/// values[i] = number i of `bytes`, which need not be aligned.
/// REQUIRES: bytes.size() == values.size() * size_of(dtype) (throws InvalidInput).
/// F64 is rounded to float32; I64, I32, U8 and BOOL become the nearest float.
void to_float32(DType dtype, std::span<const std::byte> bytes, std::span<float> values);

/// The bytes of `values` as F32, F16 or BF16. Throws InvalidInput for another dtype.
std::vector<std::byte> from_float32(DType dtype, std::span<const float> values);

/// Whether all numbers are finite; true for integer types.
bool all_finite(DType dtype, std::span<const std::byte> bytes) noexcept;

}  // namespace vitrine::io
