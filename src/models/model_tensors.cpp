#include "models/model_tensors.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cstring>
#include <unordered_map>

#include "base/error.h"
#include "base/memory.h"
#include "io/safetensors.h"

namespace vitrine::models {
namespace {

at::ScalarType type_of(const io::TensorView& view) {
  switch (view.dtype) {
    case io::DType::F32: return at::kFloat;
    case io::DType::F16: return at::kHalf;
    case io::DType::BF16: return at::kBFloat16;
    case io::DType::F64: return at::kDouble;
    default: break;
  }
  throw InvalidInput(concat("[host_tensor] ", view.name, ": expected floating numbers, file has ", io::name_of(view.dtype)));
}

std::span<const std::byte> bytes_of(const at::Tensor& host) {
  return {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()};
}

at::Tensor checked(const WeightSpec& spec, at::Tensor value) {
  VITRINE_REQUIRE(value.sizes() == at::IntArrayRef(spec.shape), "[ModelTensors] ", spec.name, ": expected ",
                  io::shape_text(spec.shape), ", got ", value.sizes());
  return value;
}

}  // namespace

at::Tensor host_tensor(const io::TensorView& view) {
  const at::Tensor host = at::empty(view.shape, type_of(view));
  std::memcpy(host.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
  release_pages(view.bytes);  // they have been copied
  return host.scalar_type() == at::kDouble ? host.to(at::kFloat) : host;
}

ModelTensors::ModelTensors(std::vector<WeightSpec> specs, const TensorUse& use, const std::function<at::Tensor(const WeightSpec&)>& value)
    : specs_(std::move(specs)) {
  const at::NoGradGuard no_grad;
  if (use.trained) {
    parameters_ = std::make_unique<nn::ParameterStore>(parameter_specs(specs_), use.device);
    for (const WeightSpec& spec : specs_) parameters_->value(spec.name).detach().copy_(checked(spec, value(spec)));
    source_ = std::make_unique<nn::TrainedTensors>(*parameters_, use.dtype);
    return;
  }
  std::unordered_map<std::string, at::Tensor> tensors;
  for (const WeightSpec& spec : specs_) {
    const at::ScalarType type = spec.shape.empty() ? at::kFloat : use.dtype;
    tensors.emplace(spec.name, checked(spec, value(spec)).to(use.device, type).contiguous());
  }
  source_ = std::make_unique<nn::FrozenTensors>(std::move(tensors));
}

nn::ParameterStore& ModelTensors::parameters() const {
  VITRINE_REQUIRE(trained(), "[ModelTensors] the model was loaded frozen and has no parameters");
  return *parameters_;
}

void ModelTensors::weights_changed() {
  if (auto* trained = dynamic_cast<nn::TrainedTensors*>(source_.get())) trained->weights_changed();
}

at::Tensor ModelTensors::value(const std::string& name) const {
  return (trained() ? parameters_->value(name) : source_->get(name)).detach();
}

void ModelTensors::save(const std::filesystem::path& path, ComputeType dtype, const std::map<std::string, std::string>& metadata) const {
  std::vector<at::Tensor> hosts;
  std::vector<io::TensorToSave> tensors;
  for (const WeightSpec& spec : specs_) {
    const bool bfloat16 = dtype == ComputeType::bfloat16 && !spec.shape.empty();
    hosts.push_back(value(spec.name).to(at::kCPU, bfloat16 ? at::kBFloat16 : at::kFloat).contiguous());
    tensors.push_back({spec.name, bfloat16 ? io::DType::BF16 : io::DType::F32, spec.shape, bytes_of(hosts.back())});
  }
  io::save_safetensors(path, tensors, metadata);
}

}  // namespace vitrine::models
