#include "io/vips_image.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "base/error.h"
#include "base/log.h"

namespace vitrine::io {
namespace {

void log_of_vips(const gchar*, GLogLevelFlags, const gchar* message, gpointer) {
  log_debug("[vips] ", message);
}

void start() {
  if (vips_init("vitrine") != 0)
    throw InternalError(concat("[start_vips] libvips: ", vips_message()));
  vips_block_untrusted_set(TRUE);
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  g_log_set_handler(
      "VIPS",
      static_cast<GLogLevelFlags>(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE),
      log_of_vips, nullptr);
}

}  // namespace

void start_vips() {
  static std::once_flag once;
  std::call_once(once, start);
}

std::string vips_message() {
  char* buffer = vips_error_buffer_copy();
  std::string text = buffer;
  g_free(buffer);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (size_t at = text.find('\n'); at != text.npos; at = text.find('\n'))
    text.replace(at, 1, "; ");
  return text.empty() ? "unknown failure" : text;
}

VipsPtr as_vips(const Picture& picture) {
  start_vips();
  VipsImage* image = vips_image_new_from_memory(
      picture.rgb.data(), picture.rgb.size(), static_cast<int>(picture.width),
      static_cast<int>(picture.height), 3, VIPS_FORMAT_UCHAR);
  if (image == nullptr) throw InternalError(concat("[as_vips] ", vips_message()));
  image->Type = VIPS_INTERPRETATION_sRGB;
  return VipsPtr(image);
}

bool copy_pixels(VipsImage* image, Picture& picture) {
  size_t size = 0;
  void* memory = vips_image_write_to_memory(image, &size);
  if (memory == nullptr) return false;
  picture.width = vips_image_get_width(image);
  picture.height = vips_image_get_height(image);
  const auto* begin = static_cast<const uint8_t*>(memory);
  picture.rgb.assign(begin, begin + size);
  g_free(memory);
  return true;
}

}  // namespace vitrine::io
