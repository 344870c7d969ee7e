// models/weights.h - the tensors of a checkpoint under the names a model gives them.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/checkpoint.h"

namespace vitrine::models {

/// A tensor that a model needs.
struct WeightSpec {
  std::string name;  // without the prefix of the model in files, such as "transformer."
  std::vector<int64_t> shape;
};

/// A tensor, or rows of one, that lies in a checkpoint under another name. The view has the name in the file.
struct NamedView {
  std::string name;
  io::TensorView view;
};

/// Tensors that stay in their mapped files; copies share them. Any thread may read it.
class Weights {
 public:
  /// `parts` keeps views alive that are not those of the checkpoint itself.
  Weights(std::shared_ptr<const io::Checkpoint> checkpoint,
          std::unordered_map<std::string, const io::TensorView*> tensors,
          std::shared_ptr<const std::vector<NamedView>> parts = nullptr);

  bool has(std::string_view name) const { return tensors_.contains(std::string(name)); }
  /// By the name of the specs it was matched with, in its own dtype. Throws NotFound.
  /// A vocabulary matrix may have more rows than tokens (padding, see WeightMatcher).
  const io::TensorView& view(std::string_view name) const;
  std::vector<float> float32(std::string_view name) const;
  /// Row `row_idx` of a matrix as float32, values.size() == its columns. Throws InvalidInput.
  static void copy_row(const io::TensorView& matrix, size_t row_idx, std::span<float> values);

  const io::Checkpoint& checkpoint() const { return *checkpoint_; }

 private:
  std::shared_ptr<const io::Checkpoint> checkpoint_;
  std::unordered_map<std::string, const io::TensorView*> tensors_;
  std::shared_ptr<const std::vector<NamedView>> parts_;
};

/// Whether `rows` may hold a vocabulary of `vocab_size`: equal, or padded up to a multiple of 8 by
/// less than 128.
bool is_padded_vocabulary(int64_t rows, int64_t vocab_size);

}  // namespace vitrine::models
