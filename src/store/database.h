// store/database.h - the store of a server: opened, brought to the newest schema, and lent to its
// threads connection by connection.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/connection.h"

namespace vitrine::store {

/// Thread-safe. Outlives everything that it lends.
class Database {
 public:
  /// A connection on loan; it goes back when the object goes. For one thread; it must not borrow a
  /// second one meanwhile (all threads could wait for each other).
  class Loan {
   public:
    Loan(Loan&&) noexcept = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan();
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }

   private:
    friend class Database;
    Loan(Database& database, std::unique_ptr<Connection> connection)
        : database_(&database), connection_(std::move(connection)) {}
    Database* database_;
    std::unique_ptr<Connection> connection_;  // null once moved from
  };

  /// location: a file for SQLite, or postgresql://…; the schema is brought to kNewestSchema.
  /// Throws as connect(); InvalidInput when the schema is newer than this program.
  explicit Database(std::string location, DatabaseConfig config = {});

  /// Waits up to busy_timeout_ms for a free connection. Throws Busy; as connect().
  Loan borrow();

  /// File or server, without a password.
  const std::string& name() const { return name_; }

 private:
  void give_back(std::unique_ptr<Connection> connection) noexcept;
  std::unique_ptr<Connection> take_idle_or_place();

  const std::string location_;
  const DatabaseConfig config_;
  std::string name_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;
  int lent_ = 0;
};

}  // namespace vitrine::store
