#include "store/imports.h"

namespace vitrine::store {

void Imports::add(const Import& import, const std::vector<Finding>& findings) {
  Transaction transaction(connection_);
  connection_.run(
      "INSERT INTO imports (shop_id, id, user_id, file, stored_as, size_bytes, state, format, "
      "encoding, sheet, header_sha256, mapping, preview, row_count, kept, rejected, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
      shop_id_, import.id, import.user_id, import.file, import.stored_as, import.size_bytes,
      import.state, import.format, import.encoding, import.sheet, import.header_sha256,
      import.mapping, import.preview, import.rows, import.kept, import.rejected, import.created_at);
  add_findings(import.id, findings);
  transaction.commit();
}

void Imports::add_findings(const std::string& id, const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    connection_.run(
        "INSERT INTO import_findings (shop_id, import_id, row_number, column_name, code, severity, "
        "value, product_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        shop_id_, id, finding.row, finding.column, finding.code, finding.severity, finding.value,
        finding.product_id);
  }
}

std::optional<Import> Imports::find(const std::string& id) {
  Import import;
  const bool found = connection_.read_one(
      connection_.query(
          "SELECT id, user_id, file, stored_as, size_bytes, state, format, encoding, sheet, "
          "header_sha256, mapping, preview, row_count, kept, rejected, created_at FROM imports "
          "WHERE shop_id = $1 AND id = $2",
          shop_id_, id),
      import.id, import.user_id, import.file, import.stored_as, import.size_bytes, import.state,
      import.format, import.encoding, import.sheet, import.header_sha256, import.mapping,
      import.preview, import.rows, import.kept, import.rejected, import.created_at);
  return found ? std::optional(import) : std::nullopt;
}

bool Imports::change(const Import& import, const std::vector<Finding>& findings) {
  Transaction transaction(connection_);
  const bool found =
      connection_.run(
          "UPDATE imports SET format = $3, encoding = $4, sheet = $5, header_sha256 = $6, "
          "mapping = $7, preview = $8, row_count = $9, kept = $10, rejected = $11 "
          "WHERE shop_id = $1 AND id = $2 AND state = 'preview'",
          shop_id_, import.id, import.format, import.encoding, import.sheet, import.header_sha256,
          import.mapping, import.preview, import.rows, import.kept, import.rejected) == 1;
  if (!found) return false;
  connection_.run("DELETE FROM import_findings WHERE shop_id = $1 AND import_id = $2", shop_id_,
                  import.id);
  add_findings(import.id, findings);
  transaction.commit();
  return true;
}

bool Imports::set_imported(const std::string& id) {
  return connection_.run("UPDATE imports SET state = 'imported' WHERE shop_id = $1 AND id = $2",
                         shop_id_, id) == 1;
}

Page<Finding> Imports::findings(const std::string& id, const PageRequest& request) {
  Sql sql(
      "SELECT seq, row_number, column_name, code, severity, value, product_id FROM import_findings "
      "WHERE ");
  sql.add("shop_id = ", shop_id_).add(" AND import_id = ", id);
  add_page(sql, "seq", /*newest_first=*/false, request);
  return read_page<Finding>(sql.query(connection_), request.limit, [](Statement& row, Finding& f) {
    int64_t seq = 0;
    row.read(seq, f.row, f.column, f.code, f.severity, f.value, f.product_id);
    return seq;
  });
}

std::vector<std::string> Imports::remove_previews(UtcMillis before) {
  Transaction transaction(connection_);
  std::vector<std::string> files;
  {
    Statement rows = connection_.query(
        "SELECT stored_as FROM imports WHERE shop_id = $1 AND state = 'preview' AND created_at < "
        "$2",
        shop_id_, before);
    while (rows.step()) rows.read(files.emplace_back());
  }
  connection_.run(
      "DELETE FROM imports WHERE shop_id = $1 AND state = 'preview' AND created_at < $2", shop_id_,
      before);
  transaction.commit();
  return files;
}

Document Imports::mapping_for(const std::string& header_sha256) {
  Document mapping;
  connection_.read_one(
      connection_.query(
          "SELECT mapping FROM column_mappings WHERE shop_id = $1 AND header_sha256 = $2", shop_id_,
          header_sha256),
      mapping);
  return mapping;
}

void Imports::remember_mapping(const std::string& header_sha256, const Document& mapping,
                               UtcMillis now) {
  connection_.run(
      "INSERT INTO column_mappings (shop_id, header_sha256, mapping, updated_at) "
      "VALUES ($1, $2, $3, $4) ON CONFLICT (shop_id, header_sha256) "
      "DO UPDATE SET mapping = excluded.mapping, updated_at = excluded.updated_at",
      shop_id_, header_sha256, mapping, now);
}

}  // namespace vitrine::store
