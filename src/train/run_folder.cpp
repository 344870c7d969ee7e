#include "train/run_folder.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::train {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kLock = "lock";
constexpr std::string_view kModel = "model";
constexpr std::string_view kNames[] = {kLock, kModel, "state.safetensors", "checkpoints", "train.jsonl", "run.html", "samples", "best.safetensors", "cache"};

/// A run's file, or what a killed process left of one (".state.safetensors.PID.tmp").
bool is_of_a_run(const std::string& name) {
  return std::any_of(std::begin(kNames), std::end(kNames), [&](std::string_view known) {
    return name == known || (name.ends_with(".tmp") && name.starts_with(concat(".", known, ".")));
  });
}

void require_run_folder(std::string_view verb, const fs::path& path) {
  if (!fs::exists(path)) return;
  if (!fs::is_directory(path)) throw UsageError(concat("[", verb, "] ", path.string(), " is a file, but the run works there; move it or choose another --output"));
  for (const auto& entry : fs::directory_iterator(path)) {
    if (is_of_a_run(entry.path().filename().string())) continue;
    throw UsageError(concat("[", verb, "] ", path.string(), " holds other files (", entry.path().filename().string(),
                            "), but the run works there; move them or choose another --output"));
  }
}

/// The model's own files are made anew by every start.
bool is_begun(const fs::path& path) {
  return std::any_of(fs::directory_iterator(path), fs::directory_iterator(),
                     [](const auto& entry) { return entry.path().filename() != kLock && entry.path().filename() != kModel; });
}

}  // namespace

RunFolder::RunFolder(std::string_view verb, fs::path path) : path_(std::move(path)) {
  require_run_folder(verb, path_);
  lock_.emplace(path_ / kLock, concat("[", verb, "] ", path_.string(), " is being trained by another process"));
  for (const std::string_view name : kNames) remove_abandoned(path_ / name);
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  if (!fs::is_directory(path_, ignored) || is_begun(path_)) return;
  fs::remove_all(path_ / kModel, ignored);
  fs::remove(path_ / kLock, ignored);
  fs::remove(path_, ignored);
}

void RunFolder::remove() {
  std::error_code ignored;
  for (const std::string_view name : kNames) fs::remove_all(path_ / name, ignored);
  fs::remove(path_, ignored);  // not when it holds more
}

}  // namespace vitrine::train
