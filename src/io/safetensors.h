// io/safetensors.h - the safetensors file: u64 header length, JSON header, tensor data.
//
// Every length and offset of a file is checked before a tensor can be read. Messages hold one of
//   WGT_HEADER     header and data do not fit together        (Corrupt)
//   WGT_DTYPE      a known data type that is not supported    (Corrupt)
//   WGT_PICKLE     a pickle file, which could run code        (InvalidInput)
//   WGT_NONFINITE  NaN or infinity among the weights          (Corrupt)
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "io/dtype.h"

namespace vitrine::io {

/// A tensor inside a mapped file; `bytes` are valid while the file object lives, maybe unaligned.
struct TensorView {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;  // row-major; empty = one number
  std::span<const std::byte> bytes;

  size_t num_values() const { return bytes.size() / size_of(dtype); }
};

/// "[768, 3072]"
std::string shape_text(std::span<const int64_t> shape);

/// All values as float32.
std::vector<float> to_float32(const TensorView& tensor);

/// Throws Corrupt (WGT_NONFINITE, naming the tensor) when a value is NaN or infinite.
void require_finite(const TensorView& tensor, const std::filesystem::path& file);

/// A mapped, checked file. Immutable, so any thread may read it.
class SafetensorsFile {
 public:
  /// Throws NotFound, IoError, Corrupt (WGT_HEADER, WGT_DTYPE), InvalidInput (WGT_PICKLE).
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::vector<TensorView>& tensors() const { return tensors_; }  // in order of their data
  const TensorView* find(std::string_view name) const;                 // nullptr when absent
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::vector<TensorView> tensors_;
  std::unordered_map<std::string, size_t> index_of_;
  std::map<std::string, std::string> metadata_;
};

/// A tensor as the header of a file names it.
struct TensorHeader {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
};

/// A file that is written tensor by tensor, so that they need not be in memory together; it appears whole or not at all.
/// Call order: write for each tensor in the order of the headers, commit.
class SafetensorsWriter {
 public:
  /// "format": "pt", which the transformers library asks for, is added to `metadata` when it has no "format".
  /// Throws InvalidInput (two equal names, a shape that is too large), IoError.
  SafetensorsWriter(const std::filesystem::path& path, std::vector<TensorHeader> tensors, const std::map<std::string, std::string>& metadata);

  /// The next tensor: row-major, little-endian. Throws InvalidInput for a length that is not that of its header, IoError.
  void write(std::span<const std::byte> bytes);
  /// Throws InvalidInput when a tensor has not been written, IoError.
  void commit();

 private:
  std::vector<TensorHeader> tensors_;
  size_t next_ = 0;
  AtomicFile file_;
};

struct TensorToSave {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;  // row-major, little-endian
};

/// Writes the tensors in the order given, as SafetensorsWriter.
/// Throws InvalidInput (two equal names, shape and length that differ), IoError.
void save_safetensors(const std::filesystem::path& path, std::span<const TensorToSave> tensors,
                      const std::map<std::string, std::string>& metadata);

}  // namespace vitrine::io
