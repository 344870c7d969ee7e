// serve/service.h - what handlers of requests and of jobs work with.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "checks/checker.h"
#include "data/import.h"
#include "data/normalization.h"
#include "serve/access_log.h"
#include "serve/copy_engines.h"
#include "serve/job_queue.h"
#include "serve/metrics.h"
#include "serve/picture_process.h"
#include "serve/places.h"
#include "serve/rate_limit.h"
#include "serve/serve_config.h"
#include "serve/waiting_room.h"
#include "store/database.h"

namespace vitrine::serve {

inline constexpr const char* kSessionCookie = "vitrine_session";

/// Longest sides of the copies that are kept of each picture, ascending.
inline constexpr int64_t kThumbnailSides[] = {320, 640};

/// Texts on their way into one file of a shop.
struct TextExport {
  std::filesystem::path source;  // the file that gets them; the archive has it under its name
  data::ImportConfig reader;     // how it is read
  std::filesystem::path texts;   // JSONL: id, field, text
  std::filesystem::path folder;  // where the file, its labels and its manifest are put
  std::string producer, who, wording, place;
  std::filesystem::path label_log;
  bool overwrite = false, dry_run = false;
};
struct TextExportResult {
  std::map<std::string, int64_t> counts;  // by status of the manifest
  bool verified = false;                  // what `verify` says of the file
};

/// What the rooms above do for the server: apps fills them in. An empty one = this program does not
/// have it.
struct ServeHooks {
  std::function<TextExportResult(const TextExport&)> export_texts;
  std::vector<std::string> program;      // the command that stands for `vitrine`: evaluate gate, align copy, recall
  bool trains = false;                   // the program has align copy
  bool reads_pictures = false;           // … and recall
  std::vector<std::string> draw_worker;  // the command of the picture worker
};

/// One for a server; everything in it may be used from any thread.
struct Service {
  explicit Service(const ServeConfig& serve_config, ServeHooks serve_hooks = {});

  const ServeConfig config;
  const ServeHooks hooks;
  const std::filesystem::path folder;  // of uploads, pictures, exports
  store::Database database;
  JobQueue jobs;
  CopyEngines engines;
  std::unique_ptr<PictureProcess> pictures;  // null: there is no picture worker
  const checks::Checker& checker;
  const data::AttributeNormalizer normalizer;
  AccessLog access_log;
  RequestMetrics requests;
  RateLimit failed_logins;       // of an account from one address
  RateLimit failed_of_address;   // of an address, whatever the account
  RateLimit completions;
  Places completions_at_once;
  WaitingRoom waiting_room;
  Places streams;
  std::set<store::JobKind> job_kinds;  // that this server does; set before it starts
  const store::UtcMillis started_at;

  std::filesystem::path uploads() const { return folder / "uploads"; }
  std::filesystem::path exports() const { return folder / "exports"; }
  std::filesystem::path pictures_folder() const { return folder / "pictures"; }
  /// Where the latest preview of a picture lies while it is drawn.
  std::filesystem::path preview_file(const std::string& shop_id, const std::string& candidate_id) const {
    return pictures_folder() / shop_id / "previews" / (candidate_id + ".png");
  }

  /// Where copies of a picture lie whose longest side is one of kThumbnailSides.
  std::filesystem::path thumbnails(const std::string& shop_id) const { return pictures_folder() / shop_id / "thumbnails"; }

  bool does_jobs_of(store::JobKind kind) const { return job_kinds.contains(kind); }

  /// The engine that serves a shop's copy. Throws Refusal (model_missing).
  std::shared_ptr<CopyEngine> engine_of(const std::string& shop_id);
};

}  // namespace vitrine::serve
