#include "models/weight_specs.h"

namespace vitrine::models {

void add_linear(std::vector<WeightSpec>& specs, const std::string& name, int64_t out, int64_t in, Bias bias) {
  specs.push_back({name + ".weight", {out, in}});
  if (bias == Bias::yes) specs.push_back({name + ".bias", {out}});
}

void add_conv(std::vector<WeightSpec>& specs, const std::string& name, int64_t out, int64_t in, int64_t kernel) {
  specs.push_back({name + ".weight", {out, in, kernel, kernel}});
  specs.push_back({name + ".bias", {out}});
}

void add_norm(std::vector<WeightSpec>& specs, const std::string& name, int64_t C) {
  specs.push_back({name + ".weight", {C}});
  specs.push_back({name + ".bias", {C}});
}

}  // namespace vitrine::models
