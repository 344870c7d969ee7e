// kernels/unroll.h - loops of fixed length that are gone before the compiler assigns registers.
//
// Sums in arrays stay in registers only when all their indices are constants early; `#pragma GCC unroll` acts too late
// and left stores in the inner loops. For files of one instruction set: everything here has internal linkage.
#pragma once
#include <cstddef>
#include <utility>

#define VITRINE_INLINE_BODY __attribute__((always_inline))

namespace vitrine::kernels {
namespace {

template <typename Body, size_t... I>
[[gnu::always_inline]] inline void unrolled(std::index_sequence<I...>, Body body) noexcept {
  (body(std::integral_constant<size_t, I>{}), ...);
}

/// Mark the body so that it is gone early: unroll<4>([&](auto i) VITRINE_INLINE_BODY { … });
/// body(0) … body(Count - 1), where the argument converts to a constant.
template <size_t Count, typename Body>
[[gnu::always_inline]] inline void unroll(Body body) noexcept {
  unrolled(std::make_index_sequence<Count>{}, body);
}

}  // namespace
}  // namespace vitrine::kernels
