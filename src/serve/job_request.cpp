#include "serve/job_request.h"

#include <algorithm>

#include "serve/wire.h"

namespace vitrine::serve {
namespace {

constexpr TextLimits kId{.min = 1, .max = 200};
constexpr TextLimits kPrompt{.min = 0, .max = 1000};

/// What all kinds have.
BodyReader begin(const Json& request) {
  BodyReader body(request);
  body.require({"kind"});
  body.index_of_word("kind", store::EnumWords<store::JobKind>::words);
  body.index_of_word("priority", kPriorityWords);
  return body;
}

std::optional<int> optional_int(BodyReader& body, std::string_view name, int min, int max) {
  if (!body.has(name)) return std::nullopt;
  return static_cast<int>(body.integer(name, min, max));
}
std::optional<double> optional_number(BodyReader& body, std::string_view name, double min, double max) {
  if (!body.has(name)) return std::nullopt;
  return body.number(name, min, max);
}
/// A side of a picture.
std::optional<int> optional_side(BodyReader& body, std::string_view name) {
  const auto side = optional_int(body, name, 128, 2048);
  if (side && *side % 8 != 0) body.fault(name, "expected a multiple of 8");
  return side;
}

}  // namespace

ImportJob read_import_job(const Json& request) {
  BodyReader body = begin(request);
  body.require({"import_id"});
  ImportJob job{body.text("import_id", kId), body.text("licence", {.min = 0, .max = 200})};
  body.finish();
  return job;
}

WriteJob read_write_job(const Json& request) {
  BodyReader body = begin(request);
  body.require({"plan_id", "num_return_sequences", "seed"});
  WriteJob job;
  job.plan_id = body.text("plan_id", kId);
  job.num_return_sequences = static_cast<int>(body.integer("num_return_sequences", 1, 32));
  job.seed = body.integer("seed", 0, kMaxSeed);
  job.temperature = optional_number(body, "temperature", 0, 10);
  job.top_p = optional_number(body, "top_p", 0.01, 1);
  job.model_id = body.text("model_id", {.min = 0, .max = 200});
  job.avoid_catalogue = body.flag("avoid_catalogue", true);
  job.polish = body.text("polish", {.min = 0, .max = 2000});
  body.finish();
  return job;
}

DrawJob read_draw_job(const Json& request) {
  BodyReader body = begin(request);
  body.require({"product_id", "num_images_per_prompt", "seed"});
  DrawJob job;
  job.product_id = body.text("product_id", kId);
  job.prompt = body.text("prompt", kPrompt);
  job.negative_prompt = body.text("negative_prompt", kPrompt);
  job.num_images_per_prompt = static_cast<int>(body.integer("num_images_per_prompt", 1, 16));
  job.width = optional_side(body, "width");
  job.height = optional_side(body, "height");
  job.num_inference_steps = optional_int(body, "num_inference_steps", 1, 200);
  job.guidance_scale = optional_number(body, "guidance_scale", 1, 30);
  job.scheduler = body.text("scheduler", {.min = 0, .max = 40});
  const bool is_known = job.scheduler.empty() || std::find(std::begin(kSchedulers), std::end(kSchedulers), job.scheduler) != std::end(kSchedulers);
  job.seed = body.integer("seed", 0, kMaxSeed);
  job.model_id = body.text("model_id", {.min = 0, .max = 200});
  body.finish();
  if (!is_known) throw Refusal("impossible", "", {{"/scheduler", "expected one of Options.picture.schedulers"}});
  return job;
}

BatchJob read_batch_job(const Json& request) {
  BodyReader body = begin(request);
  body.require({"fields", "factors", "num_return_sequences", "seed", "only_empty", "dry_run", "deliver"});
  BatchJob job;
  job.import_id = body.text("import_id", {.min = 0, .max = 200});
  if (body.has("state")) job.state = body.word_of<store::CopyState>("state");
  job.fields = body.texts("fields", {.min = 1, .max = 3, .unique = true, .item = {.min = 1, .max = 20}});
  for (const auto& field : job.fields) {
    if (std::find(std::begin(kFields), std::end(kFields), field) == std::end(kFields)) body.fault("fields", "unknown field " + field);
  }
  job.factors = read_factors(body.object("factors"));
  job.num_return_sequences = static_cast<int>(body.integer("num_return_sequences", 1, 32));
  job.seed = body.integer("seed", 0, kMaxSeed);
  job.only_empty = body.flag("only_empty", true);
  job.dry_run = body.flag("dry_run");
  job.to_file = body.word("deliver", {"review", "file"}) == "file";
  body.finish();
  return job;
}

ExportJob read_export_job(const Json& request) {
  BodyReader body = begin(request);
  body.require({"format", "overwrite", "dry_run"});
  ExportJob job;
  if (body.has("review_ids")) job.review_ids = body.texts("review_ids", {.min = 1, .max = 100000, .unique = true, .item = kId});
  job.as_source = body.word("format", {"source", "jsonl"}) == "source";
  job.overwrite = body.flag("overwrite");
  job.dry_run = body.flag("dry_run");
  body.finish();
  return job;
}

RoundJob read_round_job(const Json& request) {
  BodyReader body = begin(request);
  body.require({"objective", "rounds"});
  RoundJob job;
  job.objective = body.word("objective", {"raft", "rrhf", "dpo"});
  job.rounds = static_cast<int>(body.integer("rounds", 1, 8));
  if (body.has("from")) job.from = body.time("from");
  body.finish();
  return job;
}

GateJob read_gate_job(const Json& request) {
  BodyReader body = begin(request);
  body.require({"model_id"});
  GateJob job{body.text("model_id", kId)};
  body.finish();
  return job;
}

JobRequest read_job_request(const Json& request) {
  BodyReader body(request);
  const Json& kind_name = body.raw("kind");
  const auto kind = kind_name.is_string() ? store::from_word<store::JobKind>(kind_name.get<std::string>()) : std::nullopt;
  if (!kind) throw Refusal("bad_request", "", {{"/kind", "expected a kind of job"}});
  const size_t priority = body.index_of_word("priority", kPriorityWords);
  switch (*kind) {
    case store::JobKind::import_rows: read_import_job(request); break;
    case store::JobKind::write: read_write_job(request); break;
    case store::JobKind::draw: read_draw_job(request); break;
    case store::JobKind::batch: read_batch_job(request); break;
    case store::JobKind::export_files: read_export_job(request); break;
    case store::JobKind::round: read_round_job(request); break;
    case store::JobKind::gate: read_gate_job(request); break;
  }
  return {*kind, priority == BodyReader::kNoWord ? store::JobPriority::normal
                                                 : static_cast<store::JobPriority>(priority)};
}

}  // namespace vitrine::serve
