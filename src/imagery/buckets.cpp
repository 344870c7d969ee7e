#include "imagery/buckets.h"

#include <cmath>

#include "base/error.h"

namespace vitrine::imagery {
namespace {

double log_ratio(PictureSize size) { return std::log(static_cast<double>(size.width) / static_cast<double>(size.height)); }

}  // namespace

std::vector<PictureSize> make_buckets(const BucketConfig& config) {
  const auto& [resolution, step, max_ratio] = config;
  VITRINE_REQUIRE(step >= 1 && resolution >= step && max_ratio >= 1, "[make_buckets] expected 1 <= step <= resolution and max_ratio >= 1, got step ",
                  step, ", resolution ", resolution, ", max_ratio ", max_ratio);
  std::vector<PictureSize> buckets;
  for (int64_t width = step; width * step <= resolution * resolution; width += step) {
    const int64_t height = resolution * resolution / width / step * step;
    const PictureSize size{width, height};
    if (std::abs(log_ratio(size)) <= std::log(max_ratio) + 1e-9) buckets.push_back(size);
  }
  return buckets;
}

size_t bucket_of(PictureSize picture, const std::vector<PictureSize>& buckets) {
  VITRINE_REQUIRE(!buckets.empty() && picture.width >= 1 && picture.height >= 1, "[bucket_of] ", buckets.size(), " buckets, picture ", picture.width,
                  " x ", picture.height);
  size_t best = 0;
  double least = INFINITY;
  for (size_t i = 0; i < buckets.size(); ++i) {
    const double difference = std::abs(log_ratio(picture) - log_ratio(buckets[i]));
    if (difference <= least) best = i;
    least = std::min(least, difference);
  }
  return best;
}

}  // namespace vitrine::imagery
