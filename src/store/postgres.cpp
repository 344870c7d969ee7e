#include <charconv>
#include <optional>

#include "base/error.h"
#include "store/backends.h"
#include "store/libpq.h"
#include "store/refused.h"

namespace vitrine::store {
namespace {

constexpr Dialect kDialect = {.is_sqlite = false,
                              .contains = "ILIKE",
                              .for_update = " FOR NO KEY UPDATE",
                              .skip_locked = " FOR NO KEY UPDATE SKIP LOCKED"};

// Types of PostgreSQL's catalogue (pg_type.dat), which never change.
constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25,
              kFloat4 = 700, kFloat8 = 701, kNumeric = 1700;

struct ClearResult {
  void operator()(PGresult* result) const { libpq().PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

/// The first line of a message of libpq.
std::string first_line(std::string_view message) {
  while (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  return std::string(message.substr(0, message.find('\n')));
}

/// `state`: SQLSTATE, five characters; empty when there is no connection.
[[noreturn]] void throw_postgres(std::string_view state, std::string_view message,
                                 const std::string& name) {
  const std::string line = concat("[postgres] ", name, ": ", first_line(message));
  const std::string_view kind = state.substr(0, 2);
  if (state == "40001" || state == "40P01" || state == "55P03" || state == "53300" ||
      state == "57P03" || state == "57014")
    throw Busy(line);
  if (state == "3D000") throw NotFound(line);
  if (state.empty() || kind == "08" || kind == "53" || kind == "57" || kind == "58")
    throw IoError(line);
  if (kind == "XX") throw Corrupt(line);
  if (kind == "22" || kind == "23" || kind == "28" || kind == "54" || state == "42501" ||
      state == "P0001")
    throw Refused(line);
  throw InternalError(line);
}

struct Handle {
  std::string name;
  PGconn* connection = nullptr;

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (connection != nullptr) libpq().PQfinish(connection);
  }

  Result checked(PGresult* raw) const {
    Result result(raw);
    const ExecStatusType status = libpq().PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
      return result;
    const char* state = libpq().PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    const char* message = libpq().PQresultErrorMessage(result.get());
    throw_postgres(state != nullptr ? state : "",
                   *message != 0 ? message : libpq().PQerrorMessage(connection), name);
  }
};

/// The values of one statement as libpq takes them; texts and bytes are not copied.
class Parameters {
 public:
  Parameters(std::span<const Value> values, const std::string& name) {
    texts_.reserve(values.size());  // the pointers into it stay
    for (const Value& value : values) {
      require_storable(value, name);
      add(value);
    }
  }
  int count() const { return static_cast<int>(types_.size()); }
  const Oid* types() const { return types_.data(); }
  const char* const* pointers() const { return pointers_.data(); }
  const int* sizes() const { return sizes_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void add(const Value& value) {
    if (const auto* whole = std::get_if<int64_t>(&value))
      add_text(kInt8, texts_.emplace_back(std::to_string(*whole)));
    else if (const auto* number = std::get_if<double>(&value))
      add_text(kFloat8, texts_.emplace_back(to_text(*number)));
    else if (const auto* text = std::get_if<std::string>(&value))
      add_text(kText, *text);
    else if (const auto* blob = std::get_if<Blob>(&value))
      push(kBytea, blob->bytes.data(), static_cast<int>(blob->bytes.size()), /*format=*/1);
    else
      push(/*type=*/0, nullptr, 0, /*format=*/0);
  }
  /// Short, and read back as the same number.
  static std::string to_text(double number) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
    return std::string(buffer, end);
  }
  void add_text(Oid type, const std::string& text) {
    push(type, text.c_str(), static_cast<int>(text.size()), /*format=*/0);
  }
  void push(Oid type, const char* data, int size, int format) {
    types_.push_back(type);
    pointers_.push_back(data);
    sizes_.push_back(size);
    formats_.push_back(format);
  }

  std::vector<std::string> texts_;
  std::vector<Oid> types_;
  std::vector<const char*> pointers_;
  std::vector<int> sizes_, formats_;
};

template <typename Number>
Number parse_number(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Blob parse_bytea(const char* text) {
  size_t size = 0;
  unsigned char* bytes =
      libpq().PQunescapeBytea(reinterpret_cast<const unsigned char*>(text), &size);
  Blob blob{std::string(reinterpret_cast<const char*>(bytes), size)};
  libpq().PQfreemem(bytes);
  return blob;
}

Value parse_column(Oid type, const char* text, size_t size) {
  const std::string_view view(text, size);
  switch (type) {
    case kInt8:
    case kInt4:
    case kInt2:
      return parse_number<int64_t>(view);
    case kFloat8:
    case kFloat4:
      return parse_number<double>(view);
    case kNumeric:  // sums of integers
      if (view.find('.') == std::string_view::npos) return parse_number<int64_t>(view);
      return parse_number<double>(view);
    case kBool:
      return int64_t{view == "t"};
    case kBytea:
      return parse_bytea(text);
    default:
      return std::string(view);
  }
}

class PostgresStatement final : public StatementBackend {
 public:
  explicit PostgresStatement(Result result) : result_(std::move(result)) {}

  bool step() override { return ++row_ < libpq().PQntuples(result_.get()); }

  Value column(int index) override {
    if (libpq().PQgetisnull(result_.get(), row_, index) != 0) return {};
    return parse_column(libpq().PQftype(result_.get(), index),
                        libpq().PQgetvalue(result_.get(), row_, index),
                        static_cast<size_t>(libpq().PQgetlength(result_.get(), row_, index)));
  }

  int64_t changed_rows() const override {
    const std::string_view command = libpq().PQcmdStatus(result_.get());
    return command.starts_with("SELECT")
               ? 0
               : parse_number<int64_t>(std::string_view(libpq().PQcmdTuples(result_.get())));
  }

 private:
  Result result_;  // all rows: callers page
  int row_ = -1;
};

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(const std::string& url, const DatabaseConfig& config) {
    handle_.name = public_name(url);
    const char* keys[] = {"dbname", "client_encoding", "connect_timeout",
                          "fallback_application_name", nullptr};
    const char* values[] = {url.c_str(), "UTF8", "10", "vitrine", nullptr};
    handle_.connection = libpq().PQconnectdbParams(keys, values, /*expand_dbname=*/1);
    if (libpq().PQstatus(handle_.connection) != CONNECTION_OK) throw_connecting();
    libpq().PQsetNoticeProcessor(handle_.connection, [](void*, const char*) {}, nullptr);
    const std::string encoding = libpq().PQparameterStatus(handle_.connection, "server_encoding");
    VITRINE_REQUIRE(encoding == "UTF8", "[postgres] ", handle_.name,
                    ": server_encoding: expected UTF8, got ", encoding);
    execute(concat("SET lock_timeout = ", config.busy_timeout_ms, "; SET timezone = 'UTC'"));
  }

  void execute(const std::string& script) override {
    handle_.checked(libpq().PQexec(handle_.connection, script.c_str()));
  }
  const Dialect& dialect() const override { return kDialect; }
  const std::string& name() const override { return handle_.name; }
  bool is_usable() const override { return libpq().PQstatus(handle_.connection) == CONNECTION_OK; }

 protected:
  std::unique_ptr<StatementBackend> prepare(std::string_view sql,
                                            std::span<const Value> values) override {
    const Parameters parameters(values, handle_.name);
    return std::make_unique<PostgresStatement>(handle_.checked(libpq().PQexecParams(
        handle_.connection, std::string(sql).c_str(), parameters.count(), parameters.types(),
        parameters.pointers(), parameters.sizes(), parameters.formats(), /*resultFormat=*/0)));
  }

 private:
  /// postgresql://host:port/database. libpq's own message about a bad URL would quote its password.
  static std::string public_name(const std::string& url) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
        libpq().PQconninfoParse(url.c_str(), &message), libpq().PQconninfoFree);
    libpq().PQfreemem(message);
    VITRINE_REQUIRE(options != nullptr,
                    "[postgres] expected postgresql://user@host:port/database, got another form");
    const auto value = [&](std::string_view key) -> std::string {
      for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (key == option->keyword && option->val != nullptr) return option->val;
      }
      return "";
    };
    const std::string port = value("port");
    return concat("postgresql://", value("host"), port.empty() ? "" : ":", port, "/",
                  value("dbname"));
  }

  /// libpq has no SQLSTATE for a connection that did not come about; the server's words tell.
  [[noreturn]] void throw_connecting() const {
    const std::string message = first_line(libpq().PQerrorMessage(handle_.connection));
    const auto says = [&](std::string_view part) {
      return message.find(part) != std::string::npos;
    };
    std::string_view state;
    if (says("does not exist")) state = says("database") ? "3D000" : "28000";
    if (says("authentication failed") || says("no password supplied")) state = "28P01";
    if (says("too many") || says("starting up")) state = "53300";
    throw_postgres(state, message, handle_.name);
  }

  Handle handle_;
};

}  // namespace

std::unique_ptr<Connection> connect_postgres(const std::string& url, const DatabaseConfig& config) {
  return std::make_unique<PostgresConnection>(url, config);
}

}  // namespace vitrine::store
