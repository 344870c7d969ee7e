#include "store/plans.h"

namespace vitrine::store {

void Plans::add(const Plan& plan) {
  connection_.run(
      "INSERT INTO plans (shop_id, id, product_id, field, style, platform, audience, length, "
      "factors, document, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON "
      "CONFLICT (shop_id, id) DO NOTHING",
      shop_id_, plan.id, plan.product_id, plan.field, plan.style, plan.platform, plan.audience,
      plan.length, plan.factors, plan.document, plan.created_at);
}

std::optional<Plan> Plans::find(const std::string& id) {
  Plan plan;
  const bool found = connection_.read_one(
      connection_.query("SELECT id, product_id, field, style, platform, audience, length, factors, "
                        "document, created_at FROM plans WHERE shop_id = $1 AND id = $2",
                        shop_id_, id),
      plan.id, plan.product_id, plan.field, plan.style, plan.platform, plan.audience, plan.length,
      plan.factors, plan.document, plan.created_at);
  return found ? std::optional(plan) : std::nullopt;
}

}  // namespace vitrine::store
