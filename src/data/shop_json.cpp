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
  JsonLayoutOfFile(const ShopFacts& facts, TextWindow& window)
      : rules_(ColumnRules::load()), format_(facts.format), values_(window) {
    set_fields(facts);
  }

  bool next(RowPlaces& row) override {
    while (next_object_ == objects_.size()) {
      if (!values_.next(value_)) return false;
      find_objects();
    }
    row = {value_.number, false, {}, {}};
    find_places(objects_[next_object_++], row.places);
    return true;
  }

  std::string encoded(size_t field_idx, const Place& place,
                      std::string_view stored) const override {
    const std::string text = dump_line(Json(std::string(stored)));
    if (!fields[field_idx].is_structured) return concat(place.before, text, place.after);
    const bool snake = place.before.find("structured_") != std::string::npos || is_snake_;
    return concat(place.before, "{\"", snake ? "digital_source_type" : "digitalSourceType", "\":\"",
                  kSource, "\",\"content\":", text, "}", place.after);
  }

 private:
  void set_fields(const ShopFacts& facts) {
    for (const Member& member : kMembers) {
      if (member.format == format_)
        fields.push_back({.field = std::string(member.field),
                          .column = std::string(member.name),
                          .is_structured = member.is_structured});
    }
    if (format_ == "jsonl") {
      const auto named = [&](const char* field, const char* name) {
        const auto by_hand = facts.texts_to.find(field);
        fields.push_back(
            {.field = field, .column = by_hand == facts.texts_to.end() ? name : by_hand->second});
      };
      named("title", "title");
      named("short_title", "short_title");
      named("description", "summary");
    } else if (!facts.texts_to.empty()) {
      throw UsageError(concat("--columns: of a ", format_, " file the members are fixed"));
    }
  }

  /// The products of the value at hand.
  void find_objects() {
    objects_.clear();
    next_object_ = 0;
    if (value_.is_too_large || !text::is_valid_utf8(value_.text) || !Json::accept(value_.text))
      return;
    objects_ =
        json_objects_inside(value_.text, {skip_json_space(value_.text, 0), value_.text.size()});
    if (format_ == "schema_org")
      std::erase_if(objects_, [&](const JsonSpan& object) {
        return !is_schema_org_product(Json::parse(object.of(value_.text)));
      });
  }

  void find_places(JsonSpan object, std::vector<Place>& places) {
    auto members = json_members(value_.text, object);
    // Newer data of Merchant Center keeps its attributes in an object of their own.
    for (const char* name : {"attributes", "productAttributes"}) {
      const JsonMember* inner = format_ == "merchant" ? find_member(members, name) : nullptr;
      if (inner == nullptr || value_.text[inner->value.begin] != '{') continue;
      object = inner->value;
      members = json_members(value_.text, object);
      break;
    }
    is_snake_ = is_snake_ || find_member(members, "image_link") != nullptr;
    for (const FieldSpec& spec : fields) {
      Place place = place_of(spec, object, members);
      place.span.begin += value_.offset;
      place.span.end += value_.offset;
      places.push_back(std::move(place));
    }
  }

  /// The member of a field where keys are like headers.
  const JsonMember* member_of(const FieldSpec& spec, const std::vector<JsonMember>& members) const {
    if (const JsonMember* named = find_member(members, name_of(spec))) return named;
    if (format_ != "jsonl") return nullptr;
    for (const std::string& field :
         {spec.field == "description" ? std::string("summary") : spec.field, spec.field}) {
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

  Place place_of(const FieldSpec& spec, JsonSpan object,
                 const std::vector<JsonMember>& members) const {
    Place place;
    if (const JsonMember* member = member_of(spec, members)) {
      place.span = member->value;
      place.value = decoded(member->value.of(value_.text));
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
    const size_t before =
        members.size() > 1 ? members[members.size() - 2].value.end : object.begin + 1;
    const std::string_view gap = value_.text.substr(before, last.key.begin - before);
    const size_t comma = gap.find(',');
    place.span = {last.value.end, last.value.end};
    place.before = concat(",", comma == std::string_view::npos ? gap : gap.substr(comma + 1), key,
                          value_.text.substr(last.key.end, last.value.begin - last.key.end));
    return place;
  }

  ColumnRules rules_;
  std::string format_;
  JsonSource values_;
  JsonValue value_;
  std::vector<JsonSpan> objects_;  // of value_, in its text
  size_t next_object_ = 0;
  bool is_snake_ = false;  // whether this row or an earlier one writes its names with _
};

/// Elements of a product feed.
class XmlLayout : public ShopLayout {
 public:
  XmlLayout(const ShopFacts& facts, TextWindow& window) : items_(window, "feed") {
    if (!facts.texts_to.empty())
      throw UsageError("--columns: of an XML feed the elements are fixed");
    fields.push_back({.field = "title", .column = "structured_title", .is_structured = true});
    fields.push_back(
        {.field = "description", .column = "structured_description", .is_structured = true});
  }

  bool next(RowPlaces& row) override {
    XmlItem item;
    do {
      if (!items_.next(item)) return false;
    } while (item.is_too_large);
    const auto children = xml_fields(item.text);
    names_ = items_.names_in(item.text);
    row = {item.number, false, {}, {}};
    for (const FieldSpec& spec : fields) row.places.push_back(place_of(spec, item, children));
    return true;
  }

  std::string encoded(size_t field_idx, const Place& place,
                      std::string_view stored) const override {
    const auto tag = [&](std::string_view name, std::string_view content,
                         std::string_view declaration = "") {
      return concat("<", names_.prefix, name, declaration, ">", content, "</", names_.prefix, name,
                    ">");
    };
    return concat(place.before,
                  tag(fields[field_idx].column,
                      tag("digital_source_type", kSource) + tag("content", xml_escape(stored)),
                      names_.declaration),
                  place.after);
  }

 private:
  Place place_of(const FieldSpec& spec, const XmlItem& item,
                 const std::vector<XmlField>& children) const {
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
      const size_t before =
          children.size() > 1 ? children[children.size() - 2].element.end : item.text.find('>') + 1;
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

  XmlItems items_;
  XmlNames names_;  // of the item at hand
};

}  // namespace

std::unique_ptr<ShopLayout> json_layout(const ShopFacts& facts, TextWindow& window) {
  return std::make_unique<JsonLayoutOfFile>(facts, window);
}
std::unique_ptr<ShopLayout> xml_layout(const ShopFacts& facts, TextWindow& window) {
  return std::make_unique<XmlLayout>(facts, window);
}

}  // namespace vitrine::data
