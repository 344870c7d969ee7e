#include "store/migrations/steps.h"

namespace vitrine::store {

// copy_state and copy_text follow from candidates and reviews (copy_state.h); they stand here so
// that a list of many products can be filtered and counted.
const Migration kStep2Products = {.version = 2,
                                  .name = "products",
                                  .sql = R"sql(
CREATE TABLE imports (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  file TEXT NOT NULL,
  stored_as TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('preview', 'imported')),
  format TEXT NOT NULL,
  encoding TEXT NOT NULL,
  sheet TEXT NOT NULL,
  header_sha256 TEXT NOT NULL,
  mapping TEXT NOT NULL,
  preview TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (shop_id, id),
  FOREIGN KEY (shop_id, user_id) REFERENCES users (shop_id, id)
) STRICT;

CREATE TABLE import_findings (
  seq SEQUENCE,
  shop_id TEXT NOT NULL,
  import_id TEXT NOT NULL,
  row_number INTEGER NOT NULL,
  column_name TEXT NOT NULL,
  code TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('fatal', 'reject', 'warn', 'repair')),
  value TEXT NOT NULL,
  product_id TEXT NOT NULL,
  FOREIGN KEY (shop_id, import_id) REFERENCES imports (shop_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX findings_of_import ON import_findings (shop_id, import_id, seq);

CREATE TABLE column_mappings (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  header_sha256 TEXT NOT NULL,
  mapping TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (shop_id, header_sha256)
) STRICT;

CREATE TABLE products (
  seq SEQUENCE,
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  import_id TEXT NOT NULL,
  title TEXT NOT NULL,
  category TEXT NOT NULL,
  search_text TEXT NOT NULL,
  document TEXT NOT NULL,
  copy_state TEXT NOT NULL CHECK (copy_state IN
    ('empty', 'written', 'pending', 'rejected', 'approved', 'exported')),
  copy_text TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (shop_id, id)
) STRICT;
CREATE INDEX products_in_order ON products (shop_id, seq);
CREATE INDEX products_by_state ON products (shop_id, copy_state, seq);
CREATE INDEX products_by_category ON products (shop_id, category, seq);
CREATE INDEX products_of_import ON products (shop_id, import_id, seq);
)sql",
                                  .sqlite_sql = R"sql(
CREATE VIRTUAL TABLE product_search USING fts5(
  search_text, content='products', content_rowid='seq', tokenize='trigram');
CREATE TRIGGER product_search_added AFTER INSERT ON products BEGIN
  INSERT INTO product_search (rowid, search_text) VALUES (new.seq, new.search_text);
END;
CREATE TRIGGER product_search_changed AFTER UPDATE OF search_text ON products BEGIN
  INSERT INTO product_search (product_search, rowid, search_text)
    VALUES ('delete', old.seq, old.search_text);
  INSERT INTO product_search (rowid, search_text) VALUES (new.seq, new.search_text);
END;
)sql"};

}  // namespace vitrine::store
