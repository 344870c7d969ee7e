// imagery/glyphs.h - the few characters of picture labels, drawn from outlines that ship with the
// program.
//
// Whole numbers only, no installed font: a label looks the same, to the last bit, on every machine.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::imagery {

/// How much of each pixel is ink, 0 to 255.
struct Coverage {
  int64_t width = 0, height = 0;
  std::vector<uint8_t> ink;  // [height, width], row-major
};

/// A line of characters at one size.
struct InkLine {
  Coverage coverage;       // nothing but the ink: each side touches some
  int64_t ink_height = 0;  // of the lowest character: rows that hold a pixel with at least half ink
};

/// Outlines of rules/labels/glyphs/glyphs.tsv. Immutable, any thread.
class LabelGlyphs {
 public:
  /// Throws NotFound, or InvalidInput naming file and line for an outline that cannot be read.
  static LabelGlyphs load(const std::filesystem::path& file);
  /// The shipped ones, read once.
  static const LabelGlyphs& shipped();

  /// Of the file: labels that were drawn with other outlines cannot be redrawn.
  const std::string& sha256() const { return sha256_; }
  bool has_all(std::string_view text) const;

  /// `text` with `em` pixels to the em, 4 to 4096. Throws InvalidInput for another size, a
  /// character without outline, an empty text.
  InkLine draw(std::string_view text, int64_t em) const;
  /// The smallest em whose ink height is at least `ink_height` pixels, 3 to 3000. Throws as draw.
  int64_t em_for(std::string_view text, int64_t ink_height) const;

 private:
  struct Point {
    int64_t x, y;  // of kUnits to the em, y down
  };
  struct Glyph {
    int64_t advance = 0;
    std::vector<std::vector<Point>> contours;
  };
  Coverage draw_glyph(const Glyph& glyph, int64_t em) const;

  std::map<char32_t, Glyph> glyphs_;
  std::string sha256_;
};

}  // namespace vitrine::imagery
