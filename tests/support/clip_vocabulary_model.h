// support/clip_vocabulary_model.h - a small Stable Diffusion directory gets CLIP's vocabulary, which a single file stands for.
#pragma once
#include <filesystem>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/resource.h"
#include "support/edited_weights.h"

namespace vitrine::test {

/// Copies `model` to `target`; the first rows of its token embeddings stay, the others are 0. The text encoder is CLIP's kind.
inline void copy_with_clip_vocabulary(const std::filesystem::path& model, const std::filesystem::path& target) {
  constexpr int64_t kClipTokens = 49408;
  namespace fs = std::filesystem;
  fs::copy(model, target, fs::copy_options::recursive);
  fs::remove_all(target / "tokenizer");
  fs::copy(resource_path("data/vocab/clip"), target / "tokenizer", fs::copy_options::recursive);
  Json config = read_json_file(target / "text_encoder/config.json");
  config.update({{"vocab_size", kClipTokens}, {"bos_token_id", kClipTokens - 2}, {"eos_token_id", kClipTokens - 1}, {"pad_token_id", kClipTokens - 1}});
  write_file_atomic(target / "text_encoder/config.json", dump_pretty(config));
  EditedWeights weights = EditedWeights::read(target / "text_encoder/model.safetensors");
  for (auto& [name, tensor] : weights.tensors) {
    if (!name.ends_with("token_embedding.weight")) continue;
    tensor.bytes.resize(tensor.bytes.size() / static_cast<size_t>(tensor.shape[0]) * kClipTokens);
    tensor.shape[0] = kClipTokens;
  }
  weights.write(target / "text_encoder/model.safetensors");
}

}  // namespace vitrine::test
