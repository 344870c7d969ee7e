// train/state_file.h - the parts that all saved states of runs have: flat tensors, and the settings they belong to.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>

#include "base/json.h"
#include "io/safetensors.h"

namespace vitrine::train {

/// A flat float32 tensor on the CPU, to be saved; it must outlive what is given back.
io::TensorToSave flat_tensor(std::string name, const at::Tensor& host);

/// Sets `target` [N] float32. Throws Corrupt when the file has no such tensor of that size.
void copy_flat_tensor(const io::SafetensorsFile& file, const std::string& name, const std::filesystem::path& path, at::Tensor target);

/// Throws Corrupt when the key is not there.
const std::string& metadata_of(const io::SafetensorsFile& file, const std::string& key, const std::filesystem::path& path);

/// Throws UsageError when a state of the settings `saved` is not of these: one line with each that differs, its old and its
/// new value. Settings that only say when to stop may differ; `model`, the shape, is compared last.
void require_same_settings(const Json& saved, const Json& config, const std::filesystem::path& path);

}  // namespace vitrine::train
