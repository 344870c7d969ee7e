// store_fixture.h - the same tests on SQLite and on PostgreSQL, with two shops in the database.
#pragma once
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "store/candidates.h"
#include "store/database.h"
#include "store/ids.h"
#include "store/jobs.h"
#include "store/picks.h"
#include "store/plans.h"
#include "store/products.h"
#include "store/reviews.h"
#include "store/shops.h"
#include "store/users.h"
#include "support/postgres_server.h"
#include "support/temporary_directory.h"

namespace vitrine::store {

/// Where the database of one test is.
class SqlitePlace {
 public:
  static bool is_available() { return true; }
  std::string location() const { return (folder_.path() / "store.db").string(); }

 private:
  test::TemporaryDirectory folder_;
};

/// A schema of its own in one database: much quicker to make and to remove than a database.
class PostgresPlace {
 public:
  static bool is_available() { return test::PostgresServer::get() != nullptr; }
  PostgresPlace() : name_(new_id("test")) {
    connect_when_ready()->execute("CREATE SCHEMA \"" + name_ + "\"");
  }
  std::string location() const {
    return test::PostgresServer::get()->url("postgres") + "?options=-csearch_path%3D" + name_;
  }

 private:
  /// The server takes a moment to start.
  static std::unique_ptr<Connection> connect_when_ready() {
    for (int tries_left = 400;; --tries_left) {
      try {
        return connect(test::PostgresServer::get()->url("postgres"), {});
      } catch (const Error&) {
        if (tries_left == 0) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
  }
  std::string name_;
};

using Places = testing::Types<SqlitePlace, PostgresPlace>;
struct PlaceNames {
  template <typename Place>
  static std::string GetName(int) {
    return std::is_same_v<Place, SqlitePlace> ? "Sqlite" : "Postgres";
  }
};

/// A point in time, seconds after a fixed one.
inline UtcMillis at(double seconds) {
  return UtcMillis(
      std::chrono::milliseconds(1'780'000'000'000 + static_cast<int64_t>(seconds * 1000)));
}

inline User user(const std::string& id, Role role = Role::writer) {
  return {.id = id,
          .name = "name of " + id,
          .role = role,
          .active = true,
          .created_at = at(0),
          .seen_at = {}};
}

inline Shop shop(const std::string& id) {
  Shop shop;
  shop.id = id;
  shop.name = "shop " + id;
  shop.label_wording = "（本文由AI生成）";
  shop.created_at = at(0);
  return shop;
}

inline ProductEntry product(const std::string& id, const std::string& title) {
  ProductEntry entry;
  entry.id = id;
  entry.title = title;
  entry.category = "裙";
  entry.search_text = id + "\n" + title;
  entry.document = "{\"id\":\"" + id + "\"}";
  return entry;
}

inline Plan plan(const std::string& id, const std::string& product_id) {
  Plan plan;
  plan.id = id;
  plan.product_id = product_id;
  plan.field = "description";
  plan.style = "taobao";
  plan.length = 110;
  plan.document = "{\"points\":[]}";
  plan.created_at = at(1);
  return plan;
}

inline Candidate candidate(const std::string& id, const std::string& product_id,
                           const std::string& plan_id) {
  Candidate c;
  c.id = id;
  c.product_id = product_id;
  c.job_id = "j1";
  c.plan_id = plan_id;
  c.text = "text of " + id;
  c.prompt = "类型#裙";
  c.search_text = c.text + "\nstyle=taobao\nseed=7";
  c.seed = 7;
  c.created_at = at(2);
  return c;
}

inline Pick pick(const std::string& id, std::vector<std::string> chosen) {
  Pick p;
  p.id = id;
  p.product_id = "p1";
  p.user_id = "u1";
  p.shown_ids = {"c2", "c1", "c3"};
  p.chosen = std::move(chosen);
  p.ms = 5400;
  p.time = at(10);
  return p;
}

inline Review review(const std::string& id, const std::string& pick_id,
                     const std::string& candidate_id) {
  Review r;
  r.id = id;
  r.product_id = "p1";
  r.pick_id = pick_id;
  r.candidate_id = candidate_id;
  r.field = "description";
  r.text = "text of " + candidate_id;
  r.author_id = "u1";
  r.created_at = r.updated_at = at(10);
  return r;
}

inline NewJob new_job(const std::string& id, const std::string& key = "") {
  NewJob job;
  job.id = id;
  job.request = "{\"kind\":\"write\"}";
  job.idempotency_key = key;
  job.user_id = "u1";
  job.created_at = at(0);
  return job;
}

/// Shops s1 and s2, in each: users u1 (writer) and u2 (reviewer), product p1 with plan l1 and the
/// candidates c1, c2, c3. The same ids in both shops: what tells them apart is the shop alone.
inline void fill_shop(Connection& connection, const std::string& shop_id) {
  Shops(connection).add(shop(shop_id));
  Users users(connection, shop_id);
  for (const auto& [id, role] : {std::pair("u1", Role::writer), std::pair("u2", Role::reviewer)}) {
    User own = user(id, role);
    own.name += " in " + shop_id;
    users.add(own, "hash of " + shop_id);
  }
  Products(connection, shop_id).put({product("p1", "真丝连衣裙 of " + shop_id)}, at(0));
  Plans(connection, shop_id).add(plan("l1", "p1"));
  Candidates(connection, shop_id)
      .add({candidate("c1", "p1", "l1"), candidate("c2", "p1", "l1"), candidate("c3", "p1", "l1")});
}

template <typename Place>
class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!Place::is_available()) GTEST_SKIP() << test::PostgresServer::absence();
    place_.emplace();
    open();
    Transaction transaction(connection());  // one sync of the disk and not thirty
    fill_shop(connection(), "s1");
    fill_shop(connection(), "s2");
    transaction.commit();
  }
  /// No connection of this process is open between close() and open(): before a fork, since
  /// SQLite's locks belong to the process that took them.
  void close() {
    loan_.reset();
    database_.reset();
  }
  void open() {
    database_.emplace(location());
    loan_.emplace(database_->borrow());
  }
  std::string location() const { return place_->location(); }
  Connection& connection() { return **loan_; }
  template <typename Repository>
  Repository of(const std::string& shop_id = "s1") {
    return Repository(connection(), shop_id);
  }
  /// Rows that `sql` gives when it counts something.
  int64_t count(const std::string& sql) {
    int64_t number = 0;
    connection().read_one(connection().query(sql), number);
    return number;
  }

  std::optional<Place> place_;
  std::optional<Database> database_;
  std::optional<Database::Loan> loan_;
};

/// Runs `body` in a process of its own, kills that with SIGKILL once `body` has called the function
/// it is given, and waits for its end.
template <typename Body>
void kill_in_the_middle(Body body) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    body([&] {
      const ssize_t written = ::write(pipe[1], "x", 1);
      (void)written;
      ::pause();
    });
    ::_exit(0);
  }
  ::close(pipe[1]);
  char byte = 0;
  EXPECT_EQ(::read(pipe[0], &byte, 1), 1) << "the child ended before its middle";
  ::close(pipe[0]);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace vitrine::store
