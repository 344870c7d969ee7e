#include "recipes/align_stages.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/stopwatch.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

/// A hash by its first digits.
std::string shown(const Json& value) {
  const std::string text = value.dump();
  return text.size() > 40 ? text.substr(0, 12) + "…" + text.back() : text;
}

std::string differences_of(const Json& old, const Json& settings) {
  std::string differences;
  for (const auto& [name, value] : settings.items()) {
    if (old.contains(name) && old[name] == value) continue;
    differences += concat(differences.empty() ? "" : ", ", name, " ", shown(old.value(name, Json())), " -> ", shown(value));
  }
  return differences;
}

}  // namespace

AlignStages::AlignStages(const Owner& owner, fs::path path, const Json& settings) : owner_(owner), path_(std::move(path)) {
  if (fs::exists(path_) && !fs::is_directory(path_)) throw UsageError(concat("[", owner_.verb, "] ", path_.string(), " is a file, but the loop works there"));
  fs::create_directories(path_);
  lock_.emplace(path_ / "lock", concat("[", owner_.verb, "] ", path_.string(), ": another process works there"));
  require_same(settings);
}

fs::path AlignStages::round(int r) const { return path_ / concat("round-", r); }
fs::path AlignStages::file_of(const std::string& stage) const { return path_ / "stages" / (stage + ".json"); }
bool AlignStages::is_done(const std::string& stage) const { return fs::exists(file_of(stage)); }
Json AlignStages::result(const std::string& stage) const { return read_json_file(file_of(stage)); }

Json AlignStages::run(const std::string& stage, const std::function<Json()>& work) const {
  if (is_done(stage)) return result(stage);
  log_info("stage ", stage);
  const fs::path begun = path_ / "stages" / (stage + ".begun");
  const bool resumed = fs::exists(begun);
  write_file_atomic(begun, "");
  const auto start = SteadyClock::now();
  Json done = work();
  done["seconds"] = seconds_since(start);
  if (resumed) done["resumed"] = true;
  write_file_atomic(file_of(stage), dump_pretty(done));
  return done;
}

void AlignStages::remove() const {
  std::error_code ignored;
  fs::remove(path_ / "settings.json", ignored);  // first: what is left of a removal that was cut short is no loop to go on with
  fs::remove_all(path_ / "stages", ignored);
  for (const std::string_view name : owner_.files) fs::remove_all(path_ / name, ignored);
  for (int r = 1; r <= kMostRounds; ++r) fs::remove_all(round(r), ignored);
  fs::remove(path_ / "lock", ignored);
  fs::remove(path_, ignored);
}

/// Texts and models of other settings are never gone on with.
void AlignStages::require_same(const Json& settings) const {
  const fs::path file = path_ / "settings.json";
  remove_abandoned(file);
  if (!fs::exists(file)) {
    if (!holds_only_the_lock()) throw UsageError(concat("[", owner_.verb, "] ", path_.string(), " holds other files, but the loop works there; move them or choose another --output"));
    write_file_atomic(file, dump_pretty(settings));
    return;
  }
  const std::string differences = differences_of(read_json_file(file), settings);
  if (differences.empty()) return;
  throw UsageError(concat("[", owner_.verb, "] ", path_.string(), " holds a loop of other settings or inputs: ", differences, "; go on with those, or delete the folder"));
}

bool AlignStages::holds_only_the_lock() const {
  return std::all_of(fs::directory_iterator(path_), fs::directory_iterator(), [](const auto& entry) { return entry.path().filename() == "lock"; });
}

}  // namespace vitrine::recipes
