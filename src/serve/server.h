// serve/server.h - `vitrine serve` from start to end.
#pragma once
#include "serve/service.h"

namespace vitrine::serve {

/// Opens the store, prints where to go and, at the first start, the admin's password, and answers
/// until SIGINT or SIGTERM; then running jobs have `grace_s` to end, and go on at the next start
/// otherwise. Throws IoError (no folder, the port is taken), Busy (another server has this data
/// folder), InvalidInput, and as store::Database.
void run_server(const ServeConfig& config, const ServeHooks& hooks, bool reset_password);

}  // namespace vitrine::serve
