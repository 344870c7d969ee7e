// serve/server.h - `vitrine serve` from start to end.
#pragma once
#include "serve/service.h"

namespace vitrine::serve {

/// Opens the store, prints where to go and, at the first start, the admin's password, and answers
/// until SIGINT or SIGTERM; then running jobs have `grace_s` to end, and go on at the next start
/// otherwise. Throws IoError (no folder, the port is taken), Busy (another server has this data
/// folder), InvalidInput, and as store::Database.
void run_server(const ServeConfig& config, const ServeHooks& hooks, bool reset_password);

/// Adds a shop and says how its admin signs in, on standard output; does not serve. May run beside a server of
/// the same version: nobody else has to stop. Throws as add_shop (first_start.h) and store::Database.
void run_add_shop(const ServeConfig& config, const std::string& name);

}  // namespace vitrine::serve
