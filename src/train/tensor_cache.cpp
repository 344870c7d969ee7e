#include "train/tensor_cache.h"

#include "io/safetensors.h"

namespace vitrine::train {
namespace {

constexpr const char* kKey = "computed_from";

}  // namespace

at::Tensor TensorCache::find(const std::string& name) const {
  if (file.empty() || !std::filesystem::exists(file)) return {};
  const io::SafetensorsFile stored(file);
  const auto key = stored.metadata().find(kKey);
  const io::TensorView* view = stored.find(name);
  if (key == stored.metadata().end() || key->second != content || view == nullptr) return {};
  return models::read_parameter({name, view->shape}, *view);
}

void TensorCache::write(const std::vector<models::NamedTensor>& tensors) const {
  if (!file.empty()) models::save_tensors(file, tensors, models::ComputeType::float32, {{kKey, content}});
}

}  // namespace vitrine::train
