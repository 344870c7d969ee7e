// Many threads and processes on one database.
#include <atomic>
#include <map>
#include <mutex>

#include "store/backup.h"
#include "store_fixture.h"

namespace vitrine::store {
namespace {

template <typename Place>
class ConcurrencyTest : public StoreTest<Place> {
 protected:
  /// Runs body(thread's number) in `count` threads at once.
  template <typename Body>
  void in_threads(int count, Body body) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&body, i] {
        try {
          body(i);
        } catch (const Error& error) {
          ADD_FAILURE() << "thread " << i << ": " << error.what();
        }
      });
    }
  }
};
TYPED_TEST_SUITE(ConcurrencyTest, Places, PlaceNames);

TYPED_TEST(ConcurrencyTest, SixteenThreadsWritePicksAndNoneIsLost) {
  constexpr int kThreads = 16, kPicks = 20;
  Database database(this->location(), {.busy_timeout_ms = 60'000, .max_connections = 16});
  std::atomic<int> stored = 0;
  this->in_threads(kThreads, [&](int thread) {
    for (int i = 0; i < kPicks; ++i) {
      auto loan = database.borrow();
      const std::string shop_id = thread % 2 == 0 ? "s1" : "s2";
      const Pick own = pick(concat("k", thread, "-", i), {"c1"});
      Transaction transaction(*loan);
      const bool good = Picks(*loan, shop_id).put(own) == PutPick::stored;
      Reviews(*loan, shop_id).open(review("r" + own.id, own.id, "c1"));
      transaction.commit();
      if (good) ++stored;
    }
  });
  EXPECT_EQ(stored, kThreads * kPicks);
  EXPECT_EQ(this->count("SELECT count(*) FROM picks"), kThreads * kPicks);
  EXPECT_EQ(this->count("SELECT count(*) FROM reviews"), kThreads * kPicks);
  EXPECT_EQ(this->count("SELECT count(*) FROM shown_candidates"), 3 * kThreads * kPicks);
}

TYPED_TEST(ConcurrencyTest, OnePickPutByAllAtOnceIsThereOnce) {
  Database database(this->location(), {.busy_timeout_ms = 60'000, .max_connections = 8});
  std::atomic<int> stored = 0;
  this->in_threads(8, [&](int) {
    auto loan = database.borrow();
    if (Picks(*loan, "s1").put(pick("k1", {"c1"})) == PutPick::stored) ++stored;
  });
  EXPECT_EQ(stored, 8);
  EXPECT_EQ(this->count("SELECT count(*) FROM picks"), 1);
}

TYPED_TEST(ConcurrencyTest, EveryJobIsTakenOnce) {
  constexpr int kJobs = 40;
  for (int i = 0; i < kJobs; ++i)
    this->template of<Jobs>().add(new_job("j" + std::to_string(i)), {});
  Database database(this->location(), {.busy_timeout_ms = 60'000, .max_connections = 8});
  std::mutex mutex;
  std::map<std::string, int> taken;
  this->in_threads(8, [&](int thread) {
    constexpr JobKind kWrite[] = {JobKind::write};
    auto loan = database.borrow();
    JobQueue queue(*loan);
    for (int idle = 0; idle < 3;) {
      const auto claim = queue.claim(concat("w", thread), kWrite, at(1));
      if (!claim) {
        ++idle;  // in PostgreSQL a job may be held for a moment by one who does not take it
        continue;
      }
      EXPECT_EQ(queue.finish(*claim, "", at(2)), Lease::held);
      const std::lock_guard lock(mutex);
      ++taken[claim->job.id];
    }
  });
  EXPECT_EQ(taken.size(), static_cast<size_t>(kJobs));
  for (const auto& [id, times] : taken) EXPECT_EQ(times, 1) << id;
  EXPECT_EQ(this->count("SELECT count(*) FROM jobs WHERE state = 'done'"), kJobs);
}

TYPED_TEST(ConcurrencyTest, ALeaseOfAKilledWorkerIsTakenOverExactlyOnce) {
  this->template of<Jobs>().add(new_job("j1"), {});
  const std::string location = this->location();
  constexpr JobKind kWrite[] = {JobKind::write};
  this->close();
  kill_in_the_middle([&](auto middle) {
    const auto own = connect(location, {});
    JobQueue queue(*own);
    const auto claim = queue.claim("dead", kWrite, at(0));
    queue.beat(*claim, {.done = 5, .total = 9, .eta_seconds = {}}, "row 5", at(1));
    middle();
  });
  Database database(location, {.busy_timeout_ms = 60'000, .max_connections = 8});
  std::atomic<int> taken = 0;
  this->in_threads(8, [&](int thread) {
    auto loan = database.borrow();
    const auto claim = JobQueue(*loan).claim(concat("w", thread), kWrite, at(100));
    if (!claim) return;
    ++taken;
    EXPECT_EQ(claim->checkpoint, "row 5");
  });
  EXPECT_EQ(taken, 1);
}

TYPED_TEST(ConcurrencyTest, AKeyUsedByAllAtOnceStartsOneJob) {
  Database database(this->location(), {.busy_timeout_ms = 60'000, .max_connections = 8});
  std::atomic<int> added = 0;
  this->in_threads(8, [&](int thread) {
    auto loan = database.borrow();
    const AddedJob job = Jobs(*loan, "s1").add(new_job(concat("j", thread), "key"), {});
    if (job.outcome == AddedJob::Outcome::added) ++added;
  });
  EXPECT_EQ(added, 1);
  EXPECT_EQ(this->count("SELECT count(*) FROM jobs"), 1);
}

TYPED_TEST(ConcurrencyTest, AJobIsNotFinishedTogetherWithAResultThatIsTakenBack) {
  this->template of<Jobs>().add(new_job("j1"), {});
  constexpr JobKind kWrite[] = {JobKind::write};
  auto& c = this->connection();
  JobQueue queue(c);
  const auto slow = queue.claim("slow", kWrite, at(0));
  const auto next = queue.claim("next", kWrite, at(100));
  {
    Transaction transaction(c);
    this->template of<Candidates>().add({candidate("late", "p1", "l1")});
    EXPECT_EQ(queue.finish(*slow, "", at(101)), Lease::lost);  // so it does not commit
  }
  EXPECT_FALSE(this->template of<Candidates>().find("late"));
  EXPECT_EQ(queue.finish(*next, "", at(102)), Lease::held);
}

TYPED_TEST(ConcurrencyTest, NoCommittedPickIsLostWhenTheWriterIsKilled) {
  const std::string location = this->location();
  this->close();
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto own = connect(location, {});
    for (int i = 0; i < 1'000'000; ++i) {
      Picks(*own, "s1").put(pick(concat("k", i), {"c1"}));
      const ssize_t told = ::write(pipe[1], &i, sizeof i);  // it is stored: now it may be told
      (void)told;
    }
    ::_exit(0);
  }
  ::close(pipe[1]);
  int last = -1;
  for (int value = 0; last < 20 && ::read(pipe[0], &value, sizeof value) == sizeof value;)
    last = value;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (int value = 0; ::read(pipe[0], &value, sizeof value) == sizeof value;) last = value;
  ::close(pipe[0]);
  this->open();
  for (int i = 0; i <= last; ++i)
    EXPECT_TRUE(this->template of<Picks>().find(concat("k", i))) << i << " of " << last;
}

TEST(BackupTest, ACopyMadeWhileOthersWriteIsWhole) {
  const SqlitePlace place;
  const test::TemporaryDirectory folder;
  const auto copy = folder.path() / "copy.db";
  Database database(place.location(), {.busy_timeout_ms = 60'000, .max_connections = 4});
  {
    auto loan = database.borrow();
    fill_shop(*loan, "s1");
  }
  std::atomic<int> written = 0;
  const std::jthread writer([&](const std::stop_token& stop) {
    auto loan = database.borrow();
    while (!stop.stop_requested()) {
      Transaction transaction(*loan);  // pick and review: both or none
      const std::string id = concat("k", written.load());
      Picks(*loan, "s1").put(pick(id, {"c1"}));
      Reviews(*loan, "s1").open(review("r" + id, id, "c1"));
      transaction.commit();
      ++written;
    }
  });
  while (written < 5) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) {
    const int before = written;
    auto loan = database.borrow();
    back_up(*loan, copy);
    Database opened(copy.string());
    auto read = opened.borrow();
    std::string verdict;
    int64_t picks = 0, reviews = 0;
    read->read_one(read->query("PRAGMA integrity_check"), verdict);
    read->read_one(read->query("SELECT count(*) FROM picks"), picks);
    read->read_one(read->query("SELECT count(*) FROM reviews"), reviews);
    EXPECT_EQ(verdict, "ok");
    EXPECT_EQ(picks, reviews);
    EXPECT_GE(picks, before) << "what was stored before the copy began is in it";
  }
}

TEST(BackupTest, ACopyThatFailsLeavesTheOlderOne) {
  const SqlitePlace place;
  const test::TemporaryDirectory folder;
  Database database(place.location());
  auto loan = database.borrow();
  EXPECT_THROW(back_up(*loan, folder.path()), InvalidInput);
  EXPECT_THROW(back_up(*loan, folder.path() / "no" / "copy.db"), IoError);
  back_up(*loan, folder.path() / "copy.db");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "nothing else lies beside it";
}

TEST(BackupTest, PostgresIsLeftToItsOwnTool) {
  if (!PostgresPlace::is_available()) GTEST_SKIP() << test::PostgresServer::absence();
  const PostgresPlace place;
  const auto connection = connect(place.location(), {});
  const std::string message =
      test::message_of<InvalidInput>([&] { back_up(*connection, "/tmp/never"); });
  EXPECT_NE(message.find("pg_dump"), std::string::npos) << message;
}

}  // namespace
}  // namespace vitrine::store
