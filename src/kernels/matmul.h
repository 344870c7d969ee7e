// kernels/matmul.h - rows times a packed weight matrix, on a thread pool.
#pragma once
#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "kernels/aligned_buffer.h"
#include "kernels/isa.h"

namespace vitrine::kernels {

enum class WeightType { float32, bfloat16 };
enum class Activation { none, gelu_new, gelu, relu };

/// A matrix W with K inputs and N outputs, and a bias, laid out for matmul.
/// Its layout is the same for all instruction sets.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  /// from_in_out: `weights` is [K, N], as linear layers of GPT-2; from_out_in: [N, K], as embeddings.
  /// bias: [N] or empty. Throws InvalidInput when sizes differ.
  static PackedMatrix from_in_out(std::span<const float> weights, size_t K, size_t N, std::span<const float> bias, WeightType type,
                                  ThreadPool& pool);
  static PackedMatrix from_out_in(std::span<const float> weights, size_t K, size_t N, std::span<const float> bias, WeightType type,
                                  ThreadPool& pool);

  size_t K() const { return K_; }
  size_t N() const { return N_; }
  size_t num_panels() const { return (N_ + kPanelColumns - 1) / kPanelColumns; }
  WeightType type() const { return type_; }
  size_t size_bytes() const { return values_.size(); }
  const void* data() const { return values_.data(); }
  const float* bias() const { return bias_.data(); }

 private:
  PackedMatrix(size_t K, size_t N, std::span<const float> bias, WeightType type);
  void pack(std::span<const float> weights, size_t k_stride, size_t n_stride, ThreadPool& pool);
  void pack_panel(std::span<const float> weights, size_t k_stride, size_t n_stride, size_t panel_idx);

  size_t K_ = 0;
  size_t N_ = 0;
  WeightType type_ = WeightType::float32;
  AlignedBuffer<std::byte> values_;
  AlignedBuffer<float> bias_;
};

/// Memory that matmul keeps between calls of one caller.
struct MatmulScratch {
  AlignedBuffer<uint16_t> x_bf16;
};

struct MatmulOptions {
  bool add = false;  // add to what y holds
  Activation activation = Activation::none;
};

/// y = activation((add ? y : 0) + x W^T + bias) for M rows.
///   x  [M, K] float32, rows x_stride apart; with bfloat16 weights x is rounded to bfloat16 first
///   y  [M, N] float32, rows y_stride apart; not x
/// Row m of y depends on row m of x alone, bit for bit: not on M, on its place or on the number of threads.
/// Sums run over k in ascending order in float32. Throws InvalidInput when a stride is too small.
void matmul(const KernelTable& table, ThreadPool& pool, const PackedMatrix& weights, size_t M, const float* x, size_t x_stride, float* y,
            size_t y_stride, MatmulScratch& scratch, const MatmulOptions& options = {});

}  // namespace vitrine::kernels
