#include "store/value.h"

#include "base/error.h"

namespace vitrine::store {
namespace {

constexpr char kSeparator = '\x1f';

std::string_view type_of(const Value& value) {
  constexpr std::string_view kNames[] = {"NULL", "an integer", "a number", "a text", "bytes"};
  return kNames[value.index()];
}

template <typename T>
const T& expect(const Value& value, std::string_view what) {
  if (const T* held = std::get_if<T>(&value)) return *held;
  throw Corrupt(
      concat("[from_value] column: expected ", what, ", the database has ", type_of(value)));
}

}  // namespace

UtcMillis utc_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string join_list(const std::vector<std::string>& list) {
  std::string joined;
  for (const std::string& text : list) {
    VITRINE_REQUIRE(text.find(kSeparator) == std::string::npos, "[join_list] ", text,
                    ": expected a text without U+001F");
    joined += text;
    joined += kSeparator;
  }
  return joined;
}

std::vector<std::string> split_list(std::string_view joined) {
  std::vector<std::string> list;
  while (!joined.empty()) {
    const size_t end = joined.find(kSeparator);
    list.emplace_back(joined.substr(0, end));
    joined.remove_prefix(end == std::string_view::npos ? joined.size() : end + 1);
  }
  return list;
}

void from_value(const Value& value, int64_t& number) {
  number = expect<int64_t>(value, "an integer");
}

void from_value(const Value& value, int& number) {
  number = static_cast<int>(expect<int64_t>(value, "an integer"));
}

void from_value(const Value& value, bool& flag) {
  flag = expect<int64_t>(value, "an integer") != 0;
}

void from_value(const Value& value, double& number) {
  const int64_t* whole = std::get_if<int64_t>(&value);
  number = whole ? static_cast<double>(*whole) : expect<double>(value, "a number");
}

void from_value(const Value& value, std::string& text) {
  text = std::holds_alternative<std::monostate>(value) ? "" : expect<std::string>(value, "a text");
}

void from_value(const Value& value, Blob& blob) { blob = expect<Blob>(value, "bytes"); }

void from_value(const Value& value, UtcMillis& time) {
  time = UtcMillis(std::chrono::milliseconds(expect<int64_t>(value, "a time")));
}

void from_value(const Value& value, std::vector<std::string>& list) {
  list = split_list(expect<std::string>(value, "a list"));
}

void throw_unknown_word(std::string_view word) {
  throw Corrupt(concat("[from_value] column: the database has the unknown word \"", word, "\""));
}

}  // namespace vitrine::store
