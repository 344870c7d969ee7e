#include "copywriting/subject.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace vitrine::copywriting {
namespace {

// Keys whose values can be the noun, the first one wins, and how their nouns end: 牛仔裙, not a字; 衬衫, not 宽松.
struct NounKey {
  std::string_view key;
  std::span<const std::string_view> ends;
};
constexpr std::array<std::string_view, 18> kTops{"衣", "衫", "恤", "外套", "马甲", "背心", "西装", "夹克", "服", "polo", "POLO", "吊带", "袄", "袍", "褂", "披肩", "斗篷", "抹胸"};
constexpr std::array<std::string_view, 1> kSkirts{"裙"}, kTrousers{"裤"};
constexpr std::array<NounKey, 5> kNounKeys{
    {{"衣样式", kTops}, {"裙长", kSkirts}, {"裤长", kTrousers}, {"裙型", kSkirts}, {"裤型", kTrousers}}};

// Nouns that say little; another value of the same key goes before them.
constexpr std::array<std::string_view, 9> kWideNouns{"外套", "衫", "长裙", "短裙", "中裙", "中长裙", "超短裙", "长裤", "短裤"};

bool is_wide(std::string_view noun) { return std::find(kWideNouns.begin(), kWideNouns.end(), noun) != kWideNouns.end(); }

int find_key(const data::Product& product, std::string_view key) {
  for (size_t i = 0; i < product.attributes.size(); ++i) {
    if (product.attributes[i].key == key) return static_cast<int>(i);
  }
  return -1;
}

int find_noun(const data::Product& product, const NounKey& noun) {
  int wide = -1;
  for (size_t i = 0; i < product.attributes.size(); ++i) {
    const data::Attribute& a = product.attributes[i];
    const auto is_end_of_value = [&](std::string_view end) { return a.val.ends_with(end); };
    if (a.key != noun.key || std::none_of(noun.ends.begin(), noun.ends.end(), is_end_of_value)) continue;
    if (!is_wide(a.val)) return static_cast<int>(i);
    if (wide < 0) wide = static_cast<int>(i);
  }
  return wide;
}

/// 长裙 of a 连衣裙, but not of a 裙.
bool says_less_than_category(const data::Product& product, std::string_view noun) {
  return is_wide(noun) && !product.category_path.empty() && !noun.ends_with(product.category_path.back());
}

}  // namespace

Subject find_subject(const data::Product& product) {
  Subject subject;
  const int type = find_key(product, "类型");
  int word = -1;
  for (size_t k = 0; k < kNounKeys.size() && word < 0; ++k) word = find_noun(product, kNounKeys[k]);
  if (word >= 0 && says_less_than_category(product, product.attributes[static_cast<size_t>(word)].val)) word = -1;
  if (type >= 0) subject.attr_idx.push_back(type);
  if (word >= 0) subject.attr_idx.push_back(word);
  if (word < 0 && !product.category_path.empty()) {
    subject.key = "类目";
    subject.value = product.category_path.back();
  } else if (word >= 0 || type >= 0) {
    const data::Attribute& a = product.attributes[static_cast<size_t>(word >= 0 ? word : type)];
    subject.key = a.key;
    subject.value = a.val;
  }
  return subject;
}

}  // namespace vitrine::copywriting
