// serve/copy_engines.h - the copy models that shops write with, each loaded once.
#pragma once
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "serve/copy_engine.h"

namespace vitrine::serve {

/// Thread-safe. An engine goes when nobody uses it and keep_only does not name it.
class CopyEngines {
 public:
  /// `base`: settings of every engine but the folder of its model.
  explicit CopyEngines(CopyEngineConfig base) : base_(std::move(base)) {}

  /// The engine of a model's folder; loads it the first time, meanwhile other callers of this
  /// folder wait. Throws Refusal (model_missing) when it cannot be loaded; the next call tries
  /// again.
  std::shared_ptr<CopyEngine> of(const std::string& folder);

  /// Each engine that is loaded, by folder.
  std::map<std::string, std::shared_ptr<CopyEngine>> loaded() const;
  /// Lets the engines of other folders go once their callers have.
  void keep_only(const std::set<std::string>& folders);

 private:
  using Loading = std::shared_future<std::shared_ptr<CopyEngine>>;
  std::shared_ptr<CopyEngine> load(const std::string& folder) const;

  const CopyEngineConfig base_;
  mutable std::mutex mutex_;
  std::map<std::string, Loading> engines_;  // by folder
};

}  // namespace vitrine::serve
