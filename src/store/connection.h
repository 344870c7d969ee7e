// store/connection.h - one connection to SQLite or PostgreSQL: statements with bound values, and
// transactions.
//
// SQL is written once for both: parameters are $1, $2, … (any may stand twice), values are bound
// and never spliced into the text. What SQL cannot say in both is a word of `Dialect`. A connection
// belongs to one thread at a time.
#pragma once
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/value.h"

namespace vitrine::store {

/// How long a database is waited for, and how many connections a Database holds.
struct DatabaseConfig {
  int busy_timeout_ms = 5000;  // for a lock, or for a free connection; then Busy
  int max_connections = 16;
};

/// What differs between the backends inside one statement.
struct Dialect {
  bool is_sqlite = true;
  std::string_view contains;     // "LIKE" without regard to case (ASCII letters)
  std::string_view for_update;   // after SELECT: rows stay as they are until the transaction ends
  std::string_view skip_locked;  // the same, passing over rows that another transaction holds
};

/// What a backend does for one statement; used through Statement.
class StatementBackend {
 public:
  virtual ~StatementBackend() = default;
  virtual bool step() = 0;                   // to the next row; false at the end
  virtual Value column(int index) = 0;       // from 0, of the present row
  virtual int64_t changed_rows() const = 0;  // by INSERT, UPDATE, DELETE, after the last step
};

/// The rows of a statement. Call order: (step, read)*. Lives shorter than its connection.
class Statement {
 public:
  explicit Statement(std::unique_ptr<StatementBackend> backend) : backend_(std::move(backend)) {}

  /// Goes to the next row; false = no more. Throws as Connection::query.
  bool step() { return backend_->step(); }

  /// All columns of the present row, in their order. Throws Corrupt when a column holds another
  /// type.
  template <typename... Fields>
  void read(Fields&... fields) {
    int index = 0;
    (from_value(backend_->column(index++), fields), ...);
  }

  int64_t changed_rows() const { return backend_->changed_rows(); }

 private:
  std::unique_ptr<StatementBackend> backend_;
};

class Connection {
 public:
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The rows of a statement with its values bound to $1, $2, …
  /// It and the statement throw Busy (locked by others for busy_timeout_ms, deadlock), IoError
  /// (full disk, server gone), Corrupt (the file's bytes), InvalidInput (a constraint, a value that
  /// the database refuses), InternalError (SQL of ours that is wrong); each names the file or
  /// server.
  template <typename... Values>
  Statement query(std::string_view sql, const Values&... values) {
    const std::initializer_list<Value> bound = {to_value(values)...};
    return query_values(sql, {bound.begin(), bound.size()});
  }
  Statement query_values(std::string_view sql, std::span<const Value> values) {
    return Statement(prepare(sql, values));
  }

  /// Runs a statement without rows; how many rows it changed.
  template <typename... Values>
  int64_t run(std::string_view sql, const Values&... values) {
    Statement statement = query(sql, values...);
    while (statement.step()) {
    }
    return statement.changed_rows();
  }

  /// The first row into `fields`; false when there is none.
  template <typename... Fields>
  bool read_one(Statement statement, Fields&... fields) {
    if (!statement.step()) return false;
    statement.read(fields...);
    return true;
  }

  /// Several statements without values, for migrations. Throws as query.
  virtual void execute(const std::string& script) = 0;

  virtual const Dialect& dialect() const = 0;
  /// File or server, without a password: for messages.
  virtual const std::string& name() const = 0;
  /// False once the server is gone: to be thrown away.
  virtual bool is_usable() const = 0;

 protected:
  Connection() = default;
  /// Keeps copies of sql and values.
  virtual std::unique_ptr<StatementBackend> prepare(std::string_view sql,
                                                    std::span<const Value> values) = 0;

 private:
  friend class Transaction;
  int depth_ = 0;  // transactions that are open
};

/// Opens a connection: "postgresql://…" or "postgres://…" a server, everything else a file of
/// SQLite, which is made (readable by its owner alone) when it is not there. Does not migrate.
/// Throws NotFound (no folder, no such database on the server), IoError, Corrupt (not a database),
/// InvalidInput (another program's file, a server whose encoding is not UTF-8).
std::unique_ptr<Connection> connect(const std::string& location, const DatabaseConfig& config);
bool is_postgres_location(std::string_view location);

/// All or nothing. Without commit the destructor takes everything back. Inside another transaction
/// it is a part of that one (a savepoint), so that repositories can be combined.
class Transaction {
 public:
  enum class Kind {
    write,  // alone at once: throws Busy here and not in the middle
    read,   // sees one state of the database
  };
  explicit Transaction(Connection& connection, Kind kind = Kind::write);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();  // throws as Connection::query; then nothing was changed

 private:
  Connection& connection_;
  int level_;  // 1 = the outermost
  bool open_ = true;
};

}  // namespace vitrine::store
