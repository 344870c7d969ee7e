// models/initialize_pictures.h - first weights of UNets and VAEs.
#pragma once
#include "base/random.h"
#include "nn/parameters.h"

namespace vitrine::models {

/// Normal(0, 1 / sqrt(inputs of a unit)); norms 1, biases 0. What leaves a residual branch (conv2, proj_out, to_out.0, ff.net.2)
/// is 0, so that a block begins as the identity, as is the last norm of add_embedding; with `zero_output` the network's own conv_out too.
/// Source: Ho et al. 2020 (arXiv 2006.11239), appendix B, and its code.
void initialize_pictures(nn::ParameterStore& parameters, RandomKey key, bool zero_output);

}  // namespace vitrine::models
