// serve/job_request.h - what a job is asked to do: read from a request, kept as a document, read
// again by the handler that does it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/factors.h"
#include "store/copy_state.h"
#include "store/jobs.h"
#include "store/sessions.h"

namespace vitrine::serve {

inline constexpr int64_t kMaxSeed = int64_t{1} << 53;  // what a browser's numbers hold exactly

struct ImportJob {
  std::string import_id, licence;
};

struct WriteJob {
  std::string plan_id;
  int num_return_sequences = 0;
  int64_t seed = 0;
  std::optional<double> temperature, top_p;
  std::string model_id;  // empty = the one that serves
  bool avoid_catalogue = true;
  std::string polish;
};

/// Of the picture worker.
inline constexpr std::string_view kSchedulers[] = {"ddim", "pndm", "euler", "euler_a", "dpmpp_2m", "lcm"};

struct DrawJob {
  std::string product_id, prompt, negative_prompt;
  int num_images_per_prompt = 0;
  std::optional<int> width, height, num_inference_steps;
  std::optional<double> guidance_scale;
  std::string scheduler;
  int64_t seed = 0;
  std::string model_id;
};

struct BatchJob {
  std::string import_id;
  std::optional<store::CopyState> state;
  std::vector<std::string> fields;
  Factors factors;
  int num_return_sequences = 0;
  int64_t seed = 0;
  bool only_empty = true, dry_run = false, to_file = false;
};

struct ExportJob {
  std::vector<std::string> review_ids;  // empty = all that is approved
  bool as_source = false;               // else JSONL
  bool overwrite = false, dry_run = false;
};

struct RoundJob {
  std::string objective;
  int rounds = 0;
  std::optional<store::UtcMillis> from;
};

struct GateJob {
  std::string model_id;
};

/// Exactly the fields of its kind; others are a fault. Each throws Refusal, of a stored request too.
ImportJob read_import_job(const Json& request);
WriteJob read_write_job(const Json& request);
DrawJob read_draw_job(const Json& request);
BatchJob read_batch_job(const Json& request);
ExportJob read_export_job(const Json& request);
RoundJob read_round_job(const Json& request);
GateJob read_gate_job(const Json& request);

/// A request of any kind, checked. Throws Refusal.
struct JobRequest {
  store::JobKind kind = store::JobKind::write;
  store::JobPriority priority = store::JobPriority::normal;
};
JobRequest read_job_request(const Json& request);

}  // namespace vitrine::serve
