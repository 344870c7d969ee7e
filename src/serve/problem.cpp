#include "serve/problem.h"

#include <algorithm>

#include "data/import.h"
#include "serve/wire.h"
#include "store/refused.h"

namespace vitrine::serve {
namespace {

constexpr ProblemKind kKinds[] = {
    {"bad_request", 400, "请求不合约定", "The request is not as described"},
    {"bad_json", 400, "请求体不是合法的 JSON", "The body is not valid JSON"},
    {"bad_address", 400, "地址里有不合法的字符", "The address holds bytes that are not UTF-8"},
    {"unknown_field", 400, "请求里有不认识的字段", "The request has a field that is not described"},
    {"key_missing", 400, "缺少 Idempotency-Key", "Idempotency-Key is missing"},
    {"not_signed_in", 401, "没有登录", "Not signed in"},
    {"wrong_password", 401, "账号或密码不对", "Account or password is wrong"},
    {"forbidden", 403, "角色不够", "Your role may not do this"},
    {"wrong_current_password", 403, "当前密码不对", "The current password is wrong"},
    {"csrf", 403, "缺少 X-CSRF-Token，或它不是本次登录的", "X-CSRF-Token is missing or not of this session"},
    {"own_work", 403, "本店不许通过自己选过或改过的文案", "This shop does not let authors approve their own work"},
    {"unknown", 404, "没有找到", "Not found"},
    {"unknown_address", 404, "没有这个地址", "There is no such address"},
    {"method_not_allowed", 405, "这个地址不接受这种方法", "The address does not take this method"},
    {"slow_request", 408, "请求来得太慢", "The request came too slowly"},
    {"name_taken", 409, "这个账号名已被使用", "The name is taken"},
    {"last_admin", 409, "至少要留一位管理员", "One admin at least has to stay"},
    {"key_reused", 409, "同一个键用在了别的请求上", "The key was used for another request"},
    {"job_ended", 409, "任务已经结束", "The job has ended"},
    {"review_closed", 409, "已经审核，不能再改选", "It was reviewed and cannot be chosen anew"},
    {"review_changed", 409, "内容已被别人修改", "Somebody has changed it"},
    {"review_not_pending", 409, "它不在可以这样处理的状态", "It is not in a state for this decision"},
    {"shown_differs", 409, "这次展示的候选与之前不同", "The pick was made of another shown set"},
    {"check_blocked", 409, "有不能发布的问题", "There is a problem that blocks"},
    {"gate_not_passed", 409, "没有通过上线检查", "The gate has not passed"},
    {"no_former_model", 409, "没有可以退回的模型", "There is no model to go back to"},
    {"imported_already", 409, "这份文件已经导入", "The file was imported already"},
    {"no_picture", 409, "还没有图片", "There is no picture yet"},
    {"not_verified", 409, "文件没有通过核验，不能下载", "The file did not verify and is not offered"},
    {"too_large", 413, "内容太大", "The body is too large"},
    {"address_too_long", 414, "地址太长", "The address is too long"},
    {"wrong_type", 415, "内容的类型不对", "The body has the wrong media type"},
    {"blank_text", 422, "文字不能只有空白，名字前后不能有空白", "A text is blank, or a name has blanks around it"},
    {"impossible", 422, "请求做不到", "The request is well-formed but impossible"},
    {"unreadable_file", 422, "这个文件读不出商品", "No products can be read from this file"},
    {"no_settings", 422, "这个文件里没有生成设置", "The file holds no settings"},
    {"no_attributes", 422, "商品没有属性，写不出文案", "A product without attributes cannot be written about"},
    {"LBL_NO_PRODUCER", 422, "还没有设置服务提供者", "No provider is set"},
    {"no_candidate", 422, "写出的候选都没有通过检查", "No candidate passed the checks"},
    {"round_failed", 422, "这一轮训练没有完成", "The round did not finish"},
    {"gate_failed", 422, "上线检查没有完成", "The gate did not finish"},
    {"client_gone", 499, "客户端已断开", "The client has closed the connection"},
    {"too_many_attempts", 429, "试得太多", "Too many attempts"},
    {"over_quota", 429, "次数用完了", "The quota is used up"},
    {"queue_full", 429, "排队的任务太多", "The queue is full"},
    {"too_many_streams", 503, "打开的事件流太多", "Too many streams are open"},
    {"internal", 500, "服务器出错了", "A fault of the server"},
    {"not_available", 501, "这个版本还没有这一项", "This version does not have it yet"},
    {"busy", 503, "服务器正忙，请再试", "The server is busy, try again"},
    {"storage_failed", 503, "存不下：磁盘满了或不能写", "The disk is full or refuses to write"},
    {"model_missing", 503, "模型还没有装好", "A model is missing"},
    {"shutting_down", 503, "服务器正在停止", "The server is shutting down"},
};

template <typename Type>
bool is(const std::exception& error) {
  return dynamic_cast<const Type*>(&error) != nullptr;
}

}  // namespace

const ProblemKind* find_problem_kind(std::string_view code) {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const ProblemKind& kind) { return kind.code == code; });
  return found == std::end(kKinds) ? nullptr : found;
}

const ProblemKind& problem_kind(std::string_view code) {
  const ProblemKind* kind = find_problem_kind(code);
  if (kind == nullptr) throw InternalError(concat("[problem_kind] unknown code ", code));
  return *kind;
}

Refusal::Refusal(std::string_view code, std::string detail, std::vector<FieldFault> faults)
    : Error(detail.empty() ? std::string(code) : concat(code, ": ", detail)),
      kind_(problem_kind(code)),
      detail_(std::move(detail)),
      faults_(std::move(faults)) {}

Refusal::Refusal(std::string_view code, store::UtcMillis reset_at)
    : Error(std::string(code)), kind_(problem_kind(code)), reset_at_(reset_at) {}

Refusal Refusal::method_not_allowed(std::string methods) {
  Refusal refusal("method_not_allowed");
  refusal.allowed_methods_ = std::move(methods);
  return refusal;
}

Refusal refusal_of(const std::exception& error) {
  if (const auto* refusal = dynamic_cast<const Refusal*>(&error)) return *refusal;
  if (is<data::ImportRefused>(error)) return Refusal("unreadable_file", error.what());
  if (is<store::Refused>(error)) return Refusal("impossible");
  if (is<UsageError>(error) || is<InvalidInput>(error)) return Refusal("impossible", error.what());
  if (is<NotFound>(error)) return Refusal("unknown");
  if (is<Busy>(error)) return Refusal("busy");
  if (is<IoError>(error)) return Refusal("storage_failed");
  if (is<Cancelled>(error)) return Refusal("shutting_down");
  return Refusal("internal");
}

std::string shown_detail(const Refusal& refusal) { return refusal.kind().status < 500 ? refusal.detail() : ""; }

Json problem_json(const Refusal& refusal, const HttpRequest& request) {
  const ProblemKind& kind = refusal.kind();
  Json json{{"type", concat("/problems/", kind.code)},
            {"title", request.language() == Language::en ? kind.en : kind.zh},
            {"status", kind.status}};
  if (const std::string detail = shown_detail(refusal); !detail.empty()) json["detail"] = detail;
  json["instance"] = request.path;
  json["code"] = kind.code;
  json["request_id"] = request.id;
  if (refusal.reset_at()) json["reset_at"] = to_rfc3339(*refusal.reset_at());
  if (!refusal.faults().empty()) json["errors"] = Json::array();
  for (const FieldFault& fault : refusal.faults()) {
    json["errors"].push_back({{"field", fault.field}, {"detail", fault.detail}});
  }
  return json;
}

HttpResponse problem_response(const Refusal& refusal, const HttpRequest& request) {
  HttpResponse response{.status = refusal.kind().status,
                        .content_type = "application/problem+json",
                        .body = dump_line(problem_json(refusal, request)),
                        .file = {},
                        .events = {}};
  if (!refusal.allowed_methods().empty()) response.headers.emplace_back("Allow", refusal.allowed_methods());
  if (refusal.reset_at()) {
    const auto left = *refusal.reset_at() - store::utc_now();
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left).count();
    response.headers.emplace_back("Retry-After", std::to_string(std::max<int64_t>(1, seconds)));
  } else if (refusal.kind().status == 503) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

}  // namespace vitrine::serve
