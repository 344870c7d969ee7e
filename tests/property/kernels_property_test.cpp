// Every instruction set against the scalar truth, over odd sizes, and the promise that a row does not depend on others.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/random.h"
#include "kernels/matmul.h"
#include "kernels/rows.h"

namespace vitrine::kernels {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kEpsilon = std::numeric_limits<float>::epsilon();

std::vector<float> random_values(size_t count, uint64_t seed, float scale = 1) {
  RandomStream stream{RandomKey(seed)};
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(2 * stream.uniform() - 1) * scale;
  return values;
}

void expect_close(std::span<const float> actual, std::span<const float> expected, float tolerance, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size());
  size_t outside = 0, worst = 0;
  float worst_difference = -1;
  for (size_t i = 0; i < actual.size(); ++i) {
    const float difference = std::abs(actual[i] - expected[i]);
    if (!(difference <= tolerance)) ++outside;
    if (!(difference <= worst_difference)) worst_difference = difference, worst = i;
  }
  EXPECT_EQ(outside, 0u) << what << ": worst at " << worst << ": expected " << expected[worst] << ", actual " << actual[worst]
                         << ", tolerance " << tolerance;
}

struct Product {
  size_t M, K, N;
  WeightType type;
  bool add;
};

std::vector<float> run(Isa isa, const Product& p, int threads = 1, size_t first_row = 0, size_t rows = 0) {
  ThreadPool pool(threads);
  MatmulScratch scratch;
  const size_t x_stride = p.K + 3, y_stride = p.N + 5;  // rows at odd offsets
  const auto x = random_values(p.M * x_stride, 1);
  const auto w = PackedMatrix::from_in_out(random_values(p.K * p.N, 2), p.K, p.N, random_values(p.N, 3), p.type, pool);
  auto y = random_values(p.M * y_stride, 4);
  if (rows == 0) rows = p.M;
  matmul(kernel_table(isa), pool, w, rows, x.data() + first_row * x_stride, x_stride, y.data() + first_row * y_stride, y_stride, scratch,
         {.add = p.add});
  return y;
}

TEST(MatmulPropertyTest, EveryInstructionSetAgreesWithScalarOverOddSizes) {
  for (const Isa isa : supported_isas()) {
    for (const WeightType type : {WeightType::float32, WeightType::bfloat16}) {
      for (const size_t M : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 17}) {
        for (const auto& [K, N] : {std::pair<size_t, size_t>{1, 1}, {2, 15}, {3, 16}, {7, 17}, {16, 31}, {33, 32}, {64, 33}, {65, 95}}) {
          const Product p{M, K, N, type, (M + N) % 2 == 0};
          expect_close(run(isa, p), run(Isa::scalar, p), kEpsilon * static_cast<float>(K + 2) * 2,
                       concat(kernel_table(isa).name, " M ", M, " K ", K, " N ", N));
        }
      }
    }
  }
}

TEST(MatmulPropertyTest, ARowIsTheSameBitsInAnyBatchAndForAnyNumberOfThreads) {
  for (const Isa isa : supported_isas()) {
    for (const WeightType type : {WeightType::float32, WeightType::bfloat16}) {
      const Product p{19, 131, 197, type, true};
      const auto whole = run(isa, p);
      EXPECT_EQ(run(isa, p, 3), whole);
      const size_t y_stride = p.N + 5;
      for (size_t m = 0; m < p.M; ++m) {
        const auto alone = run(isa, p, 1, m, 1);
        EXPECT_TRUE(std::equal(&alone[m * y_stride], &alone[m * y_stride] + p.N, &whole[m * y_stride])) << kernel_table(isa).name << " row " << m;
      }
    }
  }
}

TEST(RowsPropertyTest, EveryInstructionSetAgreesWithScalarOverOddSizes) {
  const KernelTable& truth = kernel_table(Isa::scalar);
  for (const Isa isa : supported_isas()) {
    const KernelTable& table = kernel_table(isa);
    for (size_t count = 1; count <= 70; ++count) {
      const std::string what = concat(table.name, " count ", count);
      const auto x = random_values(count, count, 8);
      const auto weight = random_values(count, 100 + count), bias = random_values(count, 200 + count);
      std::vector<float> actual(count), expected(count);
      table.layer_norm(x.data(), weight.data(), bias.data(), 1e-5f, count, actual.data());
      truth.layer_norm(x.data(), weight.data(), bias.data(), 1e-5f, count, expected.data());
      // of one value the variance is 0 up to rounding, and 1/sqrt(epsilon) = 316 makes that large
      expect_close(actual, expected, 1e-5f, "layer_norm " + what);
      actual = expected = x;
      table.gelu_new(actual.data(), count);
      truth.gelu_new(expected.data(), count);
      expect_close(actual, expected, 8 * kEpsilon * 4, "gelu_new " + what);
      EXPECT_EQ(table.max_value(x.data(), count), truth.max_value(x.data(), count)) << what;
      const float sum = table.exp_sum(x.data(), count, 8, 1.5f, actual.data());
      const float expected_sum = truth.exp_sum(x.data(), count, 8, 1.5f, expected.data());
      EXPECT_NEAR(sum, expected_sum, 4e-6f * expected_sum) << what;
      for (size_t i = 0; i < count; ++i) EXPECT_NEAR(actual[i], expected[i], 2e-6f * expected[i]) << what;
      std::vector<uint16_t> bits(count), expected_bits(count);
      table.round_bf16(x.data(), count, bits.data());
      truth.round_bf16(x.data(), count, expected_bits.data());
      EXPECT_EQ(bits, expected_bits) << what;
    }
  }
}

TEST(RowsPropertyTest, Bfloat16KeepsNanAndInfinity) {
  std::vector<float> x{kNan, std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), 3.4e38f};
  const uint32_t last_nan = 0x7fffffff;  // rounding its bits up would give -0
  std::memcpy(&x.emplace_back(), &last_nan, 4);
  for (const Isa isa : supported_isas()) {
    std::vector<uint16_t> bits(x.size());
    kernel_table(isa).round_bf16(x.data(), x.size(), bits.data());
    EXPECT_EQ(bits, (std::vector<uint16_t>{0x7fc0, 0x7f80, 0xff80, 0x7f80, 0x7fff})) << kernel_table(isa).name;
  }
}

TEST(RowsPropertyTest, ExpIsAccurateOverItsWholeRangeAndZeroForMasked) {
  for (const Isa isa : supported_isas()) {
    std::vector<float> x, probs;
    for (float value = 0; value > -86; value -= 0.037f) x.push_back(value);
    probs.resize(x.size());
    kernel_table(isa).exp_sum(x.data(), x.size(), 0, 1, probs.data());
    for (size_t i = 0; i < x.size(); ++i) {
      const double expected = std::exp(static_cast<double>(x[i]));
      EXPECT_NEAR(probs[i], expected, 2e-7 * expected) << kernel_table(isa).name << " exp(" << x[i] << ")";
    }
    const float masked = -std::numeric_limits<float>::infinity();
    float prob = 1;
    EXPECT_EQ(kernel_table(isa).exp_sum(&masked, 1, 5, 1, &prob), 0);
    EXPECT_TRUE(std::isnan(kernel_table(isa).exp_sum(&kNan, 1, 5, 1, &prob)));
  }
}

uint16_t as_bf16(float value) {
  uint16_t bits = 0;
  kernel_table(Isa::scalar).round_bf16(&value, 1, &bits);
  return bits;
}

/// Keys and values cut into spans of the given lengths; Number is float or uint16_t (bfloat16).
template <typename Number>
class Cache {
 public:
  Cache(size_t head_size, const std::vector<size_t>& lengths) : head_size_(head_size) {
    const size_t total = std::accumulate(lengths.begin(), lengths.end(), size_t{0});
    const auto keys = random_values(total * head_size, 11), values = random_values(total * head_size, 12);
    size_t first = 0;
    for (const size_t length : lengths) {
      const auto begin = static_cast<std::ptrdiff_t>(first * head_size), end = static_cast<std::ptrdiff_t>((first + length) * head_size);
      add_keys({keys.begin() + begin, keys.begin() + end}, length);
      auto& span = values_.emplace_back();
      for (auto value = values.begin() + begin; value != values.begin() + end; ++value) span.push_back(number(*value));
      first += length;
    }
    for (size_t s = 0; s < lengths.size(); ++s) spans_.push_back({keys_[s].data(), values_[s].data(), lengths[s]});
    scores_.resize(total + 64);
  }

  std::vector<float> attend(Isa isa) {
    const auto q = random_values(head_size_, 13, 3);
    std::vector<float> out(head_size_);
    const AttentionTask task{q.data(), out.data(), scores_.data(), spans_.data(), spans_.size(), head_size_, 0.3f};
    const auto& table = kernel_table(isa);
    (kBf16 ? table.attention_bf16 : table.attention_f32)(task);
    return out;
  }

 private:
  static constexpr bool kBf16 = sizeof(Number) == 2;

  static Number number(float value) {
    if constexpr (kBf16) {
      return as_bf16(value);
    } else {
      return value;
    }
  }

  void add_keys(const std::vector<float>& keys, size_t length) {
    const size_t pair = kBf16 ? 2 : 1, rows = (head_size_ + pair - 1) / pair;
    auto& blocks = keys_.emplace_back((length + kKeyBlockTokens - 1) / kKeyBlockTokens * kKeyBlockTokens * rows * pair, number(NAN));
    for (size_t t = 0; t < length; ++t) {
      for (size_t d = 0; d < rows * pair; ++d) {
        const size_t block = t / kKeyBlockTokens * rows * kKeyBlockTokens;
        blocks[(block + d / pair * kKeyBlockTokens + t % kKeyBlockTokens) * pair + d % pair] =
            d < head_size_ ? number(keys[t * head_size_ + d]) : number(0);
      }
    }
  }

  size_t head_size_;
  std::vector<std::vector<Number>> keys_, values_;
  std::vector<KvSpan> spans_;
  std::vector<float> scores_;
};

template <typename Number>
class AttentionPropertyTest : public ::testing::Test {};
using CacheNumbers = ::testing::Types<float, uint16_t>;
TYPED_TEST_SUITE(AttentionPropertyTest, CacheNumbers);

TYPED_TEST(AttentionPropertyTest, EveryInstructionSetAgreesWithScalarOverOddSizes) {
  using Keys = Cache<TypeParam>;
  for (const Isa isa : supported_isas()) {
    for (const size_t head_size : {1, 8, 15, 32, 40, 64, 65, 96, 130}) {
      for (const std::vector<size_t>& lengths : {std::vector<size_t>{1}, {15, 1}, {16}, {17, 33}, {70, 1}, {130, 3, 40}}) {
        expect_close(Keys(head_size, lengths).attend(isa), Keys(head_size, lengths).attend(Isa::scalar), 2e-5f,
                     concat(kernel_table(isa).name, " head size ", head_size, " first span ", lengths[0]));
      }
    }
  }
}

TYPED_TEST(AttentionPropertyTest, CuttingTheCacheIntoSpansChangesNoBit) {
  using Keys = Cache<TypeParam>;
  for (const Isa isa : supported_isas()) {
    for (const size_t head_size : {24, 64}) {
      const auto whole = Keys(head_size, {100}).attend(isa);
      EXPECT_EQ(Keys(head_size, {37, 63}).attend(isa), whole);
      EXPECT_EQ(Keys(head_size, {1, 16, 83}).attend(isa), whole);
    }
  }
}

TEST(AttentionTest, ABfloat16CacheGivesWhatAFloat32CacheOfTheRoundedNumbersGives) {
  for (const size_t head_size : {15, 64}) {
    expect_close(Cache<uint16_t>(head_size, {40}).attend(Isa::scalar), Cache<float>(head_size, {40}).attend(Isa::scalar), 2e-2f, "rounded");
  }
}

}  // namespace
}  // namespace vitrine::kernels
