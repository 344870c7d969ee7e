// Places in JSON (lines, arrays, documents) and in XML feeds.
#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/json.h"
#include "data/columns.h"
#include "data/import_dialects.h"
#include "data/json_source.h"
#include "data/merchant_xml.h"
#include "data/shop_layout.h"
#include "data/xml_scan.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

constexpr std::string_view kSource = "trained_algorithmic_media";

/// The members of a format that may change, by field.
struct Member {
  std::string_view format, field, name;
  bool is_structured = false;
};

constexpr Member kMembers[] = {
    {"product", "description", "summary"},
    {"advertisegen", "description", "summary"},
    {"schema_org", "title", "name"},
    {"schema_org", "description", "description"},
    {"merchant", "title", "structuredTitle", true},
    {"merchant", "description", "structuredDescription", true},
    {"alpaca", "description", "output"},
};

std::string decoded(std::string_view json) {
  const Json value = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object()) {
    for (const char* name : {"content", "value", "@value"}) {
      if (value.contains(name) && value[name].is_string()) return value[name].get<std::string>();
    }
  }
  return value.is_null() || value.is_discarded() ? "" : dump_line(value);
}

/// Members that may change of JSON files: fixed names, or for objects with header-like keys the one
/// that is there.
class JsonLayoutOfFile : public ShopLayout {
 public:
  explicit JsonLayoutOfFile(const LayoutInput& input) : text_(input.text), rules_(ColumnRules::load()), format_(input.reader.format()) {
    set_fields(input);
    TextWindow window(text_);
    JsonSource source(window);
    JsonValue value;
    while (source.next(value)) {
      if (value.is_too_large || !text::is_valid_utf8(value.text) || !Json::accept(value.text)) continue;
      const auto begin = static_cast<size_t>(value.text.data() - text_.data());
      const size_t first = skip_json_space(text_, begin);
      for (const JsonSpan& object : json_objects_inside(text_, {first, begin + value.text.size()})) {
        const bool passed_over = format_ == "schema_org" && !is_schema_org_product(Json::parse(object.of(text_)));
        if (!passed_over) add_row(value.number, object);
      }
    }
  }

  std::vector<Edit> first_edits(size_t) const override { return {}; }

  std::string encoded(size_t field_idx, const Place& place, std::string_view stored) const override {
    const std::string text = dump_line(Json(std::string(stored)));
    if (!fields[field_idx].is_structured) return concat(place.before, text, place.after);
    const bool snake = place.before.find("structured_") != std::string::npos || is_snake_;
    return concat(place.before, "{\"", snake ? "digital_source_type" : "digitalSourceType", "\":\"", kSource, "\",\"content\":", text, "}", place.after);
  }

 private:
  void set_fields(const LayoutInput& input) {
    for (const Member& member : kMembers) {
      if (member.format == format_) fields.push_back({.field = std::string(member.field), .column = std::string(member.name), .is_structured = member.is_structured});
    }
    if (format_ == "jsonl") {
      const auto named = [&](const char* field, const char* name) {
        const auto by_hand = input.columns.find(field);
        fields.push_back({.field = field, .column = by_hand == input.columns.end() ? name : by_hand->second});
      };
      named("title", "title");
      named("short_title", "short_title");
      named("description", "summary");
    } else if (!input.columns.empty()) {
      throw UsageError(concat("--columns: of a ", format_, " file the members are fixed"));
    }
  }

  void add_row(int64_t number, JsonSpan object) {
    const auto members = json_members(text_, object);
    // Newer data of Merchant Center keeps its attributes in an object of their own.
    if (format_ == "merchant") {
      for (const char* name : {"attributes", "productAttributes"}) {
        const JsonMember* inner = find_member(members, name);
        if (inner != nullptr && text_[inner->value.begin] == '{') return add_places(number, inner->value, json_members(text_, inner->value));
      }
    }
    add_places(number, object, members);
  }

  void add_places(int64_t number, JsonSpan object, const std::vector<JsonMember>& members) {
    is_snake_ = is_snake_ || find_member(members, "image_link") != nullptr;
    RowPlaces places{number, {}};
    for (const FieldSpec& spec : fields) places.places.push_back(place_of(spec, object, members));
    rows.push_back(std::move(places));
  }

  /// The member of a field where keys are like headers.
  const JsonMember* member_of(const FieldSpec& spec, const std::vector<JsonMember>& members) const {
    if (const JsonMember* named = find_member(members, name_of(spec))) return named;
    if (format_ != "jsonl") return nullptr;
    for (const std::string& field : {spec.field == "description" ? std::string("summary") : spec.field, spec.field}) {
      for (const JsonMember& member : members) {
        if (rules_.field_of(member.name) == field) return &member;
      }
    }
    return nullptr;
  }

  std::string name_of(const FieldSpec& spec) const {
    if (!spec.is_structured || !is_snake_) return spec.column;
    return spec.column == "structuredTitle" ? "structured_title" : "structured_description";
  }

  Place place_of(const FieldSpec& spec, JsonSpan object, const std::vector<JsonMember>& members) const {
    Place place;
    if (const JsonMember* member = member_of(spec, members)) {
      place.span = member->value;
      place.value = decoded(member->value.of(text_));
      return place;
    }
    place.is_there = false;
    const std::string key = dump_line(Json(name_of(spec)));
    if (members.empty()) {
      place.span = {object.begin + 1, object.begin + 1};
      place.before = key + ":";
      return place;
    }
    // As the last member is written.
    const JsonMember& last = members.back();
    const size_t before = members.size() > 1 ? members[members.size() - 2].value.end : object.begin + 1;
    const std::string_view gap = text_.substr(before, last.key.begin - before);
    const size_t comma = gap.find(',');
    place.span = {last.value.end, last.value.end};
    place.before = concat(",", comma == std::string_view::npos ? gap : gap.substr(comma + 1), key, text_.substr(last.key.end, last.value.begin - last.key.end));
    return place;
  }

  std::string_view text_;
  ColumnRules rules_;
  std::string format_;
  bool is_snake_ = false;
};

/// Elements of a product feed.
class XmlLayout : public ShopLayout {
 public:
  explicit XmlLayout(const LayoutInput& input) : text_(input.text) {
    if (!input.columns.empty()) throw UsageError("--columns: of an XML feed the elements are fixed");
    fields.push_back({.field = "title", .column = "structured_title", .is_structured = true});
    fields.push_back({.field = "description", .column = "structured_description", .is_structured = true});
    TextWindow window(text_);
    XmlItems items(window, "feed");
    prefix_ = items.prefix();
    XmlItem item;
    while (items.next(item)) {
      if (!item.is_too_large) add_row(item);
    }
  }

  std::vector<Edit> first_edits(size_t) const override { return {}; }

  std::string encoded(size_t field_idx, const Place& place, std::string_view stored) const override {
    const auto tag = [&](std::string_view name, std::string_view content) { return concat("<", prefix_, ":", name, ">", content, "</", prefix_, ":", name, ">"); };
    return concat(place.before, tag(fields[field_idx].column, tag("digital_source_type", kSource) + tag("content", xml_escape(stored))), place.after);
  }

 private:
  void add_row(const XmlItem& item) {
    const auto children = xml_fields(item.text);
    RowPlaces places{item.number, {}};
    for (const FieldSpec& spec : fields) places.places.push_back(place_of(spec, item, children));
    rows.push_back(std::move(places));
  }

  Place place_of(const FieldSpec& spec, const XmlItem& item, const std::vector<XmlField>& children) const {
    const auto offset = static_cast<size_t>(item.offset);
    Place place;
    for (const XmlField& child : children) {
      if (child.name != spec.column) continue;
      place.span = {offset + child.element.begin, offset + child.element.end};
      place.value = content_of(child.element.of(item.text));
      return place;
    }
    place.is_there = false;
    const size_t end = children.empty() ? item.text.rfind("</") : children.back().element.end;
    place.span = {offset + end, offset + end};
    if (!children.empty()) {  // as the last element is set off
      const size_t before = children.size() > 1 ? children[children.size() - 2].element.end : item.text.find('>') + 1;
      const std::string_view gap = item.text.substr(before, children.back().element.begin - before);
      if (gap.find_first_not_of(" \t\r\n") == std::string_view::npos) place.before = gap;
    }
    return place;
  }

  static std::string content_of(std::string_view element) {
    for (const XmlField& child : xml_fields(element)) {
      if (child.name == "content") return xml_text(child.content.of(element));
    }
    return "";
  }

  std::string_view text_;
  std::string prefix_;
};

}  // namespace

std::unique_ptr<ShopLayout> json_layout(const LayoutInput& input) { return std::make_unique<JsonLayoutOfFile>(input); }
std::unique_ptr<ShopLayout> xml_layout(const LayoutInput& input) { return std::make_unique<XmlLayout>(input); }

}  // namespace vitrine::data
