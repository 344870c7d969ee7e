// data/advertisegen.h - the attribute string of AdvertiseGen: 类型#裙*版型#显瘦*风格#文艺.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"

namespace vitrine::data {

/// A piece between two `*` that is no pair.
struct BadPair {
  std::string code;   // ATTR_NO_SEPARATOR | ATTR_EMPTY
  std::string piece;
};

/// Appends the pairs of `content` to the product, in order; repeated keys are all kept. Key and value are parted by
/// the first `#`. Returns the pieces that are no pairs. A `*` inside a value cannot be told apart.
std::vector<BadPair> append_content(std::string_view content, Product& product);

/// Checks an attribute string that a person typed. Throws UsageError naming `option` and the piece that is no pair, is
/// longer than kMaxAttributeCodePoints, or invalid UTF-8 and line ends in it.
void check_typed_content(std::string_view content, std::string_view option);

/// A product of an attribute string that a person typed, such as --attributes 类型#裙*风格#简约.
/// Its id is "attributes-" and 12 hex digits of the string's SHA-256.
/// Throws InvalidInput naming the first piece that is no pair, or when there is no pair at all.
Product product_from_content(std::string_view content);

/// Pairs joined by `*` and `#`, from the raw or from the canonical spelling. The inverse of append_content.
std::string raw_content(const Product& product);
std::string canonical_content(const Product& product);

/// {"content":…,"summary":…} without spaces: the row that import reads back to the same raw pairs.
std::string to_advertisegen_line(const Product& product);

}  // namespace vitrine::data
