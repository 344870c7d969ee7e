// store/shops.h - shops and their settings.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "store/connection.h"

namespace vitrine::store {

enum class LabelPlace { start, end };
template <>
struct EnumWords<LabelPlace> {
  static constexpr std::string_view words[] = {"start", "end"};
};

struct Shop {
  std::string id, name;
  std::string producer;  // ContentProducer of implicit labels; empty = none yet
  std::string label_wording;
  LabelPlace label_place = LabelPlace::end;
  bool own_approval = false;           // authors may approve what they picked
  double price_per_hour = 0;           // of the machine, in `currency`, >= 0
  double operator_price_per_hour = 0;  // >= 0
  std::string currency = "CNY";
  UtcMillis created_at{};
};

/// All shops of an installation: for those who run it, and for the settings of the caller's own
/// shop. Throws as Connection::query.
class Shops {
 public:
  explicit Shops(Connection& connection) : connection_(connection) {}

  void add(const Shop& shop);  // throws InvalidInput when the id is taken
  std::optional<Shop> find(const std::string& id);
  std::vector<Shop> list();  // in the order in which they were added
  /// Everything but id, currency and created_at; false when there is no such shop.
  bool change(const Shop& shop);

 private:
  Connection& connection_;
};

}  // namespace vitrine::store
