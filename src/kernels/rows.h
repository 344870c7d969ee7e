// kernels/rows.h - operations on single rows: normalisation, activation, softmax, selection.
//
// Each gives the same bits for the same row whatever else is computed, and allocates nothing unless it says so.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/isa.h"

namespace vitrine::kernels {

enum class Activation;

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias for `rows` rows of weight.size() values; y may be x.
/// REQUIRES: x.size() == y.size() == rows * weight.size(), equal weight and bias (throws InvalidInput).
void layer_norm(const KernelTable& table, std::span<const float> x, std::span<const float> weight, std::span<const float> bias,
                double epsilon, std::span<float> y);

/// x = activation(x), in place. gelu is 0.5 x (1 + erf(x / sqrt 2)).
void activate(const KernelTable& table, Activation activation, std::span<float> x) noexcept;

/// probs = softmax(logits / temperature); may be the same memory. Returns whether any column is left:
/// a column of -infinity gets 0; a row of only -infinity becomes all 0.
/// REQUIRES: equal sizes, temperature > 0 (throws InvalidInput).
bool softmax(const KernelTable& table, std::span<const float> logits, double temperature, std::span<float> probs);

/// probs = exp((logits - max) / temperature), in place allowed; returns their sum, added in double over parts of 1,024.
/// REQUIRES: max is the largest logit; temperature > 0.
double exp_sum(const KernelTable& table, std::span<const float> logits, float max, double temperature, std::span<float> probs);

/// log(sum(exp(logits))), summed in double over parts of 1,024; -infinity when all are. scratch: logits.size() floats.
double log_sum_exp(const KernelTable& table, std::span<const float> logits, std::span<float> scratch);

/// The index of the largest value, the first one among equals; -1 when all are -infinity.
int32_t argmax(const KernelTable& table, std::span<const float> values) noexcept;

}  // namespace vitrine::kernels
