// nn/checkpointing.h - a part of a pass whose inside is computed anew in the backward pass instead of being kept.
//
// Chen et al. 2016 (arXiv 1604.06174).
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace vitrine::nn {

using CheckpointedFunction = std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>;

/// function(inputs). Gradients go to the inputs and to the leaves that the function uses; other tensors of the graph must
/// be among the inputs. The function is called again in the backward pass and must give the same; what it refers to must
/// live until then. Without gradients it is just called.
at::Tensor checkpointed(const std::vector<at::Tensor>& inputs, const CheckpointedFunction& function);

}  // namespace vitrine::nn
