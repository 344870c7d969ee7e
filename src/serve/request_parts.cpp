#include "serve/request_parts.h"

#include <charconv>

#include "serve/wire.h"
#include "store/ids.h"

namespace vitrine::serve {

std::string query_text(const HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

std::optional<int64_t> query_integer(const HttpRequest& request, std::string_view name, int64_t min,
                                     int64_t max) {
  const std::string text = query_text(request, name);
  if (text.empty()) return std::nullopt;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= min && number <= max) return number;
  throw Refusal("bad_request", "", {{std::string(name), concat("expected a whole number: ", min, " to ", max)}});
}

std::optional<store::UtcMillis> query_time(const HttpRequest& request, std::string_view name) {
  const std::string text = query_text(request, name);
  if (text.empty()) return std::nullopt;
  const auto time = parse_rfc3339(text);
  if (!time) throw Refusal("bad_request", "", {{std::string(name), "expected a time with zone"}});
  return time;
}

store::PageRequest query_page(const HttpRequest& request) {
  store::PageRequest page;
  page.cursor = query_text(request, "cursor");
  page.limit = static_cast<int>(query_integer(request, "limit", 1, kLargestPage).value_or(kDefaultPage));
  const bool is_cursor = page.cursor.find_first_not_of("0123456789.-:_") == std::string::npos;
  if (!is_cursor) throw Refusal("bad_request", "", {{"cursor", "expected `next` of a page"}});
  return page;
}

void note_change(store::Connection& connection, const Call& call, std::string action,
                 std::string subject, const Json& before, const Json& after) {
  store::AuditTrail(connection, call.shop_id())
      .add({.id = store::new_id("a"),
            .time = store::utc_now(),
            .user_name = call.user().name,
            .action = std::move(action),
            .subject = std::move(subject),
            .before = before.is_null() ? "" : dump_line(before),
            .after = after.is_null() ? "" : dump_line(after)});
}

}  // namespace vitrine::serve
