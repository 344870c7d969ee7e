#include "store/migrate.h"

#include <atomic>

#include "store_fixture.h"

namespace vitrine::store {
namespace {

/// On an empty database.
template <typename Place>
class MigrateTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Place::is_available()) GTEST_SKIP() << test::PostgresServer::absence();
    place_.emplace();
  }
  std::unique_ptr<Connection> open() const { return connect(place_->location(), {}); }
  /// Names of all tables and indices, and the columns of the tables.
  static std::string schema(Connection& c) {
    const char* sql =
        c.dialect().is_sqlite
            ? "SELECT name || coalesce(sql, '') FROM sqlite_schema ORDER BY 1"
            : "SELECT (table_name || '.' || column_name || ' ' || data_type)::text FROM "
              "information_schema.columns WHERE table_schema = current_schema() UNION ALL "
              "SELECT replace(indexdef, current_schema(), '') FROM pg_indexes WHERE "
              "schemaname = current_schema() "
              "ORDER BY 1";
    std::string all, line;
    Statement rows = c.query(sql);
    while (rows.step()) {
      rows.read(line);
      all += line + "\n";
    }
    return all;
  }
  std::optional<Place> place_;
};
TYPED_TEST_SUITE(MigrateTest, Places, PlaceNames);

TYPED_TEST(MigrateTest, FromEveryVersionTheNewestIsReachedAndDataStay) {
  const auto steps = migrations();
  std::string fresh;
  for (size_t from = 0; from <= steps.size(); ++from) {
    TypeParam place;
    const auto c = connect(place.location(), {});
    migrate(*c, steps.first(from));
    EXPECT_EQ(schema_version(*c), static_cast<int>(from));
    if (from > 0)  // the columns of step 1
      c->run(
          "INSERT INTO shops (id, name, label_wording, label_place, own_approval, price_per_hour, "
          "operator_price_per_hour, currency, created_at) VALUES ('s1', 'shop', '', 'end', 0, 0, "
          "0, "
          "'CNY', 0)");
    migrate(*c, steps);
    EXPECT_EQ(schema_version(*c), steps.back().version);
    EXPECT_EQ(Shops(*c).list().size(), from > 0 ? 1u : 0u);
    if (fresh.empty()) fresh = this->schema(*c);
    EXPECT_EQ(this->schema(*c), fresh) << "from version " << from;
  }
}

TYPED_TEST(MigrateTest, StepsAreNumberedWithoutAGap) {
  int expected = 1;
  for (const Migration& step : migrations()) EXPECT_EQ(step.version, expected++);
}

TYPED_TEST(MigrateTest, ANewerSchemaIsRefusedAndStaysAsItIs) {
  const auto c = this->open();
  migrate(*c, migrations());
  c->run("INSERT INTO schema_versions (version, name, made_at) VALUES (99, 'later', 0)");
  const std::string message = test::message_of<InvalidInput>([&] { migrate(*c, migrations()); });
  EXPECT_NE(message.find("99"), std::string::npos) << message;
  EXPECT_NE(message.find(c->name()), std::string::npos) << message;
  EXPECT_EQ(schema_version(*c), 99);
}

TYPED_TEST(MigrateTest, AStepThatFailsLeavesTheVersionBefore) {
  const auto c = this->open();
  const Migration steps[] = {
      {.version = 1, .name = "good", .sql = "CREATE TABLE a (x INTEGER) STRICT"},
      {.version = 2,
       .name = "bad",
       .sql = "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)"}};
  EXPECT_THROW(migrate(*c, steps), Error);
  EXPECT_EQ(schema_version(*c), 1);
  EXPECT_THROW(c->query("SELECT x FROM b").step(), InternalError);
}

TYPED_TEST(MigrateTest, AStepWhoseProcessIsKilledLeavesTheVersionBefore) {
  const std::string location = this->place_->location();
  {
    migrate(*this->open(), migrations().first(1));
  }
  kill_in_the_middle([&](auto middle) {
    const auto own = connect(location, {});
    // The step as migrate() makes it, stopped before its commit.
    Transaction transaction(*own);
    own->execute(schema_for(own->dialect(), migrations()[1].sql));
    own->run("INSERT INTO schema_versions (version, name, made_at) VALUES (2, 'products', 0)");
    middle();
  });
  const auto c = this->open();
  EXPECT_EQ(schema_version(*c), 1);
  migrate(*c, migrations());
  EXPECT_EQ(schema_version(*c), migrations().back().version);
}

TYPED_TEST(MigrateTest, AProcessThatIsKilledInsideMigrateLeavesAWholeVersion) {
  const std::string location = this->place_->location();
  // SQL that goes on for long after a table was made.
  const Migration slow = {
      .version = 1,
      .name = "slow",
      .sql = "CREATE TABLE half (x INTEGER) STRICT",
      .sqlite_sql =
          "INSERT INTO half WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n "
          "WHERE x < 1000000000) SELECT max(x) FROM n",
      .postgres_sql = "SELECT pg_sleep(1)"};
  const pid_t child = ::fork();
  if (child == 0) {
    const auto own = connect(location, {});
    migrate(*own, {&slow, 1});
    ::_exit(0);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the step was over too early";
  const auto c = this->open();
  migrate(*c, migrations());  // in PostgreSQL it waits for the lock until the server has noticed
  EXPECT_EQ(schema_version(*c), migrations().back().version);
  EXPECT_THROW(c->query("SELECT x FROM half").step(), InternalError);
}

TYPED_TEST(MigrateTest, SeveralMayMigrateAtOnce) {
  const std::string location = this->place_->location();
  std::vector<std::jthread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Database database(location);
      auto loan = database.borrow();
      if (schema_version(*loan) == migrations().back().version) ++good;
    });
  }
  threads.clear();
  EXPECT_EQ(good, 4);
}

TEST(SchemaForTest, TypesAreExchangedForPostgres) {
  const Dialect postgres = {
      .is_sqlite = false, .contains = "", .for_update = "", .skip_locked = ""};
  EXPECT_EQ(schema_for(postgres, "CREATE TABLE t (a SEQUENCE, INTEGER_b INTEGER, c TEXT) STRICT"),
            "CREATE TABLE t (a BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, INTEGER_b BIGINT, "
            "c TEXT COLLATE \"C\") ");
  EXPECT_EQ(schema_for({}, "a INTEGER, b SEQUENCE STRICT"),
            "a INTEGER, b INTEGER PRIMARY KEY AUTOINCREMENT STRICT");
}

}  // namespace
}  // namespace vitrine::store
