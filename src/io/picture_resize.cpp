#include "io/picture_resize.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "io/vips_image.h"

namespace vitrine::io {
namespace {

void require_size(int64_t width, int64_t height, std::string_view where) {
  VITRINE_REQUIRE(width >= 1 && height >= 1, "[", where, "] size: expected sides >= 1, got ", width,
                  " x ", height);
}

/// The other side of a scaled picture: side * to / from, rounded, at least 1.
int64_t scaled(int64_t side, int64_t to, int64_t from) {
  return std::max<int64_t>(1, (2 * side * to + from) / (2 * from));
}

void paste(const Picture& from, Picture& onto, int64_t x, int64_t y) {
  for (int64_t row = 0; row < from.height; ++row)
    std::copy_n(from.rgb.begin() + row * from.width * 3, from.width * 3,
                onto.rgb.begin() + ((y + row) * onto.width + x) * 3);
}

}  // namespace

Picture resize(const Picture& picture, int64_t width, int64_t height) {
  require_whole(picture, "resize");
  require_size(width, height, "resize");
  if (width == picture.width && height == picture.height) return picture;
  const VipsPtr image = as_vips(picture);
  VipsImage* out = nullptr;
  const double across = static_cast<double>(width) / static_cast<double>(picture.width);
  const double down = static_cast<double>(height) / static_cast<double>(picture.height);
  Picture result;
  const bool done = vips_resize(image.get(), &out, across, "vscale", down, "kernel",
                                VIPS_KERNEL_LANCZOS3, nullptr) == 0;
  const VipsPtr resized(done ? out : nullptr);
  if (!done || !copy_pixels(resized.get(), result))
    throw InternalError(concat("[resize] ", vips_message()));
  if (result.width != width || result.height != height)
    throw InternalError(concat("[resize] expected ", width, " x ", height, ", got ", result.width,
                               " x ", result.height));
  return result;
}

Picture crop(const Picture& picture, int64_t x, int64_t y, int64_t width, int64_t height) {
  require_whole(picture, "crop");
  require_size(width, height, "crop");
  VITRINE_REQUIRE(x >= 0 && y >= 0 && x <= picture.width - width && y <= picture.height - height,
                  "[crop] expected a part of ", picture.width, " x ", picture.height, ", got ",
                  width, " x ", height, " at ", x, ", ", y);
  Picture result{width, height, std::vector<uint8_t>(static_cast<size_t>(width * height * 3))};
  for (int64_t row = 0; row < height; ++row)
    std::copy_n(picture.rgb.begin() + ((y + row) * picture.width + x) * 3, width * 3,
                result.rgb.begin() + row * width * 3);
  return result;
}

Picture cover_crop(const Picture& picture, int64_t width, int64_t height) {
  require_whole(picture, "cover_crop");
  require_size(width, height, "cover_crop");
  // Cut first, so that nothing is scaled only to be thrown away: the part with the ratio of the
  // output.
  const bool too_wide = picture.width * height > picture.height * width;
  const int64_t part_width =
      too_wide ? std::min(picture.width, scaled(picture.height, width, height)) : picture.width;
  const int64_t part_height =
      too_wide ? picture.height : std::min(picture.height, scaled(picture.width, height, width));
  return resize(crop(picture, (picture.width - part_width) / 2, (picture.height - part_height) / 2,
                     part_width, part_height),
                width, height);
}

Picture fit_pad(const Picture& picture, int64_t width, int64_t height, Colour colour) {
  require_whole(picture, "fit_pad");
  require_size(width, height, "fit_pad");
  const bool by_width = picture.width * height > picture.height * width;
  const int64_t inner_width =
      by_width ? width : std::min(width, scaled(picture.width, height, picture.height));
  const int64_t inner_height =
      by_width ? std::min(height, scaled(picture.height, width, picture.width)) : height;
  Picture result = blank_picture(width, height, colour);
  paste(resize(picture, inner_width, inner_height), result, (width - inner_width) / 2,
        (height - inner_height) / 2);
  return result;
}

}  // namespace vitrine::io
