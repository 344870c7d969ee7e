// data/splits.h - rows of a held-out set that the training set has seen.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "data/product.h"

namespace vitrine::data {

struct LeakedRow {
  size_t held_out_idx = 0;
  size_t train_idx = 0;   // the first training row that leaks it
  bool same_input = false;
  bool same_summary = false;
};

/// Held-out rows whose raw pairs (order and repeats aside) equal those of a training row, or whose summary is equal and not
/// empty (metric form: NFC, no white space). In the order of the held-out rows.
std::vector<LeakedRow> leaked_rows(std::span<const Product> train, std::span<const Product> held_out);

/// The pairs as one text that is equal for equal inputs: sorted, distinct.
std::string input_key(const Product& product);

}  // namespace vitrine::data
