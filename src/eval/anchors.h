// eval/anchors.h - generators without learning that every trained model is shown beside.
//
// They are yardsticks only: their texts may invent what the input lacks and are not for the shop.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "data/product.h"

namespace vitrine::eval {

/// The attribute values, one after another.
std::string joined_values(const data::Product& product);

/// The ten-line clothing template of the metric's definition.
std::string anchor_template(const data::Product& product);

/// The human copy of the train product whose set of key-value pairs is most like the product's.
class RetrievalAnchor {
 public:
  /// Keeps the span: `train` must outlive this object. Throws InvalidInput when it is empty.
  explicit RetrievalAnchor(std::span<const data::Product> train);

  /// Highest Jaccard index of the sets of pairs, the first train row on ties: its position in `train`.
  size_t nearest(const data::Product& product) const;
  const std::string& operator()(const data::Product& product) const { return train_[nearest(product)].summary; }

 private:
  using PairSet = std::vector<std::string>;  // "key#value", sorted, distinct
  static PairSet pairs_of(const data::Product& product);

  std::span<const data::Product> train_;
  std::vector<PairSet> pairs_;
};

}  // namespace vitrine::eval
