// copywriting/events.h - seasons, holidays and hot topics that a text may mention, and when it may
// not.
//
// An events file is JSONL, docs/formats/events.md; examples/events.jsonl shows it.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"

namespace vitrine::copywriting {

/// What a product must have, or must not have. All fields that are filled must fit.
struct EventCondition {
  std::string key;  // of an attribute, canonical or raw; empty = any
  std::vector<std::string>
      values;  // the attribute's value holds one, or equals one written =红色; empty = any
  std::vector<std::string>
      categories;  // a part of the category path, 类型 or the noun holds one; "*" = any
};

struct Event {
  std::string id, source;
  /// Clauses to weave in, the preferred first; {v} is the value that meets the last condition.
  std::vector<std::string> texts;
  std::string starts, expires;  // YYYY-MM-DD; starts may be empty; the event holds on both days
  std::vector<EventCondition> all, any, excludes;
};

/// Throws NotFound, Corrupt for what is no JSON, or InvalidInput naming file, line, field and
/// value: an event needs id, texts, source, expires and at least one condition in requires.
std::vector<Event> read_events(const std::filesystem::path& file);

struct EventDecision {
  bool accepted = false;
  std::string clause;  // of an accepted event, without an end sign
  std::string
      code;  // expired | not_begun | excluded | category | unsupported | text; empty when accepted
  std::string reason;                 // for people
  std::vector<std::string> evidence;  // attr:<id> of attributes that meet the conditions
};

/// "" when a clause may be said of a product, else why not.
using ClauseCheck = std::function<std::string(const std::string& clause, const data::Product&)>;
/// Refuses clauses with a claim that the product does not support (checks/claims.h, any level but
/// harmless).
std::string check_clause(const std::string& clause, const data::Product& product);

/// Whether an event may be woven into a text about the product on a day (YYYY-MM-DD), and which of
/// its texts.
EventDecision decide(const Event& event, const data::Product& product, std::string_view today,
                     const ClauseCheck& check = check_clause);

/// The text with the clause as a sentence before its last one, or at its end when it has one only.
/// A text that holds the clause stays as it is. The result has to pass the checks like any text.
std::string weave_in(std::string_view text, std::string_view clause);

}  // namespace vitrine::copywriting
