#include "train/checkpoints.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "base/error.h"

namespace vitrine::train {

std::vector<int> best_epochs(const std::vector<EpochReport>& reports, int count, bool validated) {
  std::vector<EpochReport> sorted = reports;
  std::stable_sort(sorted.begin(), sorted.end(), [validated](const EpochReport& a, const EpochReport& b) {
    return validated ? a.validation_loss < b.validation_loss : a.epoch > b.epoch;
  });
  std::vector<int> epochs;
  for (const EpochReport& report : sorted) {
    if (epochs.size() < static_cast<size_t>(count)) epochs.push_back(report.epoch);
  }
  return epochs;
}

Checkpoints::Checkpoints(std::filesystem::path directory, int count, bool validated)
    : directory_(std::move(directory)), count_(count), validated_(validated) {}

std::filesystem::path Checkpoints::file_of(int epoch) const {
  return directory_ / concat("epoch-", epoch, ".safetensors");
}

void Checkpoints::add(const std::vector<EpochReport>& reports, const at::Tensor& values) {
  const std::vector<int> keep = best_epochs(reports, count_, validated_);
  const int newest = reports.back().epoch;
  if (std::find(keep.begin(), keep.end(), newest) == keep.end()) return;
  std::filesystem::create_directories(directory_);
  save_values(file_of(newest), values);
  for (const EpochReport& report : reports) {
    if (std::find(keep.begin(), keep.end(), report.epoch) == keep.end()) std::filesystem::remove(file_of(report.epoch));
  }
}

at::Tensor Checkpoints::load(std::span<const int> epochs, int64_t numel) const {
  VITRINE_REQUIRE(!epochs.empty(), "[Checkpoints] no epoch was finished");
  at::Tensor sum = load_values(file_of(epochs[0]), numel);
  for (const int epoch : epochs.subspan(1)) sum.add_(load_values(file_of(epoch), numel));
  return sum.div_(static_cast<double>(epochs.size()));
}

}  // namespace vitrine::train
