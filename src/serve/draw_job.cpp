// Pictures of one product, drawn by the picture worker (docs/formats/draw_worker.md).
#include <algorithm>

#include "base/file.h"
#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/picture_settings.h"
#include "serve/request_parts.h"
#include "serve/wire.h"
#include "serve/written_copy.h"

namespace vitrine::serve {
namespace {

namespace fs = std::filesystem;

/// The worker's words for defects as those of the API.
std::string defect_of(const std::string& word) {
  constexpr std::pair<std::string_view, std::string_view> kOthers[] = {
      {"blank", "indistinct"}, {"wrong_category", "shape_hallucination"}, {"wrong_colour", "contradicts_copy"}, {"text_like", "text_or_watermark"}};
  for (const auto& [own, api] : kOthers) {
    if (word == own) return std::string(api);
  }
  return word;
}

class DrawRun {
 public:
  DrawRun(Service& service, RunningJob& job)
      : service_(service), job_(job), request_(read_draw_job(parse_json(job.job().request, job.job().id))),
        folder_(service.pictures_folder() / job.shop_id()) {
    auto loan = service.database.borrow();
    shop_ = need(store::Shops(*loan).find(job.shop_id()));
    entry_ = need(store::Products(*loan, job.shop_id()).find(request_.product_id));
    if (!request_.model_id.empty()) model_ = need(store::Models(*loan, job.shop_id()).find(request_.model_id)).folder;
  }

  JobResult run() {
    const fs::path product = service_.uploads() / (job_.job().id + ".product.json");
    write_file_atomic(product, entry_.document);
    fs::create_directories(folder_ / "previews");
    const Json done = service_.pictures->draw(order(product), watch());
    std::error_code ignored;
    fs::remove(product, ignored);
    for (const auto& name : names()) fs::remove(folder_ / "previews" / name, ignored);
    return result_of(done.at("line"));
  }

 private:
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (int i = 0; i < request_.num_images_per_prompt; ++i) names.push_back(candidate_id(job_.job().id, i) + ".png");
    return names;
  }

  Json order(const fs::path& product) const {
    Json order{{"settings", picture_settings(service_.config, request_)},
               {"labels", {{"producer", shop_.producer}, {"who", job_.job().user_name}, {"log", (service_.folder / "labels.jsonl").string()}}},
               {"product", product.string()},
               {"output", folder_.string()},
               {"names", names()},
               {"previews", (folder_ / "previews").string()},
               {"thumbnails", service_.thumbnails(job_.shop_id()).string()},
               {"thumbnail_sides", kThumbnailSides}};
    if (!model_.empty()) order["settings"]["model"] = model_;
    if (!request_.prompt.empty()) order["prompt"] = request_.prompt;
    return order;
  }

  PictureWatch watch() {
    PictureWatch watch;
    watch.on_step = [this](int64_t step, int64_t steps) { job_.progress(step, steps); };
    watch.on_preview = [this](const Json& preview) {
      const std::string id = candidate_id(job_.job().id, preview.at("index").get<int>());
      job_.tell("preview", id, {{"candidate_id", id}, {"index", preview.at("index")}, {"step", preview.at("step")},
                                {"steps", preview.at("steps")}, {"width", preview.at("width")}, {"height", preview.at("height")}});
    };
    watch.is_cancelled = [this] { return job_.should_stop(); };
    return watch;
  }

  JobResult result_of(const Json& line) const {
    if (line.at("candidates").empty()) throw JobFailed("no_candidate", line.value("error", ""));
    std::vector<store::Candidate> candidates;
    Json ids = Json::array();
    for (const Json& drawn : line.at("candidates")) {
      candidates.push_back(candidate_of(line, drawn));
      ids.push_back(candidates.back().id);
    }
    return {.result = dump_line(Json{{"candidate_ids", ids}}),
            .keep = [candidates, shop_id = job_.shop_id()](store::Connection& connection) {
              store::Candidates(connection, shop_id).add(candidates);
            },
            .kept = [candidates](RunningJob& ended) {
              for (const auto& candidate : candidates) ended.tell("candidate", candidate.id, to_json(candidate));
            }};
  }

  store::Candidate candidate_of(const Json& line, const Json& drawn) const {
    store::Candidate candidate;
    candidate.kind = store::CandidateKind::image;
    candidate.index = drawn.at("index").get<int>();
    candidate.id = candidate_id(job_.job().id, candidate.index);
    candidate.product_id = entry_.id;
    candidate.job_id = job_.job().id;
    candidate.prompt = line.value("prompt", "");
    candidate.width = drawn.at("width").get<int>();
    candidate.height = drawn.at("height").get<int>();
    candidate.file = job_.shop_id() + "/" + candidate.id + ".png";
    candidate.file_sha256 = drawn.at("file_sha256").get<std::string>();
    candidate.produce_id = drawn.value("produce_id", "");
    candidate.model_sha256 = line.at("model_sha256").get<std::string>();
    candidate.seed = drawn.value("seed", line.value("seed", int64_t{0}));
    Json params = picture_settings(service_.config, request_);
    params["prompt"] = candidate.prompt;
    candidate.params = dump_line(params);
    candidate.details = dump_line(details_of(drawn));
    candidate.search_text = concat(candidate.prompt, '\n', entry_.title, '\n', candidate.model_sha256, "\nseed=", request_.seed);
    candidate.created_at = store::utc_now();
    return candidate;
  }

  static Json details_of(const Json& drawn) {
    Json defects = Json::array();
    for (const Json& defect : drawn.value("defects", Json::array())) {
      const std::string word = defect_of(defect.at("defect").get<std::string>());
      if (std::find(defects.begin(), defects.end(), word) == defects.end()) defects.push_back(word);
    }
    return {{"scores", Json::object()}, {"use", drawn.at("size_label")}, {"defects", std::move(defects)}};
  }

  Service& service_;
  RunningJob& job_;
  const DrawJob request_;
  const fs::path folder_;
  store::Shop shop_;
  store::ProductEntry entry_;
  std::string model_;  // empty = the configured one
};

}  // namespace

JobResult run_draw_job(Service& service, RunningJob& job) { return DrawRun(service, job).run(); }

}  // namespace vitrine::serve
