#include <algorithm>

#include "base/error.h"
#include "kernels/isa.h"

namespace vitrine::kernels {
namespace {

#define VITRINE_KERNEL_TABLE(isa) \
  {#isa,            isa::matmul_f32, isa::matmul_bf16, isa::matmul_int8,     isa::matmul_int4, \
   isa::round_bf16, isa::quantize_row, isa::quantize_groups, isa::layer_norm, isa::gelu_new,    \
   isa::max_value,  isa::exp_sum,    isa::attention}

constexpr KernelTable kScalar = VITRINE_KERNEL_TABLE(scalar);
constexpr KernelTable kAvx2 = VITRINE_KERNEL_TABLE(avx2);
constexpr KernelTable kAvx512 = VITRINE_KERNEL_TABLE(avx512);

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq");
}

KernelTable best_avx512() {
  KernelTable table = kAvx512;
  if (!__builtin_cpu_supports("avx512bf16")) table.matmul_bf16 = avx2::matmul_bf16;
  if (!__builtin_cpu_supports("avx512vnni")) {
    table.matmul_int8 = avx2::matmul_int8;
    table.matmul_int4 = avx2::matmul_int4;
  }
  return table;
}

}  // namespace

const std::vector<Isa>& supported_isas() {
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found{Isa::scalar};
    if (has_avx2()) found.push_back(Isa::avx2);
    if (has_avx512()) found.push_back(Isa::avx512);
    return found;
  }();
  return isas;
}

const KernelTable& kernel_table(Isa isa) {
  static const KernelTable avx512_table = best_avx512();
  const KernelTable& table = isa == Isa::scalar ? kScalar : isa == Isa::avx2 ? kAvx2 : avx512_table;
  const auto& isas = supported_isas();
  if (std::find(isas.begin(), isas.end(), isa) == isas.end()) {
    throw UsageError(concat("[kernel_table] this processor cannot run ", table.name));
  }
  return table;
}

}  // namespace vitrine::kernels
