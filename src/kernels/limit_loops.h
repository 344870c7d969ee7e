// kernels/limit_loops.h - loops that touch no memory or nothing but memory, to measure what a core can do.
#pragma once
#include <cstddef>

namespace vitrine::kernels {

/// Runs `rounds` of dot-product instructions in registers, in one thread; returns the operations done
/// (two a multiply-add), 0 where the processor lacks the instruction: vpdpbusd, vdpbf16ps, or vfmadd of 512 bits.
double run_int8_registers(size_t rounds);
double run_bf16_registers(size_t rounds);
double run_f32_registers(size_t rounds);

/// Reads all bytes once (a multiple of 1,024), 512 bits at a time where the processor can; returns something that depends on them.
int read_all(const void* memory, size_t size_bytes);

}  // namespace vitrine::kernels
