#include "data/advertisegen.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "text/utf8.h"

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

void check_typed_content(std::string_view content, std::string_view option) {
  constexpr std::string_view kExpected = ": expected KEY#VALUE*KEY#VALUE";
  if (!text::is_valid_utf8(content)) throw UsageError(concat(option, ": not UTF-8", kExpected));
  if (content.find_first_of("\r\n") != std::string_view::npos) throw UsageError(concat(option, ": holds a line end", kExpected));
  Product product;
  for (const BadPair& bad : append_content(content, product)) {
    const bool no_separator = bad.code == "ATTR_NO_SEPARATOR";
    throw UsageError(concat(option, ": '", bad.piece, no_separator ? "' has no '#'" : "' has an empty key or value", kExpected));
  }
  if (product.attributes.empty()) throw UsageError(concat(option, ": no pair", kExpected));
  for (const Attribute& a : product.attributes) {
    const size_t longest = std::max(text::count_code_points(a.key_raw), text::count_code_points(a.val_raw));
    if (longest > kMaxAttributeCodePoints) {
      throw UsageError(concat(option, ": ", text::count_code_points(a.key_raw) > 40 ? "a key" : "the value of '" + a.key_raw + "'", " has ", longest,
                              " characters, at most ", kMaxAttributeCodePoints));
    }
  }
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
