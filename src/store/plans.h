// store/plans.h - which points a text makes; a plan never changes.
#pragma once
#include <optional>
#include <string>

#include "store/of_shop.h"

namespace vitrine::store {

struct Plan {
  std::string id, product_id;
  std::string field, style, platform, audience;  // the factors by which picks are counted
  int length = 0;                                // code points wanted
  Document factors;                              // all that the operator set: for recall
  Document document;                             // the plan itself: points, groups, dropped pairs
  UtcMillis created_at{};
};

class Plans : public OfShop {
 public:
  using OfShop::OfShop;
  /// One that is there stays as it is. Throws InvalidInput for a product that the shop does not
  /// have.
  void add(const Plan& plan);
  std::optional<Plan> find(const std::string& id);
};

}  // namespace vitrine::store
