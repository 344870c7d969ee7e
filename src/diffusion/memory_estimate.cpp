#include "diffusion/memory_estimate.h"

#include <algorithm>

namespace vitrine::diffusion {
namespace {

constexpr double kMargin = 1.5;  // copies into the layouts of convolutions, fragments of the heap
constexpr double kMiB = 1 << 20;

/// Tensors of a width that a residual block holds at once: its input, normed, activated.
constexpr double kResnetTensors = 3;
/// Those of a transformer: two residuals, the norm, the two halves of its MLP, gate and product.
constexpr double kTransformerTensors = 19;

double squares(int64_t height, int64_t width, size_t level) {
  const int64_t side = int64_t{1} << level;
  return static_cast<double>((height + side - 1) / side) *
         static_cast<double>((width + side - 1) / side);
}

/// Values kept from the way down until the way up.
double skip_values(const models::UNetConfig& unet, int64_t h, int64_t w) {
  double values = static_cast<double>(unet.block_out_channels[0]) * squares(h, w, 0);
  for (size_t level = 0; level < unet.num_levels(); ++level) {
    const auto width = static_cast<double>(unet.block_out_channels[level]);
    values += static_cast<double>(unet.layers_per_block[level]) * width * squares(h, w, level);
    if (level + 1 < unet.num_levels()) values += width * squares(h, w, level + 1);
  }
  return values;
}

/// Values of the layer that holds the most.
double layer_values(const models::UNetConfig& unet, int64_t h, int64_t w) {
  double most = 0;
  for (size_t level = 0; level < unet.num_levels(); ++level) {
    const auto width = static_cast<double>(unet.block_out_channels[level]);
    const size_t below = std::min(level + 1, unet.num_levels() - 1);
    const double joined = width + static_cast<double>(unet.block_out_channels[below]);
    const double transformer = unet.has_attention_down(level) ? kTransformerTensors * width : 0;
    most = std::max(most, std::max(kResnetTensors * joined, transformer) * squares(h, w, level));
  }
  return most;
}

/// The widest tensor of a level is what comes up from the level below.
double decoder_values(const models::VaeConfig& vae, int64_t height, int64_t width) {
  double most = 0;
  for (size_t level = 0; level < vae.num_levels(); ++level) {
    const size_t below = std::min(level + 1, vae.num_levels() - 1);
    const auto channels = static_cast<double>(vae.block_out_channels[below]);
    most = std::max(most, kResnetTensors * channels * squares(height, width, level));
  }
  return most;
}

}  // namespace

double MemoryEstimate::peak_mib() const { return weights_mib + std::max(unet_mib, vae_mib); }

MemoryEstimate estimate_memory(const models::UNetConfig& unet, const models::VaeConfig& vae,
                               const MemoryShapes& shapes) {
  const int64_t h = shapes.height / vae.downscale(), w = shapes.width / vae.downscale();
  const double bytes = kMargin * static_cast<double>(shapes.bytes_per_value) *
                       static_cast<double>(shapes.num_pictures);
  const double passes = shapes.guides ? 2 : 1;
  const int64_t height =
      shapes.vae_tiling ? std::min(shapes.height, vae.sample_size) : shapes.height;
  const int64_t width = shapes.vae_tiling ? std::min(shapes.width, vae.sample_size) : shapes.width;
  MemoryEstimate estimate;
  estimate.weights_mib = static_cast<double>(shapes.weight_bytes) / kMiB;
  estimate.unet_mib = bytes * passes * (skip_values(unet, h, w) + layer_values(unet, h, w)) / kMiB;
  estimate.vae_mib = bytes * decoder_values(vae, height, width) / kMiB;
  return estimate;
}

}  // namespace vitrine::diffusion
