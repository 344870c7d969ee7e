#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>

#include "base/error.h"
#include "store/backends.h"
#include "store/refused.h"
#include "store/sqlite_backup.h"

namespace vitrine::store {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kApplicationId = 0x56495452;  // "VITR" in the file's header
constexpr Dialect kDialect = {
    .is_sqlite = true, .contains = "LIKE", .for_update = "", .skip_locked = ""};

[[noreturn]] void throw_sqlite(int code, std::string_view message, const std::string& name) {
  const std::string line = concat("[sqlite] ", name, ": ", message);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      throw Busy(line);
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOLFS:
    case SQLITE_NOMEM:
      throw IoError(line);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      throw Corrupt(line);
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      throw Refused(line);
    default:
      throw InternalError(line);
  }
}

/// What both the connection and its statements hold.
struct Handle {
  std::string name;
  sqlite3* database = nullptr;

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { sqlite3_close_v2(database); }
  void check(int code) const {
    if (code != SQLITE_OK) throw_sqlite(code, sqlite3_errmsg(database), name);
  }
};

/// "$3" -> 2.
size_t index_of_parameter(const char* name) {
  const std::string_view digits = std::string_view(name).substr(1);
  size_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number - 1;
}

class SqliteStatement final : public StatementBackend {
 public:
  SqliteStatement(const Handle& handle, std::string_view sql, std::span<const Value> values)
      : handle_(handle) {
    handle_.check(sqlite3_prepare_v2(handle_.database, sql.data(), static_cast<int>(sql.size()),
                                     &statement_, nullptr));
    try {
      bind_all(values);
    } catch (...) {
      sqlite3_finalize(statement_);
      throw;
    }
  }
  ~SqliteStatement() override { sqlite3_finalize(statement_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  bool step() override {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) throw_sqlite(code, sqlite3_errmsg(handle_.database), handle_.name);
    changed_ = sqlite3_stmt_readonly(statement_) ? 0 : sqlite3_changes64(handle_.database);
    return false;
  }

  Value column(int index) override {
    switch (sqlite3_column_type(statement_, index)) {
      case SQLITE_INTEGER:
        return int64_t{sqlite3_column_int64(statement_, index)};
      case SQLITE_FLOAT:
        return sqlite3_column_double(statement_, index);
      case SQLITE_TEXT:
        return bytes_of(reinterpret_cast<const char*>(sqlite3_column_text(statement_, index)),
                        index);
      case SQLITE_BLOB:
        return Blob{
            bytes_of(static_cast<const char*>(sqlite3_column_blob(statement_, index)), index)};
      default:
        return {};
    }
  }

  int64_t changed_rows() const override { return changed_; }

 private:
  void bind_all(std::span<const Value> values) {
    const int count = sqlite3_bind_parameter_count(statement_);
    for (int place = 1; place <= count; ++place) {
      const size_t index = index_of_parameter(sqlite3_bind_parameter_name(statement_, place));
      if (index >= values.size())
        throw InternalError(concat("[sqlite] $", index + 1, ": no value is bound to it"));
      require_storable(values[index], handle_.name);
      handle_.check(bind(place, values[index]));
    }
  }

  int bind(int place, const Value& value) {
    if (const auto* whole = std::get_if<int64_t>(&value))
      return sqlite3_bind_int64(statement_, place, *whole);
    if (const auto* number = std::get_if<double>(&value))
      return sqlite3_bind_double(statement_, place, *number);
    if (const auto* text = std::get_if<std::string>(&value))
      return sqlite3_bind_text64(statement_, place, text->data(), text->size(), SQLITE_TRANSIENT,
                                 SQLITE_UTF8);
    if (const auto* blob = std::get_if<Blob>(&value))
      return sqlite3_bind_blob64(statement_, place, blob->bytes.data(), blob->bytes.size(),
                                 SQLITE_TRANSIENT);
    return sqlite3_bind_null(statement_, place);
  }

  std::string bytes_of(const char* data, int index) const {
    const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, index));
    return size == 0 ? std::string() : std::string(data, size);
  }

  const Handle& handle_;
  sqlite3_stmt* statement_ = nullptr;
  int64_t changed_ = 0;
};

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(const std::string& path, const DatabaseConfig& config) {
    handle_.name = path;
    make_file(path);
    const int code = sqlite3_open_v2(
        path.c_str(), &handle_.database,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.check(code);
    sqlite3_busy_timeout(handle_.database, config.busy_timeout_ms);
    harden();
    require_ours();
    set_pragmas();
  }

  void execute(const std::string& script) override {
    handle_.check(sqlite3_exec(handle_.database, script.c_str(), nullptr, nullptr, nullptr));
  }
  const Dialect& dialect() const override { return kDialect; }
  const std::string& name() const override { return handle_.name; }
  bool is_usable() const override { return true; }
  sqlite3* database() { return handle_.database; }

 protected:
  std::unique_ptr<StatementBackend> prepare(std::string_view sql,
                                            std::span<const Value> values) override {
    return std::make_unique<SqliteStatement>(handle_, sql, values);
  }

 private:
  /// Makes an empty file that its owner alone can read: it will hold password hashes. An existing
  /// one is not opened here, since closing it would end the locks of this process's other
  /// connections.
  static void make_file(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor >= 0) {
      ::close(descriptor);
      return;
    }
    if (errno == EEXIST) return;
    const std::string line =
        concat("[sqlite] ", path.string(), ": ", std::generic_category().message(errno));
    if (errno == ENOENT) throw NotFound(line);
    throw IoError(line);
  }

  /// No "text" for 'text', no writing to internal tables.
  void harden() {
    sqlite3_db_config(handle_.database, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle_.database, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(handle_.database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  }

  void require_ours() {
    int64_t id = 0, tables = 0;
    read_one(query("PRAGMA application_id"), id);
    if (id == kApplicationId) return;
    read_one(query("SELECT count(*) FROM sqlite_schema"), tables);
    VITRINE_REQUIRE(
        id == 0 && tables == 0, "[sqlite] ", handle_.name,
        ": expected a database of this program or an empty file, it is another program's");
    execute(concat("PRAGMA application_id=", kApplicationId));
  }

  /// synchronous=FULL: a commit that was answered survives a power cut. temp_store=MEMORY: no file
  /// outside the database's own folder.
  void set_pragmas() {
    execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=67108864");
    std::string mode;
    read_one(query("PRAGMA journal_mode"), mode);
    if (mode != "wal")
      throw IoError(concat("[sqlite] ", handle_.name, ": journal_mode: expected wal, got ", mode,
                           " (a file system without shared memory?)"));
  }

  Handle handle_;
};

}  // namespace

std::unique_ptr<Connection> connect_sqlite(const std::string& path, const DatabaseConfig& config) {
  return std::make_unique<SqliteConnection>(path, config);
}

void copy_sqlite(Connection& source, const std::string& path) {
  auto& connection = dynamic_cast<SqliteConnection&>(source);
  Handle target;
  target.name = path;
  target.check(sqlite3_open_v2(path.c_str(), &target.database,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr));
  sqlite3_backup* backup =
      sqlite3_backup_init(target.database, "main", connection.database(), "main");
  if (backup == nullptr) target.check(sqlite3_errcode(target.database));
  // All pages in one step: one state of the database; writers go on in the write-ahead log
  // meanwhile.
  sqlite3_backup_step(backup, -1);
  target.check(sqlite3_backup_finish(backup));
}

}  // namespace vitrine::store
