// kernels/packed_matrix.h - a weight matrix laid out and, where asked, quantised for matmul.
#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "base/thread_pool.h"
#include "kernels/table.h"

namespace vitrine::kernels {

/// int8: one scale for each output, largest |w| / 127. A weight is off by at most half a scale.
/// int4: 16 levels, and one bfloat16 scale for each output and each 32 inputs, chosen among a few by least squares.
///       In a group the root mean square of the errors is at most 1/8 of the largest |w|; of normally distributed
///       weights it is about 7.3 % of their root mean square. 4.5 bits a weight.
enum class WeightType { float32, bfloat16, int8, int4 };

/// A matrix W with K inputs and N outputs, and a bias, laid out for matmul.
/// Its layout is the same for all instruction sets (table.h), one run of bytes that may be stored and mapped.
class PackedMatrix {
 public:
  /// Zeroed memory of packed_size_bytes at a multiple of 64, and who keeps it.
  struct Place {
    std::span<std::byte> bytes;
    std::shared_ptr<const void> owner;
  };

  PackedMatrix() = default;
  /// from_in_out: `weights` is [K, N], as linear layers of GPT-2; from_out_in: [N, K], as embeddings.
  /// bias: [N] or empty. A weight that is not finite (int4: or over 2^60) makes its output NaN for int8 and int4.
  /// place: where it is packed to; empty = memory of its own.
  /// Throws InvalidInput when sizes differ, or when K is over 131,072 for int8 (its sums are 32 bits wide).
  static PackedMatrix from_in_out(std::span<const float> weights, size_t K, size_t N, std::span<const float> bias, WeightType type,
                                  ThreadPool& pool, Place place = {});
  static PackedMatrix from_out_in(std::span<const float> weights, size_t K, size_t N, std::span<const float> bias, WeightType type,
                                  ThreadPool& pool, Place place = {});

  /// The bytes() of a matrix of equal shape and type, in place. `owner` keeps the memory; the bytes must not change.
  /// Any content is safe to use; whether it is the right one the caller must know (by a hash).
  /// Throws InvalidInput when the size is not packed_size_bytes or the address no multiple of 64.
  static PackedMatrix from_bytes(size_t K, size_t N, WeightType type, std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
  static size_t packed_size_bytes(size_t K, size_t N, WeightType type);

  size_t K() const { return K_; }
  size_t N() const { return N_; }
  size_t num_panels() const { return (N_ + kPanelColumns - 1) / kPanelColumns; }
  WeightType type() const { return type_; }
  /// Weights, bias, scales and sums, for this kind of machine (little-endian).
  std::span<const std::byte> bytes() const { return bytes_; }
  size_t size_bytes() const { return bytes_.size(); }

  /// Steps of the layout along K.
  size_t steps() const;
  const void* data() const { return bytes_.data(); }
  const float* bias() const;           // [panels * 32]
  const float* column_scales() const;  // int8: [panels * 32]
  const int32_t* column_sums() const;  // int8: [panels * 32], -128 * sum of the column
  /// The weight of input k and output n as the product uses it.
  float weight(size_t k, size_t n) const;

 private:
  PackedMatrix(size_t K, size_t N, WeightType type) : K_(K), N_(N), type_(type) {}
  static PackedMatrix pack(std::span<const float> weights, size_t k_stride, size_t n_stride, size_t K, size_t N, std::span<const float> bias,
                           WeightType type, ThreadPool& pool, Place place);
  const std::byte* side_data(size_t idx) const;

  size_t K_ = 0;
  size_t N_ = 0;
  WeightType type_ = WeightType::float32;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

}  // namespace vitrine::kernels
