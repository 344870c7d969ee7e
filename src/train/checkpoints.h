// train/checkpoints.h - the weights of the best epochs on disk, and their mean.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <vector>

#include "train/run_state.h"

namespace vitrine::train {

/// Epochs worth keeping, best first: by validation loss when there is one, else the newest.
std::vector<int> best_epochs(const std::vector<EpochReport>& reports, int count, bool validated);

/// Files DIR/epoch-N.safetensors of the best epochs; others are deleted.
class Checkpoints {
 public:
  Checkpoints(std::filesystem::path directory, int count, bool validated);

  /// Call when the last report is of the epoch that `values` belong to. Throws IoError.
  void add(const std::vector<EpochReport>& reports, const at::Tensor& values);

  /// [P] float32: weights of the epoch, or the mean of several.
  at::Tensor load(std::span<const int> epochs, int64_t numel) const;

 private:
  std::filesystem::path file_of(int epoch) const;

  std::filesystem::path directory_;
  int count_;
  bool validated_;
};

}  // namespace vitrine::train
