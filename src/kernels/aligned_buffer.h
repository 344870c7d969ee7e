// kernels/aligned_buffer.h - plain memory at a multiple of 64 bytes; in large pages where it is large.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>

namespace vitrine::kernels {

/// Zeroed bytes. Throws std::bad_alloc.
std::shared_ptr<void> allocate_aligned(size_t size_bytes);

/// A fixed number of values, zero at first. Moving keeps the address; copies are not made by accident.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t count) : memory_(allocate_aligned(count * sizeof(T))), count_(count) {}
  AlignedBuffer(AlignedBuffer&&) noexcept = default;
  AlignedBuffer& operator=(AlignedBuffer&&) noexcept = default;

  T* data() { return static_cast<T*>(memory_.get()); }
  const T* data() const { return static_cast<const T*>(memory_.get()); }
  size_t size() const { return count_; }
  std::span<T> span() { return {data(), count_}; }

  /// Makes room for `count` values; what was there is lost when it grows.
  void reserve(size_t count) {
    if (count > count_) *this = AlignedBuffer(count);
  }

 private:
  std::shared_ptr<void> memory_;
  size_t count_ = 0;
};

}  // namespace vitrine::kernels
