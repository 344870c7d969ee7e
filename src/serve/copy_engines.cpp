#include "serve/copy_engines.h"

#include <filesystem>

#include "base/log.h"
#include "copywriting/copy_model.h"
#include "serve/problem.h"

namespace vitrine::serve {
namespace {

/// The store knows models by their folders, `auto` the embedded one by its name.
bool is_embedded_model(const std::string& folder) {
  try {
    return std::filesystem::equivalent(folder, copywriting::find_model(copywriting::kEmbeddedModel));
  } catch (const NotFound&) {
    return false;
  } catch (const std::filesystem::filesystem_error&) {
    return false;  // no such folder
  }
}

}  // namespace

std::shared_ptr<CopyEngine> CopyEngines::load(const std::string& folder) const {
  CopyEngineConfig config = base_;
  config.model = is_embedded_model(folder) ? copywriting::kEmbeddedModel : folder;
  try {
    return std::make_shared<CopyEngine>(config);
  } catch (const Error& error) {
    log_warn(error.what());
    throw Refusal("model_missing", error.what());
  }
}

std::shared_ptr<CopyEngine> CopyEngines::of(const std::string& folder) {
  std::promise<std::shared_ptr<CopyEngine>> promise;
  Loading loading;
  bool is_ours = false;
  {
    const std::scoped_lock lock(mutex_);
    is_ours = !engines_.contains(folder);
    if (is_ours) engines_[folder] = promise.get_future().share();
    loading = engines_[folder];
  }
  if (is_ours) {
    try {
      promise.set_value(load(folder));
    } catch (const Error&) {
      promise.set_exception(std::current_exception());
      const std::scoped_lock lock(mutex_);
      engines_.erase(folder);
    }
  }
  return loading.get();
}

std::map<std::string, std::shared_ptr<CopyEngine>> CopyEngines::loaded() const {
  std::map<std::string, std::shared_ptr<CopyEngine>> engines;
  const std::scoped_lock lock(mutex_);
  for (const auto& [folder, loading] : engines_) {
    if (loading.wait_for(std::chrono::seconds(0)) != std::future_status::ready) continue;
    engines.emplace(folder, loading.get());
  }
  return engines;
}

void CopyEngines::keep_only(const std::set<std::string>& folders) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(engines_, [&](const auto& folder_and_engine) { return !folders.contains(folder_and_engine.first); });
}

}  // namespace vitrine::serve
