// text/utf8.h - UTF-8 text as code points, and the Unicode normal forms.
#pragma once
#include <string>
#include <string_view>

namespace vitrine::text {

/// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text) noexcept;

/// How many bytes at the end of `text` begin a code point that is not complete: 0 to 3.
size_t incomplete_tail(std::string_view text) noexcept;
/// Whether well-formed UTF-8 can begin like this, perhaps inside a code point.
bool begins_valid_utf8(std::string_view text);

/// Code points of UTF-8 text. Throws InvalidInput with the byte offset of the first bad sequence.
std::u32string to_utf32(std::string_view utf8);
/// Throws InvalidInput for a value that is no code point.
std::string to_utf8(std::u32string_view code_points);
std::string to_utf8(char32_t code_point);

/// Number of code points; `utf8` must be valid.
size_t count_code_points(std::string_view utf8) noexcept;

/// Unicode normal forms (utf8proc). Throw InvalidInput for invalid UTF-8.
std::string nfc(std::string_view utf8);
std::string nfkc(std::string_view utf8);

/// The code points that metrics count: NFC, white space removed.
std::u32string metric_code_points(std::string_view utf8);

/// Han ideographs, the blocks that BERT's tokenizer treats as words of one character.
bool is_cjk_ideograph(char32_t c) noexcept;
/// Unicode category Z*, tab and line ends.
bool is_space(char32_t c) noexcept;
/// Unicode category P*, or an ASCII sign that is neither letter, digit nor space.
bool is_punctuation(char32_t c) noexcept;

}  // namespace vitrine::text
