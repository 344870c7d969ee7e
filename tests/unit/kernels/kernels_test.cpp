#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "kernels/isa.h"
#include "kernels/matmul.h"
#include "kernels/rows.h"

namespace vitrine::kernels {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

TEST(IsaTest, NamesAreParsedAndScalarIsAlwaysThere) {
  EXPECT_EQ(parse_isa("avx512"), Isa::avx512);
  EXPECT_EQ(parse_isa("amx"), Isa::amx);
  EXPECT_THROW(parse_isa("avx3"), UsageError);
  EXPECT_EQ(supported_isas().front(), Isa::scalar);
  EXPECT_STREQ(kernel_table(Isa::scalar).name, "scalar");
}

TEST(MatmulTest, SmallLiteralProductHasBiasAndAddsToWhatWasThere) {
  ThreadPool pool(1);
  MatmulScratch scratch;
  const std::vector<float> in_out{1, 2, 3, 4, 5, 6};  // [K = 2, N = 3]
  const std::vector<float> out_in{1, 4, 2, 5, 3, 6};  // [N = 3, K = 2]
  const std::vector<float> bias{10, 20, 30}, x{1, 2};
  for (const WeightType type : {WeightType::float32, WeightType::bfloat16}) {
    std::vector<float> y{100, 100, 100};
    const auto a = PackedMatrix::from_in_out(in_out, 2, 3, bias, type, pool);
    matmul(kernel_table(), pool, a, 1, x.data(), 2, y.data(), 3, scratch, {.add = true});
    EXPECT_EQ(y, (std::vector<float>{119, 132, 145}));
    const auto b = PackedMatrix::from_out_in(out_in, 2, 3, {}, type, pool);
    matmul(kernel_table(), pool, b, 1, x.data(), 2, y.data(), 3, scratch);
    EXPECT_EQ(y, (std::vector<float>{9, 12, 15}));
  }
}

TEST(MatmulTest, QuantisedWeightsMeetTheRightInputsAndOutputs) {
  ThreadPool pool(1);
  MatmulScratch scratch;
  std::vector<float> in_out(70 * 40, 0.0f);  // [K = 70, N = 40]
  in_out[0 * 40 + 0] = 1;
  in_out[69 * 40 + 39] = -2;
  in_out[36 * 40 + 17] = 3;
  std::vector<float> x(70);
  for (size_t k = 0; k < 70; ++k) x[k] = static_cast<float>(k + 1);
  for (const WeightType type : {WeightType::int8, WeightType::int4}) {
    const auto w = PackedMatrix::from_in_out(in_out, 70, 40, {}, type, pool);
    std::vector<float> y(40);
    matmul(kernel_table(), pool, w, 1, x.data(), 70, y.data(), 40, scratch);
    EXPECT_NEAR(y[0], 1, 0.3);
    EXPECT_NEAR(y[17], 3 * 37, 3);
    EXPECT_NEAR(y[39], -2 * 70, 3);
    EXPECT_NEAR(y[5], 0, 1e-6);
  }
}

TEST(MatmulTest, SizesThatDoNotFitAreRefused) {
  ThreadPool pool(1);
  const std::vector<float> values(6);
  EXPECT_THROW(PackedMatrix::from_in_out(values, 2, 4, {}, WeightType::float32, pool), InvalidInput);
  EXPECT_THROW(PackedMatrix::from_in_out(values, 2, 3, std::vector<float>(2), WeightType::float32, pool), InvalidInput);
  EXPECT_THROW(PackedMatrix::from_in_out({}, 0, 3, {}, WeightType::float32, pool), InvalidInput);
}

TEST(RowsTest, SoftmaxGivesMaskedColumnsZero) {
  for (const Isa isa : supported_isas()) {
    std::vector<float> row{0, kMasked, std::log(3.0f)};
    EXPECT_TRUE(softmax(kernel_table(isa), row, 1.0, row));
    EXPECT_NEAR(row[0], 0.25, 1e-6);
    EXPECT_EQ(row[1], 0);
    EXPECT_NEAR(row[2], 0.75, 1e-6);
    std::vector<float> masked{kMasked, kMasked};
    EXPECT_FALSE(softmax(kernel_table(isa), masked, 1.0, masked));
    EXPECT_EQ(masked, (std::vector<float>{0, 0}));
  }
}

TEST(RowsTest, SoftmaxOfHalfTemperatureSquaresTheRatios) {
  std::vector<float> row{0, std::log(2.0f)};
  softmax(kernel_table(), row, 0.5, row);
  EXPECT_NEAR(row[0], 0.2, 1e-6);
  EXPECT_THROW(softmax(kernel_table(), row, 0.0, row), InvalidInput);
}

TEST(RowsTest, LogSumExpIsStableForLargeLogits) {
  const std::vector<float> row{1000, 1000, kMasked};
  std::vector<float> scratch(3);
  EXPECT_NEAR(log_sum_exp(kernel_table(), row, scratch), 1000 + std::log(2.0), 1e-4);
}

TEST(RowsTest, ArgmaxTakesTheFirstAmongEqualsAndNoneOfAMaskedRow) {
  EXPECT_EQ(argmax(kernel_table(), std::vector<float>{1, 3, 3, 2}), 1);
  EXPECT_EQ(argmax(kernel_table(), std::vector<float>{kMasked, kMasked}), -1);
}

TEST(SelectTest, EveryInstructionSetFindsTheSameMaximaAndIndices) {
  std::vector<float> values;
  for (int i = 0; i < 333; ++i) values.push_back(static_cast<float>((i * 37) % 101));
  values[5] = kMasked;
  for (const Isa isa : supported_isas()) {
    for (const size_t count : {1, 15, 16, 63, 64, 65, 130, 333}) {
      std::vector<float> maxima((count + kMaxBlock - 1) / kMaxBlock);
      kernel_table(isa).block_max(values.data(), count, maxima.data());
      for (size_t b = 0; b < maxima.size(); ++b) {
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(b * kMaxBlock);
        EXPECT_EQ(maxima[b], *std::max_element(begin, begin + static_cast<std::ptrdiff_t>(std::min(kMaxBlock, count - b * kMaxBlock))));
      }
      std::vector<int32_t> expected, idxs(count);
      for (size_t i = 0; i < count; ++i) {
        if (values[i] >= 50) expected.push_back(static_cast<int32_t>(i));
      }
      idxs.resize(kernel_table(isa).collect_at_least(values.data(), count, 50, idxs.data()));
      EXPECT_EQ(idxs, expected) << kernel_table(isa).name << " of " << count;
    }
  }
}

TEST(RowsTest, ActivationsHaveTheirKnownValues) {
  for (const Isa isa : supported_isas()) {
    std::vector<float> x{-100, -1, 0, 1, 100};
    activate(kernel_table(isa), Activation::gelu_new, x);
    EXPECT_NEAR(x[0], 0, 1e-6);
    EXPECT_NEAR(x[1], -0.15880801, 1e-6);
    EXPECT_EQ(x[2], 0);
    EXPECT_NEAR(x[3], 0.84119199, 1e-6);
    EXPECT_NEAR(x[4], 100, 1e-4);
  }
  std::vector<float> x{-1, 1};
  activate(kernel_table(), Activation::gelu, x);
  EXPECT_NEAR(x[0], -0.15865526, 1e-6);
  activate(kernel_table(), Activation::relu, x);
  EXPECT_EQ(x[0], 0);
}

}  // namespace
}  // namespace vitrine::kernels
