#include "models/gpt2/parameters.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "io/safetensors.h"
#include "nn/initialize.h"

namespace vitrine::models {
namespace {

bool is_matrix(const std::vector<int64_t>& shape) { return shape.size() > 1; }

std::span<const std::byte> bytes_of(const at::Tensor& host) {
  return {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()};
}

}  // namespace

void initialize_gpt2(nn::ParameterStore& parameters, int64_t n_layer, RandomKey key) {
  const at::NoGradGuard no_grad;
  const double into_residual = kInitializerRange / std::sqrt(2.0 * static_cast<double>(n_layer));
  for (const nn::ParameterSpec& spec : parameters.specs()) {
    at::Tensor values = parameters.value(spec.name).detach();
    if (is_matrix(spec.shape)) {
      nn::fill_normal(values,
                      spec.name.ends_with("c_proj.weight") ? into_residual : kInitializerRange,
                      key.fold_in(spec.name));
    } else {
      values.fill_(spec.name.ends_with("weight") ? 1.0 : 0.0);
    }
  }
}

void check_documents(const char* model, const Gpt2Config& config, const nn::PackedBatch& batch) {
  for (const int32_t id : batch.input_ids) {
    VITRINE_REQUIRE(id >= 0 && id < config.vocab_size, "[", model, "] input_ids: expected 0 .. ",
                    config.vocab_size - 1, ", got ", id);
  }
  for (size_t d = 0; d + 1 < batch.cu_seqlens.size(); ++d) {
    const int32_t length = batch.cu_seqlens[d + 1] - batch.cu_seqlens[d];
    VITRINE_REQUIRE(length > 0 && length <= config.n_positions, "[", model, "] document ", d,
                    ": expected 1 .. ", config.n_positions, " tokens, got ", length);
  }
}

at::Tensor read_parameter(const nn::ParameterSpec& spec, const io::TensorView& view) {
  const std::vector<float> values = io::to_float32(view);
  at::Tensor host = at::empty(spec.shape, at::kFloat);
  std::copy_n(values.data(), std::min(host.numel(), static_cast<int64_t>(values.size())),
              host.mutable_data_ptr<float>());
  return host;
}

void save_parameters(const std::filesystem::path& model_dir, const nn::ParameterStore& parameters,
                     ComputeType dtype, const std::map<std::string, std::string>& metadata) {
  const bool bfloat16 = dtype == ComputeType::bfloat16;
  std::vector<at::Tensor> hosts;
  std::vector<io::TensorToSave> tensors;
  for (const nn::ParameterSpec& spec : parameters.specs()) {
    const at::Tensor value = parameters.value(spec.name).detach();
    hosts.push_back(value.to(at::kCPU, bfloat16 ? at::kBFloat16 : at::kFloat).contiguous());
    tensors.push_back({gpt2_checkpoint_name(spec.name), bfloat16 ? io::DType::BF16 : io::DType::F32,
                       spec.shape, bytes_of(hosts.back())});
  }
  std::filesystem::create_directories(model_dir);
  io::save_safetensors(model_dir / "model.safetensors", tensors, metadata);
}

}  // namespace vitrine::models
