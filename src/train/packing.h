// train/packing.h - examples to batches of whole documents.
#pragma once
#include <span>
#include <vector>

#include "nn/packed_batch.h"
#include "train/example.h"

namespace vitrine::train {

/// Shuffles the examples by `key` and fills batches in that order up to `batch_tokens` each.
/// A longer example is a batch of its own. Examples without a label are left out.
/// A group (Example::compared) stays in one batch, and counts as one example of all its tokens.
std::vector<nn::PackedBatch> shuffle_and_pack(std::span<const Example> examples, int64_t batch_tokens, RandomKey key);

/// As above, in the order given (validation).
std::vector<nn::PackedBatch> pack(std::span<const Example> examples, int64_t batch_tokens);

/// Cuts a batch between documents (between groups when it has some) into pieces of at most `micro_batch_tokens`; 0 = one piece.
std::vector<nn::PackedBatch> split(const nn::PackedBatch& batch, int64_t micro_batch_tokens);

}  // namespace vitrine::train
