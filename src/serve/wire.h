// serve/wire.h - the store's records as the JSON of docs/api/openapi.yaml.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "store/audit.h"
#include "store/candidates.h"
#include "store/exports.h"
#include "store/imports.h"
#include "store/jobs.h"
#include "store/library.h"
#include "store/models.h"
#include "store/pick_statistics.h"
#include "store/picks.h"
#include "store/products.h"
#include "store/reviews.h"
#include "store/sessions.h"
#include "store/shops.h"
#include "store/users.h"

namespace vitrine::serve {

/// "2026-11-24T08:00:00.123Z".
std::string to_rfc3339(store::UtcMillis time);
/// The inverse, with any zone (…Z, …+08:00) and 0 to 9 digits of a second; nothing for other texts.
std::optional<store::UtcMillis> parse_rfc3339(std::string_view text);

/// In the order of store::JobPriority, which the database keeps as a number.
inline constexpr std::string_view kPriorityWords[] = {"low", "normal", "high"};
std::string_view priority_word(store::JobPriority priority);

Json to_json(const store::User& user);
Json to_json(const store::Shop& shop);
Json to_json(const store::ApiToken& token);
Json to_json(const store::Import& import);
Json to_json(const store::Finding& finding, const std::string& file);
Json to_json(const store::ProductEntry& entry);
Json to_json(const store::Job& job);
/// The columns, and the fields of `details` (an object: scores, groups_in_order, hits, claims,
/// lengths, faults, like, keywords, use, defects) beside them.
Json to_json(const store::Candidate& candidate);
/// review_ids: of what was chosen, in its order.
Json to_json(const store::Pick& pick, const std::vector<std::string>& review_ids);
Json to_json(const store::Review& review);
Json to_json(const store::AuditEntry& entry);
Json to_json(const store::Export& record);
Json to_json(const store::Preset& preset);
Json to_json(const store::Board& board);
Json to_json(const store::Model& model);
Json to_json(const store::Round& round);
Json to_json(const store::Interval& interval);

/// {"items":[…],"next":"…"}; next is left out on the last page.
template <typename Record, typename ToJson>
Json page_json(const store::Page<Record>& page, ToJson to) {
  Json json{{"items", Json::array()}};
  for (const Record& record : page.items) json["items"].push_back(to(record));
  if (!page.next.empty()) json["next"] = page.next;
  return json;
}
template <typename Record>
Json page_json(const store::Page<Record>& page) {
  return page_json(page, [](const Record& record) { return to_json(record); });
}
/// {"items":[…]}
template <typename Record>
Json list_json(const std::vector<Record>& records) {
  Json json{{"items", Json::array()}};
  for (const Record& record : records) json["items"].push_back(to_json(record));
  return json;
}
/// {"empty":3,…} by the words of an enum.
template <typename Enum, size_t N>
Json counts_json(const std::array<int64_t, N>& counts) {
  Json json = Json::object();
  for (size_t i = 0; i < N; ++i) json[std::string(to_word(static_cast<Enum>(i)))] = counts[i];
  return json;
}

}  // namespace vitrine::serve
