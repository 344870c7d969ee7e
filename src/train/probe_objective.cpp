#include "train/probe_objective.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "models/picture_tensor.h"
#include "models/probe/module.h"

namespace vitrine::train {
namespace {

constexpr int64_t kBatch = 64;  // of validation
constexpr double kLeastErased = 0.15, kMostErased = 0.4;  // of each side

at::ScalarType scalar_type(models::ComputeType dtype) { return dtype == models::ComputeType::bfloat16 ? at::kBFloat16 : at::kFloat; }

int64_t below(RandomStream& random, int64_t bound) { return static_cast<int64_t>(random.below(static_cast<uint64_t>(bound))); }

/// A draw from Beta(a, a) by Jöhnk's method (1964), for a <= 1.
double beta_draw(double a, RandomStream& random) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const double x = std::pow(random.uniform(), 1 / a), y = std::pow(random.uniform(), 1 / a);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
  return 1;
}

void erase_rectangle(const at::Tensor& picture, RandomStream& random) {
  const auto side = [&](int64_t whole) { return static_cast<int64_t>(static_cast<double>(whole) * (kLeastErased + (kMostErased - kLeastErased) * random.uniform())); };
  const int64_t h = side(picture.size(1)), w = side(picture.size(2));
  picture.narrow(1, below(random, picture.size(1) - h + 1), h).narrow(2, below(random, picture.size(2) - w + 1), w).fill_(0);
}

at::Tensor middle(const at::Tensor& pixels, int64_t height, int64_t width) {
  return pixels.narrow(-2, (pixels.size(-2) - height) / 2, height).narrow(-1, (pixels.size(-1) - width) / 2, width);
}

}  // namespace

ProbeObjective::ProbeObjective(const models::ProbeConfig& config, nn::ParameterStore& parameters, LabelledPictures training, LabelledPictures validation,
                               const ProbeLossConfig& loss, models::ComputeType dtype, Json data)
    : config_(config), parameters_(parameters), training_(std::move(training)), validation_(std::move(validation)), loss_(loss), data_(std::move(data)),
      tensors_(parameters, scalar_type(dtype)) {
  VITRINE_REQUIRE(training_.pixels.size(2) >= config.height && training_.pixels.size(3) >= config.width, "[ProbeObjective] pictures: expected at least ",
                  config.width, "x", config.height, ", got ", training_.pixels.sizes());
}

at::Tensor ProbeObjective::augmented(const at::Tensor& pixels, RandomStream& random) const {
  const int64_t y = below(random, pixels.size(1) - config_.height + 1), x = below(random, pixels.size(2) - config_.width + 1);
  at::Tensor picture = models::to_signed_unit(pixels.narrow(1, y, config_.height).narrow(2, x, config_.width));
  if (below(random, 2) == 1) picture = picture.flip(2);
  if (random.uniform() < loss_.erase) erase_rectangle(picture, random);
  return picture;
}

ProbeObjective::Batch ProbeObjective::training_batch(int batch_size, RandomKey key) const {
  RandomStream random(key);
  std::vector<at::Tensor> pictures;
  std::vector<int64_t> labels;
  for (int i = 0; i < batch_size; ++i) {
    const int64_t row = below(random, training_.pixels.size(0));
    pictures.push_back(augmented(training_.pixels[row], random));
    labels.push_back(training_.labels[static_cast<size_t>(row)]);
  }
  const auto classes = static_cast<int64_t>(config_.classes.size());
  const at::Tensor one_hot = at::one_hot(at::tensor(labels, at::kLong), classes).to(at::kFloat);
  Batch batch{at::stack(pictures), one_hot * (1 - loss_.label_smoothing) + loss_.label_smoothing / static_cast<double>(classes)};
  if (loss_.mix > 0) {
    const double share = beta_draw(loss_.mix, random);
    batch.pictures = share * batch.pictures + (1 - share) * batch.pictures.flip(0);
    batch.targets = share * batch.targets + (1 - share) * batch.targets.flip(0);
  }
  return batch;
}

double ProbeObjective::forward_backward(int batch_size, RandomKey key) {
  const Batch batch = training_batch(batch_size, key);
  const at::Tensor pictures = batch.pictures.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor logits = models::probe_forward(config_, nn::TensorScope(tensors_), pictures).logits;
  const at::Tensor loss = -(batch.targets * at::log_softmax(logits, -1)).sum(-1).mean();
  loss.backward();
  return loss.item<double>();
}

Measures ProbeObjective::validate() {
  const at::NoGradGuard no_grad;
  const int64_t N = validation_.pixels.size(0);
  int64_t wrong = 0;
  double loss = 0;
  for (int64_t begin = 0; begin < N; begin += kBatch) {
    const int64_t count = std::min(kBatch, N - begin);
    const at::Tensor pixels = middle(validation_.pixels.narrow(0, begin, count), config_.height, config_.width);
    const at::Tensor pictures = models::to_signed_unit(pixels).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor logits = models::probe_forward(config_, nn::TensorScope(tensors_), pictures).logits;
    const at::Tensor labels = at::tensor(std::vector<int64_t>(validation_.labels.begin() + begin, validation_.labels.begin() + begin + count), at::kLong);
    wrong += logits.argmax(-1).ne(labels).sum().item<int64_t>();
    loss += at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum).item<double>();
  }
  return {{"validation error", static_cast<double>(wrong) / static_cast<double>(N)}, {"validation loss", loss / static_cast<double>(N)}};
}

Json ProbeObjective::settings() const {
  Json json = config_to_json(loss_);
  json["data"] = data_;
  json["model"] = models::to_json(config_);
  return json;
}

}  // namespace vitrine::train
