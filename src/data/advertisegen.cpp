#include "data/advertisegen.h"

#include "base/error.h"
#include "base/hash.h"

namespace vitrine::data {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

void append_pair(std::string_view piece, Product& product, std::vector<BadPair>& bad) {
  const size_t separator = piece.find('#');
  if (separator == std::string_view::npos) return bad.push_back({"ATTR_NO_SEPARATOR", std::string(piece)});
  const std::string_view key = trim(piece.substr(0, separator));
  const std::string_view value = trim(piece.substr(separator + 1));
  if (key.empty() || value.empty()) return bad.push_back({"ATTR_EMPTY", std::string(piece)});
  add_attribute(product, std::string(key), std::string(value));
}

}  // namespace

std::vector<BadPair> append_content(std::string_view content, Product& product) {
  std::vector<BadPair> bad;
  if (trim(content).empty()) return bad;
  for (size_t begin = 0; begin <= content.size();) {
    const size_t end = std::min(content.find('*', begin), content.size());
    append_pair(content.substr(begin, end - begin), product, bad);
    begin = end + 1;
  }
  return bad;
}

Product product_from_content(std::string_view content) {
  Product product;
  const auto bad = append_content(content, product);
  if (!bad.empty()) {
    throw InvalidInput(concat("[product_from_content] ", bad[0].code, ": expected key#value, got \"", bad[0].piece, "\""));
  }
  VITRINE_REQUIRE(!product.attributes.empty(), "[product_from_content] no attributes: expected key#value*key#value");
  product.id = "attributes-" + sha256_hex(content).substr(0, 12);
  product.source.file = "attributes";
  product.source.row = 1;
  product.source.format = "advertisegen";
  return product;
}

std::string raw_content(const Product& product) {
  std::string content;
  for (const Attribute& a : product.attributes) content += (content.empty() ? "" : "*") + a.key_raw + "#" + a.val_raw;
  return content;
}

std::string canonical_content(const Product& product) {
  std::string content;
  for (const Attribute& a : product.attributes) content += (content.empty() ? "" : "*") + a.key + "#" + a.val;
  return content;
}

std::string to_advertisegen_line(const Product& product) {
  Json row = {{"content", raw_content(product)}};
  if (!product.summary.empty()) row["summary"] = product.summary;
  return dump_line(row);
}

}  // namespace vitrine::data
