#include "kernels/aligned_buffer.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace vitrine::kernels {

std::shared_ptr<void> allocate_aligned(size_t size_bytes) {
  constexpr size_t kLargePage = size_t{2} << 20;
  const size_t alignment = size_bytes >= 2 * kLargePage ? kLargePage : 64;
  const size_t rounded = (size_bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded > 0 ? rounded : alignment);
  if (memory == nullptr) throw std::bad_alloc();
  if (alignment == kLargePage) ::madvise(memory, rounded, MADV_HUGEPAGE);  // only advice; failing is fine
  std::memset(memory, 0, rounded);
  return {memory, std::free};
}

}  // namespace vitrine::kernels
