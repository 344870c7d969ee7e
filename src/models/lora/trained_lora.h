// models/lora/trained_lora.h - adapters in training: a frozen base, and two small matrices for each adapted module.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "models/lora/lora_file.h"
#include "nn/parameters.h"
#include "nn/tensor_scope.h"

namespace vitrine::models {

enum class LoraInit { kaiming, gaussian };

/// Names of the parameters: <part>.<module>.lora_A.weight [r, in] or [r, in, k, k], and .lora_B.weight [out, r] or [out, r, 1, 1]; the keys that
/// diffusers gives.
std::vector<nn::ParameterSpec> lora_parameter_specs(std::span<const LoraTarget> targets, int64_t rank);

/// The targets whose module name ends in one of `endings` ("to_q", "to_out.0"), behind a dot or whole. Throws InvalidInput for an ending that no
/// module has.
std::vector<LoraTarget> choose_targets(const LoraTargets& targets, SdPart part, std::span<const std::string> endings);

/// A random, B zero, so that the model begins as its base. kaiming: uniform in +-1 / sqrt(fan in), as PEFT; gaussian: normal of 1 / rank.
void initialize_lora(nn::ParameterStore& parameters, LoraInit init, RandomKey key);

/// W + scale * B * A for an adapted W, with gradient to A and B; other names come from the base. Each call of get computes anew, so it fits
/// passes that are recomputed in the backward pass.
class LoraTensors final : public nn::TensorSource {
 public:
  /// Base and parameters must outlive it.
  ///   part   whose tensors `base` gives
  ///   scale  alpha / rank
  LoraTensors(const nn::TensorSource& base, const nn::ParameterStore& parameters, SdPart part, double scale);

  at::Tensor get(const std::string& name) const override;
  bool has(const std::string& name) const override { return base_->has(name); }

 private:
  const nn::TensorSource* base_;
  const nn::ParameterStore* parameters_;
  std::string prefix_;  // of the part's parameters
  double scale_;
};

/// Saves the parameters as save_lora does; `alpha` is that of all modules.
void save_trained_lora(const std::filesystem::path& path, const nn::ParameterStore& parameters, const LoraTargets& targets, double alpha,
                       LoraDialect dialect, const LoraSaveConfig& config = {});

/// Sets the parameters from an adapter that was saved. Throws InvalidInput for a module that one side lacks, or another rank or alpha.
void read_trained_lora(nn::ParameterStore& parameters, const LoraFile& lora, double alpha);

}  // namespace vitrine::models
