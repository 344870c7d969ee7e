#include "copywriting/alignment.h"

#include <algorithm>
#include <set>

namespace vitrine::copywriting {
namespace {

constexpr std::string_view kSentenceEnds[] = {"。", "！", "？"};

size_t end_sign_length(std::string_view text, size_t at) {
  for (const auto sign : kSentenceEnds) {
    if (text.substr(at, sign.size()) == sign) return sign.size();
  }
  return 0;
}

struct Mention {
  size_t begin, length;
  PromptPoint point;
};

bool inside_any(const std::vector<Mention>& mentions, size_t begin, size_t length) {
  return std::any_of(mentions.begin(), mentions.end(), [&](const Mention& m) {
    return m.begin <= begin && begin + length <= m.begin + m.length;
  });
}

/// All first mentions in the whole text; `other_terms` inside a value or a longer term do not count.
std::vector<Mention> find_mentions(std::string_view text, const std::vector<PromptPoint>& points,
                                   const std::vector<std::string>& other_terms) {
  std::vector<Mention> mentions;
  std::set<std::string_view> seen;
  for (const auto& point : points) {
    const size_t at = text.find(point.value);
    if (at == std::string_view::npos || !seen.insert(point.value).second) continue;
    mentions.push_back({at, point.value.size(), point});
  }
  std::vector<std::string_view> longest_first(other_terms.begin(), other_terms.end());
  std::stable_sort(longest_first.begin(), longest_first.end(),
                   [](auto a, auto b) { return a.size() > b.size(); });
  for (const auto term : longest_first) {
    const size_t at = text.find(term);
    if (at == std::string_view::npos || seen.contains(term) || inside_any(mentions, at, term.size())) continue;
    mentions.push_back({at, term.size(), {"", std::string(term)}});
    seen.insert(term);
  }
  std::stable_sort(mentions.begin(), mentions.end(), [](const Mention& a, const Mention& b) { return a.begin < b.begin; });
  return mentions;
}

}  // namespace

std::vector<std::string> split_sentences(std::string_view text) {
  std::vector<std::string> sentences;
  size_t begin = 0, at = 0;
  while (at < text.size()) {
    size_t length = end_sign_length(text, at);
    if (length == 0) {
      ++at;
      continue;
    }
    for (; length > 0; length = end_sign_length(text, at)) at += length;
    sentences.emplace_back(text.substr(begin, at - begin));
    begin = at;
  }
  if (begin < text.size()) sentences.emplace_back(text.substr(begin));
  return sentences;
}

std::vector<AlignedSentence> align_points(std::string_view text, const std::vector<PromptPoint>& points,
                                          const std::vector<std::string>& other_terms) {
  const auto mentions = find_mentions(text, points, other_terms);
  std::vector<AlignedSentence> aligned;
  size_t begin = 0, next = 0;
  for (auto& sentence : split_sentences(text)) {
    const size_t end = begin + sentence.size();
    AlignedSentence& current = aligned.emplace_back(AlignedSentence{std::move(sentence), {}});
    for (; next < mentions.size() && mentions[next].begin < end; ++next) current.points.push_back(mentions[next].point);
    begin = end;
  }
  return aligned;
}

}  // namespace vitrine::copywriting
