#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "kernels/isa.h"

namespace vitrine::kernels {
namespace {

#define VITRINE_KERNEL_TABLE(isa) \
  {#isa,            isa::matmul_f32, isa::matmul_bf16, isa::matmul_int8,     isa::matmul_int4, \
   isa::round_bf16, isa::quantize_row, isa::quantize_groups, isa::layer_norm, isa::gelu_new,    \
   isa::max_value,  isa::exp_sum,    isa::block_max,   isa::collect_at_least, isa::attention_f32, \
   isa::attention_bf16, isa::attention_int8}

constexpr KernelTable kScalar = VITRINE_KERNEL_TABLE(scalar);
constexpr KernelTable kAvx2 = VITRINE_KERNEL_TABLE(avx2);
constexpr KernelTable kAvx512 = VITRINE_KERNEL_TABLE(avx512);

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq");
}

/// Tiles need 8 KiB of state for each thread, which Linux gives a process that asks (arch_prctl, from 5.16 on).
bool has_amx() {
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24, kInt8 = 1u << 25;  // EDX of leaf 7
  constexpr unsigned kAll = kBf16 | kTile | kInt8;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0 || (edx & kAll) != kAll) return false;
  if (!has_avx512() || !__builtin_cpu_supports("avx512vnni") || !__builtin_cpu_supports("avx512bf16")) return false;
#ifdef __linux__
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

KernelTable best_avx512() {
  KernelTable table = kAvx512;
  if (!__builtin_cpu_supports("avx512bf16")) table.matmul_bf16 = avx2::matmul_bf16;
  if (!__builtin_cpu_supports("avx512vnni")) {
    table.matmul_int8 = avx2::matmul_int8;
    table.matmul_int4 = avx2::matmul_int4;
    table.attention_int8 = avx2::attention_int8;
  }
  return table;
}

KernelTable best_amx() {
  KernelTable table = best_avx512();
  table.name = "amx";
  table.matmul_bf16 = amx::matmul_bf16;
  table.matmul_int8 = amx::matmul_int8;
  return table;
}

}  // namespace

const std::vector<Isa>& supported_isas() {
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found{Isa::scalar};
    if (has_avx2()) found.push_back(Isa::avx2);
    if (has_avx512()) found.push_back(Isa::avx512);
    if (has_amx()) found.push_back(Isa::amx);
    return found;
  }();
  return isas;
}

const KernelTable& kernel_table(Isa isa) {
  static const KernelTable tables[] = {kScalar, kAvx2, best_avx512(), best_amx()};  // in the order of Isa
  const KernelTable& table = tables[static_cast<size_t>(isa)];
  const auto& isas = supported_isas();
  if (std::find(isas.begin(), isas.end(), isa) == isas.end()) {
    throw UsageError(concat("[kernel_table] this processor cannot run ", table.name));
  }
  return table;
}

}  // namespace vitrine::kernels
