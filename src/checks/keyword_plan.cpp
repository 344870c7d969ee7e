#include "checks/keyword_plan.h"

#include <algorithm>

#include "base/error.h"
#include "checks/cut_text.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

bool is_title(std::string_view field) { return field == "title" || field == "short_title"; }

KeywordPlace place_of(const std::string& word, std::u32string_view text,
                      const std::vector<TextSpan>& spans) {
  KeywordPlace place;
  place.word = word;
  place.count = static_cast<int>(spans.size());
  if (!spans.empty()) {
    place.first_weighted_position = measure_lengths(text.substr(0, spans.front().end)).weighted;
  }
  return place;
}

double share_of(const std::vector<char>& inside, std::u32string_view text) {
  int64_t all = 0, marked = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text::is_space(text[i])) continue;
    ++all;
    marked += inside[i];
  }
  return all == 0 ? 0 : static_cast<double>(marked) / static_cast<double>(all);
}

Json position(const std::optional<int64_t>& value) { return value ? Json(*value) : Json(nullptr); }

}  // namespace

KeywordReport report_keywords(std::span<const Keyword> plan, std::string_view utf8,
                              std::string_view field, const KeywordLimits& limits) {
  const std::u32string text = text::to_utf32(utf8);
  std::vector<char> inside(text.size(), 0);
  KeywordReport report;
  const int most = is_title(field) ? limits.max_in_title : limits.max_in_text;
  for (const Keyword& keyword : plan) {
    VITRINE_REQUIRE(!keyword.word.empty(), "[report_keywords] keyword: expected a word, got ''");
    if (!keyword.field.empty() && keyword.field != field) continue;
    const auto spans = spans_of(text, text::to_utf32(keyword.word));
    for (const TextSpan& span : spans) {
      for (size_t at = span.begin; at < span.end; ++at) inside[at] = 1;
    }
    report.places.push_back(place_of(keyword.word, text, spans));
    const KeywordPlace& place = report.places.back();
    (place.count > 0 ? report.covered : report.missing).push_back(keyword.word);
    if (place.count > most) report.stuffed.push_back(keyword.word);
    const auto& first = place.first_weighted_position;
    if (first && first < report.first_weighted_position.value_or(*first + 1)) {
      report.first_weighted_position = first;
    }
  }
  report.density = share_of(inside, text);
  report.dense = !is_title(field) && report.density > limits.max_density;
  report.within_30 =
      report.first_weighted_position && *report.first_weighted_position <= limits.first_weighted;
  return report;
}

Json to_json(const KeywordReport& report) {
  Json keywords = Json::array();
  for (const KeywordPlace& place : report.places) {
    keywords.push_back({{"word", place.word},
                        {"count", place.count},
                        {"first_weighted_position", position(place.first_weighted_position)}});
  }
  return {{"covered", report.covered},
          {"missing", report.missing},
          {"density", report.density},
          {"dense", report.dense},
          {"first_weighted_position", position(report.first_weighted_position)},
          {"within_30", report.within_30},
          {"stuffed", report.stuffed},
          {"keywords", std::move(keywords)}};
}

}  // namespace vitrine::checks
