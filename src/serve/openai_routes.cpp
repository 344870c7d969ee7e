// Copy and pictures for clients that speak OpenAI's interface.
#include <cstdio>

#include "base/base64.h"
#include "base/file.h"
#include "checks/text_label.h"
#include "data/advertisegen.h"
#include "serve/job_request.h"
#include "serve/operations.h"
#include "serve/picture_settings.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/wire.h"
#include "serve/written_copy.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

struct CompletionRequest {
  std::string prompt;
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
  body.text("model", {.min = 0, .max = 200});
  body.text("user", {.min = 0, .max = 200});
  request.prompt = body.text("prompt", {.min = 1, .max = 4000});
  if (body.has("n")) request.n = static_cast<int>(body.integer("n", 1, 32));
  if (body.has("max_tokens")) request.max_tokens = static_cast<int>(body.integer("max_tokens", 1, 2000));
  if (body.has("temperature")) request.temperature = body.number("temperature", 0, 10);
  if (body.has("top_p")) request.top_p = body.number("top_p", 0.01, 1);
  if (body.has("seed")) request.seed = body.integer("seed", 0, kMaxSeed);
  request.stream = body.flag("stream");
  body.finish();
  return request;
}

CopyRequest copy_request(const CompletionRequest& request) {
  CopyRequest copy;
  copy.product = data::product_from_content(request.prompt);
  copy.config.num_return_sequences = request.n;
  copy.config.seed = request.seed;
  if (request.max_tokens) copy.config.max_new_tokens = *request.max_tokens;
  if (request.temperature) copy.config.temperature = *request.temperature;
  if (request.top_p) copy.config.top_p = *request.top_p;
  return copy;
}

/// What leaves is labelled.
std::string labelled(const std::string& text, const store::Shop& shop) {
  const auto label = checks::with_explicit_label(
      text, {.wording = shop.label_wording, .place = checks::parse_label_place(std::string(to_word(shop.label_place))),
             .max_length = 0, .length = nullptr});
  if (!label) throw Refusal("impossible", "the text leaves no room for its label");
  return *label;
}

int64_t seconds_now() {
  return std::chrono::floor<std::chrono::seconds>(store::utc_now()).time_since_epoch().count();
}

Json completion_json(const CompletionRequest& request, const copywriting::WrittenProduct& written,
                     const store::Shop& shop, const WritingModel& writing) {
  Json choices = Json::array();
  int64_t tokens = 0;
  for (const auto& candidate : written.candidates) {
    choices.push_back({{"index", choices.size()}, {"text", labelled(candidate.text, shop)}, {"finish_reason", "stop"}});
    tokens += candidate.tokens;
  }
  const int64_t prompt_tokens = writing.engine->count_tokens(request.prompt);
  return {{"id", store::new_id("cmpl")},
          {"object", "text_completion"},
          {"created", seconds_now()},
          {"model", writing.model.name},
          {"choices", std::move(choices)},
          {"usage", {{"prompt_tokens", prompt_tokens}, {"completion_tokens", tokens}, {"total_tokens", prompt_tokens + tokens}}}};
}

/// The same as events: one a choice. A text is checked and labelled before any of it leaves.
HttpResponse stream_response(const Json& completion) {
  HttpResponse response;
  response.content_type = "text/event-stream";
  for (const Json& choice : completion["choices"]) {
    Json chunk = completion;
    chunk["choices"] = Json::array({choice});
    response.body += "data: " + dump_line(chunk) + "\n\n";
  }
  response.body += "data: [DONE]\n\n";
  return response;
}

void take_place_in_quota(Service& service, const Call& call) {
  const std::string key = call.shop_id() + "/" + call.user().id;
  const auto now = store::utc_now();
  if (const auto until = service.completions.closed_until(key, now)) throw Refusal("over_quota", *until);
  service.completions.note(key, now);
}

HttpResponse create_completion(Service& service, Call& call) {
  const CompletionRequest request = read_completion(call.body);
  const CopyRequest copy = copy_request(request);
  if (copy.product.attributes.empty()) throw Refusal("no_attributes");
  take_place_in_quota(service, call);
  const WritingModel writing = writing_model(service, call.shop_id(), "");
  store::Shop shop;
  {
    auto loan = service.database.borrow();
    shop = need(store::Shops(*loan).find(call.shop_id()));
  }
  const auto written = writing.engine->write(copy);
  if (written.candidates.empty()) throw Refusal("impossible", written.error);
  const Json completion = completion_json(request, written, shop, writing);
  return request.stream ? stream_response(completion) : json_response(completion);
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

DrawJob read_image_request(const Json& json) {
  BodyReader body(json);
  body.require({"prompt"});
  DrawJob draw;
  body.text("model", {.min = 0, .max = 200});
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
Json drawn_pictures(Service& service, const Call& call, const DrawJob& draw, const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (int i = 0; i < draw.num_images_per_prompt; ++i) names.push_back(concat(i, ".png"));
  std::string producer;
  {
    auto loan = service.database.borrow();
    producer = need(store::Shops(*loan).find(call.shop_id())).producer;
  }
  const Json order{{"settings", picture_settings(service.config, draw)},
                   {"labels", {{"producer", producer}, {"who", call.user().name}, {"log", (service.folder / "labels.jsonl").string()}}},
                   {"prompt", draw.prompt},
                   {"output", folder.string()},
                   {"names", names}};
  service.pictures->draw(order);
  Json data = Json::array();
  for (const auto& name : names) data.push_back({{"b64_json", base64(read_file(folder / name))}});
  return data;
}

HttpResponse create_image(Service& service, Call& call) {
  const DrawJob draw = read_image_request(call.body);
  if (service.pictures == nullptr) throw Refusal("model_missing");
  take_place_in_quota(service, call);
  const auto folder = service.pictures_folder() / store::new_id("making");
  std::filesystem::create_directories(folder);
  std::error_code ignored;
  try {
    const Json data = drawn_pictures(service, call, draw, folder);
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
