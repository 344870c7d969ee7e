// serve/request_parts.h - what many requests have in common: pages, words of a query, the trail of
// who changed what.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "serve/operation.h"
#include "serve/problem.h"
#include "store/audit.h"
#include "store/page.h"

namespace vitrine::serve {

inline constexpr int kDefaultPage = 50, kLargestPage = 200;

/// A parameter of the query; "" when it is absent.
std::string query_text(const HttpRequest& request, std::string_view name);
/// A whole number; nothing when it is absent. Throws Refusal (bad_request).
std::optional<int64_t> query_integer(const HttpRequest& request, std::string_view name, int64_t min,
                                     int64_t max);
/// A time; nothing when it is absent. Throws Refusal (bad_request).
std::optional<store::UtcMillis> query_time(const HttpRequest& request, std::string_view name);
/// cursor and limit. Throws Refusal (bad_request).
store::PageRequest query_page(const HttpRequest& request);
/// A word of an enum; nothing when it is absent. Throws Refusal (bad_request).
template <typename Enum>
std::optional<Enum> query_word(const HttpRequest& request, std::string_view name) {
  const std::string word = query_text(request, name);
  if (word.empty()) return std::nullopt;
  const auto value = store::from_word<Enum>(word);
  if (!value) throw Refusal("bad_request", "", {{std::string(name), "unknown word"}});
  return value;
}

/// What find gave. Throws Refusal (unknown) when it gave nothing.
template <typename T>
T need(std::optional<T> found) {
  if (!found) throw Refusal("unknown");
  return *std::move(found);
}
inline void need(bool found) {
  if (!found) throw Refusal("unknown");
}

/// Adds who did what; before and after may be null. Within the transaction of the change.
void note_change(store::Connection& connection, const Call& call, std::string action,
                 std::string subject, const Json& before, const Json& after);

}  // namespace vitrine::serve
