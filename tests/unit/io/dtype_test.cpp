#include "io/dtype.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"

namespace vitrine::io {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(DtypeTest, EveryHalfPrecisionNumberComesBackFromFloat) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = float16_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(float16_to_float(float_to_float16(value))));
    } else {
      ASSERT_EQ(float_to_float16(value), bits);
    }
  }
}

TEST(DtypeTest, EveryBfloat16NumberComesBackFromFloat) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bfloat16_to_float(static_cast<uint16_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(float_to_bfloat16(value), bits);
  }
}

TEST(DtypeTest, HalfPrecisionHasTheKnownValues) {
  EXPECT_EQ(float16_to_float(0x3c00), 1.0f);
  EXPECT_EQ(float16_to_float(0xc000), -2.0f);
  EXPECT_EQ(float16_to_float(0x7bff), 65504.0f);
  EXPECT_EQ(float16_to_float(0x0001), 0x1.0p-24f);
  EXPECT_EQ(float16_to_float(0x7c00), kInfinity);
}

TEST(DtypeTest, RoundingIsToNearestAndTiesGoToEven) {
  EXPECT_EQ(float_to_float16(1.0f + 0x1.0p-11f), 0x3c00);                // tie, down to even
  EXPECT_EQ(float_to_float16(1.0f + 3 * 0x1.0p-11f), 0x3c02);            // tie, up to even
  EXPECT_EQ(float_to_float16(1.0f + 0x1.0p-11f + 0x1.0p-20f), 0x3c01);   // above the tie
  EXPECT_EQ(float_to_float16(65520.0f), 0x7c00);                         // rounds to infinity
  EXPECT_EQ(float_to_float16(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_float16(0x1.0p-25f), 0x0000);                       // tie below the least subnormal
  EXPECT_EQ(float_to_float16(0x1.8p-25f), 0x0001);
  EXPECT_EQ(float_to_bfloat16(1.0f + 0x1.0p-8f), 0x3f80);
  EXPECT_EQ(float_to_bfloat16(1.0f + 3 * 0x1.0p-8f), 0x3f82);
  EXPECT_EQ(float_to_bfloat16(std::numeric_limits<float>::max()), 0x7f80);
}

TEST(DtypeTest, NanStaysNan) {
  const float nan = std::bit_cast<float>(0x7f800001u);
  EXPECT_TRUE(std::isnan(bfloat16_to_float(float_to_bfloat16(nan))));
  EXPECT_TRUE(std::isnan(float16_to_float(float_to_float16(nan))));
}

TEST(DtypeTest, NamesGoBothWaysAndUnknownOnesAreNothing) {
  for (const DType dtype : {DType::F32, DType::F16, DType::BF16, DType::F64, DType::I64, DType::I32, DType::U8, DType::BOOL}) {
    EXPECT_EQ(dtype_from_name(name_of(dtype)), dtype);
  }
  EXPECT_FALSE(dtype_from_name("F8_E4M3").has_value());
}

TEST(DtypeTest, IntegersAndDoublesBecomeFloats) {
  const std::vector<int64_t> integers{-3, 7};
  std::vector<float> values(2);
  to_float32(DType::I64, std::as_bytes(std::span(integers)), values);
  EXPECT_EQ(values, (std::vector<float>{-3, 7}));
  const std::vector<double> doubles{0.5, -1.25};
  to_float32(DType::F64, std::as_bytes(std::span(doubles)), values);
  EXPECT_EQ(values, (std::vector<float>{0.5f, -1.25f}));
}

TEST(DtypeTest, WrongByteCountIsRefused) {
  std::vector<float> values(2);
  const std::vector<std::byte> bytes(7);
  EXPECT_THROW(to_float32(DType::F32, bytes, values), InvalidInput);
}

TEST(DtypeTest, NanAndInfinityAreSeenInEveryFloatType) {
  const std::vector<float> good{1, -2, 3e30f}, bad{1, -kInfinity, 3};
  for (const DType dtype : {DType::F32, DType::BF16}) {
    EXPECT_TRUE(all_finite(dtype, from_float32(dtype, good)));
    EXPECT_FALSE(all_finite(dtype, from_float32(dtype, bad)));
  }
  EXPECT_FALSE(all_finite(DType::F16, from_float32(DType::F16, bad)));
  const std::vector<int32_t> integers{0x7f800000};
  EXPECT_TRUE(all_finite(DType::I32, std::as_bytes(std::span(integers))));
}

}  // namespace
}  // namespace vitrine::io
