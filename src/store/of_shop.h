// store/of_shop.h - what every repository of a shop's things begins with.
//
// A repository is made for one request: a connection and the caller's shop. All its queries are
// confined to that shop; an id of another shop is answered like an unknown one. It keeps nothing,
// so it is as cheap as two references, and belongs to the connection's thread. All methods throw as
// Connection::query; what else they throw stands beside them. Combine several in one Transaction.
#pragma once
#include <string>
#include <utility>

#include "store/connection.h"

namespace vitrine::store {

class OfShop {
 public:
  OfShop(Connection& connection, std::string shop_id)
      : connection_(connection), shop_id_(std::move(shop_id)) {}

 protected:
  Connection& connection_;
  std::string shop_id_;
};

}  // namespace vitrine::store
