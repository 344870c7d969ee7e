#include "models/config_fields.h"

#include <algorithm>

#include "base/error.h"

namespace vitrine::models {

ConfigFields::ConfigFields(const Json& json, std::string_view caller, std::string_view where)
    : json_(json), caller_(caller), where_(where) {
  VITRINE_REQUIRE(json.is_object(), "[", caller, "] ", where, ": expected an object, got ",
                  json.type_name());
}

void ConfigFields::require(std::initializer_list<const char*> names) const {
  const bool found =
      std::any_of(names.begin(), names.end(), [&](const char* name) { return has(name); });
  VITRINE_REQUIRE(found, "[", caller_, "] ", where_, ": ", *names.begin(), ": missing");
}

void ConfigFields::take(const char* name, int64_t& value) const {
  set(name, value, "an integer", &Json::is_number_integer);
}
void ConfigFields::take(const char* name, double& value) const {
  set(name, value, "a number", &Json::is_number);
}
void ConfigFields::take(const char* name, bool& value) const {
  set(name, value, "true or false", &Json::is_boolean);
}
void ConfigFields::take(const char* name, std::string& value) const {
  set(name, value, "a string", &Json::is_string);
}

template <typename T>
void ConfigFields::set(const char* name, T& value, const char* expected,
                       bool (Json::*is_type)() const noexcept) const {
  if (!has(name)) return;
  const Json& found = json_[name];
  VITRINE_REQUIRE((found.*is_type)(), "[", caller_, "] ", where_, ": ", name, ": expected ",
                  expected, ", got ", dump_line(found));
  value = found.template get<T>();
}

void require_size(std::string_view caller, std::string_view where, std::string_view name,
                  int64_t value, int64_t min) {
  constexpr int64_t kMax = int64_t{1} << 30;
  VITRINE_REQUIRE(value >= min && value <= kMax, "[", caller, "] ", where, ": ", name,
                  ": expected ", min, " to ", kMax, ", got ", value);
}

}  // namespace vitrine::models
