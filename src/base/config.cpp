#include "base/config.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"

namespace vitrine {
namespace {

std::string number_text(double number) {
  if (std::abs(number) < 1e15 && number == std::floor(number)) return std::to_string(static_cast<int64_t>(number));
  return concat(number);
}

}  // namespace

std::string range_text(double min, double max) {
  const bool has_min = min > -FieldVisitor::kNoLimit, has_max = max < FieldVisitor::kNoLimit;
  if (has_min && has_max) return number_text(min) + " to " + number_text(max);
  if (has_min) return "at least " + number_text(min);
  return has_max ? "at most " + number_text(max) : "";
}

std::string words_text(std::initializer_list<std::string_view> words) {
  std::vector<std::string_view> named(words);
  std::erase(named, "");
  std::string text;
  for (size_t i = 0; i < named.size(); ++i) text += concat(i == 0 ? "" : i + 1 == named.size() ? " or " : ", ", named[i]);
  return text;
}

namespace detail {
namespace {

class ToJson : public FieldVisitor {
 public:
  void field(std::string_view name, bool& value, std::string_view) override { put(name, value); }
  void field(std::string_view name, std::string& value, std::string_view) override { put(name, value); }
  void field(std::string_view name, std::string& value, std::string_view, std::initializer_list<std::string_view>) override {
    put(name, value);
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view) override { put(name, value); }
  void field(std::string_view name, int& value, std::string_view, double, double) override { put(name, value); }
  void field(std::string_view name, int64_t& value, std::string_view, double, double) override { put(name, value); }
  void field(std::string_view name, double& value, std::string_view, double, double) override { put(name, value); }

  Json json = Json::object();

 private:
  template <typename T>
  void put(std::string_view name, const T& value) {
    json.emplace(std::string(name), value);
  }
};

void check_range(std::string_view where, std::string_view name, double value, double min, double max) {
  VITRINE_REQUIRE(value >= min && value <= max, "[config] ", where, ": ", name, ": expected ", range_text(min, max), ", got ",
                  number_text(value));
}

void check_word(std::string_view where, std::string_view name, std::string_view value, std::initializer_list<std::string_view> words) {
  VITRINE_REQUIRE(std::find(words.begin(), words.end(), value) != words.end(), "[config] ", where, ": ", name, ": expected ",
                  words_text(words), ", got '", value, "'");
}

class CheckRanges : public FieldVisitor {
 public:
  explicit CheckRanges(std::string_view where) : where_(where) {}
  void field(std::string_view, bool&, std::string_view) override {}
  void field(std::string_view, std::string&, std::string_view) override {}
  void field(std::string_view name, std::string& value, std::string_view, std::initializer_list<std::string_view> words) override {
    check_word(where_, name, value, words);
  }
  void field(std::string_view, std::vector<std::string>&, std::string_view) override {}
  void field(std::string_view name, int& value, std::string_view, double min, double max) override {
    check_range(where_, name, value, min, max);
  }
  void field(std::string_view name, int64_t& value, std::string_view, double min, double max) override {
    check_range(where_, name, static_cast<double>(value), min, max);
  }
  void field(std::string_view name, double& value, std::string_view, double min, double max) override {
    check_range(where_, name, value, min, max);
  }

 private:
  std::string_view where_;
};

class FromJson : public FieldVisitor {
 public:
  FromJson(const Json& json, std::string_view where) : json_(json), where_(where) {}
  void field(std::string_view name, bool& value, std::string_view) override { take(name, value, "true or false", &Json::is_boolean); }
  void field(std::string_view name, std::string& value, std::string_view) override { take(name, value, "a string", &Json::is_string); }
  void field(std::string_view name, std::string& value, std::string_view, std::initializer_list<std::string_view> words) override {
    if (take(name, value, "a string", &Json::is_string)) check_word(where_, name, value, words);
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    take(name, value, "a list of strings", &Json::is_array);
  }
  void field(std::string_view name, int& value, std::string_view, double min, double max) override {
    int64_t wide = value;  // a number beyond int is out of range, not another number
    if (!take(name, wide, "an integer", &Json::is_number_integer)) return;
    check_range(where_, name, static_cast<double>(wide), std::max<double>(min, std::numeric_limits<int>::min()),
                std::min<double>(max, std::numeric_limits<int>::max()));
    value = static_cast<int>(wide);
  }
  void field(std::string_view name, int64_t& value, std::string_view, double min, double max) override {
    if (take(name, value, "an integer", &Json::is_number_integer)) check_range(where_, name, static_cast<double>(value), min, max);
  }
  void field(std::string_view name, double& value, std::string_view, double min, double max) override {
    if (take(name, value, "a number", &Json::is_number)) check_range(where_, name, value, min, max);
  }

  void require_all_known() const {
    for (const auto& [name, value] : json_.items()) {
      VITRINE_REQUIRE(known_.contains(name), "[config] ", where_, ": unknown field '", name, "'");
    }
  }

 private:
  template <typename T>
  bool take(std::string_view name, T& value, std::string_view expected, bool (Json::*is_type)() const noexcept) {
    known_.emplace(name);
    const auto found = json_.find(name);
    if (found == json_.end()) return false;
    try {
      const bool too_large = found->is_number_unsigned() && found->template get<uint64_t>() > INT64_MAX;
      VITRINE_REQUIRE(((*found).*is_type)() && !(too_large && std::is_same_v<T, int64_t>), "");
      value = found->template get<T>();
    } catch (const std::exception&) {
      throw InvalidInput(concat("[config] ", where_, ": ", name, ": expected ", expected, ", got ", dump_line(*found)));
    }
    return true;
  }

  const Json& json_;
  std::string_view where_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace

Json config_to_json(void* config, DescribeFunction describe) {
  ToJson visitor;
  describe(config, visitor);
  return visitor.json;
}

void config_from_json(void* config, DescribeFunction describe, const Json& json, std::string_view where) {
  VITRINE_REQUIRE(json.is_object(), "[config] ", where, ": expected an object, got ", json.type_name());
  FromJson visitor(json, where);
  describe(config, visitor);
  visitor.require_all_known();
}

void check_config(void* config, DescribeFunction describe, std::string_view where) {
  CheckRanges visitor(where);
  describe(config, visitor);
}

}  // namespace detail
}  // namespace vitrine
