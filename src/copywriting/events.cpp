#include "copywriting/events.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "checks/claims.h"
#include "checks/lexicon.h"
#include "copywriting/subject.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr std::string_view kEndSigns[] = {"。", "！", "？", "!", "?"};

/// One line of an events file; messages name file, line, field and value.
class EventLine {
 public:
  EventLine(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  Event read() const {
    if (!json_.is_object()) fail("(line)", json_, "an object");
    Event event;
    event.id = text(json_, "id");
    event.source = text(json_, "source");
    event.texts = texts(json_, "texts");
    event.expires = date("expires");
    event.starts = json_.contains("starts") ? date("starts") : "";
    if (event.texts.empty()) fail("texts", json_.value("texts", Json()), "at least one text");
    if (event.starts > event.expires) fail("starts", event.starts, "a day before expires");
    const Json requires_ = json_.value("requires", Json::object());
    if (!requires_.is_object()) fail("requires", requires_, "an object with all, any");
    event.all = conditions(requires_, "all");
    event.any = conditions(requires_, "any");
    event.excludes = conditions(json_, "excludes");
    if (event.all.empty() && event.any.empty())
      fail("requires", requires_, "a condition in all or any");
    return event;
  }

 private:
  [[noreturn]] void fail(std::string_view field, const Json& value,
                         std::string_view expected) const {
    throw InvalidInput(concat("[read_events] ", where_, ", field ", field, ": expected ", expected,
                              ", got ", dump_line(value)));
  }
  std::string text(const Json& object, const char* field) const {
    const auto found = object.find(field);
    if (found == object.end() || !found->is_string() || found->get<std::string>().empty()) {
      fail(field, found == object.end() ? Json() : *found, "a text that is not empty");
    }
    return found->get<std::string>();
  }
  std::vector<std::string> texts(const Json& object, const char* field) const {
    std::vector<std::string> values;
    const auto found = object.find(field);
    if (found == object.end()) return values;
    const bool good =
        found->is_array() && std::all_of(found->begin(), found->end(), [](const Json& v) {
          return v.is_string() && !v.get<std::string>().empty();
        });
    if (!good) fail(field, *found, "a list of texts");
    return found->get<std::vector<std::string>>();
  }
  std::string date(const char* field) const {
    const std::string value = text(json_, field);
    int y = 0;
    unsigned m = 0, d = 0;
    char dash1 = 0, dash2 = 0;
    std::istringstream in(value);
    const bool read =
        value.size() == 10 && (in >> y >> dash1 >> m >> dash2 >> d) && dash1 == '-' && dash2 == '-';
    const std::chrono::year_month_day day{std::chrono::year(y), std::chrono::month(m),
                                          std::chrono::day(d)};
    if (!read || !day.ok()) fail(field, value, "YYYY-MM-DD");
    return value;
  }
  std::vector<EventCondition> conditions(const Json& object, const char* field) const {
    std::vector<EventCondition> result;
    const auto found = object.find(field);
    if (found == object.end()) return result;
    if (!found->is_array()) fail(field, *found, "a list of conditions");
    for (const Json& json : *found) {
      if (!json.is_object()) fail(field, json, "a condition {key, values, categories}");
      EventCondition condition;
      if (json.contains("key")) condition.key = text(json, "key");
      condition.values = texts(json, "values");
      condition.categories = texts(json, "categories");
      if (condition.key.empty() && condition.values.empty() && condition.categories.empty()) {
        fail(field, json, "a condition with key, values or categories");
      }
      result.push_back(std::move(condition));
    }
    return result;
  }

  const Json& json_;
  std::string where_;
};

std::u32string folded(std::string_view utf8) { return checks::fold(text::to_utf32(utf8)); }

/// Whether `text` holds a word, or is equal to one that is written "=word".
bool holds_any(std::string_view text, const std::vector<std::string>& words) {
  const std::u32string in = folded(text);
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    if (word.starts_with("=")) return in == folded(std::string_view(word).substr(1));
    return in.find(folded(word)) != in.npos;
  });
}

bool fits_category(const EventCondition& condition, const data::Product& product) {
  if (condition.categories.empty()) return true;
  if (condition.categories.front() == "*") return true;
  std::vector<std::string> names = product.category_path;
  names.push_back(find_subject(product).value);
  for (const data::Attribute& a : product.attributes) {
    if (a.key == "类型") names.push_back(a.val);
  }
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return holds_any(name, condition.categories);
  });
}

/// The first attribute that the condition asks for; null = none.
const data::Attribute* attribute_for(const EventCondition& condition,
                                     const data::Product& product) {
  for (const data::Attribute& a : product.attributes) {
    const bool key_fits =
        condition.key.empty() || a.key == condition.key || a.key_raw == condition.key;
    const bool value_fits = condition.values.empty() || holds_any(a.val, condition.values) ||
                            holds_any(a.val_raw, condition.values);
    if (key_fits && value_fits) return &a;
  }
  return nullptr;
}

bool asks_attribute(const EventCondition& condition) {
  return !condition.key.empty() || !condition.values.empty();
}

using Attributes = std::vector<const data::Attribute*>;

/// Whether the product meets the condition; the attribute that shows it is added to `shown`.
bool meets(const EventCondition& condition, const data::Product& product, Attributes& shown) {
  if (!fits_category(condition, product)) return false;
  if (!asks_attribute(condition)) return true;
  const data::Attribute* attribute = attribute_for(condition, product);
  if (attribute == nullptr) return false;
  shown.push_back(attribute);
  return true;
}

std::string described(const EventCondition& condition) {
  std::string text = condition.key;
  for (const auto* words : {&condition.values, &condition.categories}) {
    for (const std::string& word : *words) text += (text.empty() ? "" : "/") + word;
  }
  return text;
}

EventDecision refused(std::string code, std::string reason) {
  EventDecision decision;
  decision.code = std::move(code);
  decision.reason = std::move(reason);
  return decision;
}

std::string without_end_sign(std::string_view clause) {
  for (const std::string_view sign : kEndSigns) {
    if (clause.ends_with(sign))
      return without_end_sign(clause.substr(0, clause.size() - sign.size()));
  }
  return std::string(clause);
}

struct Unmet {
  std::string code, reason;  // code "" = the product meets what the event requires
};

Unmet unmet(const Event& event, const data::Product& product, Attributes& shown) {
  for (const EventCondition& condition : event.all) {
    if (meets(condition, product, shown)) continue;
    return {fits_category(condition, product) ? "unsupported" : "category",
            "the product has nothing of " + described(condition)};
  }
  Unmet result{.code = "category", .reason = "the product has nothing of"};
  for (const EventCondition& condition : event.any) {
    if (meets(condition, product, shown)) return {};
    if (fits_category(condition, product)) result.code = "unsupported";
    result.reason += (&condition == &event.any.front() ? " " : "; ") + described(condition);
  }
  return event.any.empty() ? Unmet() : result;
}

/// The text with {v} replaced by the value that supports the event; nothing when there is none.
std::optional<std::string> filled(std::string text, const Attributes& shown) {
  constexpr std::string_view kSlot = "{v}";
  if (text.find(kSlot) != text.npos && shown.empty()) return std::nullopt;
  for (size_t at = text.find(kSlot); at != text.npos; at = text.find(kSlot, at)) {
    text.replace(at, kSlot.size(), shown.back()->val);
    at += shown.back()->val.size();
  }
  return text;
}

}  // namespace

std::vector<Event> read_events(const std::filesystem::path& file) {
  std::istringstream lines(read_file(file));
  std::vector<Event> events;
  std::set<std::string> ids;
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string where = concat(file.string(), " line ", ++number);
    if (line.empty()) continue;
    const Json json = parse_json(line, where);
    events.push_back(EventLine(json, where).read());
    VITRINE_REQUIRE(ids.insert(events.back().id).second, "[read_events] ", where,
                    ", field id: expected one line an event, got '", events.back().id, "' again");
  }
  return events;
}

std::string check_clause(const std::string& clause, const data::Product& product) {
  for (const checks::Claim& claim : checks::find_claims(clause, product)) {
    if (is_unsupported(claim)) {
      return concat("unsupported ", claim.type, " ", claim.value);
    }
  }
  return "";
}

EventDecision decide(const Event& event, const data::Product& product, std::string_view today,
                     const ClauseCheck& check) {
  if (today > event.expires) return refused("expired", "it ended on " + event.expires);
  if (today < event.starts) return refused("not_begun", "it begins on " + event.starts);
  Attributes shown;
  for (const EventCondition& condition : event.excludes) {
    if (meets(condition, product, shown)) {
      return refused("excluded", "the product has " + described(condition));
    }
  }
  const Unmet missing = unmet(event, product, shown);
  if (!missing.code.empty()) return refused(missing.code, missing.reason);
  std::string fault = "the product has no value for {v}";
  for (const std::string& text : event.texts) {
    const auto clause = filled(text, shown);
    if (!clause) continue;
    fault = check(*clause, product);
    if (!fault.empty()) continue;
    EventDecision decision;
    decision.accepted = true;
    decision.clause = without_end_sign(*clause);
    for (const data::Attribute* a : shown) decision.evidence.push_back("attr:" + a->id);
    return decision;
  }
  return refused("text", fault);
}

std::string weave_in(std::string_view text, std::string_view clause) {
  const std::string sentence = without_end_sign(clause);
  if (sentence.empty() || text.find(sentence) != text.npos) return std::string(text);
  std::string woven(text);
  const bool is_closed = std::any_of(std::begin(kEndSigns), std::end(kEndSigns),
                                     [&](std::string_view sign) { return text.ends_with(sign); });
  if (!woven.empty() && !is_closed) woven += "。";
  size_t before_last = 0;  // where the last sentence begins; 0 = there is one only
  for (const std::string_view sign : kEndSigns) {
    for (size_t at = woven.find(sign); at != woven.npos; at = woven.find(sign, at + sign.size())) {
      const size_t end = at + sign.size();
      if (end < woven.size()) before_last = std::max(before_last, end);
    }
  }
  // Signs that follow each other (！！) close one sentence.
  const std::string_view rest = std::string_view(woven).substr(before_last);
  const bool only_signs = without_end_sign(rest).empty();
  woven.insert(before_last == 0 || only_signs ? woven.size() : before_last, sentence + "。");
  return woven;
}

}  // namespace vitrine::copywriting
