// Gpt2 from and to a model directory.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "base/file.h"
#include "io/safetensors.h"
#include "models/gpt2/fused_pass.h"
#include "models/gpt2/module.h"
#include "models/gpt2/weights.h"

namespace vitrine::models {
namespace {

/// The parameter's values on the CPU. Rows that the file lacks are left open; rows behind the parameter are padding.
at::Tensor read_parameter(const nn::ParameterSpec& spec, const io::TensorView& view) {
  const std::vector<float> values = io::to_float32(view);
  at::Tensor host = at::empty(spec.shape, at::kFloat);
  std::copy_n(values.data(), std::min(host.numel(), static_cast<int64_t>(values.size())), host.mutable_data_ptr<float>());
  return host;
}

bool is_vocabulary_matrix(const std::string& name) { return name == "wte.weight" || name == "lm_head.weight"; }

std::span<const std::byte> bytes_of(const at::Tensor& host) {
  return {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()};
}

}  // namespace

Gpt2 Gpt2::load(const std::filesystem::path& model_dir, const at::Device& device) {
  return load(model_dir, read_gpt2_config(model_dir), {}, device);
}

Gpt2 Gpt2::load(const std::filesystem::path& model_dir, const Gpt2Config& config, const NewTokens& new_tokens,
                const at::Device& device) {
  Gpt2Config stored = config;
  stored.vocab_size -= new_tokens.count();
  const Gpt2Weights weights = load_gpt2_weights(model_dir, stored);
  Gpt2 model(config, device);
  const at::NoGradGuard no_grad;
  for (const nn::ParameterSpec& spec : model.parameters_->specs()) {
    const at::Tensor host = read_parameter(spec, weights.view(spec.name));
    if (is_vocabulary_matrix(spec.name)) fill_new_rows(host, new_tokens);
    model.parameters_->value(spec.name).detach().copy_(host);
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
