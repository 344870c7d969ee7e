#include "models/weights.h"

#include "base/error.h"
#include "base/memory.h"

namespace vitrine::models {

Weights::Weights(std::shared_ptr<const io::Checkpoint> checkpoint,
                 std::unordered_map<std::string, const io::TensorView*> tensors,
                 std::shared_ptr<const std::vector<NamedView>> parts)
    : checkpoint_(std::move(checkpoint)), tensors_(std::move(tensors)), parts_(std::move(parts)) {}

const io::TensorView& Weights::view(std::string_view name) const {
  const auto found = tensors_.find(std::string(name));
  if (found == tensors_.end()) throw NotFound(concat("[Weights] no tensor ", name));
  return *found->second;
}

std::vector<float> Weights::float32(std::string_view name) const {
  const io::TensorView& tensor = view(name);
  std::vector<float> values = io::to_float32(tensor);
  release_pages(tensor.bytes);  // they have been copied
  return values;
}

void Weights::copy_row(const io::TensorView& matrix, size_t row_idx, std::span<float> values) {
  const size_t row_bytes = values.size() * io::size_of(matrix.dtype);
  VITRINE_REQUIRE((row_idx + 1) * row_bytes <= matrix.bytes.size(), "[copy_row] ", matrix.name,
                  ": no row ", row_idx, " of ", values.size(), " values in ",
                  io::shape_text(matrix.shape));
  io::to_float32(matrix.dtype, matrix.bytes.subspan(row_idx * row_bytes, row_bytes), values);
}

bool is_padded_vocabulary(int64_t rows, int64_t vocab_size) {
  return rows == vocab_size || (rows > vocab_size && rows % 8 == 0 && rows - vocab_size < 128);
}

}  // namespace vitrine::models
