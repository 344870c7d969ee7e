// store/value.h - what a column holds, and how the records' own types become it.
#pragma once
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace vitrine::store {

/// A point in time as the database keeps it: milliseconds since 1970, UTC.
using UtcMillis = std::chrono::sys_time<std::chrono::milliseconds>;
/// Now, by the clock of this machine.
UtcMillis utc_now();

/// A JSON text that the store keeps byte for byte and never looks into; empty = none.
using Document = std::string;

struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

/// std::monostate is SQL's NULL.
using Value = std::variant<std::monostate, int64_t, double, std::string, Blob>;

/// An enum is kept as a word: specialise with `static constexpr std::string_view words[]`, in the
/// order of the enum's values.
template <typename Enum>
struct EnumWords;

template <typename Enum>
  requires std::is_enum_v<Enum>
std::string_view to_word(Enum value) {
  return EnumWords<Enum>::words[static_cast<size_t>(value)];
}

/// The value of a word; nothing for an unknown one.
template <typename Enum>
  requires std::is_enum_v<Enum>
std::optional<Enum> from_word(std::string_view word) {
  for (size_t i = 0; i < std::size(EnumWords<Enum>::words); ++i) {
    if (EnumWords<Enum>::words[i] == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

/// Lists of short texts share one column. Throws InvalidInput for a text with U+001F in it.
std::string join_list(const std::vector<std::string>& list);
std::vector<std::string> split_list(std::string_view joined);

// ---- into the database

inline Value to_value(Value value) { return value; }
inline Value to_value(Blob blob) { return blob; }
inline Value to_value(std::nullopt_t) { return std::monostate{}; }
inline Value to_value(std::floating_point auto number) { return static_cast<double>(number); }
inline Value to_value(std::integral auto number) { return static_cast<int64_t>(number); }
inline Value to_value(UtcMillis time) { return time.time_since_epoch().count(); }
inline Value to_value(const std::vector<std::string>& list) { return join_list(list); }
template <typename Text>
  requires std::convertible_to<const Text&, std::string_view>
Value to_value(const Text& text) {
  return std::string(std::string_view(text));
}
template <typename Enum>
  requires std::is_enum_v<Enum>
Value to_value(Enum value) {
  return std::string(to_word(value));
}
template <typename T>
Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : Value();
}

/// An empty text goes in as NULL: for columns that refer to another table.
inline Value null_if_empty(const std::string& text) { return text.empty() ? Value() : Value(text); }

// ---- out of it; NULL becomes an empty text or no value. Throw Corrupt for another type.

void from_value(const Value& value, int64_t& number);
void from_value(const Value& value, int& number);
void from_value(const Value& value, bool& flag);
void from_value(const Value& value, double& number);
void from_value(const Value& value, std::string& text);
void from_value(const Value& value, Blob& blob);
void from_value(const Value& value, UtcMillis& time);
void from_value(const Value& value, std::vector<std::string>& list);
[[noreturn]] void throw_unknown_word(std::string_view word);
template <typename Enum>
  requires std::is_enum_v<Enum>
void from_value(const Value& value, Enum& out) {
  std::string word;
  from_value(value, word);
  const std::optional<Enum> known = from_word<Enum>(word);
  if (!known) throw_unknown_word(word);
  out = *known;
}
template <typename T>
void from_value(const Value& value, std::optional<T>& out) {
  out.reset();
  if (!std::holds_alternative<std::monostate>(value)) from_value(value, out.emplace());
}

}  // namespace vitrine::store
