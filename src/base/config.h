// base/config.h - a settings struct that describes its fields once: name, default, range, help.
//
// Command line, JSON file, HTTP body, --help and the manifest of a run all come from that description:
//
//   struct CurateConfig {
//     int min_length = 20;
//     void describe(FieldVisitor& v) { v.field("min_length", min_length, "code points", 0, 10000); }
//   };
#pragma once
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vitrine {

/// What goes over the fields of a config. Names are snake_case; flags replace _ by -.
class FieldVisitor {
 public:
  static constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  virtual ~FieldVisitor() = default;
  virtual void field(std::string_view name, bool& value, std::string_view help) = 0;
  virtual void field(std::string_view name, std::string& value, std::string_view help) = 0;
  /// One of `words`.
  virtual void field(std::string_view name, std::string& value, std::string_view help,
                     std::initializer_list<std::string_view> words) = 0;
  virtual void field(std::string_view name, std::vector<std::string>& value, std::string_view help) = 0;
  virtual void field(std::string_view name, int& value, std::string_view help,
                     double min = -kNoLimit, double max = kNoLimit) = 0;
  virtual void field(std::string_view name, int64_t& value, std::string_view help,
                     double min = -kNoLimit, double max = kNoLimit) = 0;
  virtual void field(std::string_view name, double& value, std::string_view help,
                     double min = -kNoLimit, double max = kNoLimit) = 0;
};

/// "0.01 to 1"; "at least 0" or "" where a limit is missing.
std::string range_text(double min, double max);
/// "taobao, douyin or jd"; the empty word, which stands for a default, is not named.
std::string words_text(std::initializer_list<std::string_view> words);

namespace detail {
using DescribeFunction = void (*)(void* config, FieldVisitor& visitor);
Json config_to_json(void* config, DescribeFunction describe);
void config_from_json(void* config, DescribeFunction describe, const Json& json, std::string_view where);
void check_config(void* config, DescribeFunction describe, std::string_view where);
template <typename Config>
void describe_as(void* config, FieldVisitor& visitor) {
  static_cast<Config*>(config)->describe(visitor);
}
}  // namespace detail

/// All fields with their values, in order of description; of two fields of one name the first.
template <typename Config>
Json config_to_json(Config config) {
  return detail::config_to_json(&config, &detail::describe_as<Config>);
}

/// Sets the fields that `json` names. `where` is the file in messages.
/// Throws InvalidInput for a field that is not described, a wrong type, a value out of range or an unknown word.
template <typename Config>
void config_from_json(Config& config, const Json& json, std::string_view where) {
  detail::config_from_json(&config, &detail::describe_as<Config>, json, where);
}

/// Throws InvalidInput, naming the field, its value and its range. Call from validate().
template <typename Config>
void check_config(Config config, std::string_view where) {
  detail::check_config(&config, &detail::describe_as<Config>, where);
}

}  // namespace vitrine
