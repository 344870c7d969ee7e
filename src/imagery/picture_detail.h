// imagery/picture_detail.h - how much there is to see in a picture: blank and nearly blank ones are
// no training material.
#pragma once
#include "imagery/lab.h"

namespace vitrine::imagery {

struct PictureDetail {
  double spread = 0;  // standard deviation over the pixels of L*, a* and b* together, in their units
  double detail = 0;  // mean |Laplacian| of L* at a longer side of 256 pixels: edges and texture
};

/// The grid of a picture at a longer side of 256 pixels (lab_grid). Both are 0 for one colour.
PictureDetail measure_detail(const LabGrid& grid);

}  // namespace vitrine::imagery
