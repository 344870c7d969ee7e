// imagery/lab.h - CIE L*a*b* (D65) of sRGB colours, and pictures as small grids of it.
#pragma once
#include <cstdint>
#include <vector>

#include "io/picture.h"

namespace vitrine::imagery {

/// l 0..100, a and b about -100..100.
struct Lab {
  float l = 0, a = 0, b = 0;
};

/// Euclidean: the colour difference of CIE 1976.
float distance(Lab x, Lab y) noexcept;

struct LabGrid {
  int64_t width = 0, height = 0;
  std::vector<Lab> pixels;  // [H, W], row-major
  Lab at(int64_t x, int64_t y) const { return pixels[static_cast<size_t>(y * width + x)]; }
};

/// The picture with its longer side cut down to `max_side` >= 1 by the means of whole areas; a
/// smaller picture keeps its size. Throws InvalidInput for a picture that is not whole.
LabGrid lab_grid(const io::Picture& picture, int64_t max_side);

}  // namespace vitrine::imagery
