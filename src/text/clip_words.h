// text/clip_words.h - CLIP's normal form and its split of text into words.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_level.h"

namespace vitrine::text {

/// NFC, each run of white space one space, lower case. Appends to `out`. REQUIRES: valid UTF-8.
void normalize_clip(std::string_view text, std::string& out);

/// End of the word that starts at `at`, or `at` when no word starts there (white space).
size_t end_of_clip_word(std::string_view text, size_t at) noexcept;

/// Calls word(std::string_view) for each match of
/// <\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+ ; the rest is dropped.
template <typename Word>
void split_clip(std::string_view text, Word&& word) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = end_of_clip_word(text, at);
    if (end == at) {
      next_code_point(text, at);
      continue;
    }
    word(text.substr(at, end - at));
    at = end;
  }
}

/// Each word end becomes a space, white space at both ends is cut.
std::string strip_word_ends(std::string_view tokens, std::string_view suffix);

}  // namespace vitrine::text
