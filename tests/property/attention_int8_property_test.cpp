// Attention over caches of 8 bits: every instruction set is the scalar one, and that is float32 but
// for the rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "kernels/isa.h"

namespace vitrine::kernels {
namespace {

size_t up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// Random keys and values [T, HS], as an int8 cache of spans of `span_tokens` and as the float32
/// numbers that it stands for.
class Int8Cache {
 public:
  Int8Cache(size_t head_size, size_t tokens, size_t span_tokens)
      : head_size_(head_size), keys_(tokens * head_size), values_(keys_) {
    RandomStream random{RandomKey(head_size).fold_in(tokens)};
    const auto normal = [&] {
      return static_cast<float>(2 * random.uniform() - 1 + random.uniform() - random.uniform());
    };
    for (float& value : keys_) value = normal();
    for (float& value : values_) value = normal() * 5;
    for (size_t d = 0; d < head_size; ++d) q_.push_back(normal() * 3);
    for (size_t first = 0; first < tokens; first += span_tokens)
      add_span(first, std::min(span_tokens, tokens - first));
  }

  std::vector<float> attend(Isa isa) {
    std::vector<float> out(head_size_), scores(keys_.size() / head_size_ + 64);
    std::vector<KvSpan> spans;
    for (Part& part : parts_) {
      spans.push_back({part.keys.data(), part.values.data(), part.tokens, part.key_scales.data(),
                       part.value_scales.data()});
    }
    kernel_table(isa).attention_int8(
        {q_.data(), out.data(), scores.data(), spans.data(), spans.size(), head_size_, kScale});
    return out;
  }

  /// In double, of the float32 numbers that the cache stands for.
  std::vector<float> expected() const {
    const size_t tokens = keys_.size() / head_size_;
    std::vector<double> probs(tokens), out(head_size_);
    double sum = 0;
    for (size_t t = 0; t < tokens; ++t) {
      double score = 0;
      for (size_t d = 0; d < head_size_; ++d)
        score += static_cast<double>(q_[d]) * static_cast<double>(keys_[t * head_size_ + d]);
      sum += probs[t] = std::exp(static_cast<double>(kScale) * score);
    }
    for (size_t t = 0; t < tokens; ++t) {
      for (size_t d = 0; d < head_size_; ++d)
        out[d] += probs[t] / sum * static_cast<double>(values_[t * head_size_ + d]);
    }
    return {out.begin(), out.end()};
  }

  std::vector<float>& q() { return q_; }
  float& value_scale(size_t token_idx) { return parts_[0].value_scales[token_idx]; }

 private:
  static constexpr float kScale = 0.2f;
  struct Part {
    std::vector<uint8_t> keys;
    std::vector<int8_t> values;
    std::vector<float> key_scales, value_scales;
    size_t tokens;
  };

  /// What lies beyond the tokens is filled with what may lie there.
  void add_span(size_t first, size_t tokens) {
    const size_t key_size = up(head_size_, 4), value_size = up(head_size_, 16),
                 blocks = up(tokens, 16);
    Part part{std::vector<uint8_t>(blocks * key_size, 77),
              std::vector<int8_t>(blocks * value_size, 99), std::vector<float>(blocks, NAN),
              std::vector<float>(blocks, NAN), tokens};
    std::vector<uint8_t> rounded(head_size_);
    for (size_t t = 0; t < tokens; ++t) {
      const auto round = [&](float* x) {
        const float scale = kernel_table(Isa::scalar).quantize_row(x, head_size_, rounded.data());
        for (size_t d = 0; d < head_size_; ++d) x[d] = scale * static_cast<float>(rounded[d] - 128);
        return scale;
      };
      part.key_scales[t] = round(keys_.data() + (first + t) * head_size_);
      for (size_t d = 0; d < head_size_; ++d)
        part.keys[t / 16 * key_size * 16 + (d / 4 * 16 + t % 16) * 4 + d % 4] = rounded[d];
      part.value_scales[t] = round(values_.data() + (first + t) * head_size_);
      for (size_t d = 0; d < head_size_; ++d)
        part.values[(t / 4 * value_size + d) * 4 + t % 4] = static_cast<int8_t>(rounded[d] - 128);
    }
    parts_.push_back(std::move(part));
  }

  size_t head_size_;
  std::vector<float> keys_, values_, q_;
  std::vector<Part> parts_;
};

void expect_near(const std::vector<float>& actual, const std::vector<float>& expected,
                 float tolerance, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], tolerance) << what << ", number " << i;
}

TEST(AttentionInt8PropertyTest, EveryInstructionSetAgreesWithScalarAndWithFloat32) {
  for (const Isa isa : supported_isas()) {
    for (const size_t head_size : {1, 3, 4, 8, 15, 16, 17, 40, 64, 65, 80, 96, 128, 250, 256}) {
      for (const size_t tokens : {1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 64, 100, 257}) {
        Int8Cache cache(head_size, tokens, 32);
        const std::string what =
            concat(kernel_table(isa).name, " head size ", head_size, ", ", tokens, " tokens");
        const auto result = cache.attend(isa);
        expect_near(result, cache.attend(Isa::scalar), 2e-5f, what);
        // q in 16,256 steps moves a score by at most HS * largest key * largest q / 32,512; values
        // are at most 8.
        expect_near(result, cache.expected(), 3e-3f + 1e-4f * static_cast<float>(head_size), what);
      }
    }
  }
}

TEST(AttentionInt8PropertyTest, CuttingTheCacheIntoSpansChangesNoBit) {
  for (const Isa isa : supported_isas()) {
    for (const size_t tokens : {17, 100}) {
      const auto whole = Int8Cache(64, tokens, 512).attend(isa);
      EXPECT_EQ(Int8Cache(64, tokens, 16).attend(isa), whole) << kernel_table(isa).name;
      EXPECT_EQ(Int8Cache(64, tokens, 48).attend(isa), whole) << kernel_table(isa).name;
    }
  }
}

TEST(AttentionInt8PropertyTest, WhatIsNotFiniteMakesTheResultNaN) {
  for (const Isa isa : supported_isas()) {
    for (const float strange :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      Int8Cache q(20, 9, 32), value(20, 9, 32);
      q.q()[13] = strange;
      value.value_scale(8) = strange;
      EXPECT_TRUE(std::isnan(q.attend(isa)[0])) << kernel_table(isa).name;
      EXPECT_TRUE(std::isnan(value.attend(isa)[19])) << kernel_table(isa).name;
    }
  }
}

TEST(AttentionInt8PropertyTest, AQueryOfZerosGivesTheMeanOfTheValues) {
  for (const Isa isa : supported_isas()) {
    Int8Cache cache(16, 10, 32);
    cache.q().assign(16, 0.0f);
    expect_near(cache.attend(isa), cache.expected(), 2e-3f, kernel_table(isa).name);
  }
}

}  // namespace
}  // namespace vitrine::kernels
