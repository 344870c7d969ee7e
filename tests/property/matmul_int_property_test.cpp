// Products with int8 and int4 weights: the same bits on every instruction set, and errors inside the stated bounds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "kernels/matmul.h"

namespace vitrine::kernels {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr WeightType kTypes[] = {WeightType::int8, WeightType::int4};

/// Uniform in [-1, 1], one in fifty twenty times as large, as in the hidden states of GPT-2.
std::vector<float> random_values(size_t count, uint64_t seed) {
  RandomStream stream{RandomKey(seed)};
  std::vector<float> values(count);
  for (float& v : values) {
    v = static_cast<float>(2 * stream.uniform() - 1);
    if (stream.below(50) == 0) v *= 20;
  }
  return values;
}

std::vector<float> normal_values(size_t count, uint64_t seed) {
  RandomStream stream{RandomKey(seed)};
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(std::sqrt(-2 * std::log(1 - stream.uniform())) * std::cos(2 * M_PI * stream.uniform()));
  return values;
}

/// Equal bits, or both NaN.
void expect_same(const std::vector<float>& actual, const std::vector<float>& expected, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size());
  size_t different = 0, first = 0;
  for (size_t i = actual.size(); i-- > 0;) {
    if (std::isnan(actual[i]) && std::isnan(expected[i])) continue;
    if (std::memcmp(&actual[i], &expected[i], 4) != 0) ++different, first = i;
  }
  EXPECT_EQ(different, 0u) << what << ": first at " << first << ": expected " << expected[first] << ", actual " << actual[first];
}

struct Product {
  size_t M, K, N;
  WeightType type;
  bool add = false;

  size_t x_stride() const { return K + 3; }  // rows at odd offsets
  size_t y_stride() const { return N + 5; }
};

PackedMatrix weights_of(const Product& p) {
  ThreadPool pool(1);
  return PackedMatrix::from_in_out(random_values(p.K * p.N, 2), p.K, p.N, random_values(p.N, 3), p.type, pool);
}

std::vector<float> run(const KernelTable& table, const Product& p, const PackedMatrix& w, std::vector<float> x, int threads = 1,
                       size_t first_row = 0, size_t rows = 0) {
  ThreadPool pool(threads);
  MatmulScratch scratch;
  auto y = random_values(p.M * p.y_stride(), 4);
  if (rows == 0) rows = p.M;
  matmul(table, pool, w, rows, x.data() + first_row * p.x_stride(), p.x_stride(), y.data() + first_row * p.y_stride(), p.y_stride(), scratch,
         {.add = p.add});
  return y;
}

std::vector<float> run(const KernelTable& table, const Product& p, int threads = 1) {
  return run(table, p, weights_of(p), random_values(p.M * p.x_stride(), 1), threads);
}

TEST(MatmulIntPropertyTest, EveryInstructionSetGivesTheBitsOfScalarOverOddSizes) {
  for (const WeightType type : kTypes) {
    for (size_t M = 1; M <= 37; ++M) {
      for (const auto& [K, N] : {std::pair<size_t, size_t>{1, 1}, {2, 15}, {7, 17}, {31, 32}, {33, 33}, {64, 31}, {65, 95}, {130, 48}}) {
        const Product p{M, K, N, type, (M + N) % 2 == 0};
        const auto expected = run(kernel_table(Isa::scalar), p);
        for (const Isa isa : supported_isas()) {
          expect_same(run(kernel_table(isa), p), expected, concat(kernel_table(isa).name, " M ", M, " K ", K, " N ", N));
        }
      }
    }
  }
}

TEST(MatmulIntPropertyTest, LargestValuesDoNotOverflowOnTheWay) {
  for (const WeightType type : kTypes) {
    const Product p{3, 4096, 33, type};
    ThreadPool pool(1);
    for (const float sign : {1.0f, -1.0f}) {
      const auto w = PackedMatrix::from_in_out(std::vector<float>(p.K * p.N, sign), p.K, p.N, {}, type, pool);
      for (const Isa isa : supported_isas()) {
        const auto y = run(kernel_table(isa), p, w, std::vector<float>(p.M * p.x_stride(), -1.0f));
        for (size_t n = 0; n < p.N; ++n) EXPECT_NEAR(y[n], -sign * 4096, 4096 * 4e-3) << kernel_table(isa).name;
      }
    }
  }
}

TEST(MatmulIntPropertyTest, ARowIsTheSameBitsInAnyBatchAndForAnyNumberOfThreads) {
  for (const WeightType type : kTypes) {
    const Product p{37, 131, 197, type, true};
    const auto w = weights_of(p);
    const auto x = random_values(p.M * p.x_stride(), 1);
    for (const Isa isa : supported_isas()) {
      const auto whole = run(kernel_table(isa), p, w, x);
      expect_same(run(kernel_table(isa), p, w, x, 3), whole, "3 threads");
      for (size_t m = 0; m < p.M; ++m) {
        const auto alone = run(kernel_table(isa), p, w, x, 1, m, 1);
        EXPECT_TRUE(std::equal(&alone[m * p.y_stride()], &alone[m * p.y_stride()] + p.N, &whole[m * p.y_stride()])) << "row " << m;
      }
    }
  }
}

/// What y may be off by: half a step of x for each k, and rounding.
double bound(const Product& p, const PackedMatrix& w, const float* x, size_t n) {
  double sum = 0, magnitude = 0;
  const size_t span = p.type == WeightType::int4 ? kGroup : p.K;
  for (size_t first = 0; first < p.K; first += span) {
    float largest = 0;
    for (size_t k = first; k < std::min(p.K, first + span); ++k) largest = std::max(largest, std::abs(x[k]));
    for (size_t k = first; k < std::min(p.K, first + span); ++k) {
      sum += std::abs(w.weight(k, n)) * largest / 254 * 1.00001;
      magnitude += std::abs(w.weight(k, n)) * largest;
    }
  }
  return sum + magnitude * std::numeric_limits<float>::epsilon() * (4.0 + static_cast<double>(p.K) / kGroup);
}

TEST(MatmulIntPropertyTest, TheProductIsThatOfTheStoredWeightsUpToTheRoundingOfX) {
  for (const WeightType type : kTypes) {
    for (const auto& [K, N] : {std::pair<size_t, size_t>{5, 3}, {96, 40}, {771, 33}}) {
      const Product p{4, K, N, type};
      const auto w = weights_of(p);
      const auto x = random_values(p.M * p.x_stride(), 1), bias = random_values(N, 3);
      const auto y = run(kernel_table(), p, w, x);
      for (size_t m = 0; m < p.M; ++m) {
        for (size_t n = 0; n < N; ++n) {
          double exact = bias[n];
          for (size_t k = 0; k < K; ++k) exact += static_cast<double>(x[m * p.x_stride() + k]) * w.weight(k, n);
          ASSERT_NEAR(y[m * p.y_stride() + n], exact, bound(p, w, &x[m * p.x_stride()], n)) << "K " << K << " m " << m << " n " << n;
        }
      }
    }
  }
}

TEST(MatmulIntPropertyTest, StoredWeightsAreInsideTheStatedErrors) {
  constexpr size_t K = 203, N = 45;
  ThreadPool pool(2);
  for (const auto& values : {random_values(K * N, 5), normal_values(K * N, 6)}) {
    const auto int8 = PackedMatrix::from_in_out(values, K, N, {}, WeightType::int8, pool);
    const auto int4 = PackedMatrix::from_in_out(values, K, N, {}, WeightType::int4, pool);
    for (size_t n = 0; n < N; ++n) {
      float largest = 0;
      for (size_t k = 0; k < K; ++k) largest = std::max(largest, std::abs(values[k * N + n]));
      for (size_t k = 0; k < K; ++k) ASSERT_NEAR(int8.weight(k, n), values[k * N + n], largest / 254 * 1.00001);
      for (size_t first = 0; first < K; first += kGroup) {
        double squares = 0, group_largest = 0;
        const size_t end = std::min(K, first + kGroup);
        for (size_t k = first; k < end; ++k) {
          const double error = int4.weight(k, n) - values[k * N + n];
          squares += error * error;
          group_largest = std::max(group_largest, std::abs(static_cast<double>(values[k * N + n])));
        }
        ASSERT_LE(std::sqrt(squares / static_cast<double>(end - first)), group_largest / 8) << "group at " << first << " of " << n;
      }
    }
  }
}

TEST(MatmulIntPropertyTest, NormalWeightsLoseLessThanAThirteenthToInt4) {
  constexpr size_t K = 768, N = 64;
  ThreadPool pool(2);
  const auto values = normal_values(K * N, 7);
  const auto w = PackedMatrix::from_out_in(values, K, N, {}, WeightType::int4, pool);
  double squares = 0, errors = 0;
  for (size_t n = 0; n < N; ++n) {
    for (size_t k = 0; k < K; ++k) {
      const double value = values[n * K + k], error = w.weight(k, n) - value;
      squares += value * value;
      errors += error * error;
    }
  }
  EXPECT_LT(std::sqrt(errors / squares), 1.0 / 13);
}

TEST(MatmulIntPropertyTest, ARowThatIsNotFiniteGivesNanAndOthersStay) {
  for (const WeightType type : kTypes) {
    const Product p{5, 70, 37, type};
    const auto w = weights_of(p);
    auto x = random_values(p.M * p.x_stride(), 1);
    const auto clean = run(kernel_table(Isa::scalar), p, w, x);
    x[1 * p.x_stride() + 69] = kNan;
    x[3 * p.x_stride() + 12] = -kInfinity;
    for (const Isa isa : supported_isas()) {
      const auto y = run(kernel_table(isa), p, w, x);
      for (size_t m = 0; m < p.M; ++m) {
        for (size_t n = 0; n < p.N; ++n) {
          const float value = y[m * p.y_stride() + n];
          if (m % 2 == 1) {
            ASSERT_TRUE(std::isnan(value)) << kernel_table(isa).name << " " << m << " " << n;
          } else {
            ASSERT_EQ(value, clean[m * p.y_stride() + n]) << kernel_table(isa).name << " " << m << " " << n;
          }
        }
      }
    }
  }
}

TEST(MatmulIntPropertyTest, ZeroAndVanishingRowsGiveTheBias) {
  for (const WeightType type : kTypes) {
    const Product p{3, 40, 33, type};
    const auto bias = random_values(p.N, 3);
    std::vector<float> x(p.M * p.x_stride(), 0.0f);
    x[p.x_stride() + 3] = 1e-38f;
    x[2 * p.x_stride() + 4] = -std::numeric_limits<float>::denorm_min();
    for (const Isa isa : supported_isas()) {
      const auto y = run(kernel_table(isa), p, weights_of(p), x);
      for (size_t m = 0; m < p.M; ++m) EXPECT_TRUE(std::equal(bias.begin(), bias.end(), &y[m * p.y_stride()])) << kernel_table(isa).name;
    }
  }
}

TEST(MatmulIntPropertyTest, AWeightThatIsNotFiniteGivesNanInItsOutputAlone) {
  ThreadPool pool(1);
  for (const WeightType type : kTypes) {
    const Product p{2, 40, 35, type};
    auto values = random_values(p.K * p.N, 2);
    values[7 * p.N + 4] = kInfinity;
    values[39 * p.N + 34] = kNan;
    const auto w = PackedMatrix::from_in_out(values, p.K, p.N, {}, type, pool);
    for (const Isa isa : supported_isas()) {
      const auto y = run(kernel_table(isa), p, w, random_values(p.M * p.x_stride(), 1));
      for (size_t n = 0; n < p.N; ++n) EXPECT_EQ(std::isnan(y[n]), n == 4 || n == 34) << kernel_table(isa).name << " " << n;
    }
  }
}

TEST(QuantizeTest, EveryInstructionSetRoundsAsScalarDoes) {
  const KernelTable& truth = kernel_table(Isa::scalar);
  for (const Isa isa : supported_isas()) {
    const KernelTable& table = kernel_table(isa);
    for (size_t count = 1; count <= 140; ++count) {
      auto x = random_values(count, count);
      x[count / 2] = 127;  // halves between steps
      if (count > 3) x[0] = 0.5f, x[1] = 1.5f, x[2] = -2.5f;
      std::vector<uint8_t> q(count + 1, 77), expected_q(count + 1, 77);
      EXPECT_EQ(table.quantize_row(x.data(), count, q.data()), truth.quantize_row(x.data(), count, expected_q.data()));
      EXPECT_EQ(q, expected_q) << table.name << " count " << count;
      const size_t groups = (count + kGroup - 1) / kGroup;
      std::vector<int8_t> codes(groups * kGroup, 77), expected_codes(groups * kGroup, 77);
      std::vector<float> scales(groups), expected_scales(groups);
      std::vector<int32_t> sums(groups), expected_sums(groups);
      table.quantize_groups(x.data(), count, codes.data(), scales.data(), sums.data());
      truth.quantize_groups(x.data(), count, expected_codes.data(), expected_scales.data(), expected_sums.data());
      EXPECT_EQ(codes, expected_codes) << table.name << " count " << count;
      EXPECT_EQ(scales, expected_scales);
      EXPECT_EQ(sums, expected_sums);
    }
  }
}

TEST(PackedMatrixPropertyTest, StoredBytesMultiplyAsTheMatrixDid) {
  for (const WeightType type : {WeightType::float32, WeightType::bfloat16, WeightType::int8, WeightType::int4}) {
    const Product p{2, 75, 50, type};
    const auto w = weights_of(p);
    const auto copy = std::make_shared<AlignedBuffer<std::byte>>(w.size_bytes());
    std::memcpy(copy->data(), w.bytes().data(), w.size_bytes());
    const std::weak_ptr<AlignedBuffer<std::byte>> watch = copy;
    auto mapped = PackedMatrix::from_bytes(p.K, p.N, type, copy->span(), std::const_pointer_cast<const AlignedBuffer<std::byte>>(copy));
    const auto x = random_values(p.M * p.x_stride(), 1);
    expect_same(run(kernel_table(), p, mapped, x), run(kernel_table(), p, w, x), "mapped");
    EXPECT_THROW(PackedMatrix::from_bytes(p.K, p.N + 32, type, copy->span(), nullptr), InvalidInput);
    EXPECT_THROW(PackedMatrix::from_bytes(p.K, p.N, type, copy->span().subspan(1), nullptr), InvalidInput);
    EXPECT_EQ(copy.use_count(), 2);
    mapped = PackedMatrix();
    EXPECT_EQ(watch.use_count(), 1);
  }
}

}  // namespace
}  // namespace vitrine::kernels
