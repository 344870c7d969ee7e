#include "models/lora/trained_lora.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "models/model_tensors.h"
#include "nn/initialize.h"

namespace vitrine::models {
namespace {

constexpr std::string_view kDown = ".lora_A.weight", kUp = ".lora_B.weight", kWeight = ".weight";

std::string parameter_name(SdPart part, std::string_view module, std::string_view half) { return concat(name_of(part), ".", module, half); }
std::string parameter_name(const LoraTarget& target, std::string_view half) { return parameter_name(target.part, target.module, half); }

bool ends_at_dot(std::string_view module, std::string_view ending) {
  return module.ends_with(ending) && (module.size() == ending.size() || module[module.size() - ending.size() - 1] == '.');
}

void fill_uniform(const at::Tensor& values, double limit, RandomKey key) {
  at::Tensor host = at::empty(values.sizes(), at::kFloat);
  RandomStream stream(key);
  std::generate_n(host.mutable_data_ptr<float>(), host.numel(), [&] { return static_cast<float>((2 * stream.uniform() - 1) * limit); });
  values.copy_(host);
}

/// A parameter on the host and what a file says of it; the view lives as long as the tensor.
io::TensorView view_of(const at::Tensor& host) {
  return {"", io::DType::F32, host.sizes().vec(), {static_cast<const std::byte*>(host.const_data_ptr()), host.nbytes()}};
}

at::Tensor on_host(const at::Tensor& values) { return values.detach().to(at::kCPU, at::kFloat).contiguous(); }

}  // namespace

std::vector<nn::ParameterSpec> lora_parameter_specs(std::span<const LoraTarget> targets, int64_t rank) {
  VITRINE_REQUIRE(rank >= 1, "[lora_parameter_specs] rank: expected >= 1, got ", rank);
  std::vector<nn::ParameterSpec> specs;
  for (const LoraTarget& target : targets) {
    std::vector<int64_t> down = target.weight_shape, up(target.weight_shape.size(), 1);
    down[0] = rank;
    up[0] = target.weight_shape[0], up[1] = rank;
    specs.push_back({parameter_name(target, kDown), std::move(down)});
    specs.push_back({parameter_name(target, kUp), std::move(up)});
  }
  return specs;
}

std::vector<LoraTarget> choose_targets(const LoraTargets& targets, SdPart part, std::span<const std::string> endings) {
  std::vector<LoraTarget> chosen;
  std::vector<bool> used(endings.size());
  for (const LoraTarget& target : targets.all()) {
    if (target.part != part) continue;
    const auto ending = std::find_if(endings.begin(), endings.end(), [&](const std::string& end) { return ends_at_dot(target.module, end); });
    if (ending == endings.end()) continue;
    used[static_cast<size_t>(ending - endings.begin())] = true;
    chosen.push_back(target);
  }
  for (size_t i = 0; i < endings.size(); ++i) {
    VITRINE_REQUIRE(used[i], "[choose_targets] no module of ", name_of(part), " ends in ", endings[i], " (LORA_TARGET)");
  }
  return chosen;
}

void initialize_lora(nn::ParameterStore& parameters, LoraInit init, RandomKey key) {
  const at::NoGradGuard no_grad;
  for (const nn::ParameterSpec& spec : parameters.specs()) {
    const at::Tensor values = parameters.value(spec.name).detach();
    if (spec.name.ends_with(kUp)) {
      values.zero_();
    } else if (init == LoraInit::gaussian) {
      nn::fill_normal(values, 1.0 / static_cast<double>(spec.shape[0]), key.fold_in(spec.name));
    } else {
      const int64_t fan_in = values.numel() / spec.shape[0];
      fill_uniform(values, 1.0 / std::sqrt(static_cast<double>(fan_in)), key.fold_in(spec.name));
    }
  }
}

LoraTensors::LoraTensors(const nn::TensorSource& base, const nn::ParameterStore& parameters, SdPart part, double scale)
    : base_(&base), parameters_(&parameters), prefix_(concat(name_of(part), ".")), scale_(scale) {}

at::Tensor LoraTensors::get(const std::string& name) const {
  const at::Tensor weight = base_->get(name);
  if (!name.ends_with(kWeight)) return weight;
  const std::string module = prefix_ + name.substr(0, name.size() - kWeight.size());
  if (!parameters_->has(module + std::string(kDown))) return weight;
  const at::Tensor down = parameters_->value(module + std::string(kDown)), up = parameters_->value(module + std::string(kUp));
  const at::Tensor change = at::matmul(up.flatten(1), down.flatten(1)) * scale_;  // [out, in * k * k]
  return weight + change.view(weight.sizes()).to(weight.scalar_type());
}

void save_trained_lora(const std::filesystem::path& path, const nn::ParameterStore& parameters, const LoraTargets& targets, double alpha,
                       LoraDialect dialect, const LoraSaveConfig& config) {
  std::vector<at::Tensor> hosts;  // keep the bytes
  std::vector<LoraPair> pairs;
  for (const LoraTarget& target : targets.all()) {
    if (!parameters.has(parameter_name(target, kDown))) continue;
    const at::Tensor down = on_host(parameters.value(parameter_name(target, kDown))), up = on_host(parameters.value(parameter_name(target, kUp)));
    hosts.insert(hosts.end(), {down, up});
    pairs.push_back({target, view_of(down), view_of(up), alpha});
  }
  save_lora(path, pairs, dialect, config);
}

void read_trained_lora(nn::ParameterStore& parameters, const LoraFile& lora, double alpha) {
  const at::NoGradGuard no_grad;
  const auto set = [&](const std::string& name, const io::TensorView& view) {
    VITRINE_REQUIRE(parameters.has(name), "[read_trained_lora] ", lora.path.string(), ": ", name, " is not trained here");
    const at::Tensor values = parameters.value(name).detach();
    VITRINE_REQUIRE(values.numel() == static_cast<int64_t>(view.num_values()) && values.size(0) == view.shape[0], "[read_trained_lora] ",
                    lora.path.string(), ": ", name, ": expected ", values.sizes(), ", file has ", io::shape_text(view.shape));
    values.copy_(host_tensor(view).view(values.sizes()));
  };
  for (const LoraPair& pair : lora.pairs) {
    VITRINE_REQUIRE(pair.alpha == alpha, "[read_trained_lora] ", lora.path.string(), ": ", pair.target.module, ": expected alpha ", alpha, ", file has ",
                    pair.alpha);
    set(parameter_name(pair.target, kDown), pair.down);
    set(parameter_name(pair.target, kUp), pair.up);
  }
  VITRINE_REQUIRE(parameters.specs().size() == 2 * lora.pairs.size(), "[read_trained_lora] ", lora.path.string(), ": expected ",
                  parameters.specs().size() / 2, " modules, file has ", lora.pairs.size());
}

}  // namespace vitrine::models
