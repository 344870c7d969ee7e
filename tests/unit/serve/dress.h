// A product for tests of the engine, in a category that the embedded model knows.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "data/product.h"

namespace vitrine::serve {

inline data::Product product_of(const std::string& id, const std::vector<std::pair<std::string, std::string>>& pairs) {
  data::Product product;
  product.id = id;
  for (const auto& [key, value] : pairs) {
    data::Attribute attribute;
    attribute.id = "a" + std::to_string(product.attributes.size() + 1);
    attribute.key = attribute.key_raw = key;
    attribute.val = attribute.val_raw = value;
    product.attributes.push_back(std::move(attribute));
  }
  return product;
}

inline data::Product dress(const std::string& id = "p1") {
  return product_of(id, {{"类型", "裙"}, {"风格", "简约"}, {"材质", "蕾丝"}, {"裙长", "连衣裙"}, {"裙领型", "v领"}});
}
inline data::Product trousers(const std::string& id = "p2") {
  return product_of(id, {{"类型", "裤"}, {"版型", "宽松"}, {"风格", "休闲"}, {"图案", "线条"}, {"裤腰型", "松紧腰"}});
}

}  // namespace vitrine::serve
