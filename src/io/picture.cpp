#include "io/picture.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "io/byte_order.h"
#include "io/picture_name.h"
#include "io/vips_image.h"

namespace vitrine::io {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMaxSide = 10'000'000;  // of a libvips image

// Who decodes a kind of file, and how long its sides may be when it is written. In the order of
// PictureFormat.
struct Codec {
  int (*load)(void* bytes, size_t size, VipsImage** out, ...);
  int64_t max_side;
};
constexpr std::array kCodecs = {
    Codec{vips_pngload_buffer, std::numeric_limits<int32_t>::max()},
    Codec{vips_jpegload_buffer, 65'535},
    Codec{vips_webpload_buffer, 16'383},
    Codec{vips_gifload_buffer, 65'535},
};

const Codec& codec_of(PictureFormat format) { return kCodecs[static_cast<size_t>(format)]; }

[[noreturn]] void throw_unreadable(std::string_view name, std::string_view why) {
  throw Corrupt(concat("[read_picture] IMG_UNREADABLE ", name, ": ", why));
}

void require_bytes(uint64_t size, std::string_view name, const PictureLimits& limits) {
  if (size == 0)
    throw Corrupt(concat("[read_picture] EMPTY_FILE ", name, ": the file has no bytes"));
  VITRINE_REQUIRE(size <= static_cast<uint64_t>(limits.max_bytes), "[read_picture] TOO_LARGE ",
                  name, ": ", size, " bytes, the limit is ", limits.max_bytes);
}

struct Opened {
  PictureHeader header;
  VipsPtr image;  // not yet decoded
};

// Of an animated PNG, whose chunk acTL stands before the pixels; libvips shows such a file as one picture.
int64_t png_frames(std::string_view bytes) {
  constexpr size_t kSignature = 8, kChunkFrame = 12;  // length, type and checksum
  for (size_t at = kSignature; at + kChunkFrame <= bytes.size();) {
    const uint64_t length = big_endian(bytes.substr(at, 4));
    const std::string_view type = bytes.substr(at + 4, 4);
    if (type == "acTL" && length >= 4) return std::max<int64_t>(1, static_cast<int64_t>(big_endian(bytes.substr(at + 8, 4))));
    if (type == "IDAT" || length > bytes.size() - at - kChunkFrame) return 1;
    at += kChunkFrame + length;
  }
  return 1;
}

// Opens the file with its own decoder; only the header is read.
Opened open(std::string_view bytes, std::string_view name, const PictureLimits& limits) {
  require_bytes(bytes.size(), name, limits);
  const auto format = recognise_picture(bytes);
  if (!format) throw_unreadable(name, "no PNG, JPEG, WebP or GIF picture");
  start_vips();
  VipsImage* out = nullptr;
  void* memory = const_cast<char*>(bytes.data());
  if (codec_of(*format).load(memory, bytes.size(), &out, "access", VIPS_ACCESS_SEQUENTIAL,
                             "fail_on", VIPS_FAIL_ON_ERROR, nullptr) != 0)
    throw_unreadable(name, concat("damaged ", to_string(*format), " file (", vips_message(), ")"));
  Opened opened{{}, VipsPtr(out)};
  const int64_t width = vips_image_get_width(out), height = vips_image_get_height(out);
  VITRINE_REQUIRE(width * height <= limits.max_pixels, "[read_picture] TOO_LARGE ", name, ": ",
                  width, " x ", height, " = ", width * height, " pixels, the limit is ",
                  limits.max_pixels);
  const int64_t frames = *format == PictureFormat::png ? png_frames(bytes) : std::max(1, vips_image_get_n_pages(out));
  opened.header = {*format, width, height, frames};
  if (vips_image_get_orientation_swap(out)) std::swap(opened.header.width, opened.header.height);
  return opened;
}

// One step of the conversion; takes the place of the image it was made from.
template <typename Operation>
bool step(VipsPtr& image, Operation operation) {
  VipsImage* out = nullptr;
  if (operation(image.get(), &out) != 0) return false;
  image.reset(out);
  return true;
}

bool decode(VipsPtr& image) {
  VipsImage* out = vips_image_copy_memory(image.get());
  if (out == nullptr) return false;
  image.reset(out);
  return true;
}

// By the profile of the file. A profile that does not fit its pixels is left aside with a warning.
void apply_profile(VipsPtr& image, std::string_view name, bool warns) {
  if (vips_image_get_typeof(image.get(), VIPS_META_ICC_NAME) == 0) return;
  const bool applied = step(image, [](VipsImage* in, VipsImage** out) {
    return vips_icc_transform(in, out, "srgb", "embedded", TRUE, "intent", VIPS_INTENT_PERCEPTUAL,
                              "depth", 8, nullptr);
  });
  if (!applied && warns)
    log_warn("[read_picture] ", name, ": its colour profile cannot be used and is left aside (",
             vips_message(), ")");
}

bool flatten(VipsPtr& image) {
  if (!vips_image_hasalpha(image.get())) return true;
  VipsArrayDouble* white = vips_array_double_newv(1, 255.0);
  const bool done = step(image, [&](VipsImage* in, VipsImage** out) {
    return vips_flatten(in, out, "background", white, nullptr);
  });
  vips_area_unref(VIPS_AREA(white));
  return done;
}

bool to_srgb8(VipsPtr& image, std::string_view name, bool warns) {
  apply_profile(image, name, warns);
  return step(image,
              [](VipsImage* in, VipsImage** out) {
                return vips_colourspace(in, out, VIPS_INTERPRETATION_sRGB, nullptr);
              }) &&
         flatten(image) && step(image, [](VipsImage* in, VipsImage** out) {
           return vips_cast_uchar(in, out, nullptr);
         });
}

Picture decoded(std::string_view bytes, std::string_view name, const PictureLimits& limits, bool warns) {
  Opened opened = open(bytes, name, limits);
  if (opened.header.frames > 1 && warns)
    log_warn("[read_picture] ", name, ": animated, ", opened.header.frames,
             " frames; the first one is read");
  VipsPtr& image = opened.image;
  Picture picture;
  const bool done =
      decode(image) &&
      step(image, [](VipsImage* in, VipsImage** out) { return vips_autorot(in, out, nullptr); }) &&
      to_srgb8(image, name, warns) && vips_image_get_bands(image.get()) == 3 &&
      copy_pixels(image.get(), picture);
  if (!done)
    throw_unreadable(
        name, concat("damaged ", to_string(opened.header.format), " file (", vips_message(), ")"));
  return picture;
}

}  // namespace

Picture blank_picture(int64_t width, int64_t height, Colour colour) {
  VITRINE_REQUIRE(width >= 1 && height >= 1 && width <= kMaxSide && height <= kMaxSide,
                  "[blank_picture] size: expected sides from 1 to ", kMaxSide, ", got ", width,
                  " x ", height);
  Picture picture{width, height, std::vector<uint8_t>(static_cast<size_t>(width * height * 3))};
  for (size_t i = 0; i < picture.rgb.size(); ++i) picture.rgb[i] = colour[i % 3];
  return picture;
}

void require_whole(const Picture& picture, std::string_view where) {
  const auto [width, height] = std::pair(picture.width, picture.height);
  VITRINE_REQUIRE(width >= 1 && height >= 1 && width <= kMaxSide && height <= kMaxSide &&
                      static_cast<int64_t>(picture.rgb.size()) == width * height * 3,
                  "[", where, "] picture: expected width * height * 3 bytes, got ", width, " x ",
                  height, " and ", picture.rgb.size());
}

PictureHeader read_picture_header(std::string_view bytes, std::string_view name,
                                  const PictureLimits& limits) {
  return open(bytes, name, limits).header;
}

Picture read_picture(std::string_view bytes, std::string_view name, const PictureLimits& limits) {
  return decoded(bytes, name, limits, /*warns=*/true);
}

Picture reread_picture(std::string_view bytes, std::string_view name, const PictureLimits& limits) {
  return decoded(bytes, name, limits, /*warns=*/false);
}

Picture read_picture(const fs::path& path, const PictureLimits& limits) {
  std::error_code none;
  const auto size = fs::file_size(path, none);
  if (!none) require_bytes(size, path.string(), limits);
  return read_picture(read_file(path), path.string(), limits);
}

PictureFormat format_of(const fs::path& path) {
  const auto format = format_by_name(path);
  if (format && *format != PictureFormat::gif) return *format;
  throw InvalidInput(concat("[write_picture] IMG_FORMAT ", path.string(),
                            ": expected a name that ends with .png, .jpg, .jpeg or .webp"));
}

std::string encode_picture(const Picture& picture, PictureFormat format,
                           const WriteOptions& options) {
  require_whole(picture, "encode_picture");
  VITRINE_REQUIRE(format != PictureFormat::gif, "[encode_picture] gif is read, but not written");
  VITRINE_REQUIRE(options.quality >= 1 && options.quality <= 100,
                  "[encode_picture] quality: expected 1 to 100, got ", options.quality);
  VITRINE_REQUIRE(std::max(picture.width, picture.height) <= codec_of(format).max_side,
                  "[encode_picture] ", to_string(format), " holds sides up to ",
                  codec_of(format).max_side, ", got ", picture.width, " x ", picture.height);
  const VipsPtr image = as_vips(picture);
  void* memory = nullptr;
  size_t size = 0;
  const int failed = format == PictureFormat::png
                         ? vips_pngsave_buffer(image.get(), &memory, &size, "strip", TRUE, nullptr)
                     : format == PictureFormat::jpeg
                         ? vips_jpegsave_buffer(image.get(), &memory, &size, "strip", TRUE, "Q",
                                                options.quality, "optimize_coding", TRUE, nullptr)
                         : vips_webpsave_buffer(image.get(), &memory, &size, "strip", TRUE, "Q",
                                                options.quality, nullptr);
  if (failed != 0)
    throw InternalError(concat("[encode_picture] ", to_string(format), ": ", vips_message()));
  std::string bytes(static_cast<const char*>(memory), size);
  g_free(memory);
  return bytes;
}

void write_picture(const fs::path& path, const Picture& picture, const WriteOptions& options) {
  write_file_atomic(path, encode_picture(picture, format_of(path), options));
}

}  // namespace vitrine::io
