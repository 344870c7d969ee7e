#include "store/products.h"

#include "base/error.h"

namespace vitrine::store {
namespace {

int64_t read_row(Statement& row, ProductEntry& entry) {
  int64_t seq = 0;
  row.read(seq, entry.id, entry.import_id, entry.title, entry.category, entry.search_text,
           entry.document, entry.state, entry.copy, entry.created_at, entry.updated_at);
  return seq;
}

constexpr std::string_view kSelect =
    "SELECT p.seq, p.id, p.import_id, p.title, p.category, p.search_text, p.document, "
    "p.copy_state, "
    "p.copy_text, p.created_at, p.updated_at FROM products p WHERE ";

void add_filter(Sql& sql, const Dialect& dialect, const ProductFilter& filter) {
  if (!filter.category.empty()) sql.add(" AND p.category = ", filter.category);
  if (!filter.import_id.empty()) sql.add(" AND p.import_id = ", filter.import_id);
  add_search(sql, dialect, "p", "product_search", filter.words);
}

}  // namespace

ProductEntry product_entry(const data::Product& product, std::string import_id) {
  ProductEntry entry;
  entry.id = product.id;
  entry.import_id = std::move(import_id);
  entry.title = product.title_raw;
  entry.category = data::category_of(product);
  entry.document = dump_line(data::to_json(product));
  entry.search_text = concat(product.id, '\n', product.title_raw, '\n', product.brand);
  for (const std::string& category : product.category_path) entry.search_text += '\n' + category;
  for (const data::Attribute& attribute : product.attributes) {
    entry.search_text += '\n' + attribute.val_raw;
    if (attribute.val != attribute.val_raw) entry.search_text += '\n' + attribute.val;
  }
  return entry;
}

data::Product product_of(const ProductEntry& entry) {
  const std::string where = concat("product ", entry.id);
  return data::product_from_json(parse_json(entry.document, where), where);
}

void Products::put(const std::vector<ProductEntry>& entries, UtcMillis now) {
  Transaction transaction(connection_);
  for (const ProductEntry& entry : entries) {
    connection_.run(
        "INSERT INTO products (shop_id, id, import_id, title, category, search_text, document, "
        "copy_state, copy_text, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, "
        "'empty', '', $8, $8) ON CONFLICT (shop_id, id) DO UPDATE SET import_id = "
        "excluded.import_id, title = excluded.title, category = excluded.category, search_text = "
        "excluded.search_text, document = excluded.document, updated_at = excluded.updated_at",
        shop_id_, entry.id, entry.import_id, entry.title, entry.category, entry.search_text,
        entry.document, now);
  }
  transaction.commit();
}

std::optional<ProductEntry> Products::find(const std::string& id) {
  Statement rows =
      connection_.query(std::string(kSelect) + "p.shop_id = $1 AND p.id = $2", shop_id_, id);
  if (!rows.step()) return std::nullopt;
  ProductEntry entry;
  read_row(rows, entry);
  return entry;
}

Page<ProductEntry> Products::list(const ProductFilter& filter, const PageRequest& request) {
  Sql sql(kSelect);
  sql.add("p.shop_id = ", shop_id_);
  if (filter.state) sql.add(" AND p.copy_state = ", *filter.state);
  add_filter(sql, connection_.dialect(), filter);
  add_page(sql, "p.seq", /*newest_first=*/false, request);
  return read_page<ProductEntry>(sql.query(connection_), request.limit, read_row);
}

CopyStateCounts Products::counts(const ProductFilter& filter) {
  Sql sql("SELECT p.copy_state, count(*) FROM products p WHERE ");
  sql.add("p.shop_id = ", shop_id_);
  add_filter(sql, connection_.dialect(), filter);
  sql.add(" GROUP BY p.copy_state");
  CopyStateCounts counts{};
  Statement rows = sql.query(connection_);
  while (rows.step()) {
    CopyState state{};
    int64_t count = 0;
    rows.read(state, count);
    counts[static_cast<size_t>(state)] = count;
  }
  return counts;
}

}  // namespace vitrine::store
