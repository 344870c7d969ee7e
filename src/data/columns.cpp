#include "data/columns.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/resource.h"
#include "data/advertisegen.h"
#include "data/byte_blocks.h"
#include "data/gtin.h"
#include "data/html_text.h"
#include "data/import_dialects.h"
#include "data/quantities.h"
#include "data/table_file.h"
#include "text/utf8.h"

namespace vitrine::data {
namespace {

/// A cell on its way into a product.
struct Cell {
  std::string_view header;
  const std::string& value;
  RowTarget& target;

  Product& product() const { return target.product; }
  void warn(std::string_view code, std::string_view what) const { target.note(header, code, Severity::warn, what); }
};

/// Of two columns of one field the first with a value wins.
void keep_second(const Cell& cell) { keep_beside(cell.header, cell.value, cell.product()); }

void set_once(std::string& field, const Cell& cell) {
  if (field.empty()) field = cell.value;
  else keep_second(cell);
}

void set_extra_once(const char* name, const Cell& cell) {
  Json& extra = cell.product().extra;
  if (extra.contains(name)) keep_second(cell);
  else extra[name] = cell.value;
}

void add_pair(const Cell& cell, std::string_view piece) {
  const size_t separator = std::min(piece.find(':'), piece.find("："));
  if (separator == std::string_view::npos) return cell.warn("ATTR_NO_SEPARATOR", piece);
  const size_t width = piece[separator] == ':' ? 1 : std::string_view("：").size();
  std::string key = trim_space(piece.substr(0, separator));
  std::string value = trim_space(piece.substr(separator + width));
  if (key.empty() || value.empty()) return cell.warn("ATTR_EMPTY", piece);
  add_attribute(cell.product(), std::move(key), std::move(value));
}

void add_pairs(const Cell& cell) {
  const auto pieces = split_any(cell.value, U";；\n|");
  std::vector<Attribute>& attributes = cell.product().attributes;
  if (attributes.empty()) attributes.reserve(pieces.size());
  for (const std::string& piece : pieces) add_pair(cell, piece);
}

void add_content(const Cell& cell) {
  for (const BadPair& bad : append_content(cell.value, cell.product())) cell.warn(bad.code, bad.piece);
}

/// How the tops of shops' trees end: 女装/连衣裙 is a path, 帽子/围巾 is not.
constexpr std::array<std::string_view, 20> kTreeTops{
    "装", "鞋", "包", "服饰", "内衣", "配饰", "家居", "家纺", "家电", "家具",
    "百货", "用品", "食品", "数码", "母婴", "美妆", "护肤", "户外", "运动", "厨具"};

std::vector<std::string> category_path(std::string_view value) {
  std::vector<std::string> path = split_any(value, U">＞»→|");
  if (path.size() != 1) return path;
  std::vector<std::string> parts = split_any(value, U"/／\\-");
  const auto ends_top = [&](std::string_view end) { return parts[0].ends_with(end); };
  const bool is_path = parts.size() > 1 && std::any_of(kTreeTops.begin(), kTreeTops.end(), ends_top);
  return is_path ? parts : path;
}

void set_category(const Cell& cell) {
  if (cell.product().category_path.empty()) cell.product().category_path = category_path(cell.value);
  else keep_second(cell);
}

void set_price(const Cell& cell) {
  const auto first = cell.product().extra.find("price");
  if (first != cell.product().extra.end() && first->contains("amount")) return keep_second(cell);
  const Price price = parse_price(cell.value);
  if (price.problem == PriceProblem::not_a_number) return cell.warn("BAD_NUMBER", cell.value);
  if (price.problem != PriceProblem::none) return cell.warn("BAD_PRICE", cell.value);
  Json& json = cell.product().extra["price"];
  json["amount"] = price.amount;
  if (!price.currency.empty() || !json.contains("currency")) json["currency"] = price.currency.empty() ? "CNY" : price.currency;
}

void set_currency(const Cell& cell) { cell.product().extra["price"]["currency"] = cell.value; }

void set_signal(const char* signal, const Cell& cell) {
  const auto first = cell.product().extra.find("signals");
  if (first != cell.product().extra.end() && first->contains(signal)) return keep_second(cell);
  const auto count = parse_count(cell.value);
  if (!count) return cell.warn("BAD_NUMBER", cell.value);
  cell.product().extra["signals"][signal] = count->value;
  if (count->at_least) {
    cell.target.note(cell.header, "COUNT_AT_LEAST", Severity::repair, concat(cell.value, " -> ", count->value));
  }
}

bool looks_like_url_or_path(std::string_view text) {
  if (text.find_first_of(" \t<>\"") != std::string_view::npos) return false;
  const size_t scheme = text.find(':');
  return scheme == std::string_view::npos || text.starts_with("http://") || text.starts_with("https://");
}

void put_media(Json& media, std::string path, const char* role) {
  Json::object_t one;
  one.emplace("path", std::move(path));
  one.emplace("role", role);
  media.push_back(std::move(one));
}

void add_media(const char* role, const Cell& cell) {
  Json& media = cell.product().extra["media"];
  for (const std::string& path : split_any(cell.value, U";；\n|,")) {
    if (!looks_like_url_or_path(path)) cell.warn("BAD_URL", path);
    put_media(media, path, role);
  }
}

/// One address, which may hold commas and semicolons.
void add_one_media(const char* role, const Cell& cell) {
  if (!looks_like_url_or_path(cell.value)) cell.warn("BAD_URL", cell.value);
  put_media(cell.product().extra["media"], cell.value, role);
}

/// 淘宝助理: `name:1:0:|url;…`; a picture without an address is a file of the table's own folder, name.tbi.
void add_taobao_pictures(const Cell& cell) {
  for (const std::string& piece : split_any(cell.value, U";")) {
    const size_t bar = piece.find('|');
    std::string path = bar == std::string::npos ? "" : trim_space(std::string_view(piece).substr(bar + 1));
    if (path.empty()) path = trim_space(std::string_view(piece).substr(0, piece.find(':'))) + ".tbi";
    if (!looks_like_url_or_path(path)) cell.warn("BAD_URL", path);
    Json& media = cell.product().extra["media"];
    put_media(media, path, media.empty() ? "main" : "detail");
  }
}

/// 淘宝助理: `pid:vid;pid:vid`. Ids that the shop's table has become attributes; the cell itself is kept.
void add_taobao_properties(const Cell& cell) {
  keep_beside(cell.header, cell.value, cell.product());
  for (const std::string& pair : split_any(cell.value, U";")) {
    const size_t colon = pair.find(':');
    if (colon == std::string::npos) {
      cell.warn("ATTR_NO_SEPARATOR", pair);
      continue;
    }
    if (cell.target.properties == nullptr) continue;
    const auto* names = cell.target.properties->find(pair.substr(0, colon), pair.substr(colon + 1));
    if (names != nullptr && !names->value.empty()) add_attribute(cell.product(), names->key, names->value);
  }
}

/// 淘宝助理: `pid:vid:text` of values that the shop wrote itself, whose vid is below 0.
void add_taobao_custom_values(const Cell& cell) {
  keep_beside(cell.header, cell.value, cell.product());
  for (const std::string& value : split_any(cell.value, U";")) {
    const size_t colon = value.find(':'), second = colon == std::string::npos ? colon : value.find(':', colon + 1);
    if (second == std::string::npos) {
      cell.warn("ATTR_NO_SEPARATOR", value);
      continue;
    }
    if (cell.target.properties == nullptr) continue;
    const auto* names = cell.target.properties->find(value.substr(0, colon), "");
    if (names != nullptr && second + 1 < value.size()) add_attribute(cell.product(), names->key, value.substr(second + 1));
  }
}

void set_gtin(const Cell& cell) {
  const GtinProblem problem = check_gtin(cell.value);
  if (problem == GtinProblem::none) return set_once(cell.product().gtin, cell);
  cell.warn(problem == GtinProblem::wrong_check_digit ? "GTIN_CHECK" : "BAD_NUMBER", cell.value);
  keep_beside(cell.header, cell.value, cell.product());
}

/// Merchant Center: an amount means nothing without its currency.
void set_price_with_currency(const Cell& cell) {
  const Price price = parse_price(cell.value);
  if (price.problem == PriceProblem::none && price.currency.empty()) return cell.warn("BAD_PRICE", cell.value);
  set_price(cell);
}

/// Merchant Center: `section:name:value`, or `name:value`.
void add_product_detail(const Cell& cell) {
  for (const std::string& detail : split_any(cell.value, U",\n")) {
    const size_t last = detail.rfind(':');
    if (last == std::string::npos) {
      cell.warn("ATTR_NO_SEPARATOR", detail);
      continue;
    }
    const std::string head = detail.substr(0, last);
    const std::string key = trim_space(std::string_view(head).substr(head.rfind(':') + 1)), value = trim_space(std::string_view(detail).substr(last + 1));
    if (key.empty() || value.empty()) cell.warn("ATTR_EMPTY", detail);
    else add_attribute(cell.product(), key, value);
  }
}

using Apply = void (*)(const Cell&);

const std::map<std::string, Apply, std::less<>>& appliers() {
  static const std::map<std::string, Apply, std::less<>> kAppliers = {
      {"id", [](const Cell& c) { set_once(c.product().id, c); }},
      {"title", [](const Cell& c) { set_once(c.product().title_raw, c); }},
      {"description", [](const Cell& c) { set_once(c.product().description_raw, c); }},
      {"summary", [](const Cell& c) { set_once(c.product().summary, c); }},
      {"brand", [](const Cell& c) { set_once(c.product().brand, c); }},
      {"gtin", set_gtin},
      {"locale", [](const Cell& c) { c.product().locale = c.value; }},
      {"sku", [](const Cell& c) { set_extra_once("sku", c); }},
      {"copy_style", [](const Cell& c) { set_extra_once("style", c); }},
      {"category", set_category},
      {"attributes", add_pairs},
      {"content", add_content},
      {"attribute", [](const Cell& c) { add_attribute(c.product(), std::string(c.header), c.value); }},
      {"price", set_price},
      {"currency", set_currency},
      {"sales", [](const Cell& c) { set_signal("sales", c); }},
      {"reviews", [](const Cell& c) { set_signal("reviews", c); }},
      {"favorites", [](const Cell& c) { set_signal("favorites", c); }},
      {"impressions", [](const Cell& c) { set_signal("impressions", c); }},
      {"clicks", [](const Cell& c) { set_signal("clicks", c); }},
      {"media_main", [](const Cell& c) { add_media("main", c); }},
      {"media_detail", [](const Cell& c) { add_media("detail", c); }},
      {"media_one", [](const Cell& c) { add_one_media("main", c); }},
      {"price_with_currency", set_price_with_currency},
      {"product_detail", add_product_detail},
      {"taobao_pictures", add_taobao_pictures},
      {"taobao_properties", add_taobao_properties},
      {"taobao_custom_values", add_taobao_custom_values},
  };
  return kAppliers;
}

/// A name in `extra` must not hide a field of the record.
std::string free_name(const std::string& header) {
  static const Json kRecord = to_json(Product{});
  const bool taken = kRecord.contains(header) || header == "price" || header == "signals" || header == "media" ||
                     header == "docs" || header == "brand" || header == "gtin" || header == "summary" || header == "description_raw";
  return taken ? header + "_column" : header;
}

std::string scalar_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_line(value);
}

/// What a field can be made of, beside null.
enum class FieldType {
  text,        // one text
  long_text,   // a text or a list of its lines
  texts,       // a text or a list of texts
  identifier,  // a text or a number
  number,      // a number, also one in a text
  values,      // a text, number or yes and no, or a list of them
  any
};

FieldType type_of(std::string_view field) {
  static const std::map<std::string_view, FieldType> kTypes = {
      {"title", FieldType::text},        {"brand", FieldType::text},         {"locale", FieldType::text},        {"copy_style", FieldType::text},    {"currency", FieldType::text},
      {"summary", FieldType::long_text}, {"content", FieldType::long_text},  {"description", FieldType::long_text}, {"category", FieldType::texts},  {"media_main", FieldType::texts},
      {"media_one", FieldType::texts},   {"media_detail", FieldType::texts}, {"id", FieldType::identifier},      {"sku", FieldType::identifier},     {"gtin", FieldType::identifier},
      {"price", FieldType::number},      {"sales", FieldType::number},       {"price_with_currency", FieldType::number}, {"reviews", FieldType::number}, {"favorites", FieldType::number},
      {"impressions", FieldType::number}, {"clicks", FieldType::number},     {"attribute", FieldType::values}};
  const auto found = kTypes.find(field);
  return found == kTypes.end() ? FieldType::any : found->second;
}

/// Whether a value can be taken at all.
bool is_possible(FieldType type, const Json& value) {
  if (!value.is_structured() || type == FieldType::any) return true;
  const bool takes_lists = type == FieldType::long_text || type == FieldType::texts || type == FieldType::values;
  return takes_lists && value.is_array() && std::none_of(value.begin(), value.end(), [](const Json& entry) { return entry.is_structured(); });
}

/// Whether a value is none that the field is made of, although one can be read out of it.
bool is_odd(FieldType type, const Json& value) {
  if (type == FieldType::identifier) return value.is_boolean();
  const bool wants_text = type == FieldType::text || type == FieldType::long_text || type == FieldType::texts;
  return wants_text && (value.is_number() || value.is_boolean());
}

/// {"name":…,"value":…} or {"key":…,"val":…}.
void apply_pair_object(const std::string& header, const Json& pair, RowTarget& target) {
  std::string key, value;
  for (const char* name : {"key", "key_raw", "name", "属性名"}) {
    if (key.empty() && pair.contains(name)) key = trim_space(scalar_text(pair[name]));
  }
  for (const char* name : {"value", "val", "val_raw", "属性值"}) {
    if (value.empty() && pair.contains(name)) value = trim_space(scalar_text(pair[name]));
  }
  if (key.empty() || value.empty()) return target.note(header, "ATTR_EMPTY", Severity::warn, dump_line(pair));
  add_attribute(target.product, key, value);
}

void apply_pairs_json(const std::string& header, const Json& value, RowTarget& target) {
  if (value.is_object()) {
    for (const auto& [key, val] : value.items()) {
      const std::string text = trim_space(scalar_text(val));
      if (!text.empty() && !val.is_null()) apply_text("attribute", key, text, target);
    }
    return;
  }
  for (const Json& entry : value) {
    if (entry.is_object()) apply_pair_object(header, entry, target);
    else apply_text("attributes", header, scalar_text(entry), target);
  }
}

bool is_removed_control(char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n'; }

/// Whether control characters that clean_text removes stand in a text.
bool has_removed_control(std::string_view text) {
  size_t at = 0;
  for (; at + kBlockBytes <= text.size(); at += kBlockBytes) {
    const std::string_view block = text.substr(at, kBlockBytes);
    if (has_below(load_block(block.data()), 0x20) != 0 && std::any_of(block.begin(), block.end(), is_removed_control)) return true;
  }
  return std::any_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_removed_control);
}

std::string joined(const Json& list, std::string_view separator) {
  std::string text;
  for (const Json& entry : list) text += concat(text.empty() ? "" : separator, scalar_text(entry));
  return text;
}

void apply_list(std::string_view field, const std::string& header, const Json& list, RowTarget& target) {
  if (field == "attribute") {
    for (const Json& entry : list) apply_json(field, header, entry, target);
  } else if (field == "category") {
    apply_text(field, header, joined(list, ">"), target);
  } else {
    apply_text(field, header, joined(list, "\n"), target);
  }
}

constexpr size_t kShownAround = 10;  // code points before and behind a control character

/// Up to so many code points of `text`, from its start or its end; `cut` says whether that is not all.
std::string_view few_of(std::string_view text, bool from_end, bool& cut) {
  size_t at = from_end ? text.size() : 0;
  for (size_t count = 0; count < kShownAround && (from_end ? at > 0 : at < text.size()); ++count) {
    do {
      from_end ? --at : ++at;
    } while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
  }
  cut = from_end ? at > 0 : at < text.size();
  return from_end ? text.substr(at) : text.substr(0, at);
}

}  // namespace

void RowTarget::note(std::string_view column, std::string_view code, Severity severity, std::string_view value) {
  notes.push_back({"", row, std::string(column), std::string(code), severity, std::string(value)});
}

PropertyTable PropertyTable::load(const std::filesystem::path& file) {
  PropertyTable table;
  for (const TableRow& row : read_table(file, {"pid", "vid", "key", "value"})) {
    const auto cell = [&](size_t i) { return i < row.cells.size() ? row.cells[i] : std::string(); };
    if (cell(0).empty() || cell(2).empty()) throw Corrupt(concat("[PropertyTable] ", file.string(), " line ", row.line, ": pid and key: expected a text"));
    table.names[{cell(0), cell(1)}] = {cell(2), cell(3)};
  }
  return table;
}

const PropertyTable::Names* PropertyTable::find(std::string_view pid, std::string_view vid) const {
  const auto found = names.find(std::pair(std::string(pid), std::string(vid)));
  return found == names.end() ? nullptr : &found->second;
}

bool is_column_field(std::string_view field) { return appliers().contains(field); }

ColumnRules ColumnRules::load(std::string_view dialect) {
  ColumnRules rules;
  rules.keys_ = AttributeKeys::load();
  if (!dialect.empty()) rules.read(resource_path(concat("rules/import/", dialect, ".tsv")));
  rules.read(resource_path("rules/import/columns.tsv"));
  return rules;
}

/// Rows that were there before stay.
void ColumnRules::read(const std::filesystem::path& file) {
  for (const TableRow& row : read_table(file, {"field", "header"})) {
    if (row.cells[0] != "-" && !appliers().contains(row.cells[0]))
      throw Corrupt(concat("[ColumnRules] ", file.string(), " line ", row.line, ": unknown field ", row.cells[0]));
    fields_.try_emplace(fold_name(row.cells[1]), row.cells[0] == "-" ? "" : row.cells[0]);
  }
}

std::string ColumnRules::field_of(std::string_view header) const {
  constexpr size_t kMostAnswers = 4096;  // keys of JSON objects need not repeat
  const auto known = answers_.find(header);
  if (known != answers_.end()) return known->second;
  if (answers_.size() >= kMostAnswers) answers_.clear();
  return answers_.emplace(std::string(header), look_up(header)).first->second;
}

std::string ColumnRules::look_up(std::string_view header) const {
  auto found = fields_.find(fold_name(header));
  if (found == fields_.end()) found = fields_.find(split_key(header).name);  // without a unit in brackets
  if (found != fields_.end()) return found->second;
  return keys_.knows(header) ? "attribute" : "";
}

void apply_text(std::string_view field, std::string_view header, const std::string& value, RowTarget& target) {
  const auto apply = appliers().find(field);
  if (apply == appliers().end()) keep_beside(header, value, target.product);
  else if (!value.empty()) apply->second({header, value, target});
}

void keep_beside(std::string_view header, Json value, Product& product) {
  auto& kept = product.extra.get_ref<Json::object_t&>();
  const std::string name = free_name(std::string(header));
  auto place = kept.emplace(name, nullptr);
  for (int nth = 2; !place.second && nth <= kMostBeside; ++nth) place = kept.emplace(concat(name, "_", nth), nullptr);
  if (place.second) place.first->second = std::move(value);
  else product.extra[name + "_more"].push_back(std::move(value));
}

bool check_type(std::string_view field, std::string_view header, const Json& value, RowTarget& target) {
  const FieldType type = type_of(field);
  const bool can_be_taken = is_possible(type, value);
  if (can_be_taken && !is_odd(type, value)) return true;
  target.note(header, type == FieldType::number ? "BAD_NUMBER" : "BAD_FIELD", Severity::warn, dump_line(value));
  return can_be_taken;
}

void apply_json(std::string_view field, const std::string& header, const Json& value, RowTarget& target) {
  if (field.empty()) keep_beside(header, value, target.product);
  else if (value.is_null()) return;
  else if (!check_type(field, header, value, target)) keep_beside(header, value, target.product);
  else if (field == "attributes" && value.is_structured()) apply_pairs_json(header, value, target);
  else if (value.is_array()) apply_list(field, header, value, target);
  else apply_text(field, header, trim_space(scalar_text(value)), target);
}

void keep_unknown(const std::string& name, const Json& value, RowTarget& target) { keep_beside(name, value, target.product); }

std::string clean_value(std::string_view utf8, std::string_view column, RowTarget& target) {
  bool removed = false;
  std::string value = clean_text(utf8, removed);
  if (removed) target.note(column, "CTRL_REMOVED", Severity::repair, shown_removal(utf8));
  const std::string unsafe = value.find('<') == std::string::npos ? "" : remove_unsafe_html(value);
  if (!unsafe.empty()) target.note(column, "HTML_UNSAFE", Severity::warn, unsafe);
  return value;
}

std::string without_controls(std::string_view utf8, bool& removed) {
  if (!has_removed_control(utf8)) return std::string(utf8);
  std::string out;
  out.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size(); ++i) {
    if (utf8[i] == '\r' && i + 1 < utf8.size() && utf8[i + 1] == '\n') continue;
    if (is_removed_control(utf8[i])) removed = true;
    if (utf8[i] == '\r') out += '\n';
    else if (!is_removed_control(utf8[i])) out += utf8[i];
  }
  return out;
}

std::string clean_text(std::string_view utf8, bool& removed) {
  return has_removed_control(utf8) ? text::nfc(without_controls(utf8, removed)) : text::nfc(utf8);
}

std::string shown_removal(std::string_view utf8) {
  size_t at = 0;
  while (at < utf8.size() && (!is_removed_control(utf8[at]) || utf8.substr(at).starts_with("\r\n"))) ++at;
  bool cut_before = false, cut_behind = false;
  const std::string_view before = few_of(utf8.substr(0, at), true, cut_before), behind = few_of(utf8.substr(std::min(at + 1, utf8.size())), false, cut_behind);
  const std::string_view around = utf8.substr(at - before.size(), before.size() + std::min<size_t>(1, utf8.size() - at) + behind.size());
  bool removed = false;
  const auto shown = [&](std::string_view text) { return concat(cut_before ? "…" : "", escaped_line(text), cut_behind ? "…" : ""); };
  return concat(shown(around), " -> ", shown(clean_text(around, removed)));
}

}  // namespace vitrine::data
