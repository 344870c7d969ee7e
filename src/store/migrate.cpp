#include "store/migrate.h"

#include <cctype>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace vitrine::store {
namespace {

using Words = std::span<const std::pair<std::string_view, std::string_view>>;

constexpr std::pair<std::string_view, std::string_view> kSqliteWords[] = {
    {"SEQUENCE", "INTEGER PRIMARY KEY AUTOINCREMENT"}};
constexpr std::pair<std::string_view, std::string_view> kPostgresWords[] = {
    {"SEQUENCE", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"},
    {"INTEGER", "BIGINT"},
    {"REAL", "DOUBLE PRECISION"},
    {"TEXT", "TEXT COLLATE \"C\""},
    {"BLOB", "BYTEA"},
    {"STRICT", ""}};

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view exchanged(Words words, std::string_view word) {
  for (const auto& [from, to] : words) {
    if (from == word) return to;
  }
  return word;
}

void make_version_table(Connection& connection) {
  connection.execute(schema_for(connection.dialect(),
                                "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER "
                                "PRIMARY KEY, name TEXT NOT NULL, "
                                "made_at INTEGER NOT NULL) STRICT"));
}

/// In PostgreSQL only one process migrates at a time; in SQLite BEGIN IMMEDIATE sees to that.
void lock_schema(Connection& connection) {
  constexpr int64_t kKey = 0x56495452;
  if (!connection.dialect().is_sqlite) connection.query("SELECT pg_advisory_xact_lock($1)", kKey);
}

int newest_version(Connection& connection) {
  int64_t version = 0;
  connection.read_one(connection.query("SELECT coalesce(max(version), 0) FROM schema_versions"),
                      version);
  return static_cast<int>(version);
}

void make_step(Connection& connection, const Migration& step) {
  connection.execute(schema_for(connection.dialect(), step.sql));
  const bool is_sqlite = connection.dialect().is_sqlite;
  connection.execute(std::string(is_sqlite ? step.sqlite_sql : step.postgres_sql));
  connection.run("INSERT INTO schema_versions (version, name, made_at) VALUES ($1, $2, $3)",
                 step.version, step.name, utc_now());
}

/// Makes the first missing step; false when there is none.
bool make_next_step(Connection& connection, std::span<const Migration> steps) {
  Transaction transaction(connection);
  lock_schema(connection);
  make_version_table(connection);
  const int version = newest_version(connection);
  const int newest = steps.empty() ? 0 : steps.back().version;
  VITRINE_REQUIRE(version <= newest, "[migrate] ", connection.name(),
                  ": schema version: expected at most ", newest, ", the database has ", version,
                  "; use the newer program that made it");
  for (const Migration& step : steps) {
    if (step.version <= version) continue;
    make_step(connection, step);
    transaction.commit();
    log_debug("[migrate] ", connection.name(), ": version ", step.version, " (", step.name, ")");
    return true;
  }
  return false;
}

}  // namespace

int schema_version(Connection& connection) {
  int64_t tables = 0;
  const char* sql = connection.dialect().is_sqlite
                        ? "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_versions'"
                        : "SELECT count(*) FROM pg_tables WHERE tablename = 'schema_versions' AND "
                          "schemaname = current_schema()";
  connection.read_one(connection.query(sql), tables);
  return tables == 0 ? 0 : newest_version(connection);
}

void migrate(Connection& connection, std::span<const Migration> steps) {
  // Most openings find nothing to do, and then must not wait for a writer.
  if (!steps.empty() && schema_version(connection) == steps.back().version) return;
  while (make_next_step(connection, steps)) {
  }
}

std::string schema_for(const Dialect& dialect, std::string_view sql) {
  const Words words = dialect.is_sqlite ? Words(kSqliteWords) : Words(kPostgresWords);
  std::string out;
  for (size_t begin = 0; begin < sql.size();) {
    size_t end = begin;
    while (end < sql.size() && is_word_char(sql[end])) ++end;
    if (end == begin) {
      out += sql[begin++];
      continue;
    }
    out += exchanged(words, sql.substr(begin, end - begin));
    begin = end;
  }
  return out;
}

}  // namespace vitrine::store
