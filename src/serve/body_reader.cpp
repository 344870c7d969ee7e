#include "serve/body_reader.h"

#include <algorithm>
#include <cmath>

#include "data/table_file.h"
#include "serve/wire.h"
#include "text/utf8.h"

namespace vitrine::serve {
namespace {

constexpr int kMaxDepth = 16;
const Json kEmptyObject = Json::object();
const Json kNull = nullptr;

/// A name as a part of a JSON Pointer (RFC 6901).
std::string escaped(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

std::string joined(const std::string_view* words, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += concat(i == 0 ? "" : ", ", words[i]);
  return text;
}

std::string range(const auto& min, const auto& max) {
  return concat("expected ", min, " to ", max);
}

}  // namespace

Json parse_body(std::string_view body) {
  try {
    const auto within_depth = [](int depth, Json::parse_event_t, Json&) {
      if (depth > kMaxDepth) throw Refusal("bad_json", "nested too deeply");
      return true;
    };
    return Json::parse(body, within_depth);
  } catch (const Json::exception& error) {
    throw Refusal("bad_json", error.what());
  }
}

BodyReader::BodyReader(const Json& body)
    : BodyReader(body, "", std::make_shared<Faults>()) {
  if (!body.is_object()) throw Refusal("bad_request", "the body must be a JSON object");
}

BodyReader::BodyReader(const Json& object, std::string pointer, std::shared_ptr<Faults> faults)
    : object_(&object), pointer_(std::move(pointer)), faults_(std::move(faults)) {}

void BodyReader::require(std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (!has(name)) fault(name, "is missing");
  }
}

const Json* BodyReader::find(std::string_view name) {
  known_.emplace(name);
  const auto found = object_->find(name);
  return found == object_->end() ? nullptr : &*found;
}

const Json& BodyReader::raw(std::string_view name) {
  const Json* value = find(name);
  return value == nullptr ? kNull : *value;
}

void BodyReader::note_blanks(const std::string& text, std::string_view name, Blanks blanks) {
  if (blanks == Blanks::anywhere || text.empty()) return;
  const bool is_blank = data::fold_name(text).empty();
  const bool is_framed = blanks == Blanks::not_at_ends && data::trim_space(text) != text;
  if (!is_blank && !is_framed) return;
  faults_->blank.push_back({pointer_ + "/" + std::string(name), is_blank ? "holds nothing but blanks" : "begins or ends with a blank"});
}

bool BodyReader::is_good_text(const Json& value, std::string_view name, TextLimits limits) {
  if (!value.is_string()) {
    fault(name, "expected a text");
    return false;
  }
  const auto& text = value.get_ref<const std::string&>();
  const size_t length = text::count_code_points(text);
  if (length < limits.min || length > limits.max) {
    fault(name, limits.max == TextLimits{}.max ? concat("expected at least ", limits.min, " characters")
                                               : range(limits.min, limits.max) + " characters");
    return false;
  }
  note_blanks(text, name, limits.blanks);
  if (text.find('\0') != text.npos) fault(name, "holds U+0000");
  return text.find('\0') == text.npos;
}

std::string BodyReader::text(std::string_view name, TextLimits limits) {
  const Json* value = find(name);
  if (value == nullptr || !is_good_text(*value, name, limits)) return "";
  return value->get<std::string>();
}

int64_t BodyReader::integer(std::string_view name, int64_t min, int64_t max) {
  const Json* value = find(name);
  if (value == nullptr) return min;
  const bool fits = value->is_number_unsigned() ? value->get<uint64_t>() <= static_cast<uint64_t>(max)
                                                : value->is_number_integer();
  if (fits && value->get<int64_t>() >= min && value->get<int64_t>() <= max) return value->get<int64_t>();
  fault(name, "expected a whole number: " + range(min, max));
  return min;
}

double BodyReader::number(std::string_view name, double min, double max) {
  const Json* value = find(name);
  if (value == nullptr) return min;
  const double number = value->is_number() ? value->get<double>() : NAN;
  if (number >= min && number <= max) return number;
  fault(name, "expected a number: " + range(min, max));
  return min;
}

bool BodyReader::flag(std::string_view name, bool absent) {
  const Json* value = find(name);
  if (value == nullptr) return absent;
  if (value->is_boolean()) return value->get<bool>();
  fault(name, "expected true or false");
  return absent;
}

std::vector<std::string> BodyReader::texts(std::string_view name, ListLimits limits) {
  const Json* value = find(name);
  if (value == nullptr) return {};
  if (!value->is_array() || value->size() < limits.min || value->size() > limits.max) {
    fault(name, concat("expected a list of ", limits.min, " to ", limits.max, " texts"));
    return {};
  }
  std::vector<std::string> texts;
  std::set<std::string> seen;
  for (size_t i = 0; i < value->size(); ++i) {
    const std::string place = concat(name, "/", i);
    if (!is_good_text((*value)[i], place, limits.item)) continue;
    texts.push_back((*value)[i].get<std::string>());
    if (!seen.insert(texts.back()).second && limits.unique) fault(place, "stands twice");
  }
  return texts;
}

store::UtcMillis BodyReader::time(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return {};
  const auto time = value->is_string() ? parse_rfc3339(value->get<std::string>()) : std::nullopt;
  if (!time) fault(name, "expected a time with zone, such as 2026-11-30T09:00:00+08:00");
  return time.value_or(store::UtcMillis());
}

size_t BodyReader::index_of_word(std::string_view name, const std::string_view* words, size_t count) {
  const Json* value = find(name);
  if (value == nullptr) return kNoWord;
  const std::string text = value->is_string() ? value->get<std::string>() : "\n";
  const auto* found = std::find(words, words + count, text);
  if (found != words + count) return static_cast<size_t>(found - words);
  fault(name, "expected one of: " + joined(words, count));
  return kNoWord;
}

std::string BodyReader::word(std::string_view name, std::initializer_list<std::string_view> words,
                             std::string_view absent) {
  const size_t index = index_of_word(name, words.begin(), words.size());
  return std::string(index == kNoWord ? absent : words.begin()[index]);
}

BodyReader BodyReader::object(std::string_view name) {
  const Json* value = find(name);
  if (value != nullptr && !value->is_object()) fault(name, "expected an object");
  const Json& inner = value != nullptr && value->is_object() ? *value : kEmptyObject;
  return BodyReader(inner, pointer_ + "/" + escaped(name), faults_);
}

std::vector<BodyReader> BodyReader::objects(std::string_view name, ListLimits limits) {
  const Json* value = find(name);
  std::vector<BodyReader> readers;
  if (value == nullptr) return readers;
  if (!value->is_array() || value->size() < limits.min || value->size() > limits.max) {
    fault(name, concat("expected a list of ", limits.min, " to ", limits.max, " objects"));
    return readers;
  }
  for (size_t i = 0; i < value->size(); ++i) {
    const Json& item = (*value)[i];
    if (!item.is_object()) fault(concat(name, "/", i), "expected an object");
    readers.push_back(BodyReader(item.is_object() ? item : kEmptyObject,
                                 concat(pointer_, "/", escaped(name), "/", i), faults_));
  }
  return readers;
}

void BodyReader::fault(std::string_view name, std::string detail) {
  faults_->wrong.push_back({pointer_ + "/" + std::string(name), std::move(detail)});
}

void BodyReader::note_unknown() {
  for (const auto& [name, value] : object_->items()) {
    if (!known_.contains(name)) faults_->unknown.push_back({pointer_ + "/" + escaped(name), "is not described"});
  }
}

void BodyReader::finish() {
  note_unknown();
  if (!pointer_.empty()) return;  // the outermost one throws
  const bool is_unknown = !faults_->unknown.empty();
  const bool is_wrong = !faults_->wrong.empty();
  if (!is_unknown && !is_wrong && faults_->blank.empty()) return;
  std::vector<FieldFault> all = faults_->unknown;
  all.insert(all.end(), faults_->wrong.begin(), faults_->wrong.end());
  all.insert(all.end(), faults_->blank.begin(), faults_->blank.end());
  throw Refusal(is_unknown ? "unknown_field" : is_wrong ? "bad_request" : "blank_text", "", std::move(all));
}

}  // namespace vitrine::serve
