#include "io/dtype.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/error.h"

namespace vitrine::io {
namespace {

struct DTypeRow {
  DType dtype;
  std::string_view name;
  size_t size;
};
constexpr std::array<DTypeRow, 8> kRows{{{DType::F32, "F32", 4},
                                         {DType::F16, "F16", 2},
                                         {DType::BF16, "BF16", 2},
                                         {DType::F64, "F64", 8},
                                         {DType::I64, "I64", 8},
                                         {DType::I32, "I32", 4},
                                         {DType::U8, "U8", 1},
                                         {DType::BOOL, "BOOL", 1}}};

template <typename T>
T load(std::span<const std::byte> bytes, size_t idx) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + idx * sizeof(T), sizeof(T));
  return value;
}

template <typename T, typename Convert>
void convert(std::span<const std::byte> bytes, std::span<float> values, Convert to_float) {
  for (size_t i = 0; i < values.size(); ++i) values[i] = to_float(load<T>(bytes, i));
}

/// A number is NaN or infinite when all bits of its exponent are set.
template <typename Bits>
bool no_full_exponent(std::span<const std::byte> bytes, Bits exponent) noexcept {
  bool found = false;
  for (size_t i = 0; i < bytes.size() / sizeof(Bits); ++i) {
    found |= (load<Bits>(bytes, i) & exponent) == exponent;
  }
  return !found;
}

/// Drops the low 13 bits of a float32 pattern, to nearest even.
uint32_t round_13_bits(uint32_t bits) noexcept { return (bits + 0xfff + ((bits >> 13) & 1)) >> 13; }

}  // namespace

size_t size_of(DType dtype) noexcept { return kRows[static_cast<size_t>(dtype)].size; }
std::string_view name_of(DType dtype) noexcept { return kRows[static_cast<size_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) noexcept {
  for (const DTypeRow& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

float float16_to_float(uint16_t bits) noexcept {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00) return std::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x0400) return std::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));
  const float subnormal = static_cast<float>(magnitude) * 0x1.0p-24f;
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(subnormal));
}

uint16_t float_to_float16(float value) noexcept {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);  // NaN
  if (magnitude >= 0x47800000) return static_cast<uint16_t>(sign | 0x7c00);  // 65536 and more
  if (magnitude >= 0x38800000) {  // 2^-14, the least normal number
    return static_cast<uint16_t>(sign | round_13_bits(magnitude - (112u << 23)));
  }
  // Adding 0.5 puts the units of 2^-24 into the low bits, rounded by the processor.
  const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
  return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(0.5f)));
}

float bfloat16_to_float(uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t float_to_bfloat16(float value) noexcept {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>((bits >> 16) | 0x40);  // NaN
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

void to_float32(DType dtype, std::span<const std::byte> bytes, std::span<float> values) {
  VITRINE_REQUIRE(bytes.size() == values.size() * size_of(dtype), "[to_float32] expected ",
                  values.size() * size_of(dtype), " bytes, got ", bytes.size());
  switch (dtype) {
    case DType::F32:
      if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
      return;
    case DType::F16: return convert<uint16_t>(bytes, values, float16_to_float);
    case DType::BF16: return convert<uint16_t>(bytes, values, bfloat16_to_float);
    case DType::F64: return convert<double>(bytes, values, [](double v) { return static_cast<float>(v); });
    case DType::I64: return convert<int64_t>(bytes, values, [](int64_t v) { return static_cast<float>(v); });
    case DType::I32: return convert<int32_t>(bytes, values, [](int32_t v) { return static_cast<float>(v); });
    case DType::U8:
    case DType::BOOL: return convert<uint8_t>(bytes, values, [](uint8_t v) { return static_cast<float>(v); });
  }
}

std::vector<std::byte> from_float32(DType dtype, std::span<const float> values) {
  std::vector<std::byte> bytes(values.size() * size_of(dtype));
  if (dtype == DType::F32) {
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  VITRINE_REQUIRE(dtype == DType::F16 || dtype == DType::BF16, "[from_float32] expected F32, F16 or BF16, got ",
                  name_of(dtype));
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t bits = dtype == DType::F16 ? float_to_float16(values[i]) : float_to_bfloat16(values[i]);
    std::memcpy(bytes.data() + 2 * i, &bits, 2);
  }
  return bytes;
}

bool all_finite(DType dtype, std::span<const std::byte> bytes) noexcept {
  switch (dtype) {
    case DType::F32: return no_full_exponent<uint32_t>(bytes, 0x7f800000);
    case DType::F16: return no_full_exponent<uint16_t>(bytes, 0x7c00);
    case DType::BF16: return no_full_exponent<uint16_t>(bytes, 0x7f80);
    case DType::F64: return no_full_exponent<uint64_t>(bytes, 0x7ff0000000000000);
    default: return true;
  }
}

}  // namespace vitrine::io
