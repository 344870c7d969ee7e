// models/weight_specs.h - the tensors of common layers, for lists of what a model holds.
#pragma once
#include <string>
#include <vector>

#include "models/weights.h"

namespace vitrine::models {

enum class Bias { yes, no };

/// weight [out, in] and, with a bias, bias [out].
void add_linear(std::vector<WeightSpec>& specs, const std::string& name, int64_t out, int64_t in, Bias bias = Bias::yes);
/// weight [out, in, kernel, kernel] and bias [out].
void add_conv(std::vector<WeightSpec>& specs, const std::string& name, int64_t out, int64_t in, int64_t kernel);
/// weight [C] and bias [C].
void add_norm(std::vector<WeightSpec>& specs, const std::string& name, int64_t C);

}  // namespace vitrine::models
