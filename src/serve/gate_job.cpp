// May a model take the place of the one that serves? Asked by `evaluate gate`, kept beside the model.
#include "base/resource.h"
#include "serve/gate_process.h"
#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/request_parts.h"
#include "serve/wire.h"
#include "store/ids.h"
#include "store/models.h"

namespace vitrine::serve {
namespace {

namespace fs = std::filesystem;

struct Compared {
  store::Model model, serving;
};

Compared compared_models(Service& service, const std::string& shop_id, const std::string& model_id) {
  auto loan = service.database.borrow();
  store::Models models(*loan, shop_id);
  store::Model model = need(models.find(model_id));
  if (model.kind != store::ModelKind::copy) throw Refusal("impossible", "only copy models have a gate");
  auto serving = models.serving(model.kind);
  if (!serving) throw Refusal("model_missing");
  if (serving->id == model.id) throw Refusal("impossible", "the model serves already");
  return {std::move(model), *std::move(serving)};
}

std::vector<std::string> options_of(const ServeConfig& config) {
  std::vector<std::string> options;
  if (!config.gate_config.empty()) options.insert(options.end(), {"--config", config.gate_config});
  if (!config.judge.empty()) options.insert(options.end(), {"--judge", config.judge});
  if (config.threads > 0) options.insert(options.end(), {"--threads", std::to_string(config.threads)});
  if (!config.dtype.empty()) options.insert(options.end(), {"--dtype", config.dtype});
  return options;
}

/// Gate of the API: what `evaluate gate` found, and against whom.
Json gate_json(const Json& found, const store::Model& serving) {
  const fs::path judge = found.at("judge").at("model").get<std::string>();
  return {{"passed", found.at("passed")},
          {"against", serving.id},
          {"judge", judge.filename().string()},
          {"products", found.at("set").at("products")},
          {"rows", found.at("rows")},
          {"time", to_rfc3339(store::utc_now())}};
}

}  // namespace

JobResult run_gate_job(Service& service, RunningJob& job) {
  const GateJob request = read_gate_job(parse_json(job.job().request, job.job().id));
  const Compared compared = compared_models(service, job.shop_id(), request.model_id);
  // With the model that serves in its name: when another one does before the job goes on, it begins anew.
  const fs::path folder = service.folder / "gates" / concat(job.job().id, "-", compared.serving.id);
  fs::create_directories(folder.parent_path());
  const Json found = run_gate(service.hooks.program,
                              {.products = resource_path(service.config.gate_products), .output = folder, .model = compared.model.folder,
                               .against = compared.serving.folder, .options = options_of(service.config)},
                              job);
  const Json gate = gate_json(found, compared.serving);
  const bool passed = gate.at("passed").get<bool>();
  const store::AuditEntry entry{.id = store::new_id("a"), .time = store::utc_now(), .user_name = job.job().user_name, .action = "model.gate",
                                .subject = "model:" + compared.model.id, .before = {}, .after = dump_line(Json{{"passed", passed}, {"against", compared.serving.id}})};
  return {.result = dump_line(Json{{"model_id", compared.model.id}, {"passed", passed}}),
          .keep = [id = compared.model.id, passed, gate = dump_line(gate), entry, shop_id = job.shop_id()](store::Connection& connection) {
            store::Models(connection, shop_id).set_gate(id, passed, gate);
            store::AuditTrail(connection, shop_id).add(entry);
          },
          .kept = {}};
}

}  // namespace vitrine::serve
