// The algorithm on AMX tiles, run on a model of them, against the scalar truth.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "kernels/matmul.h"
#include "support/tile_model.h"

namespace vitrine::kernels {
namespace {

using test::TileModel;

/// Scalar loops, and products on the model.
KernelTable model_table() {
  KernelTable table = kernel_table(Isa::scalar);
  table.name = "tile model";
  table.matmul_int8 = [](const MatmulTask& task, size_t begin, size_t end) noexcept { amx::multiply<TileModel, amx::Int8Product>(task, begin, end); };
  table.matmul_bf16 = [](const MatmulTask& task, size_t begin, size_t end) noexcept { amx::multiply<TileModel, amx::Bf16Product>(task, begin, end); };
  return table;
}

std::vector<float> random_values(size_t count, uint64_t seed) {
  RandomStream stream{RandomKey(seed)};
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(2 * stream.uniform() - 1);
  return values;
}

struct Product {
  size_t M, K, N;
  WeightType type;
  bool add;
};

/// Rows at odd offsets; only rows first_row .. first_row + rows are computed.
std::vector<float> run(const KernelTable& table, const Product& p, size_t first_row = 0, size_t rows = 0) {
  ThreadPool pool(1);
  MatmulScratch scratch;
  const size_t x_stride = p.K + 3, y_stride = p.N + 5;
  const auto x = random_values(p.M * x_stride, 1);
  const auto w = PackedMatrix::from_in_out(random_values(p.K * p.N, 2), p.K, p.N, random_values(p.N, 3), p.type, pool);
  auto y = random_values(p.M * y_stride, 4);
  matmul(table, pool, w, rows == 0 ? p.M : rows, x.data() + first_row * x_stride, x_stride, y.data() + first_row * y_stride, y_stride, scratch,
         {.add = p.add});
  return y;
}

constexpr std::pair<size_t, size_t> kSizes[] = {{1, 1}, {2, 15}, {31, 32}, {33, 33}, {64, 31}, {65, 95}, {130, 48}};

TEST(MatmulTilesTest, Int8OnTilesGivesTheBitsOfScalarOverOddSizes) {
  for (size_t M = 1; M <= 70; M += M < 37 ? 1 : 11) {
    for (const auto& [K, N] : kSizes) {
      const Product p{M, K, N, WeightType::int8, (M + N) % 2 == 0};
      ASSERT_EQ(run(model_table(), p), run(kernel_table(Isa::scalar), p)) << "M " << M << " K " << K << " N " << N;
      ASSERT_TRUE(TileModel::is_released());
    }
  }
}

TEST(MatmulTilesTest, Bf16OnTilesAgreesWithScalarOverOddSizes) {
  for (size_t M = 1; M <= 70; M += M < 37 ? 3 : 11) {
    for (const auto& [K, N] : kSizes) {
      const Product p{M, K, N, WeightType::bfloat16, (M + N) % 2 == 0};
      const auto actual = run(model_table(), p), expected = run(kernel_table(Isa::scalar), p);
      const float tolerance = std::numeric_limits<float>::epsilon() * static_cast<float>(K + 2) * 2;
      for (size_t i = 0; i < actual.size(); ++i) ASSERT_NEAR(actual[i], expected[i], tolerance) << "M " << M << " K " << K << " N " << N << " at " << i;
    }
  }
}

TEST(MatmulTilesTest, ARowIsTheSameBitsInAnyBatch) {
  for (const WeightType type : {WeightType::bfloat16, WeightType::int8}) {
    const Product p{45, 131, 77, type, true};
    const auto whole = run(model_table(), p);
    const size_t y_stride = p.N + 5;
    for (size_t m = 0; m < p.M; ++m) {
      const auto alone = run(model_table(), p, m, 1);
      EXPECT_TRUE(std::equal(&alone[m * y_stride], &alone[m * y_stride] + p.N, &whole[m * y_stride])) << "row " << m;
    }
  }
}

}  // namespace
}  // namespace vitrine::kernels
