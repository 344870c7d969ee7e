// text/unicode_ranges.h - character classes as the reference tokenizers see them (generated tables).
#pragma once
#include <cstdint>
#include <span>

namespace vitrine::text::ranges {

struct CodePointRange {
  uint32_t first, last;  // both inside
};

/// Sorted, disjoint ranges. They come from the reference and not from the installed Unicode library,
/// so that ids do not depend on the machine.
std::span<const CodePointRange> letters() noexcept;           // \p{L} of the GPT-2 pattern
std::span<const CodePointRange> numbers() noexcept;           // \p{N} of the GPT-2 pattern
std::span<const CodePointRange> spaces() noexcept;            // \s: White_Space
std::span<const CodePointRange> removed() noexcept;           // what BERT's clean_text drops
std::span<const CodePointRange> punctuation() noexcept;       // what BERT splits off
std::span<const CodePointRange> nonspacing_marks() noexcept;  // what strip_accents drops

}  // namespace vitrine::text::ranges
