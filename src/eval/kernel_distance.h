// eval/kernel_distance.h - KID: how far the features of two sets of pictures lie apart.
//
// Bińkowski et al. 2018 (arXiv 1801.01401): the unbiased squared maximum mean discrepancy with the kernel (x . y / d + 1)^3. Values
// of different feature extractors cannot be compared.
#pragma once
#include <cstdint>

#include "eval/retrieval.h"

namespace vitrine::eval {

struct KernelDistanceConfig {
  int subsets = 100;
  int64_t subset_size = 1000;  // at most; both sets give as many rows
  uint64_t seed = 0;
};

struct KernelDistance {
  double mean = 0, deviation = 0;  // over the subsets; the mean may be a little below 0
  int64_t subset_size = 0, n_first = 0, n_second = 0;
};

/// Throws InvalidInput for sets of different width and for fewer than 2 rows in one.
KernelDistance kernel_distance(const FeatureRows& first, const FeatureRows& second, const KernelDistanceConfig& config = {});

/// The unbiased squared discrepancy of two whole sets of n >= 2 and m >= 2 rows.
double squared_discrepancy(const FeatureRows& first, const FeatureRows& second);

/// Mean over all pairs of 1 - cosine: how different the pictures of one prompt are. n >= 2 rows.
double mean_pair_distance(const FeatureRows& rows);

}  // namespace vitrine::eval
