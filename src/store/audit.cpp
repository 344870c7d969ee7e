#include "store/audit.h"

namespace vitrine::store {
namespace {

int64_t read_row(Statement& row, AuditEntry& entry) {
  int64_t seq = 0;
  row.read(seq, entry.id, entry.time, entry.user_name, entry.action, entry.subject, entry.before,
           entry.after);
  return seq;
}

}  // namespace

void AuditTrail::add(const AuditEntry& entry) {
  connection_.run(
      "INSERT INTO audit (shop_id, id, time, user_name, action, subject, before, after) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      shop_id_, entry.id, entry.time, entry.user_name, entry.action, entry.subject, entry.before,
      entry.after);
}

Page<AuditEntry> AuditTrail::list(const std::string& subject, const PageRequest& request) {
  Sql sql("SELECT seq, id, time, user_name, action, subject, before, after FROM audit WHERE ");
  sql.add("shop_id = ", shop_id_);
  if (!subject.empty()) sql.add(" AND subject = ", subject);
  add_page(sql, "seq", /*newest_first=*/true, request);
  return read_page<AuditEntry>(sql.query(connection_), request.limit, read_row);
}

}  // namespace vitrine::store
