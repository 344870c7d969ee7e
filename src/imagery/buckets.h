// imagery/buckets.h - picture sizes of about one area and many shapes, so that training crops little.
//
// The idea of NovelAI's aspect ratio bucketing (2022).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace vitrine::imagery {

struct PictureSize {
  int64_t width = 0, height = 0;  // pixels
  bool operator==(const PictureSize&) const = default;
};

struct BucketConfig {
  int64_t resolution = 512;  // pixels: an area of resolution x resolution is not exceeded
  int64_t step = 64;         // sides are multiples of it
  double max_ratio = 2;      // longer side by shorter side at most
};

/// From tall to wide; the square is among them when `step` divides `resolution`. A pure function of
/// the config. Throws InvalidInput for a resolution below the step, a step < 1 or a ratio < 1.
std::vector<PictureSize> make_buckets(const BucketConfig& config);

/// The bucket whose ratio is nearest (by the quotient of the two), of equal ones the wider. An
/// index into `buckets`. Throws InvalidInput for no buckets or a side < 1.
size_t bucket_of(PictureSize picture, const std::vector<PictureSize>& buckets);

}  // namespace vitrine::imagery
