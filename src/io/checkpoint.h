// io/checkpoint.h - the weights of a model directory, in one safetensors file or in shards.
#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/safetensors.h"

namespace vitrine::io {

/// All tensors of a model directory. Moving it keeps the views valid. Any thread may read it.
class Checkpoint {
 public:
  explicit Checkpoint(std::vector<std::unique_ptr<const SafetensorsFile>> files);

  const std::vector<std::unique_ptr<const SafetensorsFile>>& files() const { return files_; }
  /// In file order, shard after shard.
  const std::vector<TensorView>& tensors() const { return tensors_; }
  const TensorView* find(std::string_view name) const;  // nullptr when absent
  /// The file a tensor lies in. Throws NotFound for an unknown name.
  const std::filesystem::path& file_of(std::string_view name) const;

 private:
  struct Place {
    size_t tensor_idx;
    size_t file_idx;
  };
  std::vector<std::unique_ptr<const SafetensorsFile>> files_;
  std::vector<TensorView> tensors_;
  std::unordered_map<std::string, Place> place_of_;
};

/// Opens `stem`.safetensors, else the shards that `stem`.safetensors.index.json lists.
/// Throws NotFound (no such directory, no weights, a shard is missing), InvalidInput (WGT_PICKLE: only
/// .bin, .pt or .ckpt weights are there; the message says how to convert them),
/// Corrupt (a file is broken, or index and shards disagree).
Checkpoint open_checkpoint(const std::filesystem::path& model_dir, std::string_view stem = "model");

/// Opens the first of `names` that is there; one that ends in .json lists shards. Throws as above;
/// `how_to_convert` is the command that the message names for pickle files.
Checkpoint open_checkpoint(const std::filesystem::path& model_dir, std::span<const std::string> names, std::string_view how_to_convert);

}  // namespace vitrine::io
