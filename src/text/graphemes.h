// text/graphemes.h - what a reader takes for one character, and how wide it is in a Chinese field.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "text/unicode_ranges.h"

namespace vitrine::text {

/// Ends of the extended grapheme clusters (Unicode Annex 29), rising; the last is text.size().
/// An emoji with its skin tone, joiners and selectors, a flag, a keycap and a letter with its marks
/// are one cluster each. Any code points are taken; empty for an empty text.
std::vector<size_t> grapheme_ends(std::u32string_view text);

/// Whether a cluster is shown as a picture: a flag, a keycap, an emoji by itself or by a selector
/// (U+FE0F), a pictogram of the blocks 2600-27BF other than the star of Chinese text (★).
bool is_emoji(std::u32string_view cluster) noexcept;

/// East_Asian_Width Wide, Fullwidth or Ambiguous (Unicode 15.0), which holds all CJK punctuation.
bool is_double_width(char32_t c) noexcept;

namespace ranges {
std::span<const CodePointRange> double_width() noexcept;
}

}  // namespace vitrine::text
