// models/config_fields.h - fields of a model's config.json, checked one by one.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/json.h"

namespace vitrine::models {

/// Sets fields from a JSON object; an absent field or null keeps the value.
/// Messages begin "[caller] where: name: ". The JSON must outlive it.
class ConfigFields {
 public:
  /// Throws InvalidInput when `json` is no object.
  ConfigFields(const Json& json, std::string_view caller, std::string_view where);

  /// One of these fields must be there. Throws InvalidInput, naming the first.
  void require(std::initializer_list<const char*> names) const;
  bool has(const char* name) const { return json_.contains(name) && !json_[name].is_null(); }
  const Json& json() const { return json_; }

  /// These throw InvalidInput, naming the value, when it is of another type.
  void take(const char* name, int64_t& value) const;
  void take(const char* name, double& value) const;
  void take(const char* name, bool& value) const;
  void take(const char* name, std::string& value) const;

 private:
  template <typename T>
  void set(const char* name, T& value, const char* expected,
           bool (Json::*is_type)() const noexcept) const;

  const Json& json_;
  std::string_view caller_, where_;
};

/// Throws InvalidInput when a size is below `min` or above 2^30 (products of two stay far inside 64
/// bits).
void require_size(std::string_view caller, std::string_view where, std::string_view name,
                  int64_t value, int64_t min = 1);

}  // namespace vitrine::models
