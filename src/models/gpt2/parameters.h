// models/gpt2/parameters.h - the parameters of GPT-2 in memory and in files, for each model that
// has its trunk.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "base/random.h"
#include "models/gpt2/weights.h"
#include "models/model_tensors.h"
#include "models/trainable.h"
#include "nn/parameters.h"

namespace vitrine::models {

/// Normal(0, kInitializerRange), projections into the residual stream divided by sqrt(2 n_layer);
/// norms 1, biases 0.
void initialize_gpt2(nn::ParameterStore& parameters, int64_t n_layer, RandomKey key);

/// Throws InvalidInput, naming `model`: a token outside the vocabulary, an empty document or one of
/// more than n_positions tokens.
void check_documents(const char* model, const Gpt2Config& config, const nn::PackedBatch& batch);

/// Writes model.safetensors with the names that transformers gives, atomically. Makes the folder.
void save_parameters(const std::filesystem::path& model_dir, const nn::ParameterStore& parameters,
                     ComputeType dtype, const std::map<std::string, std::string>& metadata);

}  // namespace vitrine::models
