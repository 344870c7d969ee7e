// recipes/resample.h - pictures are drawn, inspected, and what is refused is drawn anew with another seed, up to a limit.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "imagery/inspection.h"
#include "io/picture.h"

namespace vitrine::recipes {

/// What the noise of one picture depends on.
struct PictureSeed {
  uint64_t seed = 0;
  int64_t index = 0;
};

/// Pictures first .. first + count - 1 of a seed.
std::vector<PictureSeed> seeds_in_row(uint64_t seed, int64_t first, int64_t count);

struct DrawnPicture {
  io::Picture picture;
  std::vector<float> latents;  // [C, h, w], before the VAE; empty = not kept
};

/// The pictures of one prompt: one for each seed, in their order.
using DrawPictures = std::function<std::vector<DrawnPicture>(std::span<const PictureSeed>)>;
using InspectPictures = std::function<std::vector<imagery::Inspection>(std::span<const DrawnPicture>)>;

struct ResampleRequest {
  uint64_t seed = 0;        // of the first attempts
  int64_t first_index = 0;  // of the first picture; the others follow
  int64_t count = 1;        // pictures
  int attempts = 1;         // at most so many for each picture, >= 1
};

/// A picture with the attempt that was kept.
struct Resampled {
  DrawnPicture drawn;
  PictureSeed seed;       // of the kept attempt: it alone gives the picture again
  int attempts = 1;       // that were made
  int kept_attempt = 1;   // from 1
  imagery::Inspection inspection;         // of the kept attempt
  std::vector<imagery::Finding> first_findings;  // of the first one
};

/// The seed of an attempt (from 1): the first has the seed itself, so that pictures that are accepted at once are those of a run without
/// inspection. Below 2^63, as records hold it, where `seed` is.
uint64_t attempt_seed(uint64_t seed, int attempt);

/// Rounds: all pictures that are not accepted yet are drawn together. Of a picture that is never accepted the attempt with the fewest
/// findings is kept, of equal ones that with the highest score, of these the first. Without `inspect` (null) there is one attempt, and
/// its inspection is empty. Throws InvalidInput for a count or limit < 1, what `draw` and `inspect` throw.
std::vector<Resampled> draw_until_accepted(const ResampleRequest& request, const DrawPictures& draw, const InspectPictures& inspect);

}  // namespace vitrine::recipes
