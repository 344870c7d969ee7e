// store/migrate.h - the schema and its history: numbered steps that only go forward.
//
// Each step is one transaction: a process that is killed in it leaves the version before. What a
// released step made is never edited; a change is a new step (docs/formats/store.md).
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "store/connection.h"

namespace vitrine::store {

/// `sql` is written for SQLite; for PostgreSQL its types are exchanged (schema_for). What the two
/// say differently stands in the last two.
struct Migration {
  int version;  // 1, 2, 3, …
  std::string_view name;
  std::string_view sql;
  std::string_view sqlite_sql = {};
  std::string_view postgres_sql = {};
};

/// All steps of this program, in order.
std::span<const Migration> migrations();

/// The version of the newest step that was made; 0 = an empty database.
int schema_version(Connection& connection);

/// Makes the steps that are missing; several processes may do so at once. Throws InvalidInput when
/// the database has a version above the last step; as Connection::query.
void migrate(Connection& connection, std::span<const Migration> steps);

/// SQLite's words for types and tables as PostgreSQL's: INTEGER -> BIGINT, REAL -> DOUBLE
/// PRECISION, TEXT -> TEXT COLLATE "C" (order of bytes), SEQUENCE -> a key that counts itself,
/// STRICT -> nothing. For SQLite only SEQUENCE is exchanged. Texts in quotes and comments must not
/// hold these words.
std::string schema_for(const Dialect& dialect, std::string_view sql);

}  // namespace vitrine::store
