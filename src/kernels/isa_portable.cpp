// Processors without loops of their own.
#include "base/error.h"
#include "kernels/isa.h"

namespace vitrine::kernels {

const std::vector<Isa>& supported_isas() {
  static const std::vector<Isa> isas{Isa::scalar};
  return isas;
}

const KernelTable& kernel_table(Isa isa) {
  static constexpr KernelTable kScalar{"scalar",
                                       scalar::matmul_f32,
                                       scalar::matmul_bf16,
                                       scalar::matmul_int8,
                                       scalar::matmul_int4,
                                       scalar::round_bf16,
                                       scalar::quantize_row,
                                       scalar::quantize_groups,
                                       scalar::layer_norm,
                                       scalar::gelu_new,
                                       scalar::max_value,
                                       scalar::exp_sum,
                                       scalar::block_max,
                                       scalar::collect_at_least,
                                       scalar::attention_f32,
                                       scalar::attention_bf16,
                                       scalar::attention_int8};
  if (isa != Isa::scalar) throw UsageError("[kernel_table] this build has scalar loops only");
  return kScalar;
}

}  // namespace vitrine::kernels
