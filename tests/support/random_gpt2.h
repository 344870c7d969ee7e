// support/random_gpt2.h - writes a GPT-2 directory of random weights with our own saver.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "io/safetensors.h"
#include "models/gpt2/weights.h"

namespace vitrine::test {

/// Matrices uniform in [-scale, scale], layer norms about 1, biases small. The same seed gives the same bytes.
inline void write_random_gpt2(const std::filesystem::path& dir, const models::Gpt2Config& config, float scale, uint64_t seed = 1) {
  const auto specs = models::gpt2_weight_specs(config);
  std::vector<std::vector<float>> values;
  std::vector<io::TensorToSave> tensors;
  for (const auto& spec : specs) {
    RandomStream stream{RandomKey(seed).fold_in(spec.name)};
    size_t count = 1;
    for (const int64_t length : spec.shape) count *= static_cast<size_t>(length);
    auto& tensor = values.emplace_back(count);
    const float offset = spec.name.ends_with("weight") && spec.shape.size() == 1 ? 1.0f : 0.0f;
    for (float& v : tensor) v = offset + static_cast<float>(2 * stream.uniform() - 1) * (spec.shape.size() == 1 ? 0.1f : scale);
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    tensors.push_back({models::gpt2_checkpoint_name(specs[i].name), io::DType::F32, specs[i].shape, std::as_bytes(std::span(values[i]))});
  }
  std::filesystem::create_directories(dir);
  io::save_safetensors(dir / "model.safetensors", tensors, {});
  write_file_atomic(dir / "config.json", dump_pretty(models::to_json(config)));
}

}  // namespace vitrine::test
