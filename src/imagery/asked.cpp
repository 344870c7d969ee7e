#include "imagery/asked.h"

#include <algorithm>

#include "text/utf8.h"

namespace vitrine::imagery {
namespace {

constexpr size_t kLongestWord = 24;  // code points

bool contains(const std::vector<std::string>& words, const std::string& word) { return std::find(words.begin(), words.end(), word) != words.end(); }

bool is_latin(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9'); }
bool parts_words(char32_t c) { return text::is_space(c) || text::is_punctuation(c); }

/// Whether the code points [begin, end) stand as a word of their own.
bool is_whole(std::u32string_view prompt, size_t begin, size_t end) {
  const char32_t before = begin > 0 ? prompt[begin - 1] : U' ', after = end < prompt.size() ? prompt[end] : U' ';
  const char32_t first = prompt[begin], last = prompt[end - 1];
  if (parts_words(first) || parts_words(last)) return false;
  if (end - begin == 1) return parts_words(before) && parts_words(after);
  return !(is_latin(first) && is_latin(before)) && !(is_latin(last) && is_latin(after));
}

bool is_of_background(std::u32string_view rest) {
  while (!rest.empty() && text::is_space(rest.front())) rest.remove_prefix(1);
  return rest.starts_with(U"背景") || rest.starts_with(U"background");
}

/// Both where there are common ones, else all.
std::vector<std::string> narrowed(const std::vector<std::string>& classes, const std::vector<std::string>& more) {
  std::vector<std::string> common, all = classes;
  for (const std::string& one : more) (contains(classes, one) ? common : all).push_back(one);
  return common.empty() ? all : common;
}

}  // namespace

Asked asked_by(const std::vector<std::string>& caption_words, const CaptionWords& captions) {
  Asked asked;
  std::vector<ColourName> colours;
  for (const std::string& word : caption_words) {
    asked.classes = narrowed(asked.classes, captions.classes_of(word));
    const auto colour = colour_name(word);
    if (colour && std::find(colours.begin(), colours.end(), *colour) == colours.end()) colours.push_back(*colour);
  }
  if (colours.size() == 1) asked.colour = colours.front();
  return asked;
}

std::vector<std::string> caption_words_in(std::string_view prompt, const CaptionWords& captions) {
  const std::u32string text = text::to_utf32(prompt);
  std::vector<std::string> words;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.size(), begin + kLongestWord);
    CaptionWord word;
    for (; end > begin; --end) {
      if (!is_whole(text, begin, end)) continue;
      word = captions.word_for(text::to_utf8(std::u32string_view(text).substr(begin, end - begin)));
      if (word.known) break;
    }
    if (word.known && !is_of_background(std::u32string_view(text).substr(end)) && !contains(words, word.zh)) words.push_back(word.zh);
    begin = std::max(begin + 1, end);
  }
  return words;
}

}  // namespace vitrine::imagery
