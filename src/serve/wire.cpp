#include "serve/wire.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utc_time.h"
#include "serve/problem.h"

namespace vitrine::serve {
namespace {

using std::chrono::floor;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t kSecondsSize = 19;  // "2026-11-24T08:00:00"

/// A document of the store; null when there is none.
Json document(const store::Document& text, std::string_view where) {
  return text.empty() ? Json(nullptr) : parse_json(text, where);
}

void put_if_any(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}
void put_if_any(Json& json, const char* name, const std::optional<store::UtcMillis>& time) {
  if (time) json[name] = to_rfc3339(*time);
}
void put_if_any(Json& json, const char* name, const store::Document& text, std::string_view where) {
  if (!text.empty()) json[name] = parse_json(text, where);
}

Json null_if_empty(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::optional<int> number_of(std::string_view digits) {
  int number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

/// "Z", "+08:00": how far the clock is before UTC.
std::optional<std::chrono::minutes> parse_zone(std::string_view zone) {
  if (zone == "Z" || zone == "z") return std::chrono::minutes(0);
  if (zone.size() != 6 || zone[3] != ':') return std::nullopt;
  const auto hours = number_of(zone.substr(1, 2)), minutes = number_of(zone.substr(4, 2));
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const int sign = zone[0] == '+' ? 1 : zone[0] == '-' ? -1 : 0;
  if (sign == 0) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

/// ".123" at the beginning of `rest`, which loses it; 0 ms without one.
std::optional<milliseconds> take_fraction(std::string_view& rest) {
  if (!rest.starts_with('.')) return milliseconds(0);
  const size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
  if (end < 2 || end > 10) return std::nullopt;
  std::string digits(rest.substr(1, std::min<size_t>(end - 1, 3)));
  digits.resize(3, '0');
  rest.remove_prefix(end);
  return milliseconds(*number_of(digits));
}

Json edits_json(const std::vector<store::Edit>& edits) {
  Json json = Json::array();
  for (const store::Edit& edit : edits) json.push_back({{"from", edit.from}, {"to", edit.to}});
  return json;
}

/// Codes of handlers and workers that the table lacks are faults of the server.
Json failure_json(const store::Job& job) {
  const ProblemKind* known = find_problem_kind(job.failure.code);
  const ProblemKind& kind = known != nullptr ? *known : problem_kind("internal");
  Json json{{"type", "/problems/" + job.failure.code},
            {"title", kind.zh},
            {"status", kind.status},
            {"code", job.failure.code},
            {"request_id", job.id}};
  if (!job.failure.detail.empty()) json["detail"] = job.failure.detail;
  return json;
}

}  // namespace

std::string to_rfc3339(store::UtcMillis time) {
  const auto whole = floor<seconds>(time);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>((time - whole).count()));
  std::string text = to_iso_time(whole);
  return text.substr(0, kSecondsSize) + fraction.data();
}

std::optional<store::UtcMillis> parse_rfc3339(std::string_view text) {
  if (text.size() <= kSecondsSize) return std::nullopt;
  std::string whole(text.substr(0, kSecondsSize));
  if (whole[10] == 't' || whole[10] == ' ') whole[10] = 'T';
  const auto time = parse_iso_time(whole + "Z");
  std::string_view rest = text.substr(kSecondsSize);
  const auto fraction = take_fraction(rest);
  const auto zone = parse_zone(rest);
  if (!time || !fraction || !zone) return std::nullopt;
  return store::UtcMillis(*time) + *fraction - *zone;
}

std::string_view priority_word(store::JobPriority priority) {
  return kPriorityWords[static_cast<size_t>(priority)];
}

Json to_json(const store::User& user) {
  Json json{{"id", user.id},
            {"name", user.name},
            {"role", to_word(user.role)},
            {"active", user.active},
            {"created_at", to_rfc3339(user.created_at)}};
  put_if_any(json, "seen_at", user.seen_at);
  return json;
}

Json to_json(const store::Shop& shop) {
  return {{"id", shop.id},
          {"name", shop.name},
          {"producer", null_if_empty(shop.producer)},
          {"label", {{"wording", shop.label_wording}, {"place", to_word(shop.label_place)}}},
          {"own_approval", shop.own_approval},
          {"price_per_hour", shop.price_per_hour},
          {"operator_price_per_hour", shop.operator_price_per_hour},
          {"currency", shop.currency}};
}

Json to_json(const store::ApiToken& token) {
  Json json{{"id", token.id}, {"name", token.name}, {"created_at", to_rfc3339(token.created_at)}};
  put_if_any(json, "used_at", token.used_at);
  put_if_any(json, "expires_at", token.expires_at);
  return json;
}

Json to_json(const store::Import& import) {
  Json json{{"id", import.id},         {"file", import.file},
            {"size_bytes", import.size_bytes}, {"state", to_word(import.state)},
            {"format", import.format}, {"encoding", import.encoding}};
  json.update(document(import.preview, "import " + import.id));
  put_if_any(json, "sheet", import.sheet);
  json["rows"] = import.rows;
  json["kept"] = import.kept;
  json["rejected"] = import.rejected;
  json["created_at"] = to_rfc3339(import.created_at);
  return json;
}

Json to_json(const store::Finding& finding, const std::string& file) {
  Json json{{"file", file},
            {"row", finding.row},
            {"column", finding.column},
            {"code", finding.code},
            {"severity", to_word(finding.severity)},
            {"value", finding.value}};
  put_if_any(json, "id", finding.product_id);
  return json;
}

Json to_json(const store::ProductEntry& entry) {
  Json json{{"product", document(entry.document, "product " + entry.id)},
            {"state", to_word(entry.state)}};
  put_if_any(json, "copy", entry.copy);
  json["updated_at"] = to_rfc3339(entry.updated_at);
  return json;
}

Json to_json(const store::Job& job) {
  Json json{{"id", job.id},
            {"kind", to_word(job.kind)},
            {"state", to_word(job.state)},
            {"request", document(job.request, "job " + job.id)},
            {"done", job.progress.done},
            {"total", job.progress.total ? Json(*job.progress.total) : Json(nullptr)},
            {"eta_seconds", job.progress.eta_seconds ? Json(*job.progress.eta_seconds) : Json(nullptr)},
            {"position", job.position},
            {"priority", priority_word(job.priority)},
            {"user", job.user_name},
            {"created_at", to_rfc3339(job.created_at)}};
  put_if_any(json, "started_at", job.started_at);
  put_if_any(json, "ended_at", job.ended_at);
  put_if_any(json, "result", job.result, "job " + job.id);
  if (job.state == store::JobState::failed) json["problem"] = failure_json(job);
  return json;
}

Json to_json(const store::Candidate& c) {
  const bool is_copy = c.kind == store::CandidateKind::copy;
  Json json{{"id", c.id},         {"kind", to_word(c.kind)}, {"product_id", c.product_id},
            {"job_id", c.job_id}, {"index", c.index},        {"scores", Json::object()}};
  if (is_copy) {
    json["plan_id"] = c.plan_id;
    json["text"] = c.text;
    json["tokens"] = c.tokens;
    json["logprob"] = c.logprob;
    put_if_any(json, "origin", c.origin);
    put_if_any(json, "verdict", c.verdict);
  } else {
    json["width"] = c.width;
    json["height"] = c.height;
    put_if_any(json, "file_sha256", c.file_sha256);
    put_if_any(json, "produce_id", c.produce_id);
  }
  if (!c.details.empty()) json.update(document(c.details, "candidate " + c.id));
  json["model_sha256"] = null_if_empty(c.model_sha256);
  json["seed"] = c.seed;
  json["round"] = c.round;
  json["params"] = c.params.empty() ? Json::object() : document(c.params, "candidate " + c.id);
  json["created_at"] = to_rfc3339(c.created_at);
  return json;
}

Json to_json(const store::Pick& pick, const std::vector<std::string>& review_ids) {
  Json json{{"id", pick.id}, {"product_id", pick.product_id}, {"shown_ids", pick.shown_ids}};
  json["chosen"] = pick.chosen.empty() ? Json("none") : Json(pick.chosen);
  if (!pick.order.empty()) json["order"] = pick.order;
  json["edits"] = edits_json(pick.edits);
  put_if_any(json, "reason", pick.reason);
  json["user"] = pick.user_name;
  json["ms"] = pick.ms;
  json["time"] = to_rfc3339(pick.time);
  json["review_ids"] = review_ids;
  return json;
}

Json to_json(const store::Review& review) {
  Json json{{"id", review.id},
            {"kind", to_word(review.kind)},
            {"product_id", review.product_id},
            {"product_title", review.product_title},
            {"pick_id", review.pick_id},
            {"candidate_id", review.candidate_id}};
  if (review.kind == store::CandidateKind::copy) {
    json["field"] = review.field;
    json["platform"] = review.platform;
    json["style"] = review.style;
    json["text"] = review.text;
    json["text_sha256"] = review.text_sha256;
    put_if_any(json, "check", review.check_report, "review " + review.id);
  }
  json["state"] = to_word(review.state);
  json["author"] = review.author;
  put_if_any(json, "reviewer", review.reviewer);
  put_if_any(json, "reason", review.reason);
  json["created_at"] = to_rfc3339(review.created_at);
  json["updated_at"] = to_rfc3339(review.updated_at);
  return json;
}

Json to_json(const store::AuditEntry& entry) {
  return {{"id", entry.id},
          {"time", to_rfc3339(entry.time)},
          {"user", entry.user_name},
          {"action", entry.action},
          {"subject", entry.subject},
          {"before", document(entry.before, "audit " + entry.id)},
          {"after", document(entry.after, "audit " + entry.id)}};
}

Json to_json(const store::Export& record) {
  return {{"id", record.id},
          {"file", record.file},
          {"size_bytes", record.size_bytes},
          {"counts", record.counts.empty() ? Json::object() : document(record.counts, record.id)},
          {"verified", record.verified ? "pass" : "fail"},
          {"dry_run", record.dry_run},
          {"user", record.user_name},
          {"created_at", to_rfc3339(record.created_at)}};
}

Json to_json(const store::Preset& preset) {
  return {{"id", preset.id},
          {"name", preset.name},
          {"factors", document(preset.factors, "preset " + preset.id)}};
}

Json to_json(const store::Board& board) {
  return {{"id", board.id}, {"name", board.name}, {"candidate_ids", board.candidate_ids}};
}

Json to_json(const store::Model& model) {
  Json json{{"id", model.id},         {"name", model.name},
            {"kind", to_word(model.kind)},   {"sha256", model.sha256},
            {"size_bytes", model.size_bytes}, {"round", model.round},
            {"state", to_word(model.state)}};
  put_if_any(json, "gate", model.gate, "model " + model.id);
  json["created_at"] = to_rfc3339(model.created_at);
  return json;
}

Json to_json(const store::Round& round) {
  Json json{{"id", round.id},       {"number", round.number}, {"job_id", round.job_id},
            {"objective", round.objective}, {"picks", round.picks},   {"pairs", round.pairs}};
  put_if_any(json, "model_id", round.model_id);
  json["alarms"] = round.alarms;
  json["started_at"] = to_rfc3339(round.started_at);
  put_if_any(json, "ended_at", round.ended_at);
  return json;
}

Json to_json(const store::Interval& interval) {
  return {{"value", interval.value}, {"low", interval.low}, {"high", interval.high}, {"n", interval.n}};
}

}  // namespace vitrine::serve
