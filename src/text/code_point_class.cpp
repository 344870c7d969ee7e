#include "text/code_point_class.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "text/unicode_ranges.h"

namespace vitrine::text {
namespace {

struct Free {
  void operator()(uint8_t* memory) const { std::free(memory); }
};
using ClassTable = std::unique_ptr<uint8_t[], Free>;

void mark(uint8_t* table, std::span<const ranges::CodePointRange> list, ClassBit bit) {
  for (const auto [first, last] : list) {
    for (uint32_t c = first; c <= last; ++c) table[c] = static_cast<uint8_t>(table[c] | bit);
  }
}

// The blocks of the reference; 0x2B920 instead of 0x2B820 is its spelling, kept for equal ids.
constexpr ranges::CodePointRange kChineseBlocks[] = {
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
    {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};

ClassTable make_table() {
  // calloc: pages of code points without a class are never touched.
  ClassTable table(static_cast<uint8_t*>(std::calloc(0x110000, 1)));
  if (!table) throw InternalError("[code_point_classes] out of memory");
  mark(table.get(), ranges::letters(), kLetter);
  mark(table.get(), ranges::numbers(), kNumber);
  mark(table.get(), ranges::spaces(), kSpace);
  mark(table.get(), ranges::removed(), kRemoved);
  mark(table.get(), ranges::punctuation(), kBertPunctuation);
  mark(table.get(), ranges::nonspacing_marks(), kNonspacingMark);
  mark(table.get(), kChineseBlocks, kChinese);
  table[0] |= kRemoved;
  return table;
}

struct LowerRange {
  char32_t first, last;
  int32_t offset;
};

// Pairs of Unicode 16 and 17, which an older Unicode library does not have.
constexpr LowerRange kNewerLower[] = {{0x1C89, 0x1C89, 1},      {0xA7CB, 0xA7CB, 0x264 - 0xA7CB}, {0xA7CC, 0xA7CC, 1},
                                      {0xA7CE, 0xA7CE, 1},      {0xA7D2, 0xA7D2, 1},              {0xA7D4, 0xA7D4, 1},
                                      {0xA7DA, 0xA7DA, 1},      {0xA7DC, 0xA7DC, 0x19B - 0xA7DC}, {0x10D50, 0x10D65, 0x20},
                                      {0x16EA0, 0x16EB8, 0x1B}};

char32_t newer_lower(char32_t c) {
  for (const auto& range : kNewerLower) {
    if (c >= range.first && c <= range.last) return static_cast<char32_t>(static_cast<int32_t>(c) + range.offset);
  }
  return c;
}

int combining_class(char32_t c) noexcept {
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

void append_decomposed(std::u32string& out, char32_t c) {
  utf8proc_int32_t parts[32];
  int boundary = 0;
  const auto count =
      c == 0x11938 ? 0  // the reference's tables lack this one
                   : utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, 32, UTF8PROC_DECOMPOSE, &boundary);
  if (count <= 0) out += c;
  for (utf8proc_ssize_t i = 0; i < count; ++i) out += static_cast<char32_t>(parts[i]);
}

}  // namespace

const uint8_t* code_point_classes() {
  static const ClassTable table = make_table();
  return table.get();
}

void append_utf8(std::string& out, char32_t c) {
  utf8proc_uint8_t bytes[4];
  const auto used = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(used));
}

void append_lower(std::u32string& out, char32_t c) {
  if (c == 0x130) {  // the only code point with a lower case of two
    out += U"i\u0307";
    return;
  }
  const auto lower = static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  out += lower == c ? newer_lower(c) : lower;
}

std::u32string decompose(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_decomposed(out, c);
  for (size_t begin = 0; begin < out.size();) {
    size_t end = begin;
    while (end < out.size() && combining_class(out[end]) != 0) ++end;
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(begin), out.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char32_t a, char32_t b) { return combining_class(a) < combining_class(b); });
    begin = end + 1;
  }
  return out;
}

bool is_word_character(char32_t c) noexcept {
  if (c == 0x200C || c == 0x200D) return true;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL) return true;  // L*, M*, Nd, Nl
  const bool circled = (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
                       (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
  return circled || category == UTF8PROC_CATEGORY_PC;
}

}  // namespace vitrine::text
