// io/picture_resize.h - pictures at other sizes. Lanczos3, with a low pass when made smaller.
#pragma once
#include "io/picture.h"

namespace vitrine::io {

/// Exactly width x height; the aspect ratio is not kept. The same size gives the same pixels.
/// Throws InvalidInput for a side < 1.
Picture resize(const Picture& picture, int64_t width, int64_t height);

/// The pixels [y, y + height) x [x, x + width). Throws InvalidInput when they are not all inside.
Picture crop(const Picture& picture, int64_t x, int64_t y, int64_t width, int64_t height);

/// Scaled to cover width x height, what stands over is cut off evenly on both sides.
Picture cover_crop(const Picture& picture, int64_t width, int64_t height);

/// Scaled to lie inside width x height, in the middle, with `colour` around it.
Picture fit_pad(const Picture& picture, int64_t width, int64_t height, Colour colour = kWhite);

}  // namespace vitrine::io
