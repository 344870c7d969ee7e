#include "store/label_requests.h"

#include "base/error.h"

namespace vitrine::store {
namespace {

std::string text_of(const Json& entry, const char* field) {
  return entry.value(field, std::string());
}

void require_state(const LabelRequest& request, UtcSeconds now, RequestState expected,
                   std::string_view step) {
  const RequestState state = request.state(now);
  VITRINE_REQUIRE(state == expected, "[", step, "] request ", request.id, ": expected state ",
                  to_string(expected), ", it is ", to_string(state));
}

void require_text(const std::string& text, std::string_view step, std::string_view what) {
  VITRINE_REQUIRE(!text.empty(), "[", step, "] ", what, ": expected a text, got nothing");
}

Json step_entry(std::string_view kind, const LabelRequest& request, const std::string& who) {
  require_text(who, kind, "who");
  return {{"kind", kind}, {"request", request.id}, {"who", who}};
}

LabelRequest read_request(const Json& entry) {
  LabelRequest request;
  request.id = text_of(entry, "request");
  request.master = text_of(entry, "master");
  request.master_sha256 = text_of(entry, "master_sha256");
  request.purpose = text_of(entry, "purpose");
  request.requested_by = text_of(entry, "who");
  request.requested_at = parse_iso_time(text_of(entry, "time")).value_or(UtcSeconds{});
  for (const Json& id : entry.value("ids", Json::array()))
    request.ids.push_back(id.get<std::string>());
  return request;
}

}  // namespace

std::string_view to_string(RequestState state) {
  constexpr std::string_view kNames[] = {"requested", "agreed",  "approved",
                                         "exported",  "refused", "expired"};
  return kNames[static_cast<size_t>(state)];
}

RequestState LabelRequest::state(UtcSeconds now) const {
  const bool closed = last == RequestState::exported || last == RequestState::refused;
  return !closed && now > requested_at + std::chrono::days(kRequestDays) ? RequestState::expired
                                                                         : last;
}

void LabelRequests::take(const Json& entry) {
  const std::string kind = text_of(entry, "kind"), id = text_of(entry, "request"),
                    who = text_of(entry, "who");
  if (kind == "request") {
    requests_[id] = read_request(entry);
    return;
  }
  if (kind != "agree" && kind != "approve" && kind != "refuse" && kind != "export") return;
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;  // pruned: older than all that can still happen to it
  LabelRequest& request = found->second;
  if (kind == "agree") {
    request.last = RequestState::agreed;
    request.agreed_by = who;
    request.agreement_sha256 = text_of(entry, "agreement_sha256");
  } else if (kind == "approve") {
    request.last = RequestState::approved;
    request.approved_by = who;
    request.reason = text_of(entry, "reason");
    request.one_person = entry.value("one_person", false);
  } else if (kind == "refuse") {
    request.last = RequestState::refused;
    request.refused_by = who;
    request.reason = text_of(entry, "reason");
  } else {
    request.last = RequestState::exported;
  }
}

const LabelRequest& LabelRequests::at(const std::string& id) const {
  const auto found = requests_.find(id);
  if (found == requests_.end())
    throw NotFound(concat("[LabelRequests] ", id,
                          ": no such request in the log; `vitrine label status` lists them"));
  return found->second;
}

Json request_entry(const LabelRequest& request) {
  require_text(request.purpose, "request", "--purpose");
  VITRINE_REQUIRE(!request.ids.empty(),
                  "[request] --ids: expected at least one content id, got none");
  Json entry = step_entry("request", request, request.requested_by);
  entry["ids"] = request.ids;
  entry["master"] = request.master;
  entry["master_sha256"] = request.master_sha256;
  entry["purpose"] = request.purpose;
  return entry;
}

Json agree_entry(const LabelRequest& request, UtcSeconds now, const std::string& who,
                 const std::string& agreement_sha256) {
  require_state(request, now, RequestState::requested, "agree");
  Json entry = step_entry("agree", request, who);
  entry["agreement_sha256"] = agreement_sha256;
  return entry;
}

Json approve_entry(const LabelRequest& request, UtcSeconds now, const std::string& who,
                   const std::string& reason, bool one_person_allowed) {
  require_state(request, now, RequestState::agreed, "approve");
  require_text(reason, "approve", "--reason");
  Json entry = step_entry("approve", request, who);
  const bool one_person = who == request.requested_by;
  VITRINE_REQUIRE(!one_person || one_person_allowed, "[approve] request ", request.id, ": ", who,
                  " requested it; expected another person (or the setting one_person_approval)");
  entry["reason"] = reason;
  entry["one_person"] = one_person;
  return entry;
}

Json refuse_entry(const LabelRequest& request, UtcSeconds now, const std::string& who,
                  const std::string& reason) {
  const RequestState state = request.state(now);
  const bool open = state == RequestState::requested || state == RequestState::agreed ||
                    state == RequestState::approved;
  VITRINE_REQUIRE(open, "[refuse] request ", request.id, ": expected an open one, it is ",
                  to_string(state));
  require_text(reason, "refuse", "--reason");
  Json entry = step_entry("refuse", request, who);
  entry["reason"] = reason;
  return entry;
}

Json export_entry(const LabelRequest& request, UtcSeconds now, const std::string& who,
                  const std::string& file, const std::string& file_sha256) {
  require_exportable(request, now);
  Json entry = step_entry("export", request, who);
  entry["file"] = file;
  entry["file_sha256"] = file_sha256;
  return entry;
}

void require_exportable(const LabelRequest& request, UtcSeconds now) {
  require_state(request, now, RequestState::approved, "export");
}

Json to_json(const LabelRequest& request, UtcSeconds now) {
  Json json = {{"request", request.id},
               {"state", to_string(request.state(now))},
               {"ids", request.ids},
               {"purpose", request.purpose},
               {"master", request.master},
               {"master_sha256", request.master_sha256},
               {"requested_by", request.requested_by},
               {"requested_at", to_iso_time(request.requested_at)}};
  const std::pair<const char*, const std::string*> later[] = {
      {"agreed_by", &request.agreed_by},
      {"agreement_sha256", &request.agreement_sha256},
      {"approved_by", &request.approved_by},
      {"refused_by", &request.refused_by},
      {"reason", &request.reason}};
  for (const auto& [name, value] : later) {
    if (!value->empty()) json[name] = *value;
  }
  if (request.one_person) json["one_person"] = true;
  return json;
}

}  // namespace vitrine::store
