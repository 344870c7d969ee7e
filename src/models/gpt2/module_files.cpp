// Gpt2 from and to a model directory.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/file.h"
#include "models/gpt2/fused_pass.h"
#include "models/gpt2/module.h"
#include "models/gpt2/parameters.h"
#include "models/tensor_files.h"
#include "models/gpt2/weights.h"

namespace vitrine::models {
namespace {

bool is_vocabulary_matrix(const std::string& name) { return name == "wte.weight" || name == "lm_head.weight"; }

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
  save_parameters(model_dir, *parameters_, dtype, metadata);
  write_file_atomic(model_dir / "config.json", dump_pretty(to_json(config_, dtype == ComputeType::bfloat16 ? "bfloat16" : "float32")));
}

}  // namespace vitrine::models
