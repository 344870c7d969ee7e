// Gpt2 from and to a model directory.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/error.h"
#include "io/safetensors.h"
#include "models/gpt2/fused_pass.h"
#include "models/gpt2/module.h"
#include "models/gpt2/weights.h"

namespace vitrine::models {
namespace {

/// Fills a parameter; rows of the file behind it are padding.
void fill(at::Tensor parameter, const io::TensorView& view) {
  std::vector<float> values = io::to_float32(view);
  const at::NoGradGuard no_grad;
  parameter.copy_(at::from_blob(values.data(), parameter.sizes(), at::kFloat));
}

std::span<const std::byte> bytes_of(const at::Tensor& host) {
  return {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()};
}

}  // namespace

Gpt2 Gpt2::load(const std::filesystem::path& model_dir, const at::Device& device) {
  const Gpt2Config config = read_gpt2_config(model_dir);
  const Gpt2Weights weights = load_gpt2_weights(model_dir, config);
  Gpt2 model(config, device);
  for (const nn::ParameterSpec& spec : model.parameters_->specs()) {
    fill(model.parameters_->value(spec.name).detach(), weights.view(spec.name));
  }
  model.weights_changed();
  return model;
}

void Gpt2::save(const std::filesystem::path& model_dir, ComputeType dtype,
                const std::map<std::string, std::string>& metadata) const {
  const bool bfloat16 = dtype == ComputeType::bfloat16;
  std::vector<at::Tensor> hosts;
  std::vector<io::TensorToSave> tensors;
  for (const nn::ParameterSpec& spec : parameters_->specs()) {
    const at::Tensor value = parameters_->value(spec.name).detach();
    hosts.push_back(value.to(at::kCPU, bfloat16 ? at::kBFloat16 : at::kFloat).contiguous());
    tensors.push_back({gpt2_checkpoint_name(spec.name), bfloat16 ? io::DType::BF16 : io::DType::F32, spec.shape,
                       bytes_of(hosts.back())});
  }
  std::filesystem::create_directories(model_dir);
  io::save_safetensors(model_dir / "model.safetensors", tensors, metadata);
  write_file_atomic(model_dir / "config.json", dump_pretty(to_json(config_, bfloat16 ? "bfloat16" : "float32")));
}

}  // namespace vitrine::models
