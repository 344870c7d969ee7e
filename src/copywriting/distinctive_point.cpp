#include "copywriting/distinctive_point.h"

#include <algorithm>
#include <set>

namespace vitrine::copywriting {

void ValueFrequencies::add(const data::Product& product) {
  std::set<std::string_view> values;
  for (const auto& attribute : product.attributes) values.insert(attribute.val);
  for (const auto value : values) ++df_[std::string(value)];
}

int64_t ValueFrequencies::df(std::string_view value) const {
  const auto found = df_.find(value);
  return found == df_.end() ? 0 : found->second;
}

std::string ValueFrequencies::distinctive_value(const data::Product& product) const {
  const std::string* best = nullptr;
  for (const auto& attribute : product.attributes) {
    const std::string& value = attribute.val;
    if (best == nullptr || df(value) < df(*best) || (df(value) == df(*best) && value < *best)) best = &value;
  }
  return best == nullptr ? "" : *best;
}

std::optional<PointPlace> find_point(std::u32string_view text, std::u32string_view value) {
  const size_t at = text.find(value);
  if (value.empty() || at == text.npos) return std::nullopt;
  const size_t sentence_end = std::min(text.find_first_of(U"。！？!?"), text.size());
  return PointPlace{static_cast<double>(at) / static_cast<double>(text.size()), at + value.size() <= sentence_end};
}

}  // namespace vitrine::copywriting
