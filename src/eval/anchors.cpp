#include "eval/anchors.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/error.h"

namespace vitrine::eval {
namespace {

using ValuesByKey = std::map<std::string, std::vector<std::string>, std::less<>>;

std::string join(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : "、") + value;
  return text;
}

/// First value of the first of `keys` that the product has; "" when it has none.
std::string first_of(const ValuesByKey& values, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    if (const auto found = values.find(key); found != values.end()) return found->second.front();
  }
  return "";
}

/// before + values of the key + after, or nothing when the product lacks the key.
std::string phrase(const ValuesByKey& values, std::string_view before, std::string_view key, std::string_view after) {
  const auto found = values.find(key);
  return found == values.end() ? "" : concat(before, join(found->second), after);
}

/// Values of the keys that no other phrase takes, in input order.
std::vector<std::string> other_values(const data::Product& product) {
  std::vector<std::string> values;
  for (const auto& attribute : product.attributes) {
    const auto& key = attribute.key;
    if (key != "类型" && key != "颜色" && key != "材质" && key != "版型" && key != "风格" && key != "图案") values.push_back(attribute.val);
  }
  return values;
}

size_t common_size(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  size_t count = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const int order = a[i].compare(b[j]);
    count += order == 0;
    i += order <= 0;
    j += order >= 0;
  }
  return count;
}

}  // namespace

std::string joined_values(const data::Product& product) {
  std::string text;
  for (const auto& attribute : product.attributes) text += attribute.val;
  return text;
}

std::string anchor_template(const data::Product& product) {
  ValuesByKey values;
  for (const auto& attribute : product.attributes) values[attribute.key].push_back(attribute.val);
  std::string text = "这款" + first_of(values, {"颜色"}) + first_of(values, {"裙型", "衣样式", "裤型"}) + first_of(values, {"类型"});
  text += phrase(values, "，采用", "材质", "面料，穿着舒适亲肤");
  text += phrase(values, "。", "版型", "的版型设计，修饰身材，穿着显瘦");
  text += phrase(values, "。整体呈现", "风格", "的风格");
  text += phrase(values, "，搭配", "图案", "图案，增添了时尚感");
  const auto others = other_values(product);
  if (!others.empty()) text += "。" + join(others) + "的设计，凸显出女性的优雅气质";
  return text + "。";
}

RetrievalAnchor::RetrievalAnchor(std::span<const data::Product> train) : train_(train) {
  VITRINE_REQUIRE(!train.empty(), "[RetrievalAnchor] train: no products");
  for (const auto& product : train) pairs_.push_back(pairs_of(product));
}

RetrievalAnchor::PairSet RetrievalAnchor::pairs_of(const data::Product& product) {
  PairSet pairs;
  for (const auto& attribute : product.attributes) pairs.push_back(attribute.key + "#" + attribute.val);
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  return pairs;
}

size_t RetrievalAnchor::nearest(const data::Product& product) const {
  const PairSet wanted = pairs_of(product);
  size_t best = 0, best_common = 0, best_union = 1;
  for (size_t i = 0; i < pairs_.size(); ++i) {
    const size_t common = common_size(wanted, pairs_[i]), all = wanted.size() + pairs_[i].size() - common;
    if (common * best_union > best_common * all) best = i, best_common = common, best_union = all;  // fractions, exactly
  }
  return best;
}

}  // namespace vitrine::eval
