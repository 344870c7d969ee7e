// imagery/garment_mask.h - which pixels of a product photograph are the garment, by colour and
// place.
//
// No network: a colour histogram of the middle against one of the border, both estimated again
// from the pixels that they claim (expectation maximisation), with neighbours pulling together.
// Right for one product laid or hung in the middle of a background of a few colours; what it says
// of other pictures is told apart by `confidence`.
#pragma once
#include <vector>

#include "imagery/lab.h"

namespace vitrine::imagery {

struct GarmentMask {
  int64_t width = 0, height = 0;
  std::vector<float> garment;  // [H, W]: probability that the pixel is the garment, 0..1
  double coverage = 0;         // mean of it: share of the picture that the garment fills
  /// 0..1: 1 - overlap of the two colour histograms (Bhattacharyya), times the share of pixels
  /// that are clearly one or the other. Under 0.3 the two can hardly be told apart.
  double confidence = 0;
};

/// The same grid gives the same mask. Throws InvalidInput for an empty grid.
GarmentMask find_garment(const LabGrid& grid);

}  // namespace vitrine::imagery
