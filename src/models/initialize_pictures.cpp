#include "models/initialize_pictures.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <array>
#include <cmath>
#include <string_view>

#include "nn/initialize.h"

namespace vitrine::models {
namespace {

constexpr std::array<std::string_view, 4> kBranchEnds{".conv2.weight", ".proj_out.weight", ".to_out.0.weight", ".ff.net.2.weight"};

/// Text that enters the time embedding begins as nothing, so that a UNet that learns it later begins as it was.
constexpr std::string_view kTextNorm = "add_embedding.norm2.weight";

bool is_zero(const std::string& name, bool zero_output) {
  for (const std::string_view end : kBranchEnds) {
    if (name.ends_with(end)) return true;
  }
  return zero_output && name == "conv_out.weight";
}

}  // namespace

void initialize_pictures(nn::ParameterStore& parameters, RandomKey key, bool zero_output) {
  const at::NoGradGuard no_grad;
  for (const nn::ParameterSpec& spec : parameters.specs()) {
    at::Tensor values = parameters.value(spec.name).detach();
    if (spec.shape.size() == 1) {
      values.fill_(spec.name.ends_with("weight") && spec.name != kTextNorm ? 1.0 : 0.0);
    } else if (is_zero(spec.name, zero_output)) {
      values.zero_();
    } else {
      const double inputs = static_cast<double>(values.numel()) / static_cast<double>(spec.shape[0]);
      nn::fill_normal(values, 1.0 / std::sqrt(inputs), key.fold_in(spec.name));
    }
  }
  parameters.refresh_compute_copy();
}

}  // namespace vitrine::models
