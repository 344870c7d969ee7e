// store/products.h - the shop's products: their records, how far their copy is, and the search.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/product.h"
#include "store/copy_state.h"
#include "store/of_shop.h"
#include "store/page.h"

namespace vitrine::store {

struct ProductEntry {
  std::string id;
  std::string import_id;  // empty = did not come with an upload
  std::string title, category;
  std::string search_text;  // what the search looks into
  Document document;        // docs/formats/product.md
  CopyState state = CopyState::empty;
  std::string copy;  // the description as it stands: approved, else pending; else empty
  UtcMillis created_at{}, updated_at{};
};

/// The entry of a record: category as data::category_of, search text of id, title, brand,
/// categories and attribute values.
ProductEntry product_entry(const data::Product& product, std::string import_id);
/// The record of an entry. Throws Corrupt, InvalidInput when the document is none.
data::Product product_of(const ProductEntry& entry);

struct ProductFilter {
  std::string words;                // all of them in the search text
  std::string category, import_id;  // empty = any
  std::optional<CopyState> state;
};

class Products : public OfShop {
 public:
  using OfShop::OfShop;

  /// Adds them, or replaces records of the same id: place in the list and state of the copy stay.
  void put(const std::vector<ProductEntry>& entries, UtcMillis now);
  std::optional<ProductEntry> find(const std::string& id);
  /// In the order in which they first came.
  Page<ProductEntry> list(const ProductFilter& filter, const PageRequest& request);
  /// Over all that the filter finds, its state aside.
  CopyStateCounts counts(const ProductFilter& filter);
};

}  // namespace vitrine::store
