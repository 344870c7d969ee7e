#include "models/tensor_copies.h"

#include "base/error.h"
#include "base/memory.h"

namespace vitrine::models {
namespace {

io::DType type_of(const TensorCopy& copy, std::optional<io::DType> wanted) {
  const io::DType stored = copy.pieces.front().dtype;
  for (const io::TensorView& piece : copy.pieces) {
    VITRINE_REQUIRE(piece.dtype == stored, "[save_copies] ", copy.name, ": its parts are stored as ", io::name_of(stored), " and ",
                    io::name_of(piece.dtype));
  }
  if (wanted && !copy.keeps_type) return *wanted;
  return stored == io::DType::F64 ? io::DType::F32 : stored;
}

std::vector<std::byte> converted(const TensorCopy& copy, const io::TensorView& piece, io::DType dtype) {
  std::vector<std::byte> bytes = io::from_float32(dtype, io::to_float32(piece));
  VITRINE_REQUIRE(io::all_finite(dtype, bytes), "[save_copies] ", copy.name, ": WGT_NONFINITE: a value is too large for ", io::name_of(dtype));
  return bytes;
}

std::vector<std::byte> bytes_of(const TensorCopy& copy, io::DType dtype) {
  std::vector<std::byte> bytes;
  for (const io::TensorView& piece : copy.pieces) {
    if (piece.dtype == dtype) {
      bytes.insert(bytes.end(), piece.bytes.begin(), piece.bytes.end());
    } else {
      const std::vector<std::byte> piece_bytes = converted(copy, piece, dtype);
      bytes.insert(bytes.end(), piece_bytes.begin(), piece_bytes.end());
    }
    release_pages(piece.bytes);  // they have been copied
  }
  return bytes;
}

}  // namespace

TensorCopy copy_as(std::string name, const io::TensorView& view) { return {.name = std::move(name), .shape = view.shape, .pieces = {view}}; }

void save_copies(const std::filesystem::path& path, std::span<const TensorCopy> copies, std::optional<io::DType> dtype,
                 const std::map<std::string, std::string>& metadata) {
  std::vector<io::TensorHeader> headers;
  for (const TensorCopy& copy : copies) headers.push_back({copy.name, type_of(copy, dtype), copy.shape});
  io::SafetensorsWriter writer(path, headers, metadata);
  for (size_t i = 0; i < copies.size(); ++i) writer.write(bytes_of(copies[i], headers[i].dtype));
  writer.commit();
}

}  // namespace vitrine::models
