// checks/keyword_plan.h - search words of a product: are they in the text, early enough, and not
// too often.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace vitrine::checks {

/// A word that a field has to hold.
struct Keyword {
  std::string word;   // UTF-8, not empty
  std::string field;  // title | short_title | description; empty = any
};

struct KeywordLimits {
  double max_density = 0.03;    // code points of keywords / all, of texts longer than a title
  int64_t first_weighted = 30;  // a keyword has to end within so many weighted characters
  int max_in_title = 1;         // times that one keyword may stand in a title or short title
  int max_in_text = 3;          // the same elsewhere
};

struct KeywordPlace {
  std::string word;
  int count = 0;  // occurrences that do not overlap each other
  /// Weighted characters up to the end of the first one; nothing when there is none.
  std::optional<int64_t> first_weighted_position;
};

struct KeywordReport {
  std::vector<KeywordPlace> places;  // in the order of the plan, of this field only
  std::vector<std::string> covered, missing, stuffed;
  /// Code points inside any keyword, each counted once, over all code points that are no spaces; 0
  /// for an empty text.
  double density = 0;
  bool dense = false;  // above max_density; never for titles, which are made of keywords
  std::optional<int64_t> first_weighted_position;  // the least of places
  bool within_30 = false;                          // whether it is at most first_weighted
};

/// Judges one field's text; keywords of other fields are passed over. Width and case do not matter.
/// Throws InvalidInput for invalid UTF-8 or an empty keyword.
KeywordReport report_keywords(std::span<const Keyword> plan, std::string_view text,
                              std::string_view field, const KeywordLimits& limits = {});

/// {"covered","missing","density","dense","first_weighted_position","within_30","stuffed",
///  "keywords":[{"word","count","first_weighted_position"}]}
Json to_json(const KeywordReport& report);

}  // namespace vitrine::checks
