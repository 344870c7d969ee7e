// support/random_checkpoint.h - writes a model directory of random weights with our own saver.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "io/safetensors.h"
#include "models/weights.h"

namespace vitrine::test {

/// Matrices uniform in [-scale, scale], layer norms about 1, biases small. The same seed gives the
/// same bytes. stored_name(name): the name in the file.
template <typename StoredName>
void write_random_checkpoint(const std::filesystem::path& dir,
                             const std::vector<models::WeightSpec>& specs, StoredName stored_name,
                             const Json& config, float scale, uint64_t seed) {
  std::vector<std::vector<float>> values;
  std::vector<io::TensorToSave> tensors;
  for (const auto& spec : specs) {
    RandomStream stream{RandomKey(seed).fold_in(spec.name)};
    size_t count = 1;
    for (const int64_t length : spec.shape) count *= static_cast<size_t>(length);
    auto& tensor = values.emplace_back(count);
    const bool is_vector = spec.shape.size() == 1;
    const float offset = spec.name.ends_with("weight") && is_vector ? 1.0f : 0.0f;
    for (float& v : tensor) {
      v = offset + static_cast<float>(2 * stream.uniform() - 1) * (is_vector ? 0.1f : scale);
    }
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    tensors.push_back({stored_name(specs[i].name), io::DType::F32, specs[i].shape,
                       std::as_bytes(std::span(values[i]))});
  }
  std::filesystem::create_directories(dir);
  io::save_safetensors(dir / "model.safetensors", tensors, {});
  write_file_atomic(dir / "config.json", dump_pretty(config));
}

}  // namespace vitrine::test
