#include "train/state_file.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "base/error.h"

namespace vitrine::train {
namespace {

/// Settings that only say when to stop may change between the parts of a run.
bool may_change(const std::string& name) {
  return name == "max_minutes" || name == "max_steps" || name == "checkpoint_minutes";
}

/// A value in a message; a long one (a hash) by its start.
std::string shown(const Json& value) {
  constexpr size_t kLongest = 24, kStart = 12;
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  return text.size() > kLongest ? text.substr(0, kStart) + "…" : text;
}

/// "n_layer 2, now 3, seed 0, now 1"; nothing when all agree.
std::string differences(const Json& saved, const Json& config) {
  std::string list;
  for (const auto& [name, value] : config.items()) {
    if (may_change(name)) continue;
    const Json old = saved.contains(name) ? saved[name] : Json();
    if (old != value) list += concat(list.empty() ? "" : ", ", name, " ", shown(old), ", now ", shown(value));
  }
  return list;
}

}  // namespace

io::TensorToSave flat_tensor(std::string name, const at::Tensor& host) {
  const auto* data = static_cast<const std::byte*>(host.const_data_ptr());
  return {std::move(name), io::DType::F32, {host.numel()}, {data, host.nbytes()}};
}

void copy_flat_tensor(const io::SafetensorsFile& file, const std::string& name, const std::filesystem::path& path,
               at::Tensor target) {
  const io::TensorView* view = file.find(name);
  if (view == nullptr || view->dtype != io::DType::F32 || view->bytes.size() != target.nbytes()) {
    throw Corrupt(concat("[train] ", path.string(), ": expected ", name, " float32 [", target.numel(), "]"));
  }
  const at::NoGradGuard no_grad;
  target.copy_(at::from_blob(const_cast<std::byte*>(view->bytes.data()), {target.numel()}, at::kFloat));
}

const std::string& metadata_of(const io::SafetensorsFile& file, const std::string& key,
                               const std::filesystem::path& path) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) throw Corrupt(concat("[train] ", path.string(), ": no ", key));
  return found->second;
}

void require_same_settings(const Json& saved, const Json& config, const std::filesystem::path& path) {
  const Json nothing = Json::object();
  const auto model_of = [&](const Json& json) { return json.contains("model") && json["model"].is_object() ? json["model"] : nothing; };
  Json old_settings = saved, settings = config;
  old_settings.erase("model");
  settings.erase("model");
  std::string list = differences(old_settings, settings);
  if (list.empty()) list = differences(model_of(saved), model_of(config));  // follows from the settings where those differ
  if (list.empty()) return;
  throw UsageError(concat("[train] ", path.parent_path().string(), " was begun with other settings: ", list,
                          "; use the old ones or another --output"));
}

}  // namespace vitrine::train
