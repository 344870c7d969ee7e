#include "store/exports.h"

namespace vitrine::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT e.id, e.job_id, e.user_id, u.name, e.file, e.stored_as, e.size_bytes, e.counts, "
    "e.verified, e.dry_run, e.created_at FROM exports e "
    "JOIN users u ON u.shop_id = e.shop_id AND u.id = e.user_id WHERE e.shop_id = $1 ";

void read_row(Statement& row, Export& e) {
  row.read(e.id, e.job_id, e.user_id, e.user_name, e.file, e.stored_as, e.size_bytes, e.counts,
           e.verified, e.dry_run, e.created_at);
}

}  // namespace

void Exports::add(const Export& e) {
  connection_.run(
      "INSERT INTO exports (shop_id, id, job_id, user_id, file, stored_as, size_bytes, counts, "
      "verified, dry_run, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      shop_id_, e.id, e.job_id, e.user_id, e.file, e.stored_as, e.size_bytes, e.counts, e.verified,
      e.dry_run, e.created_at);
}

std::optional<Export> Exports::find(const std::string& id) {
  Statement rows = connection_.query(std::string(kSelect) + "AND e.id = $2", shop_id_, id);
  if (!rows.step()) return std::nullopt;
  Export record;
  read_row(rows, record);
  return record;
}

std::vector<Export> Exports::list() {
  std::vector<Export> exports;
  Statement rows = connection_.query(std::string(kSelect) + "ORDER BY e.seq DESC", shop_id_);
  while (rows.step()) read_row(rows, exports.emplace_back());
  return exports;
}

}  // namespace vitrine::store
