// store/sqlite_backup.h - the copy of an open SQLite database; used through backup.h.
#pragma once
#include <string>

#include "store/connection.h"

namespace vitrine::store {

/// Copies one state of the database into a new file while others read and write. Throws IoError,
/// Busy. REQUIRES: a connection whose dialect is SQLite, without an open transaction.
void copy_sqlite(Connection& source, const std::string& path);

}  // namespace vitrine::store
