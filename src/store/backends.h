// store/backends.h - the two databases behind Connection; sqlite.cpp, postgres.cpp, and
// postgres_none.cpp where libpq is absent.
#pragma once
#include "store/connection.h"

namespace vitrine::store {

/// See connect().
std::unique_ptr<Connection> connect_sqlite(const std::string& path, const DatabaseConfig& config);
std::unique_ptr<Connection> connect_postgres(const std::string& url, const DatabaseConfig& config);

/// Throws InvalidInput for a text that holds U+0000, which no database keeps.
void require_storable(const Value& value, const std::string& name);

}  // namespace vitrine::store
