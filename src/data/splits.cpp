#include "data/splits.h"

#include <set>
#include <unordered_map>

#include "text/utf8.h"

namespace vitrine::data {
namespace {

using FirstRow = std::unordered_map<std::string, size_t>;

std::string summary_key(const Product& product) { return text::to_utf8(text::metric_code_points(product.summary)); }

const size_t* find_row(const FirstRow& rows, const std::string& key) {
  const auto found = key.empty() ? rows.end() : rows.find(key);
  return found == rows.end() ? nullptr : &found->second;
}

}  // namespace

std::string input_key(const Product& product) {
  std::set<std::string> pairs;
  for (const Attribute& a : product.attributes) pairs.insert(a.key_raw + "#" + a.val_raw);
  std::string key = product.title_raw;
  for (const std::string& pair : pairs) key += "*" + pair;
  return key;
}

std::vector<LeakedRow> leaked_rows(std::span<const Product> train, std::span<const Product> held_out) {
  FirstRow inputs, summaries;
  for (size_t i = 0; i < train.size(); ++i) {
    inputs.emplace(input_key(train[i]), i);
    summaries.emplace(summary_key(train[i]), i);
  }
  std::vector<LeakedRow> leaked;
  for (size_t i = 0; i < held_out.size(); ++i) {
    const size_t* input = find_row(inputs, input_key(held_out[i]));
    const size_t* summary = find_row(summaries, summary_key(held_out[i]));
    if (input || summary) leaked.push_back({i, input ? *input : *summary, input != nullptr, summary != nullptr});
  }
  return leaked;
}

}  // namespace vitrine::data
