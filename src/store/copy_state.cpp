#include "store/copy_state.h"

namespace vitrine::store {
namespace {

struct Copy {
  CopyState state = CopyState::empty;
  std::string text;
};

bool has_candidates(Connection& connection, const std::string& shop_id,
                    const std::string& product_id) {
  int64_t one = 0;
  return connection.read_one(
      connection.query("SELECT 1 FROM candidates c JOIN plans p ON p.shop_id = c.shop_id AND "
                       "p.id = c.plan_id WHERE c.shop_id = $1 AND c.product_id = $2 AND "
                       "c.kind = 'copy' AND p.field = 'description' LIMIT 1",
                       shop_id, product_id),
      one);
}

Copy copy_of(Connection& connection, const std::string& shop_id, const std::string& product_id) {
  Copy copy;
  const bool reviewed = connection.read_one(
      connection.query(
          "SELECT state, text FROM reviews WHERE shop_id = $1 AND product_id = $2 AND "
          "kind = 'copy' AND field = 'description' ORDER BY CASE state WHEN 'approved' "
          "THEN 0 WHEN 'exported' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END, "
          "updated_at DESC, seq DESC LIMIT 1",
          shop_id, product_id),
      copy.state, copy.text);
  if (!reviewed && has_candidates(connection, shop_id, product_id)) copy.state = CopyState::written;
  if (copy.state == CopyState::rejected) copy.text.clear();
  return copy;
}

}  // namespace

void refresh_copy_state(Connection& connection, const std::string& shop_id,
                        const std::string& product_id, UtcMillis now) {
  const Copy copy = copy_of(connection, shop_id, product_id);
  connection.run(
      "UPDATE products SET copy_state = $3, copy_text = $4, updated_at = $5 WHERE shop_id = $1 AND "
      "id = $2 AND (copy_state <> $3 OR copy_text <> $4)",
      shop_id, product_id, copy.state, copy.text, now);
}

}  // namespace vitrine::store
