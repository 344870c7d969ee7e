#include "serve/service.h"

#include <system_error>

#include "serve/problem.h"
#include "store/models.h"

namespace vitrine::serve {
namespace fs = std::filesystem;
namespace {

constexpr int kFailuresOfAddress = 50;  // a whole shop may stand behind one

fs::path made(const fs::path& folder) {
  std::error_code code;
  for (const char* part : {"", "uploads", "exports", "pictures"}) {
    fs::create_directories(folder / part, code);
    if (code) throw IoError(concat("[serve] ", (folder / part).string(), ": ", code.message()));
  }
  fs::permissions(folder, fs::perms::owner_all, code);
  if (code) throw IoError(concat("[serve] ", folder.string(), ": ", code.message()));
  return folder;
}

JobQueueConfig queue_config(const ServeConfig& config) {
  JobQueueConfig queue;
  queue.limits = {.max_queued = config.max_queued,
                  .max_of_user = config.jobs_per_hour,
                  .quota_window = std::chrono::hours(1)};
  return queue;
}

CopyEngineConfig engine_config(const ServeConfig& config) {
  CopyEngineConfig engine;
  engine.ranker = config.ranker;
  engine.decoder.threads = config.threads;
  if (!config.dtype.empty()) engine.decoder.dtype = config.dtype;
  return engine;
}

std::unique_ptr<PictureProcess> picture_process(const ServeHooks& hooks) {
  if (hooks.draw_worker.empty()) return nullptr;
  PictureProcessConfig config;
  config.command = hooks.draw_worker;
  return std::make_unique<PictureProcess>(config);
}

}  // namespace

Service::Service(const ServeConfig& serve_config, ServeHooks serve_hooks)
    : config(serve_config),
      hooks(std::move(serve_hooks)),
      folder(made(serve_config.data_folder())),
      database(serve_config.store_location()),
      jobs(database, queue_config(serve_config)),
      engines(engine_config(serve_config)),
      pictures(picture_process(hooks)),
      checker(checks::Checker::shipped()),
      normalizer(data::AttributeNormalizer::load()),
      access_log(serve_config.access_log_file()),
      failed_of_address({.max_events = kFailuresOfAddress}),
      completions({.max_events = serve_config.jobs_per_hour, .window = std::chrono::hours(1)}),
      completions_at_once(serve_config.max_completions()),
      waiting_room(serve_config.max_waiting()),
      streams(serve_config.max_streams),
      started_at(store::utc_now()) {}

std::shared_ptr<CopyEngine> Service::engine_of(const std::string& shop_id) {
  std::optional<store::Model> model;
  {
    auto loan = database.borrow();
    model = store::Models(*loan, shop_id).serving(store::ModelKind::copy);
  }
  if (!model) throw Refusal("model_missing");
  return engines.of(model->folder);
}

}  // namespace vitrine::serve
