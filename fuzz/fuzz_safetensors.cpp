// The reader of safetensors on any bytes: it refuses with one of our exceptions, or every tensor lies in the file.
#include "base/error.h"
#include "io/safetensors.h"
#include "memory_file.h"

namespace {

using namespace vitrine;

void check_file(const io::SafetensorsFile& file, size_t file_size) {
  size_t total = 0;
  for (const io::TensorView& tensor : file.tensors()) {
    size_t values = 1;
    for (const int64_t length : tensor.shape) values *= static_cast<size_t>(length);
    FUZZ_CHECK(tensor.bytes.size() == values * io::size_of(tensor.dtype));
    FUZZ_CHECK(io::to_float32(tensor).size() == values);
    FUZZ_CHECK(file.find(tensor.name) == &tensor);
    total += tensor.bytes.size();
  }
  FUZZ_CHECK(total < file_size);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes = fuzz::safetensors_of(data, size);
  const fuzz::MemoryFile memory(bytes);
  try {
    check_file(io::SafetensorsFile(memory.path()), bytes.size());
  } catch (const Error& e) {
    FUZZ_CHECK(std::string_view(e.what()).find('\n') == std::string_view::npos);
  }
  return 0;
}
