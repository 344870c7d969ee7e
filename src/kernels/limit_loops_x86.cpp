#include <immintrin.h>

#include <cstdint>

#include "kernels/limit_loops.h"

namespace vitrine::kernels {
namespace {

constexpr size_t kChains = 16;  // more than latency times throughput of any of them

bool has_avx512() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"); }

/// `step` goes over 16 independent sums; its operands stay in registers.
template <typename Sum, typename Step>
void repeat(size_t rounds, Sum (&sums)[kChains], Step step) {
  for (size_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (size_t i = 0; i < kChains; ++i) {
      sums[i] = step(sums[i]);
      asm volatile("" : "+v"(sums[i]));
    }
  }
}

/// Four streams, which memory answers faster than one.
int read_512(const char* bytes, size_t size_bytes) {
  constexpr size_t kStreams = 4;
  __m512i sums[kStreams] = {};
  const size_t quarter = size_bytes / kStreams;
  for (size_t i = 0; i < quarter; i += 128) {
#pragma GCC unroll 4
    for (size_t stream = 0; stream < kStreams; ++stream) {
      const char* line = bytes + stream * quarter + i;
      sums[stream] = _mm512_xor_si512(sums[stream], _mm512_load_si512(line));
      sums[stream] = _mm512_xor_si512(sums[stream], _mm512_load_si512(line + 64));
    }
  }
  return _mm512_reduce_add_epi32(_mm512_xor_si512(_mm512_xor_si512(sums[0], sums[1]), _mm512_xor_si512(sums[2], sums[3])));
}

}  // namespace

double run_int8_registers(size_t rounds) {
  if (!has_avx512() || !__builtin_cpu_supports("avx512vnni")) return 0;
  __m512i sums[kChains] = {};
  const __m512i a = _mm512_set1_epi32(static_cast<int>(rounds)), b = _mm512_set1_epi8(3);
  repeat(rounds, sums, [&](__m512i sum) { return _mm512_dpbusd_epi32(sum, a, b); });
  return static_cast<double>(rounds) * kChains * 128;
}

double run_bf16_registers(size_t rounds) {
  if (!has_avx512() || !__builtin_cpu_supports("avx512bf16")) return 0;
  __m512 sums[kChains] = {};
  const auto a = reinterpret_cast<__m512bh>(_mm512_set1_epi32(0x3f803f80));
  repeat(rounds, sums, [&](__m512 sum) { return _mm512_dpbf16_ps(sum, a, a); });
  return static_cast<double>(rounds) * kChains * 64;
}

double run_f32_registers(size_t rounds) {
  if (!has_avx512()) return 0;
  __m512 sums[kChains] = {};
  const __m512 a = _mm512_set1_ps(0.5f);
  repeat(rounds, sums, [&](__m512 sum) { return _mm512_fmadd_ps(a, a, sum); });
  return static_cast<double>(rounds) * kChains * 32;
}

int read_all(const void* memory, size_t size_bytes) {
  const auto* bytes = static_cast<const char*>(memory);
  if (has_avx512()) return read_512(bytes, size_bytes);
  uint64_t sum = 0;
  for (size_t i = 0; i < size_bytes; i += 8) sum ^= *reinterpret_cast<const uint64_t*>(bytes + i);
  return static_cast<int>(sum);
}

}  // namespace vitrine::kernels
