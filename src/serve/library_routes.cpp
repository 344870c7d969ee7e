// Presets, boards, and the settings that something was made with.
#include <chrono>

#include "base/hash.h"
#include "serve/child_process.h"
#include "serve/factors.h"
#include "serve/operations.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/wire.h"
#include "store/plans.h"

namespace vitrine::serve {
namespace {

constexpr TextLimits kName{.min = 1, .max = 100};
constexpr TextLimits kId{.min = 1, .max = 200};
constexpr auto kRecallPatience = std::chrono::seconds(20);
constexpr size_t kMaxSettingsBytes = size_t{4} << 20;

/// The client makes the id; the address and the body name the same one.
void require_same_id(BodyReader& body, const Call& call) {
  if (body.text("id", kId) != call.id()) body.fault("id", "expected the id of the address");
}

HttpResponse list_presets(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(list_json(store::Presets(*loan, call.shop_id()).list()));
}

HttpResponse put_preset(Service& service, Call& call) {
  BodyReader body(call.body);
  body.require({"id", "name", "factors"});
  require_same_id(body, call);
  store::Preset preset{.id = call.id(), .name = body.text("name", kName), .factors = {}};
  preset.factors = dump_line(to_json(read_factors(body.object("factors"))));
  body.finish();
  auto loan = service.database.borrow();
  store::Presets(*loan, call.shop_id()).put(preset);
  return json_response(to_json(preset));
}

HttpResponse remove_preset(Service& service, Call& call) {
  auto loan = service.database.borrow();
  store::Presets(*loan, call.shop_id()).remove(call.id());
  return no_content();
}

HttpResponse list_boards(Service& service, Call& call) {
  auto loan = service.database.borrow();
  return json_response(list_json(store::Boards(*loan, call.shop_id()).list()));
}

/// Throws Refusal (unknown) that names those which the shop does not have.
void require_candidates(store::Connection& connection, const std::string& shop_id, const std::vector<std::string>& ids) {
  store::Candidates candidates(connection, shop_id);
  std::vector<FieldFault> faults;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!candidates.find(ids[i])) faults.push_back({concat("/candidate_ids/", i), "no candidate has this id"});
  }
  if (!faults.empty()) throw Refusal("unknown", "", std::move(faults));
}

HttpResponse put_board(Service& service, Call& call) {
  BodyReader body(call.body);
  body.require({"id", "name", "candidate_ids"});
  require_same_id(body, call);
  store::Board board{.id = call.id(), .name = body.text("name", kName), .candidate_ids = {}};
  board.candidate_ids = body.texts("candidate_ids", {.min = 0, .max = 10000, .unique = true, .item = kId});
  body.finish();
  auto loan = service.database.borrow();
  require_candidates(*loan, call.shop_id(), board.candidate_ids);
  store::Boards(*loan, call.shop_id()).put(board);
  return json_response(to_json(board));
}

HttpResponse remove_board(Service& service, Call& call) {
  auto loan = service.database.borrow();
  store::Boards(*loan, call.shop_id()).remove(call.id());
  return no_content();
}

// ---- recall

/// Models that are not here any more, by hash.
std::vector<std::string> missing_models(store::Connection& connection, const std::string& shop_id,
                                        const std::string& sha256) {
  if (sha256.empty()) return {};
  for (const auto& model : store::Models(connection, shop_id).list()) {
    if (model.sha256 == sha256 && std::filesystem::exists(model.folder)) return {};
  }
  return {sha256};
}

Json recall_json(store::Connection& connection, const std::string& shop_id, const store::Candidate& candidate) {
  const store::Job job = need(store::Jobs(connection, shop_id).find(candidate.job_id));
  const bool has_product = store::Products(connection, shop_id).find(candidate.product_id).has_value();
  Json json{{"source", "vitrine"},
            {"request", parse_json(job.request, "job " + job.id)},
            {"product_id", has_product ? Json(candidate.product_id) : Json(nullptr)},
            {"factors", nullptr},
            {"missing", missing_models(connection, shop_id, candidate.model_sha256)}};
  if (const auto plan = store::Plans(connection, shop_id).find(candidate.plan_id)) {
    json["factors"] = parse_json(plan->factors, "plan " + plan->id);
  }
  return json;
}

/// What a picture file says it was made with, by `vitrine recall` in a process of its own: decoders of
/// other people's files stay out of the server. Nothing when it says nothing.
std::optional<Json> settings_in(const Service& service, const std::filesystem::path& file) {
  if (!service.hooks.reads_pictures) return std::nullopt;
  std::vector<std::string> command = service.hooks.program;
  command.insert(command.end(), {"recall", file.string(), "--no-check-models", "--quiet"});
  ChildProcess child(command, kMaxSettingsBytes);
  std::string line, settings;
  const auto deadline = std::chrono::steady_clock::now() + kRecallPatience;
  for (auto read = ChildProcess::Read::timeout; read != ChildProcess::Read::end;) {
    read = child.read_line(line, std::chrono::milliseconds(200));
    if (read == ChildProcess::Read::line) settings = line;
    if (read == ChildProcess::Read::too_long || std::chrono::steady_clock::now() > deadline) return std::nullopt;
  }
  if (child.wait().exit_code != 0 || settings.empty()) return std::nullopt;
  return parse_json(settings, "vitrine recall");
}

/// Whether a candidate was made with these settings. Pictures of one job differ in their index alone, and
/// recall the same request.
bool is_made_with(const store::Candidate& candidate, const Json& settings) {
  const std::string sha256 = settings.value("model", Json::object()).value("sha256", "");
  return !sha256.empty() && candidate.model_sha256.starts_with(sha256) && settings.value("seed", int64_t{-1}) == candidate.seed &&
         settings.value("prompt", "") == candidate.prompt && settings.value("width", 0) == candidate.width && settings.value("height", 0) == candidate.height;
}

/// The newest picture of the shop that `is_it`.
template <typename IsIt>
std::optional<store::Candidate> find_picture(store::Connection& connection, const std::string& shop_id, IsIt is_it) {
  store::PageRequest page{.cursor = "", .limit = store::kMaxPage};
  do {
    const auto found = store::Candidates(connection, shop_id).list({.words = "", .kind = store::CandidateKind::image, .product_id = "", .job_id = "", .board_id = ""}, page);
    for (const auto& candidate : found.items) {
      if (is_it(candidate)) return candidate;
    }
    page.cursor = found.next;
  } while (!page.cursor.empty());
  return std::nullopt;
}

/// A file of ours is known by its bytes; one that others have rewritten, or a smaller copy, by the settings
/// that it carries.
HttpResponse recall_file(Service& service, const Call& call) {
  const std::string sha256 = sha256_file(call.request.upload->place());
  std::optional<store::Candidate> candidate;
  {
    auto loan = service.database.borrow();
    candidate = find_picture(*loan, call.shop_id(), [&](const store::Candidate& one) { return one.file_sha256 == sha256; });
  }
  if (!candidate) {
    const auto settings = settings_in(service, call.request.upload->place());
    if (!settings) throw Refusal("no_settings");
    auto loan = service.database.borrow();
    candidate = find_picture(*loan, call.shop_id(), [&](const store::Candidate& one) { return is_made_with(one, *settings); });
  }
  if (!candidate) throw Refusal("no_settings", "its settings are of no picture of this shop");
  auto loan = service.database.borrow();
  return json_response(recall_json(*loan, call.shop_id(), *candidate));
}

HttpResponse recall(Service& service, Call& call) {
  if (call.request.upload) return recall_file(service, call);
  BodyReader body(call.body);
  body.require({"candidate_id"});
  const std::string id = body.text("candidate_id", kId);
  body.finish();
  auto loan = service.database.borrow();
  const store::Candidate candidate = need(store::Candidates(*loan, call.shop_id()).find(id));
  return json_response(recall_json(*loan, call.shop_id(), candidate));
}

constexpr Operation kOperations[] = {
    {"listPresets", "GET", "/api/v1/presets", Access::writer, BodyKind::none, list_presets},
    {"putPreset", "PUT", "/api/v1/presets/{id}", Access::writer, BodyKind::json, put_preset},
    {"removePreset", "DELETE", "/api/v1/presets/{id}", Access::writer, BodyKind::none, remove_preset},
    {"listBoards", "GET", "/api/v1/boards", Access::writer, BodyKind::none, list_boards},
    {"putBoard", "PUT", "/api/v1/boards/{id}", Access::writer, BodyKind::json, put_board},
    {"removeBoard", "DELETE", "/api/v1/boards/{id}", Access::writer, BodyKind::none, remove_board},
    {"recall", "POST", "/api/v1/recalls", Access::writer, BodyKind::json_or_upload, recall},
};

}  // namespace

std::span<const Operation> library_operations() { return kOperations; }

}  // namespace vitrine::serve
