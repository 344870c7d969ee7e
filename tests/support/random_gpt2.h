// support/random_gpt2.h - writes a GPT-2 directory of random weights with our own saver.
#pragma once
#include <filesystem>

#include "models/gpt2/weights.h"
#include "support/random_checkpoint.h"

namespace vitrine::test {

/// See write_random_checkpoint. `extra`: tensors besides those of the model, such as score.weight.
inline void write_random_gpt2(const std::filesystem::path& dir, const models::Gpt2Config& config, float scale, uint64_t seed = 1,
                              const std::vector<models::WeightSpec>& extra = {}) {
  auto specs = models::gpt2_weight_specs(config);
  specs.insert(specs.end(), extra.begin(), extra.end());
  write_random_checkpoint(dir, specs, models::gpt2_checkpoint_name, models::to_json(config), scale, seed);
}

}  // namespace vitrine::test
