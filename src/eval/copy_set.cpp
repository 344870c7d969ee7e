#include "eval/copy_set.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "data/advertisegen.h"
#include "eval/bootstrap.h"
#include "text/utf8.h"

namespace vitrine::eval {
namespace {

std::u32string evidence_of(const data::Product& product) {
  return text::metric_code_points(data::raw_content(product) + "\n" + data::canonical_content(product) + "\n" + product.title_raw +
                                  "\n" + product.description_raw + "\n" + product.brand);
}

CopyItem make_item(const data::Product& product) {
  VITRINE_REQUIRE(!product.attributes.empty(), "[make_copy_set] ", product.id, ": no attribute pairs");
  CopyItem item;
  item.id = product.id;
  item.reference = text::metric_code_points(product.summary);
  VITRINE_REQUIRE(!item.reference.empty(), "[make_copy_set] ", product.id, ": summary: expected human copy, got an empty text");
  item.evidence = evidence_of(product);
  for (const auto& attribute : product.attributes) {
    item.keys.push_back(attribute.key);
    item.values.push_back(text::metric_code_points(attribute.val));
    item.raw_values.push_back(text::metric_code_points(attribute.val_raw));
  }
  return item;
}

std::vector<std::u32string> summaries(std::span<const data::Product> products) {
  std::vector<std::u32string> texts;
  for (const auto& product : products) texts.push_back(text::metric_code_points(product.summary));
  return texts;
}

}  // namespace

CopySet make_copy_set(std::span<const data::Product> products) {
  VITRINE_REQUIRE(!products.empty(), "[make_copy_set] no products");
  CopySet set;
  std::unordered_map<std::string, uint32_t> groups;
  std::vector<size_t> sizes;
  for (const auto& product : products) {
    CopyItem item = make_item(product);
    const auto [group, added] = groups.try_emplace(data::raw_content(product), static_cast<uint32_t>(groups.size()));
    if (added) sizes.push_back(0);
    item.group = group->second;
    ++sizes[item.group];
    set.push_back(std::move(item));
  }
  for (CopyItem& item : set) item.single = sizes[item.group] == 1;
  return set;
}

TrainTable::TrainTable(std::span<const data::Product> products) : runs_(summaries(products)) {
  std::vector<double> by_use;
  std::vector<std::u32string> uses;
  for (const auto& product : products) {
    std::set<std::u32string> values;
    for (const auto& attribute : product.attributes) {
      uses.push_back(text::metric_code_points(attribute.val));
      values.insert(uses.back());
    }
    for (const auto& value : values) ++df_[value];
  }
  std::vector<double> distinct;
  for (const auto& [value, df] : df_) distinct.push_back(static_cast<double>(df));
  for (const auto& value : uses) by_use.push_back(static_cast<double>(df_[value]));
  std::sort(distinct.begin(), distinct.end());
  std::sort(by_use.begin(), by_use.end());
  rare_df_ = quantile(distinct, 0.2);
  rare_df_by_use_ = quantile(by_use, 0.2);
}

int64_t TrainTable::value_df(std::u32string_view value) const {
  const auto found = df_.find(value);
  return found == df_.end() ? 0 : found->second;
}

Leakage find_leakage(std::span<const data::Product> train, std::span<const data::Product> set) {
  std::unordered_set<std::string> rows, texts, inputs;
  for (const auto& product : train) {
    inputs.insert(data::raw_content(product));
    rows.insert(data::to_advertisegen_line(product));
    if (!product.summary.empty()) texts.insert(product.summary);
  }
  Leakage leakage;
  for (const auto& product : set) {
    const bool same_text = texts.contains(product.summary);
    leakage.inputs += inputs.contains(data::raw_content(product));
    leakage.rows += rows.contains(data::to_advertisegen_line(product));
    leakage.texts += same_text;
    if (same_text && leakage.first.empty()) leakage.first = product.id;
  }
  return leakage;
}

}  // namespace vitrine::eval
