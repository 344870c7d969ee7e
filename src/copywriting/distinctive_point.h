// copywriting/distinctive_point.h - the value that sets a product apart, and where a text says it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "data/product.h"

namespace vitrine::copywriting {

/// How many products carry a value, whatever its key. Filled by add, then read from any thread.
class ValueFrequencies {
 public:
  /// Each value counts once a product.
  void add(const data::Product& product);
  int64_t df(std::string_view value) const;

  /// The product's value with the lowest frequency, ties in code-point order; "" without attributes
  /// (metrics: distinctive-point position).
  std::string distinctive_value(const data::Product& product) const;

 private:
  std::map<std::string, int64_t, std::less<>> df_;
};

struct PointPlace {
  double offset = 1;             // first place / length, 0..1
  bool in_first_sentence = false;  // all of it before the first 。！？!?
};

/// Where the text says the value first; nothing when it does not. White space does not count.
std::optional<PointPlace> find_point(std::u32string_view text, std::u32string_view value);

}  // namespace vitrine::copywriting
