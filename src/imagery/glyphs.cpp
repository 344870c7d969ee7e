#include "imagery/glyphs.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <tuple>

#include "base/error.h"
#include "base/hash.h"
#include "base/resource.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::imagery {
namespace {

constexpr int64_t kUnits = 8000;     // an em in the file
constexpr int64_t kFine = 512;       // parts of a pixel
constexpr int64_t kScanLines = 16;   // looked at in a row of pixels
constexpr int64_t kMaxUnit = 65536;  // of a coordinate, either sign
constexpr uint8_t kHalf = 128;

int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

int64_t read_number(std::string_view text, std::string_view where) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  VITRINE_REQUIRE(error == std::errc() && end == text.data() + text.size() && value >= -kMaxUnit &&
                      value <= kMaxUnit,
                  where, ": expected a coordinate, got '", text, "'");
  return value;
}

/// Where an edge crosses the middle of a scan line.
struct Crossing {
  int64_t line;
  int64_t x;    // in kFine parts of a pixel
  int winding;  // +1 or -1

  bool operator<(const Crossing& other) const {
    return std::tie(line, x) < std::tie(other.line, other.x);
  }
};

constexpr int64_t kLineStep = kFine / kScanLines;

/// Adds the crossings of an edge; its upper end belongs to it, the lower one does not.
void add_crossings(int64_t x0, int64_t y0, int64_t x1, int64_t y1,
                   std::vector<Crossing>& crossings) {
  const auto first_line = [](int64_t y) {
    return floor_div(y + kLineStep / 2 - 1, kLineStep);
  };  // middle at or below y
  const int64_t begin = first_line(std::min(y0, y1)), end = first_line(std::max(y0, y1));
  for (int64_t line = begin; line < end; ++line) {
    const int64_t middle = line * kLineStep + kLineStep / 2;
    crossings.push_back(
        {line, x0 + floor_div((middle - y0) * (x1 - x0), y1 - y0), y0 < y1 ? 1 : -1});
  }
}

/// Adds the ink between `begin` and `end` (kFine parts) to a row of areas.
void add_span(std::span<int64_t> row, int64_t begin, int64_t end) {
  begin = std::max<int64_t>(begin, 0);
  end = std::min(end, static_cast<int64_t>(row.size()) * kFine);
  while (begin < end) {
    const int64_t pixel = begin / kFine, stop = std::min(end, (pixel + 1) * kFine);
    row[static_cast<size_t>(pixel)] += stop - begin;
    begin = stop;
  }
}

/// Ink where the winding number is not zero. Areas of pixels, in kFine * kScanLines parts.
std::vector<int64_t> fill(std::vector<Crossing> crossings, int64_t width, int64_t height) {
  std::vector<int64_t> areas(static_cast<size_t>(width * height));
  std::sort(crossings.begin(), crossings.end());
  int winding = 0;
  for (size_t i = 0; i + 1 < crossings.size(); ++i) {
    winding += crossings[i].winding;  // back at zero where a line ends: contours are closed
    const int64_t y = floor_div(crossings[i].line, kScanLines);
    if (winding == 0 || y < 0 || y >= height) continue;
    add_span(std::span(areas).subspan(static_cast<size_t>(y * width), static_cast<size_t>(width)),
             crossings[i].x, crossings[i + 1].x);
  }
  return areas;
}

/// Rows from the first to the last that hold a pixel with at least half ink.
int64_t ink_height_of(const Coverage& coverage) {
  int64_t first = -1, last = -2;
  for (int64_t y = 0; y < coverage.height; ++y) {
    const auto row = coverage.ink.begin() + y * coverage.width;
    if (std::none_of(row, row + coverage.width, [](uint8_t ink) { return ink >= kHalf; })) continue;
    if (first < 0) first = y;
    last = y;
  }
  return last - first + 1;
}

Coverage cropped(const Coverage& whole) {
  int64_t left = whole.width, right = -1, top = whole.height, bottom = -1;
  for (int64_t y = 0; y < whole.height; ++y)
    for (int64_t x = 0; x < whole.width; ++x) {
      if (whole.ink[static_cast<size_t>(y * whole.width + x)] == 0) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = y;
    }
  Coverage part{right - left + 1, bottom - top + 1, {}};
  for (int64_t y = top; y <= bottom; ++y) {
    const auto row = whole.ink.begin() + y * whole.width;
    part.ink.insert(part.ink.end(), row + left, row + right + 1);
  }
  return part;
}

}  // namespace

LabelGlyphs LabelGlyphs::load(const std::filesystem::path& file) {
  LabelGlyphs result;
  result.sha256_ = sha256_file(file);
  for (const checks::RuleRow& row : checks::read_rule_file(file).rows) {
    const std::string where = concat("[LabelGlyphs] ", file.string(), " line ", row.line);
    const std::u32string character = text::to_utf32(row.at("glyph"));
    VITRINE_REQUIRE(character.size() == 1, where, ": glyph: expected one character, got '",
                    row.at("glyph"), "'");
    Glyph glyph{.advance = read_number(row.at("advance"), where), .contours = {{}}};
    VITRINE_REQUIRE(glyph.advance >= 1, where, ": advance: expected > 0, got ", glyph.advance);
    for (const std::string& word : checks::split(row.at("contours"), ' ')) {
      if (word == "/") {
        glyph.contours.emplace_back();
        continue;
      }
      const size_t comma = word.find(',');
      VITRINE_REQUIRE(comma != word.npos, where, ": expected x,y, got '", word, "'");
      glyph.contours.back().push_back(
          {read_number(std::string_view(word).substr(0, comma), where),
           read_number(std::string_view(word).substr(comma + 1), where)});
    }
    for (const auto& contour : glyph.contours)
      VITRINE_REQUIRE(contour.size() >= 3, where, ": expected contours of three points or more");
    VITRINE_REQUIRE(result.glyphs_.emplace(character.front(), std::move(glyph)).second, where, ": ",
                    row.at("glyph"), " stands there twice");
  }
  return result;
}

const LabelGlyphs& LabelGlyphs::shipped() {
  static const LabelGlyphs glyphs = load(resource_path("rules/labels/glyphs/glyphs.tsv"));
  return glyphs;
}

bool LabelGlyphs::has_all(std::string_view text) const {
  const std::u32string characters = text::to_utf32(text);
  return std::all_of(characters.begin(), characters.end(),
                     [&](char32_t c) { return glyphs_.contains(c); });
}

// A cell of two em wide and high; the em box begins half an em from its left and top.
Coverage LabelGlyphs::draw_glyph(const Glyph& glyph, int64_t em) const {
  const auto fine = [&](int64_t unit) {
    return floor_div(2 * unit * em * kFine + kUnits, 2 * kUnits) + em * kFine / 2;
  };
  std::vector<Crossing> crossings;
  for (const auto& contour : glyph.contours)
    for (size_t i = 0; i < contour.size(); ++i) {
      const Point &a = contour[i], &b = contour[(i + 1) % contour.size()];
      add_crossings(fine(a.x), fine(a.y), fine(b.x), fine(b.y), crossings);
    }
  constexpr int64_t kWhole = kFine * kScanLines;
  Coverage coverage{2 * em, 2 * em, {}};
  for (const int64_t area : fill(std::move(crossings), coverage.width, coverage.height))
    coverage.ink.push_back(
        static_cast<uint8_t>((std::min(area, kWhole) * 255 + kWhole / 2) / kWhole));
  return coverage;
}

InkLine LabelGlyphs::draw(std::string_view text, int64_t em) const {
  const std::u32string characters = text::to_utf32(text);
  VITRINE_REQUIRE(em >= 4 && em <= 4096, "[LabelGlyphs] em: expected 4 to 4096 pixels, got ", em);
  VITRINE_REQUIRE(!characters.empty() && has_all(text),
                  "[LabelGlyphs] text: expected characters of glyphs.tsv, got '", text, "'");
  const auto advance_of = [&](char32_t c) {
    return (2 * glyphs_.at(c).advance * em + kUnits) / (2 * kUnits);
  };
  int64_t width = em;
  for (const char32_t c : characters) width += advance_of(c);
  Coverage line{width + em, 2 * em,
                std::vector<uint8_t>(static_cast<size_t>((width + em) * 2 * em))};
  InkLine result{.coverage = {}, .ink_height = 2 * em};
  int64_t pen = 0;
  for (const char32_t c : characters) {
    const Coverage glyph = draw_glyph(glyphs_.at(c), em);
    result.ink_height = std::min(result.ink_height, ink_height_of(glyph));
    for (int64_t y = 0; y < glyph.height; ++y)
      for (int64_t x = 0; x < glyph.width; ++x) {
        uint8_t& place =
            line.ink[static_cast<size_t>(y * line.width + std::min(pen + x, line.width - 1))];
        place = std::max(place, glyph.ink[static_cast<size_t>(y * glyph.width + x)]);
      }
    pen += advance_of(c);
  }
  result.coverage = cropped(line);
  return result;
}

int64_t LabelGlyphs::em_for(std::string_view text, int64_t ink_height) const {
  VITRINE_REQUIRE(ink_height >= 3 && ink_height <= 3000,
                  "[LabelGlyphs] ink_height: expected 3 to 3000, got ", ink_height);
  // Ink grows with the em: a step that is short of what the ratio asks cannot pass the smallest
  // one.
  for (int64_t em = std::max<int64_t>(4, ink_height);;) {
    const int64_t drawn = draw(text, em).ink_height;
    if (drawn >= ink_height) return em;
    em = std::max(em + 1, em * (ink_height - 1) / (drawn + 1));
  }
}

}  // namespace vitrine::imagery
