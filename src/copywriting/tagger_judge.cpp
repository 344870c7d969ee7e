#include "copywriting/tagger_judge.h"

#include <array>

#include "text/utf8.h"

namespace vitrine::copywriting {

std::vector<std::vector<std::string>> TaggerJudge::supporting(
    std::u32string_view text, const std::vector<std::pair<size_t, size_t>>& spans,
    const checks::Evidence& evidence) {
  TaggerText asked{.text = text::to_utf8(text), .attributes = {}};
  for (const auto& fact : evidence.attributes()) {
    asked.attributes.push_back({fact.key, text::to_utf8(fact.val)});
  }
  std::vector<MarkedSpan> marked;
  for (const auto& [begin, end] : spans) marked.push_back({.text_idx = 0, .range = {begin, end}});
  const std::scoped_lock lock(mutex_);
  const auto supports = tagger_.supports(std::array{asked}, marked);
  std::vector<std::vector<std::string>> named(spans.size());
  for (size_t i = 0; i < spans.size(); ++i) {
    if (supports[i]) named[i] = {evidence.attributes()[supports[i]->attribute_idx].id};
  }
  return named;
}

}  // namespace vitrine::copywriting
