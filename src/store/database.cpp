#include "store/database.h"

#include "base/error.h"
#include "store/migrate.h"

namespace vitrine::store {

Database::Loan::~Loan() {
  if (connection_) database_->give_back(std::move(connection_));
}

Database::Database(std::string location, DatabaseConfig config)
    : location_(std::move(location)), config_(config) {
  VITRINE_REQUIRE(config_.max_connections >= 1, "[Database] max_connections: expected >= 1, got ",
                  config_.max_connections);
  auto connection = connect(location_, config_);
  migrate(*connection, migrations());
  name_ = connection->name();
  idle_.push_back(std::move(connection));
}

Database::Loan Database::borrow() {
  std::unique_ptr<Connection> connection = take_idle_or_place();
  if (connection) return Loan(*this, std::move(connection));
  try {
    return Loan(*this, connect(location_, config_));
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

/// An idle connection, or nothing: the caller may open one.
std::unique_ptr<Connection> Database::take_idle_or_place() {
  std::unique_lock lock(mutex_);
  const bool free = freed_.wait_for(lock, std::chrono::milliseconds(config_.busy_timeout_ms),
                                    [&] { return lent_ < config_.max_connections; });
  if (!free)
    throw Busy(
        concat("[Database] ", name_, ": all ", config_.max_connections, " connections are in use"));
  ++lent_;
  if (idle_.empty()) return nullptr;
  std::unique_ptr<Connection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void Database::give_back(std::unique_ptr<Connection> connection) noexcept {
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (connection && connection->is_usable()) idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace vitrine::store
