// Copy and pictures for clients that speak OpenAI's interface.
#include <algorithm>
#include <cstdio>

#include "base/base64.h"
#include "base/file.h"
#include "data/advertisegen.h"
#include "serve/completion_stream.h"
#include "serve/job_request.h"
#include "serve/operations.h"
#include "serve/picture_model.h"
#include "serve/picture_settings.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/text_check.h"
#include "serve/wire.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

constexpr int kLeastMaxTokens = 16;

struct CompletionRequest {
  std::string model, prompt;
  int n = 1;
  std::optional<int> max_tokens;
  std::optional<double> temperature, top_p;
  int64_t seed = 0;
  bool stream = false;
};

CompletionRequest read_completion(const Json& json) {
  BodyReader body(json);
  body.require({"prompt"});
  CompletionRequest request;
  request.model = body.text("model", {.min = 0, .max = 200});
  body.text("user", {.min = 0, .max = 200});
  request.prompt = body.text("prompt", {.min = 1, .max = 4000});
  if (body.has("n")) request.n = static_cast<int>(body.integer("n", 1, 32));
  if (body.has("max_tokens")) request.max_tokens = static_cast<int>(body.integer("max_tokens", 1, 2000));
  if (body.has("temperature")) request.temperature = body.number("temperature", 0, 10);
  if (body.has("top_p")) request.top_p = body.number("top_p", 0.01, 1);
  if (body.has("seed")) request.seed = body.integer("seed", 0, kMaxSeed);
  request.stream = body.flag("stream");
  body.finish();
  if (request.max_tokens && *request.max_tokens < kLeastMaxTokens) {
    throw Refusal("impossible", "", {{"/max_tokens", concat("expected at least ", kLeastMaxTokens, ": no text that may leave is shorter")}});
  }
  return request;
}

CopyRequest copy_request(const CompletionRequest& request) {
  CopyRequest copy;
  copy.product = data::product_from_content(request.prompt);
  copy.config.num_return_sequences = request.n;
  copy.config.seed = request.seed;
  if (request.max_tokens) copy.config.max_new_tokens = std::min(copy.config.max_new_tokens, *request.max_tokens);
  if (request.temperature) copy.config.temperature = *request.temperature;
  if (request.top_p) copy.config.top_p = *request.top_p;
  return copy;
}

int64_t seconds_now() {
  return std::chrono::floor<std::chrono::seconds>(store::utc_now()).time_since_epoch().count();
}

/// The model of a kind that is called so; of several the one that serves, else the newest.
std::optional<store::Model> find_model(Service& service, const std::string& shop_id, store::ModelKind kind, const std::string& name) {
  auto loan = service.database.borrow();
  std::optional<store::Model> found;
  for (auto& model : store::Models(*loan, shop_id).list()) {
    const bool is_called_so = model.kind == kind && (model.id == name || model.name == name);
    if (is_called_so && (!found || model.state == store::ModelState::serving)) found = std::move(model);
  }
  return found;
}

/// The id of a copy model. Empty = the one that serves.
std::string model_id_of(Service& service, const std::string& shop_id, const std::string& name) {
  if (name.empty()) return "";
  const auto found = find_model(service, shop_id, store::ModelKind::copy, name);
  if (!found) throw Refusal("unknown", "", {{"/model", "no copy model has this id or name"}});
  return found->id;
}

void take_place_in_quota(Service& service, const Call& call) {
  const std::string key = call.shop_id() + "/" + call.user().id;
  const auto now = store::utc_now();
  if (const auto until = service.completions.closed_until(key, now)) throw Refusal("over_quota", *until);
  service.completions.note(key, now);
}

CompletionWork work_of(Service& service, const Call& call, const CompletionRequest& request) {
  CompletionWork work{.copy = copy_request(request), .writing = {}, .shop = {}, .checked = {}, .prompt = request.prompt,
                      .id = store::new_id("cmpl"), .created = seconds_now(), .max_tokens = request.max_tokens};
  work.checked = checked_product(service, work.copy.product);
  const std::string model_id = model_id_of(service, call.shop_id(), request.model);
  work.place = service.completions_at_once.enter();
  if (!work.place) throw Refusal("queue_full", store::utc_now() + std::chrono::seconds(1));
  take_place_in_quota(service, call);
  work.writing = writing_model(service, call.shop_id(), model_id);
  auto loan = service.database.borrow();
  work.shop = need(store::Shops(*loan).find(call.shop_id()));
  return work;
}

Json completion_json(const CompletionWork& work, const copywriting::WrittenProduct& written) {
  Json choices = Json::array();
  int64_t tokens = 0;
  for (const auto& candidate : written.candidates) {
    choices.push_back({{"index", choices.size()}, {"text", labelled_completion(candidate.text, work.shop, work.shop.label_place)}, {"finish_reason", "stop"}});
    tokens += tokens_of(work, candidate);
  }
  return {{"id", work.id},
          {"object", "text_completion"},
          {"created", work.created},
          {"model", work.writing.model.name},
          {"choices", std::move(choices)},
          {"usage", completion_usage(work, tokens)}};
}

/// Writes in the thread of the request, until the client goes.
HttpResponse whole_completion(const Call& call, const CompletionWork& work) {
  CopyWatch watch;
  watch.is_cancelled = call.request.is_gone;
  try {
    return json_response(completion_json(work, write_completion(work, watch)));
  } catch (const Cancelled&) {
    if (watch.is_cancelled && watch.is_cancelled()) throw Refusal("client_gone");
    throw;
  }
}

HttpResponse completion_events(Service& service, const Call& call, CompletionWork work) {
  work.stream = service.streams.enter();
  if (!work.stream) throw Refusal("too_many_streams");
  HttpRequest asked;  // what its problem document says of it
  asked.path = call.request.path;
  asked.id = call.request.id;
  asked.headers = call.request.headers;
  const auto problem = [asked](const std::exception& error) { return problem_json(refusal_of(error), asked); };
  HttpResponse response;
  response.events = std::make_shared<CompletionStream>(service, std::move(work), problem);
  return response;
}

HttpResponse create_completion(Service& service, Call& call) {
  const CompletionRequest request = read_completion(call.body);
  CompletionWork work = work_of(service, call, request);
  return request.stream ? completion_events(service, call, std::move(work)) : whole_completion(call, work);
}

// ---- pictures

/// "512x384": both sides multiples of 8 from 128 to 2048.
void read_size(BodyReader& body, DrawJob& draw) {
  const std::string size = body.text("size", {.min = 0, .max = 9});
  if (size.empty()) return;
  int width = 0, height = 0, end = 0;
  const bool is_size = std::sscanf(size.c_str(), "%4dx%4d%n", &width, &height, &end) == 2 && end == static_cast<int>(size.size());
  const auto is_side = [](int side) { return side >= 128 && side <= 2048 && side % 8 == 0; };
  if (!is_size || !is_side(width) || !is_side(height)) body.fault("size", "expected WIDTHxHEIGHT, multiples of 8 from 128 to 2048");
  draw.width = width;
  draw.height = height;
}

/// `model_id` is what the request calls the model.
DrawJob read_image_request(const Json& json) {
  BodyReader body(json);
  body.require({"prompt"});
  DrawJob draw;
  draw.model_id = body.text("model", {.min = 0, .max = 200});
  body.text("user", {.min = 0, .max = 200});
  body.word("response_format", {"b64_json"});
  draw.prompt = body.text("prompt", {.min = 1, .max = 1000});
  draw.num_images_per_prompt = body.has("n") ? static_cast<int>(body.integer("n", 1, 16)) : 1;
  if (body.has("seed")) draw.seed = body.integer("seed", 0, kMaxSeed);
  read_size(body, draw);
  body.finish();
  return draw;
}

/// What the worker draws into a folder that goes with the request.
Json drawn_pictures(Service& service, const Call& call, const DrawJob& draw, const std::string& model, const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (int i = 0; i < draw.num_images_per_prompt; ++i) names.push_back(concat(i, ".png"));
  std::string producer;
  {
    auto loan = service.database.borrow();
    producer = need(store::Shops(*loan).find(call.shop_id())).producer;
  }
  Json order{{"settings", picture_settings(service.config, draw)},
                   {"labels", {{"producer", producer}, {"who", call.user().name}, {"log", (service.folder / "labels.jsonl").string()}}},
                   {"prompt", draw.prompt},
                   {"output", folder.string()},
                   {"names", names}};
  order["settings"]["model"] = model;
  service.pictures->draw(order);
  Json data = Json::array();
  for (const auto& name : names) data.push_back({{"b64_json", base64(read_file(folder / name))}});
  return data;
}

/// The configured model, or one of the shop by id or name. Throws Refusal: unknown, model_missing.
std::string picture_model_of(Service& service, const std::string& shop_id, const std::string& name) {
  const std::string& configured = service.config.picture_model;
  std::string model = configured;
  if (!name.empty() && name != std::filesystem::path(configured).filename().string()) {
    const auto found = find_model(service, shop_id, store::ModelKind::pictures, name);
    if (!found) throw Refusal("unknown", "", {{"/model", "no picture model has this id or name"}});
    model = found->folder;
  }
  if (service.pictures == nullptr || !find_picture_model(model)) throw Refusal("model_missing");
  return model;
}

HttpResponse create_image(Service& service, Call& call) {
  const DrawJob draw = read_image_request(call.body);
  const std::string model = picture_model_of(service, call.shop_id(), draw.model_id);
  take_place_in_quota(service, call);
  const auto folder = service.pictures_folder() / store::new_id("making");
  std::filesystem::create_directories(folder);
  std::error_code ignored;
  try {
    const Json data = drawn_pictures(service, call, draw, model, folder);
    std::filesystem::remove_all(folder, ignored);
    return json_response({{"created", seconds_now()}, {"data", data}});
  } catch (const JobFailed& failed) {
    std::filesystem::remove_all(folder, ignored);
    throw Refusal(find_problem_kind(failed.code) != nullptr ? failed.code : "model_missing", failed.what());
  }
}

constexpr Operation kOperations[] = {
    {"createCompletion", "POST", "/v1/completions", Access::token, BodyKind::json, create_completion},
    {"createImage", "POST", "/v1/images/generations", Access::token, BodyKind::json, create_image},
};

}  // namespace

std::span<const Operation> openai_operations() { return kOperations; }

}  // namespace vitrine::serve
