// Lengths and cuts of the shipped human texts, with emoji put between their words.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "checks/cut_text.h"
#include "text/encoding.h"
#include "text/graphemes.h"
#include "text/segment.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr int kTexts = 400;
constexpr const char* kEmoji[] = {"👩‍👩‍👧", "👍🏽", "🇨🇳", "1️⃣", "❤️", "✨"};
constexpr LengthUnit kUnits[] = {LengthUnit::code_points, LengthUnit::weighted,
                                 LengthUnit::utf8_bytes, LengthUnit::gb18030_bytes};

std::vector<std::string> real_texts() {
  std::istringstream lines(read_file(VITRINE_SOURCE_DIR "/data/advertisegen/dev.jsonl"));
  std::vector<std::string> texts;
  for (std::string line; std::getline(lines, line) && texts.size() < kTexts;) {
    texts.push_back(parse_json(line, "dev.jsonl")["summary"].get<std::string>());
  }
  return texts;
}

std::string with_emoji(const std::string& text, RandomStream& random) {
  std::string result;
  for (const auto& word : text::default_segmenter().cut(std::string_view(text))) {
    result += word;
    if (random.below(12) == 0) result += kEmoji[random.below(std::size(kEmoji))];
  }
  return result;
}

TEST(LengthsProperty, BytesAreActualAndAPrefixIsTheLongestThatFits) {
  RandomStream random(RandomKey(1));
  for (const std::string& plain : real_texts()) {
    const std::string utf8 = with_emoji(plain, random);
    const std::u32string text = text::to_utf32(utf8);
    const Lengths lengths = measure_lengths(utf8);
    EXPECT_EQ(lengths.utf8_bytes, static_cast<int64_t>(utf8.size()));
    EXPECT_EQ(lengths.gb18030_bytes, std::ssize(text::encode(utf8, text::Encoding::gb18030)));
    EXPECT_EQ(lengths.code_points, std::ssize(text::to_utf32(text::nfc(utf8))));
    const Lengths of_plain = measure_lengths(plain);
    EXPECT_GE(of_plain.weighted, of_plain.code_points);
    EXPECT_LE(of_plain.weighted, 2 * of_plain.code_points);
    for (const LengthUnit unit : kUnits) {
      const auto most = static_cast<int64_t>(random.below(200));
      const size_t end = prefix_within(text, unit, most);
      const auto ends = text::grapheme_ends(text);
      const auto next = std::upper_bound(ends.begin(), ends.end(), end);
      EXPECT_LE(length_in(measure_lengths(text.substr(0, end)), unit), most);
      if (next != ends.end()) {
        EXPECT_GT(length_in(measure_lengths(text.substr(0, *next)), unit), most);
      }
    }
  }
}

/// Clusters and words merged: what may not be broken.
std::vector<std::u32string_view> units_of(std::u32string_view text) {
  std::vector<char> is_end(text.size() + 1, 0);
  for (const size_t end : text::grapheme_ends(text)) is_end[end] = 1;
  std::vector<std::u32string_view> units;
  size_t begin = 0, at = 0;
  for (const auto word : text::default_segmenter().cut(text)) {
    at += word.size();
    if (!is_end[at]) continue;
    units.push_back(text.substr(begin, at - begin));
    begin = at;
  }
  return units;
}

/// The text without signs and spaces.
std::u32string letters_of(std::u32string_view text) {
  std::u32string letters(text);
  std::erase_if(letters, [](char32_t c) { return text::is_punctuation(c) || text::is_space(c); });
  return letters;
}

/// Whether some of the units, in their order, spell `text`.
bool is_spelled_by(std::u32string_view text, const std::vector<std::u32string_view>& units) {
  std::set<size_t> reached{0};  // prefixes of the text that units so far can spell
  for (const auto unit : units) {
    const std::u32string letters = letters_of(unit);
    std::set<size_t> more;
    for (const size_t at : reached) {
      if (!letters.empty() && text.substr(at, letters.size()) == letters)
        more.insert(at + letters.size());
    }
    reached.merge(more);
  }
  return reached.contains(text.size());
}

TEST(LengthsProperty, ACutFitsKeepsWhatIsProtectedAndBreaksNoWord) {
  RandomStream random(RandomKey(2));
  int cut_texts = 0;
  for (const std::string& plain : real_texts()) {
    const std::string utf8 = with_emoji(plain, random);
    const std::u32string text = text::to_utf32(utf8);
    const auto units = units_of(text);
    const auto kept = units[random.below(units.size())];
    const auto begin = static_cast<size_t>(kept.data() - text.data());
    CutRequest request;
    request.protected_spans = {{begin, begin + kept.size()}};
    request.limit.unit = kUnits[random.below(std::size(kUnits))];
    request.limit.max = 4 + static_cast<int64_t>(random.below(160));
    request.reserved = static_cast<int64_t>(random.below(4));
    const auto cut = cut_to_limit(utf8, request);
    if (!cut) continue;
    ++cut_texts;
    EXPECT_EQ(cut->before, utf8);
    EXPECT_FALSE(cut->after.empty());
    EXPECT_LE(length_in(measure_lengths(cut->after), request.limit.unit),
              *request.limit.max - request.reserved);
    EXPECT_NE(cut->after.find(text::to_utf8(kept)), std::string::npos) << cut->after;
    const std::u32string after = letters_of(text::to_utf32(cut->after));
    EXPECT_TRUE(is_spelled_by(after, units)) << cut->after << "\n" << utf8;
  }
  EXPECT_GT(cut_texts, kTexts * 3 / 4);
}

}  // namespace
}  // namespace vitrine::checks
