// Stands for postgres.cpp where libpq is absent.
#include "base/error.h"
#include "store/backends.h"

namespace vitrine::store {

std::unique_ptr<Connection> connect_postgres(const std::string&, const DatabaseConfig&) {
  throw InvalidInput(
      "[postgres] this program was built without libpq; give a file, or build it with libpq-dev");
}

}  // namespace vitrine::store
