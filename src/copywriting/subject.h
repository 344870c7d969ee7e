// copywriting/subject.h - the noun a text is about: 连衣裙 for 类型#裙 with 裙长#连衣裙, 卫衣 for 类型#上衣 with 衣样式#卫衣.
#pragma once
#include <string>
#include <vector>

#include "data/product.h"

namespace vitrine::copywriting {

struct Subject {
  std::vector<int> attr_idx;  // 类型 and the word's own attribute, as far as the product has them
  std::string key, value;     // key 类目 when it is taken from the category path; value "" = no noun known
};

/// The most specific garment word, else the last of the category path, else the value of 类型.
Subject find_subject(const data::Product& product);

}  // namespace vitrine::copywriting
