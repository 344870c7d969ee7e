#include "store/connection.h"

#include "base/error.h"
#include "base/log.h"
#include "store/backends.h"
#include "store/refused.h"

namespace vitrine::store {
namespace {

std::string savepoint(int level) { return concat("level_", level); }

std::string begin_words(const Dialect& dialect, Transaction::Kind kind) {
  const bool writes = kind == Transaction::Kind::write;
  if (dialect.is_sqlite) return writes ? "BEGIN IMMEDIATE" : "BEGIN";
  return writes ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
}

}  // namespace

bool is_postgres_location(std::string_view location) {
  return location.starts_with("postgresql://") || location.starts_with("postgres://");
}

std::unique_ptr<Connection> connect(const std::string& location, const DatabaseConfig& config) {
  VITRINE_REQUIRE(!location.empty(), "[connect] expected a file or postgresql://…, got nothing");
  return is_postgres_location(location) ? connect_postgres(location, config)
                                        : connect_sqlite(location, config);
}

void require_storable(const Value& value, const std::string& name) {
  const std::string* text = std::get_if<std::string>(&value);
  if (text != nullptr && text->find('\0') != std::string::npos)
    throw Refused(concat("[store] ", name, ": a text with U+0000 cannot be kept"));
}

Transaction::Transaction(Connection& connection, Kind kind)
    : connection_(connection), level_(connection.depth_ + 1) {
  connection_.execute(level_ == 1 ? begin_words(connection.dialect(), kind)
                                  : "SAVEPOINT " + savepoint(level_));
  connection_.depth_ = level_;
}

Transaction::~Transaction() {
  if (!open_) return;
  connection_.depth_ = level_ - 1;
  try {
    const std::string point = savepoint(level_);
    connection_.execute(level_ == 1 ? "ROLLBACK"
                                    : concat("ROLLBACK TO ", point, "; RELEASE ", point));
  } catch (const Error& error) {
    // A full disk or a lost server has ended the transaction already: nothing is left to take back.
    log_debug("[Transaction] ", error.what());
  }
}

void Transaction::commit() {
  connection_.execute(level_ == 1 ? "COMMIT" : "RELEASE " + savepoint(level_));
  connection_.depth_ = level_ - 1;
  open_ = false;
}

}  // namespace vitrine::store
