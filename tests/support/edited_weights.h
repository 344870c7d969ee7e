// support/edited_weights.h - a safetensors file in memory, to be changed and written back.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "io/safetensors.h"

namespace vitrine::test {

struct EditedTensor {
  io::DType dtype = io::DType::F32;
  std::vector<int64_t> shape;
  std::vector<std::byte> bytes;
};

/// Tensors in the order of the file; metadata is kept.
struct EditedWeights {
  std::vector<std::pair<std::string, EditedTensor>> tensors;
  std::map<std::string, std::string> metadata;

  static EditedWeights read(const std::filesystem::path& path) {
    const io::SafetensorsFile file(path);
    EditedWeights weights;
    weights.metadata = file.metadata();
    for (const io::TensorView& view : file.tensors()) {
      weights.tensors.emplace_back(view.name, EditedTensor{view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()}});
    }
    return weights;
  }
  EditedTensor& operator[](const std::string& name) {
    for (auto& [own, tensor] : tensors) {
      if (own == name) return tensor;
    }
    return tensors.emplace_back(name, EditedTensor{}).second;
  }
  void erase(const std::string& name) {
    std::erase_if(tensors, [&](const auto& entry) { return entry.first == name; });
  }
  void set(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
    (*this)[name] = {io::DType::F32, std::move(shape), io::from_float32(io::DType::F32, values)};
  }
  void write(const std::filesystem::path& path) const {
    std::vector<io::TensorToSave> views;
    for (const auto& [name, tensor] : tensors) views.push_back({name, tensor.dtype, tensor.shape, tensor.bytes});
    io::save_safetensors(path, views, metadata);
  }
};

}  // namespace vitrine::test
