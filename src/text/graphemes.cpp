#include "text/graphemes.h"

#include <utf8proc.h>

#include <algorithm>
#include <bitset>
#include <memory>

namespace vitrine::text {
namespace {

int32_t signed_value(char32_t c) { return static_cast<int32_t>(c); }

bool is_pictograph(char32_t c) {
  return utf8proc_get_property(signed_value(c))->boundclass ==
         UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

bool is_flag_letter(char32_t c) { return c >= 0x1F1E6 && c <= 0x1F1FF; }
bool is_skin_tone(char32_t c) { return c >= 0x1F3FB && c <= 0x1F3FF; }

/// Two code points of Chinese running text never join; the table is asked for the others only.
bool is_simple(char32_t c) {
  return (c >= 0x20 && c < 0x7F) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3000 && c <= 0x3029) ||
         (c >= 0xFF01 && c <= 0xFF60);
}

using BasicPlane = std::bitset<0x10000>;

std::unique_ptr<const BasicPlane> make_basic_plane() {
  auto plane = std::make_unique<BasicPlane>();
  for (const auto [first, last] : ranges::double_width()) {
    for (uint32_t c = first; c <= std::min(last, uint32_t{0xFFFF}); ++c) plane->set(c);
  }
  return plane;
}

}  // namespace

std::vector<size_t> grapheme_ends(std::u32string_view text) {
  std::vector<size_t> ends;
  ends.reserve(text.size());
  int32_t state = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const bool plain = is_simple(text[i]) && is_simple(text[i + 1]);
    if (plain) state = 0;
    if (plain || utf8proc_grapheme_break_stateful(signed_value(text[i]), signed_value(text[i + 1]),
                                                  &state)) {
      ends.push_back(i + 1);
    }
  }
  if (!text.empty()) ends.push_back(text.size());
  return ends;
}

bool is_emoji(std::u32string_view cluster) noexcept {
  if (cluster.empty()) return false;
  const char32_t base = cluster.front();
  if (is_flag_letter(base) || is_skin_tone(base)) return true;
  if (cluster.find(U'\u20E3') != cluster.npos) return true;
  if (cluster.find(U'\uFE0E') != cluster.npos) return false;  // asked for as text
  if (!is_pictograph(base)) return false;
  if (base >= 0x1F000) return is_double_width(base) || cluster.size() > 1;
  if (cluster.find(U'\uFE0F') != cluster.npos) return true;
  return base >= 0x2600 && base <= 0x27BF && base != U'★';
}

bool is_double_width(char32_t c) noexcept {
  static const auto basic_plane = make_basic_plane();
  if (c < 0x10000) return basic_plane->test(c);
  const auto table = ranges::double_width();
  const auto after =
      std::upper_bound(table.begin(), table.end(), static_cast<uint32_t>(c),
                       [](uint32_t value, const auto& r) { return value < r.first; });
  return after != table.begin() && c <= std::prev(after)->last;
}

}  // namespace vitrine::text
