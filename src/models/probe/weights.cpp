#include "models/probe/weights.h"

#include <memory>
#include <optional>

#include "base/error.h"
#include "models/weight_matcher.h"
#include "models/weight_specs.h"

namespace vitrine::models {
namespace {

void add_resnet(std::vector<WeightSpec>& specs, const std::string& name, int64_t in, int64_t out) {
  add_norm(specs, name + ".norm1", in);
  add_conv(specs, name + ".conv1", out, in, 3);
  add_norm(specs, name + ".norm2", out);
  add_conv(specs, name + ".conv2", out, out, 3);
  if (in != out) add_conv(specs, name + ".conv_shortcut", out, in, 1);
}

}  // namespace

std::vector<WeightSpec> probe_weight_specs(const ProbeConfig& config) {
  std::vector<WeightSpec> specs;
  int64_t in = config.block_out_channels.front();
  add_conv(specs, "conv_in", in, 3, 3);
  for (size_t level = 0; level < config.block_out_channels.size(); ++level) {
    const int64_t out = config.block_out_channels[level];
    const std::string block = concat("blocks.", level);
    add_conv(specs, block + ".downsampler", out, in, 3);
    for (int64_t j = 0; j < config.layers_per_block; ++j) add_resnet(specs, concat(block, ".resnets.", j), out, out);
    in = out;
  }
  add_norm(specs, "norm_out", in);
  add_linear(specs, "head", static_cast<int64_t>(config.classes.size()), in);
  return specs;
}

Weights load_probe_weights(const std::filesystem::path& model_dir, const ProbeConfig& config) {
  WeightMatcher matcher(std::make_shared<const io::Checkpoint>(io::open_checkpoint(model_dir)), [](const std::string& stored) { return std::optional(stored); });
  for (const WeightSpec& spec : probe_weight_specs(config)) matcher.match(spec);
  return matcher.finish("load_probe_weights", model_dir);
}

}  // namespace vitrine::models
