#include "train/patch_discriminator.h"

#include <ATen/ATen.h>

#include <array>

#include "base/error.h"
#include "nn/picture_ops.h"

namespace vitrine::train {
namespace {

constexpr std::array<int64_t, 4> kChannels{3, 48, 96, 128};
constexpr int64_t kKernel = 4, kHeadKernel = 3;
constexpr double kSlope = 0.2;  // of the leaky units
constexpr int64_t kGroups = 16;
constexpr double kNormEps = 1e-5;

std::string layer_name(size_t layer) { return concat("layers.", layer); }

}  // namespace

std::vector<models::WeightSpec> patch_discriminator_specs() {
  std::vector<models::WeightSpec> specs;
  const auto add = [&](const std::string& name, const std::vector<int64_t>& shape) { specs.push_back({kDiscriminator + name, shape}); };
  for (size_t layer = 1; layer < kChannels.size(); ++layer) {
    const std::string name = layer_name(layer);
    add(name + ".conv.weight", {kChannels[layer], kChannels[layer - 1], kKernel, kKernel});
    add(name + ".conv.bias", {kChannels[layer]});
    if (layer == 1) continue;  // its inputs have a scale of their own
    add(name + ".norm.weight", {kChannels[layer]});
    add(name + ".norm.bias", {kChannels[layer]});
  }
  add("head.weight", {1, kChannels.back(), kHeadKernel, kHeadKernel});
  add("head.bias", {1});
  return specs;
}

PatchJudgement judge_patches(const nn::TensorScope& scope, const at::Tensor& pictures) {
  constexpr int64_t kDownscale = int64_t{1} << (kChannels.size() - 1);
  VITRINE_REQUIRE(pictures.dim() == 4 && pictures.size(1) == 3 && pictures.size(2) % kDownscale == 0 && pictures.size(3) % kDownscale == 0,
                  "[judge_patches] pictures: expected [B, 3, H, W] with sides of multiples of ", kDownscale, ", got ", pictures.sizes());
  PatchJudgement judgement;
  at::Tensor x = pictures.to(scope["head.weight"].scalar_type());
  for (size_t layer = 1; layer < kChannels.size(); ++layer) {
    const nn::TensorScope names = scope / layer_name(layer);
    x = nn::conv2d(x, names / "conv", /*stride=*/2);
    if (layer > 1) x = nn::group_norm(x, names / "norm", kGroups, kNormEps);
    x = at::leaky_relu(x, kSlope);  // [B, C, H / 2^layer, W / 2^layer]
    judgement.features.push_back(x);
  }
  judgement.scores = nn::conv2d(x, scope / "head").to(at::kFloat);
  return judgement;
}

at::Tensor hinge_loss(const at::Tensor& real_scores, const at::Tensor& decoded_scores) {
  return (1 - real_scores).relu().mean() + (1 + decoded_scores).relu().mean();
}

at::Tensor feature_difference(const PatchJudgement& real, const PatchJudgement& decoded) {
  at::Tensor sum = at::zeros({});
  for (size_t layer = 0; layer < real.features.size(); ++layer) {
    sum = sum + (real.features[layer].detach() - decoded.features[layer]).to(at::kFloat).abs().mean();
  }
  return sum / static_cast<int64_t>(real.features.size());
}

}  // namespace vitrine::train
