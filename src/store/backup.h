// store/backup.h - a copy of the store that is whole, made while others work.
#pragma once
#include <filesystem>

#include "store/connection.h"

namespace vitrine::store {

/// Copies one state of the database to `path`, which appears whole or not at all (an older file
/// stays until then), readable by its owner alone. Writers are not held up. Throws InvalidInput for
/// PostgreSQL, whose tool pg_dump does this; IoError (full disk), Busy.
void back_up(Connection& connection, const std::filesystem::path& path);

}  // namespace vitrine::store
