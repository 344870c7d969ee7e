#include "io/checkpoint.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/json.h"

namespace vitrine::io {
namespace fs = std::filesystem;
namespace {

using Files = std::vector<std::unique_ptr<const SafetensorsFile>>;

constexpr std::string_view kHowToConvert =
    "python -c \"from transformers import AutoModelForCausalLM as M; M.from_pretrained('OLD').save_pretrained('NEW')\"";

bool is_pickle(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".bin" || extension == ".pt" || extension == ".pth" || extension == ".ckpt";
}

/// The first pickle file by name, or an empty path.
fs::path find_pickle(const fs::path& dir) {
  fs::path found;
  for (const auto& entry : fs::directory_iterator(dir)) {
    if (is_pickle(entry.path()) && (found.empty() || entry.path() < found)) found = entry.path();
  }
  return found;
}

[[noreturn]] void throw_no_weights(const fs::path& dir, std::span<const std::string> names, std::string_view how_to_convert) {
  const fs::path pickle = find_pickle(dir);
  VITRINE_REQUIRE(pickle.empty(), "[open_checkpoint] ", pickle.string(),
                  ": WGT_PICKLE: pickle files can run code and are not opened; convert it where you trust it: ", how_to_convert);
  throw NotFound(concat("[open_checkpoint] ", dir.string(), ": no ", names.front(), names.size() > 1 ? concat(" or ", names[1]) : "",
                        names.size() > 2 ? ", nor a variant of these" : ""));
}

/// tensor name -> shard file name, with every name checked to lie in the directory itself.
std::map<std::string, std::string> read_weight_map(const fs::path& index) {
  const Json json = read_json_file(index);
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object()) {
    throw Corrupt(concat("[open_checkpoint] ", index.string(), ": WGT_HEADER: no object 'weight_map'"));
  }
  std::map<std::string, std::string> shard_of;
  for (const auto& [tensor, shard] : json["weight_map"].items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    if (name.empty() || fs::path(name).filename() != name || name == "..") {
      throw Corrupt(concat("[open_checkpoint] ", index.string(), ": WGT_HEADER: ", tensor, ": ", shard.dump(), " is not a file name"));
    }
    shard_of[tensor] = name;
  }
  return shard_of;
}

void check_index(const std::map<std::string, std::string>& shard_of, const Checkpoint& checkpoint, const fs::path& index) {
  for (const auto& [tensor, shard] : shard_of) {
    if (checkpoint.find(tensor) == nullptr || checkpoint.file_of(tensor).filename() != shard) {
      throw Corrupt(concat("[open_checkpoint] ", index.string(), ": WGT_HEADER: ", tensor, " is not in ", shard));
    }
  }
  for (const TensorView& tensor : checkpoint.tensors()) {
    if (!shard_of.contains(tensor.name)) {
      throw Corrupt(concat("[open_checkpoint] ", index.string(), ": WGT_HEADER: ", tensor.name, " is in a shard but not in the index"));
    }
  }
}

Checkpoint open_shards(const fs::path& index) {
  const auto shard_of = read_weight_map(index);
  std::set<std::string> names;
  for (const auto& [tensor, shard] : shard_of) names.insert(shard);
  Files files;
  for (const std::string& name : names) files.push_back(std::make_unique<SafetensorsFile>(index.parent_path() / name));
  Checkpoint checkpoint(std::move(files));
  check_index(shard_of, checkpoint, index);
  return checkpoint;
}

Checkpoint open_file(const fs::path& path) {
  Files files;
  files.push_back(std::make_unique<SafetensorsFile>(path));
  return Checkpoint(std::move(files));
}

}  // namespace

Checkpoint::Checkpoint(Files files) : files_(std::move(files)) {
  for (size_t file_idx = 0; file_idx < files_.size(); ++file_idx) {
    for (const TensorView& tensor : files_[file_idx]->tensors()) {
      const auto [place, fresh] = place_of_.try_emplace(tensor.name, Place{tensors_.size(), file_idx});
      if (!fresh) {
        throw Corrupt(concat("[Checkpoint] ", files_[file_idx]->path().string(), ": WGT_HEADER: ", tensor.name, " is also in ",
                             files_[place->second.file_idx]->path().string()));
      }
      tensors_.push_back(tensor);
    }
  }
}

const TensorView* Checkpoint::find(std::string_view name) const {
  const auto found = place_of_.find(std::string(name));
  return found == place_of_.end() ? nullptr : &tensors_[found->second.tensor_idx];
}

const fs::path& Checkpoint::file_of(std::string_view name) const {
  const auto found = place_of_.find(std::string(name));
  if (found == place_of_.end()) throw NotFound(concat("[Checkpoint] no tensor ", name));
  return files_[found->second.file_idx]->path();
}

Checkpoint open_checkpoint(const fs::path& model_dir, std::string_view stem) {
  const std::vector<std::string> names{concat(stem, ".safetensors"), concat(stem, ".safetensors.index.json")};
  return open_checkpoint(model_dir, names, kHowToConvert);
}

Checkpoint open_checkpoint(const fs::path& model_dir, std::span<const std::string> names, std::string_view how_to_convert) {
  if (!fs::is_directory(model_dir)) throw NotFound(concat("[open_checkpoint] ", model_dir.string(), ": no such model directory"));
  for (const std::string& name : names) {
    const fs::path path = model_dir / name;
    if (fs::exists(path)) return name.ends_with(".json") ? open_shards(path) : open_file(path);
  }
  throw_no_weights(model_dir, names, how_to_convert);
}

}  // namespace vitrine::io
