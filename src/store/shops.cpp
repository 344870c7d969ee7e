#include "store/shops.h"

namespace vitrine::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, name, producer, label_wording, label_place, own_approval, price_per_hour, "
    "operator_price_per_hour, currency, created_at FROM shops ";

void read_row(Statement& row, Shop& shop) {
  row.read(shop.id, shop.name, shop.producer, shop.label_wording, shop.label_place,
           shop.own_approval, shop.price_per_hour, shop.operator_price_per_hour, shop.currency,
           shop.created_at);
}

}  // namespace

void Shops::add(const Shop& shop) {
  connection_.run(
      "INSERT INTO shops (id, name, producer, label_wording, label_place, own_approval, "
      "price_per_hour, operator_price_per_hour, currency, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      shop.id, shop.name, null_if_empty(shop.producer), shop.label_wording, shop.label_place,
      shop.own_approval, shop.price_per_hour, shop.operator_price_per_hour, shop.currency,
      shop.created_at);
}

std::optional<Shop> Shops::find(const std::string& id) {
  Statement rows = connection_.query(std::string(kSelect) + "WHERE id = $1", id);
  if (!rows.step()) return std::nullopt;
  Shop shop;
  read_row(rows, shop);
  return shop;
}

std::vector<Shop> Shops::list() {
  std::vector<Shop> shops;
  Statement rows = connection_.query(std::string(kSelect) + "ORDER BY seq");
  while (rows.step()) read_row(rows, shops.emplace_back());
  return shops;
}

bool Shops::change(const Shop& shop) {
  return connection_.run(
             "UPDATE shops SET name = $2, producer = $3, label_wording = $4, label_place = $5, "
             "own_approval = $6, price_per_hour = $7, operator_price_per_hour = $8 WHERE id = $1",
             shop.id, shop.name, null_if_empty(shop.producer), shop.label_wording, shop.label_place,
             shop.own_approval, shop.price_per_hour, shop.operator_price_per_hour) == 1;
}

}  // namespace vitrine::store
