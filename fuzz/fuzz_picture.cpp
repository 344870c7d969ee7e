// Any bytes as a picture: read whole, or refused in one line.
#include <string_view>

#include "base/error.h"
#include "base/log.h"
#include "fuzz.h"
#include "io/picture.h"
#include "png_repair.h"

namespace {

void check_message(const std::exception& error) {
  FUZZ_CHECK(std::string_view(error.what()).find('\n') == std::string_view::npos);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vitrine;
  set_log_level(LogLevel::off);
  const std::string bytes = fuzz::with_right_crcs({reinterpret_cast<const char*>(data), size});
  try {
    const io::Picture picture =
        io::read_picture(bytes, "x", {.max_pixels = 1'000'000, .max_bytes = 1'000'000});
    io::require_whole(picture, "fuzz");
    FUZZ_CHECK(picture.width * picture.height <= 1'000'000);
  } catch (const Corrupt& error) {
    check_message(error);
  } catch (const InvalidInput& error) {
    check_message(error);
  }
  return 0;
}
