#include <algorithm>

#include "base/error.h"
#include "copywriting/style.h"
#include "text/graphemes.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr size_t kMostSlot = 12;  // code points of what fills a slot

std::vector<std::u32string> emoji_of(const std::u32string& text) {
  std::vector<std::u32string> found;
  size_t begin = 0;
  for (const size_t end : text::grapheme_ends(text)) {
    const auto cluster = text.substr(begin, end - begin);
    if (text::is_emoji(cluster)) found.push_back(cluster);
    begin = end;
  }
  return found;
}

/// The text behind the pictures and spaces that it begins with.
std::u32string_view behind_emoji(const std::u32string& text) {
  size_t begin = 0;
  for (const size_t end : text::grapheme_ends(text)) {
    const auto cluster = std::u32string_view(text).substr(begin, end - begin);
    if (!text::is_emoji(cluster) && !text::is_space(cluster[0])) break;
    begin = end;
  }
  return std::u32string_view(text).substr(begin);
}

/// Whether the text begins with the phrase, its slots filled with anything short.
bool begins_with(std::u32string_view text, const StylePhrase& phrase) {
  std::u32string_view rest = text;
  const std::u32string pattern = text::to_utf32(phrase.text);
  bool is_behind_slot = false;
  for (size_t begin = 0; begin < pattern.size();) {
    const size_t open = std::min(pattern.find(U'{', begin), pattern.size());
    const auto words = std::u32string_view(pattern).substr(begin, open - begin);
    const size_t at = rest.find(words);
    if (at == rest.npos || at > (is_behind_slot ? kMostSlot : 0)) return false;
    rest.remove_prefix(at + words.size());
    if (open == pattern.size()) break;
    is_behind_slot = true;
    begin = pattern.find(U'}', open) + 1;
  }
  return true;
}

StyleCheck check_emoji(const std::u32string& text, const Style& style) {
  const auto found = emoji_of(text);
  const bool is_listed = std::all_of(found.begin(), found.end(), [&](const auto& emoji) {
    return std::find(style.emoji.begin(), style.emoji.end(), emoji) != style.emoji.end();
  });
  return {"emoji", is_listed && found.size() >= style.emoji_min && found.size() <= style.emoji_max, concat(found.size())};
}

void check_tags(const std::u32string& text, const Style& style, std::vector<StyleCheck>& checks) {
  const size_t tags = checks::tag_places(text).size();
  checks.push_back({"tags", tags >= style.tags_min && tags <= style.tags_max, concat(tags)});
  if (style.fixed_tags.empty()) return;
  const auto missing = std::find_if(style.fixed_tags.begin(), style.fixed_tags.end(), [&](const auto& tag) { return text.find(U"#" + tag) == text.npos; });
  checks.push_back({"fixed_tags", missing == style.fixed_tags.end(), missing == style.fixed_tags.end() ? "" : "no #" + text::to_utf8(*missing)});
}

StyleCheck check_words(const char* rule, const std::u32string& text, const std::vector<StyleWord>& words) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const StyleWord& word) { return text.find(word.word) != text.npos; });
  return {rule, found == words.end(), found == words.end() ? "" : text::to_utf8(found->word)};
}

StyleCheck check_opening(const std::u32string& text, const Style& style) {
  const auto rest = behind_emoji(text);
  const auto found = std::find_if(style.openings.begin(), style.openings.end(), [&](const auto& phrase) { return begins_with(rest, phrase); });
  return {"opening", found != style.openings.end(), found == style.openings.end() ? "" : found->text};
}

}  // namespace

std::vector<StyleCheck> check_style(std::string_view utf8, const Style& style) {
  const std::u32string text = text::to_utf32(utf8);
  std::vector<StyleCheck> checks;
  checks.push_back({"length", text.size() >= style.min_length && text.size() <= style.max_length, concat(text.size())});
  checks.push_back(check_emoji(text, style));
  check_tags(text, style, checks);
  if (!style.openings.empty()) checks.push_back(check_opening(text, style));
  const bool breaks = text.find(U'\n') != text.npos;
  checks.push_back({"line_breaks", breaks == style.line_breaks, breaks ? "yes" : "no"});
  if (!style.tone.empty()) checks.push_back(check_words("tone", text, style.tone));
  if (!style.habits.empty()) checks.push_back(check_words("habits", text, style.habits));
  return checks;
}

double share_kept(const std::vector<StyleCheck>& checks) {
  if (checks.empty()) return 1;
  const auto kept = std::count_if(checks.begin(), checks.end(), [](const StyleCheck& check) { return check.holds; });
  return static_cast<double>(kept) / static_cast<double>(checks.size());
}

}  // namespace vitrine::copywriting
