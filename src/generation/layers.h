// generation/layers.h - what the networks of this room have in common.
#pragma once
#include <cstddef>
#include <string>

#include "kernels/matmul.h"

namespace vitrine::generation {

/// Below these numbers of multiplications of attention, of values to normalise and of keys to store,
/// one thread does all: waking others would take longer.
constexpr size_t kMinThreadedAttention = 100'000;
constexpr size_t kMinThreadedNorm = 20'000;
constexpr size_t kMinThreadedStore = 10'000;

/// gelu, gelu_new or relu. REQUIRES: one of these (the config's validate() knows no other).
inline kernels::Activation activation_named(const std::string& name) {
  if (name == "gelu") return kernels::Activation::gelu;
  if (name == "relu") return kernels::Activation::relu;
  return kernels::Activation::gelu_new;
}

}  // namespace vitrine::generation
