#include "store/connection.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <limits>

#include "base/file.h"
#include "store/migrate.h"
#include "store_fixture.h"

namespace vitrine::store {
namespace {

using test::message_of;

template <typename Place>
class ConnectionTest : public StoreTest<Place> {};
TYPED_TEST_SUITE(ConnectionTest, Places, PlaceNames);

TYPED_TEST(ConnectionTest, ValuesOfEveryTypeComeBackAsTheyWentIn) {
  auto& c = this->connection();
  c.execute(schema_for(c.dialect(),
                       "CREATE TABLE odds (a INTEGER, b REAL, c TEXT, d BLOB, e INTEGER) STRICT"));
  const Blob bytes{std::string("\0\x01\xff'\\", 5)};
  c.run("INSERT INTO odds VALUES ($1, $2, $3, $4, $5)", std::numeric_limits<int64_t>::min(), 0.1,
        "it's 丝\n\"$1\"", bytes, std::nullopt);
  int64_t a = 0;
  double b = 0;
  std::string text;
  Blob d;
  std::optional<int64_t> e = 1;
  ASSERT_TRUE(c.read_one(c.query("SELECT a, b, c, d, e FROM odds"), a, b, text, d, e));
  EXPECT_EQ(a, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(b, 0.1);
  EXPECT_EQ(text, "it's 丝\n\"$1\"");
  EXPECT_EQ(d, bytes);
  EXPECT_FALSE(e);
}

TYPED_TEST(ConnectionTest, EmptyTextsAndBytesAreNotNull) {
  auto& c = this->connection();
  c.execute(schema_for(c.dialect(), "CREATE TABLE odds (a TEXT NOT NULL, b BLOB NOT NULL) STRICT"));
  c.run("INSERT INTO odds VALUES ($1, $2)", "", Blob{});
  EXPECT_EQ(this->count("SELECT count(*) FROM odds WHERE a = ''"), 1);
}

TYPED_TEST(ConnectionTest, AParameterMayStandTwiceAndInAnyOrder) {
  auto& c = this->connection();
  std::string joined;
  c.read_one(c.query("SELECT $2 || $1 || $2", "b", "a"), joined);
  EXPECT_EQ(joined, "aba");
}

TYPED_TEST(ConnectionTest, AColumnOfAnotherTypeIsCorrupt) {
  auto& c = this->connection();
  int64_t number = 0;
  EXPECT_THROW(c.read_one(c.query("SELECT name FROM shops"), number), Corrupt);
  Role role{};
  EXPECT_THROW(c.read_one(c.query("SELECT 'emperor'"), role), Corrupt);
}

TYPED_TEST(ConnectionTest, ABrokenConstraintIsInvalidInputAndNamesThePlace) {
  auto& c = this->connection();
  const std::string message = message_of<InvalidInput>([&] { Shops(c).add(shop("s1")); });
  EXPECT_NE(message.find(c.name()), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_THROW(
      c.run("INSERT INTO sessions (secret_sha256, shop_id, user_id, csrf_token, created_at, "
            "expires_at) VALUES ('x', 's1', 'nobody', '', 0, 0)"),
      InvalidInput);
}

TYPED_TEST(ConnectionTest, TypesAreStrict) {
  EXPECT_THROW(this->connection().run("UPDATE shops SET created_at = 'abc'"), InvalidInput);
}

TYPED_TEST(ConnectionTest, ATextWithU0000IsRefused) {
  EXPECT_THROW(this->connection().query("SELECT $1", std::string("a\0b", 3)), InvalidInput);
}

TYPED_TEST(ConnectionTest, WrongSqlIsAFaultOfOurs) {
  EXPECT_THROW(this->connection().run("SELECT no_such_column FROM shops"), InternalError);
}

TYPED_TEST(ConnectionTest, WithoutCommitATransactionIsTakenBack) {
  auto& c = this->connection();
  {
    Transaction transaction(c);
    Shops(c).add(shop("s3"));
  }
  EXPECT_FALSE(Shops(c).find("s3"));
  Transaction transaction(c);
  Shops(c).add(shop("s3"));
  transaction.commit();
  EXPECT_TRUE(Shops(c).find("s3"));
}

TYPED_TEST(ConnectionTest, AnInnerTransactionIsAPartOfTheOuterOne) {
  auto& c = this->connection();
  {
    Transaction outer(c);
    Shops(c).add(shop("s3"));
    {
      Transaction inner(c);
      Shops(c).add(shop("s4"));
      EXPECT_THROW(Shops(c).add(shop("s3")), InvalidInput);
    }
    Transaction second(c);
    Shops(c).add(shop("s5"));
    second.commit();
    outer.commit();
  }
  EXPECT_TRUE(Shops(c).find("s3"));
  EXPECT_FALSE(Shops(c).find("s4"));
  EXPECT_TRUE(Shops(c).find("s5"));
}

TYPED_TEST(ConnectionTest, AnUncommittedWriteIsNotSeenByOthers) {
  auto other = this->database_->borrow();
  Transaction transaction(this->connection());
  Shops(this->connection()).add(shop("s3"));
  EXPECT_FALSE(Shops(*other).find("s3"));
}

TYPED_TEST(ConnectionTest, AReadTransactionSeesOneState) {
  auto other = this->database_->borrow();
  Transaction reading(*other, Transaction::Kind::read);
  EXPECT_EQ(Shops(*other).list().size(), 2u);
  Shops(this->connection()).add(shop("s3"));
  EXPECT_EQ(Shops(*other).list().size(), 2u);
}

TYPED_TEST(ConnectionTest, ARowThatAnotherHoldsIsBusy) {
  const auto impatient = connect(this->location(), {.busy_timeout_ms = 50, .max_connections = 1});
  Transaction transaction(this->connection());
  Shop changed = shop("s1");
  changed.name = "new";
  Shops(this->connection()).change(changed);
  EXPECT_THROW(Shops(*impatient).change(changed), Busy);
}

TYPED_TEST(ConnectionTest, AKilledTransactionLeavesNothing) {
  const std::string location = this->location();
  this->close();
  kill_in_the_middle([&](auto middle) {
    const auto own = connect(location, {});
    Transaction transaction(*own);
    Shops(*own).add(shop("s3"));
    middle();
  });
  this->open();
  EXPECT_FALSE(Shops(this->connection()).find("s3"));
  Shops(this->connection()).add(shop("s3"));  // and no lock
}

TYPED_TEST(ConnectionTest, ACommitSurvivesAKill) {
  const std::string location = this->location();
  this->close();
  kill_in_the_middle([&](auto middle) {
    const auto own = connect(location, {});
    Shops(*own).add(shop("s3"));
    middle();
  });
  this->open();
  EXPECT_TRUE(Shops(this->connection()).find("s3"));
}

TYPED_TEST(ConnectionTest, ThePoolLendsNoMoreThanItsLimit) {
  Database small(this->location(), {.busy_timeout_ms = 50, .max_connections = 2});
  {
    auto first = small.borrow(), second = small.borrow();
    EXPECT_THROW(small.borrow(), Busy);
  }
  auto third = small.borrow();
  EXPECT_EQ(Shops(*third).list().size(), 2u);
}

TEST(SqliteConnectionTest, TheFileIsForItsOwnerAlone) {
  const SqlitePlace place;
  Database database(place.location());
  struct stat status{};
  ASSERT_EQ(::stat(place.location().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(SqliteConnectionTest, AFullDiskIsAnIoErrorAndTheTransactionIsGone) {
  const SqlitePlace place;
  Database database(place.location());
  auto loan = database.borrow();
  fill_shop(*loan, "s1");
  int64_t pages = 0;
  loan->read_one(loan->query("PRAGMA page_count"), pages);
  loan->execute(concat("PRAGMA max_page_count=", pages + 2));
  const std::string message = test::message_of<IoError>([&] {
    Transaction transaction(*loan);
    for (int i = 0; i < 100; ++i)
      Products(*loan, "s1").put({product("q" + std::to_string(i), std::string(4000, 'x'))}, at(1));
    transaction.commit();
  });
  EXPECT_NE(message.find("full"), std::string::npos) << message;
  EXPECT_EQ(Products(*loan, "s1").list({}, {}).items.size(), 1u);
  loan->execute("PRAGMA max_page_count=1000000");
  Products(*loan, "s1").put({product("q", "x")}, at(1));  // room again: it goes on
}

TEST(SqliteConnectionTest, AFileThatIsNoDatabaseIsCorrupt) {
  const SqlitePlace place;
  write_file_atomic(place.location(), std::string(5000, 'x'));
  const std::string message = message_of<Corrupt>([&] { Database database(place.location()); });
  EXPECT_NE(message.find(place.location()), std::string::npos) << message;
}

TEST(SqliteConnectionTest, ADamagedPageIsCorrupt) {
  const SqlitePlace place;
  {
    Database database(place.location());
    auto loan = database.borrow();
    fill_shop(*loan, "s1");
  }
  std::string bytes = read_file(place.location());
  for (size_t i = 4096; i < bytes.size(); ++i) bytes[i] = 'x';
  write_file_atomic(place.location(), bytes);
  EXPECT_THROW(Database database(place.location()), Corrupt);
}

TEST(SqliteConnectionTest, AnotherProgramsDatabaseIsRefused) {
  const SqlitePlace place;
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(place.location().c_str(), &other), SQLITE_OK);
  sqlite3_exec(other, "CREATE TABLE theirs (a)", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_THROW(Database database(place.location()), InvalidInput);
}

TEST(SqliteConnectionTest, AMissingFolderIsNotFound) {
  const SqlitePlace place;
  EXPECT_THROW(Database(place.location() + "/no/store.db"), Error);
  EXPECT_THROW(Database("/no_such_folder_here/store.db"), NotFound);
}

TEST(PostgresUrlTest, NoMessageHoldsThePassword) {
  for (const char* url :
       {"postgresql://me:Secret1@127.0.0.1:1/shop", "postgresql://me:Secret1@[::1/shop",
        "postgresql://me:Secret1@127.0.0.1:x/shop?no_such_option=Secret1"}) {
    const std::string message = message_of<Error>([&] { connect(url, {}); });
    EXPECT_FALSE(message.empty()) << url;
    EXPECT_EQ(message.find("Secret1"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace vitrine::store
