#include "serve/job_queue.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "store/shops.h"
#include "store/users.h"
#include "support/temporary_directory.h"

namespace vitrine::serve {
namespace {

using std::chrono::milliseconds;
using Outcome = store::AddedJob::Outcome;
using store::JobKind;
using store::JobState;

constexpr auto kPatience = std::chrono::seconds(20);

class JobQueueTest : public ::testing::Test {
 protected:
  JobQueueTest() {
    auto connection = database_.borrow();
    store::Shop shop;
    shop.id = "s1";
    store::Shops(*connection).add(shop);
    store::User user{.id = "u1", .name = "writer", .role = store::Role::writer, .active = true, .created_at = {}, .seen_at = {}};
    store::Users(*connection, "s1").add(user, "hash");
  }
  std::string location() const { return (folder_.path() / "store.db").string(); }
  static JobQueueConfig config(milliseconds lease = std::chrono::seconds(30)) {
    JobQueueConfig config;
    config.lease.lease = lease;
    config.poll = milliseconds(20);
    config.lanes = {{{JobKind::write}, 2}, {{JobKind::batch, JobKind::draw}, 1}};
    return config;
  }
  static store::NewJob job(const std::string& id = "", JobKind kind = JobKind::write) {
    store::NewJob job;
    job.id = id;
    job.kind = kind;
    job.request = R"({"kind":"write"})";
    job.user_id = "u1";
    return job;
  }
  std::string add(JobQueue& queue, store::NewJob job = JobQueueTest::job()) {
    const auto added = queue.add("s1", std::move(job));
    EXPECT_EQ(added.outcome, Outcome::added);
    return added.job ? added.job->id : "";
  }
  /// The events until the job has ended.
  static std::vector<JobEvent> all_events(JobQueue& queue, const std::string& id) {
    const auto stream = queue.follow("s1", id, 0);
    std::vector<JobEvent> events;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!stream->is_over() && std::chrono::steady_clock::now() < deadline) {
      for (JobEvent& event : stream->take(milliseconds(100))) events.push_back(std::move(event));
    }
    EXPECT_TRUE(stream->is_over());
    return events;
  }
  JobState wait_for_end(JobQueue& queue, const std::string& id) {
    all_events(queue, id);
    return queue.find("s1", id)->state;
  }

  test::TemporaryDirectory folder_;
  store::Database database_{location()};
};

TEST_F(JobQueueTest, AHandlerDoesAJobAndItsResultIsKept) {
  JobQueue queue(database_, config());
  queue.handle(JobKind::write, [](RunningJob& job) {
    EXPECT_EQ(job.shop_id(), "s1");
    job.progress(1, 2);
    job.tell("token", "c1", {{"text", "真"}});
    return JobResult{.result = R"({"candidate_ids":["c1"]})",
                     .kept = [](RunningJob& kept) { kept.tell("candidate", "c1", {{"text", "真丝"}}); }};
  });
  queue.start();
  const std::string id = add(queue);
  const auto events = all_events(queue, id);
  ASSERT_GE(events.size(), 2u);
  EXPECT_EQ(events.back().name, "job");
  const Json last = Json::parse(events.back().data);
  EXPECT_EQ(last["state"], "done");
  EXPECT_EQ(last["result"]["candidate_ids"][0], "c1");
  EXPECT_EQ(last["done"], 1);
  EXPECT_EQ(events[events.size() - 2].name, "candidate") << "the last event of every stream is the job's";
  EXPECT_EQ(queue.stats().done, 1);
}

TEST_F(JobQueueTest, AFailureIsKeptWithItsCode) {
  JobQueue queue(database_, config());
  queue.handle(JobKind::write, [](RunningJob&) -> JobResult { throw JobFailed("model_missing", "no copy-mini"); });
  queue.handle(JobKind::batch, [](RunningJob&) -> JobResult { throw InvalidInput("width: expected a multiple of 8, got 7"); });
  queue.start();
  const std::string own = add(queue), other = add(queue, job("", JobKind::batch));
  EXPECT_EQ(wait_for_end(queue, own), JobState::failed);
  EXPECT_EQ(queue.find("s1", own)->failure.code, "model_missing");
  EXPECT_EQ(queue.find("s1", own)->failure.detail, "") << "what the server lacks is told to its log";
  EXPECT_EQ(wait_for_end(queue, other), JobState::failed);
  EXPECT_EQ(queue.find("s1", other)->failure.code, "impossible");
  EXPECT_EQ(queue.find("s1", other)->failure.detail, "width: expected a multiple of 8, got 7");
}

TEST_F(JobQueueTest, ACancelledJobFreesItsWorkerAndKeepsNothing) {
  JobQueue queue(database_, config());
  std::promise<void> has_begun;
  queue.handle(JobKind::batch, [&](RunningJob& job) -> JobResult {
    if (job.job().id == "second") return {.result = "{}"};
    has_begun.set_value();
    while (true) {
      job.throw_if_stopped();
      std::this_thread::sleep_for(milliseconds(1));
    }
  });
  queue.start();
  add(queue, job("first", JobKind::batch));
  has_begun.get_future().wait();
  EXPECT_EQ(queue.cancel("s1", "first"), store::ChangedJob::done);
  EXPECT_EQ(wait_for_end(queue, "first"), JobState::cancelled);
  add(queue, job("second", JobKind::batch));
  EXPECT_EQ(wait_for_end(queue, "second"), JobState::done);
  EXPECT_EQ(queue.cancel("s1", "second"), store::ChangedJob::ended);
  EXPECT_EQ(queue.cancel("s2", "first"), store::ChangedJob::not_found);
}

TEST_F(JobQueueTest, AResumedJobGoesOnBehindItsCheckpoint) {
  JobQueue queue(database_, config());
  std::vector<std::string> checkpoints;
  queue.handle(JobKind::batch, [&](RunningJob& job) -> JobResult {
    checkpoints.push_back(job.claim().checkpoint);
    if (!job.claim().checkpoint.empty()) return {.result = "{}"};
    job.checkpoint(R"({"row":7})");
    throw JobFailed("storage_failed", "disk full");
  });
  queue.start();
  add(queue, job("b", JobKind::batch));
  EXPECT_EQ(wait_for_end(queue, "b"), JobState::failed);
  EXPECT_EQ(queue.resume("s1", "b"), store::ChangedJob::done);
  EXPECT_EQ(wait_for_end(queue, "b"), JobState::done);
  EXPECT_EQ(checkpoints, (std::vector<std::string>{"", R"({"row":7})"}));
}

TEST_F(JobQueueTest, AShutdownGivesUnfinishedJobsBack) {
  JobQueueConfig one = config();
  {
    JobQueue queue(database_, one);
    std::promise<void> has_begun;
    queue.handle(JobKind::batch, [&](RunningJob& job) -> JobResult {
      job.progress(3, 10);
      job.checkpoint(R"({"row":3})");
      has_begun.set_value();
      while (true) {
        job.throw_if_stopped();
        std::this_thread::sleep_for(milliseconds(1));
      }
    });
    queue.start();
    add(queue, job("b", JobKind::batch));
    has_begun.get_future().wait();
    queue.stop(milliseconds(0));
    EXPECT_EQ(queue.stats().released, 1);
    EXPECT_EQ(queue.find("s1", "b")->state, JobState::queued);
  }
  JobQueue next(database_, one);
  next.handle(JobKind::batch, [](RunningJob& job) {
    EXPECT_EQ(job.claim().checkpoint, R"({"row":3})");
    EXPECT_EQ(job.job().progress.done, 3);
    return JobResult{.result = "{}"};
  });
  next.start();
  EXPECT_EQ(wait_for_end(next, "b"), JobState::done);
}

TEST_F(JobQueueTest, AJobThatTheEndOfTheProcessBrokeOffGoesBack) {
  JobQueue queue(database_, config());
  std::promise<void> has_begun, is_stopping;
  queue.handle(JobKind::write, [&](RunningJob&) -> JobResult {
    has_begun.set_value();
    is_stopping.get_future().wait();
    throw Cancelled("interrupted: generation stopped");
  });
  queue.start();
  const std::string id = add(queue);
  has_begun.get_future().wait();
  std::jthread stop([&] { queue.stop(kPatience); });
  std::this_thread::sleep_for(milliseconds(50));
  is_stopping.set_value();
  stop.join();
  EXPECT_EQ(queue.find("s1", id)->state, JobState::queued);
  EXPECT_EQ(queue.stats().released, 1);
}

TEST_F(JobQueueTest, AHandlerThatBreaksOffUnaskedFailsOnce) {
  JobQueue queue(database_, config());
  std::atomic<int> begun = 0;
  queue.handle(JobKind::write, [&](RunningJob&) -> JobResult {
    ++begun;
    throw Cancelled("[Decoder] cancelled");
  });
  queue.start();
  const std::string id = add(queue);
  EXPECT_EQ(wait_for_end(queue, id), JobState::failed);
  EXPECT_EQ(queue.find("s1", id)->failure.code, "internal");
  EXPECT_EQ(begun, 1);
}

TEST_F(JobQueueTest, AShutdownWaitsForShortJobs) {
  JobQueue queue(database_, config());
  std::promise<void> has_begun;
  queue.handle(JobKind::write, [&](RunningJob&) {
    has_begun.set_value();
    std::this_thread::sleep_for(milliseconds(50));
    return JobResult{.result = "{}"};
  });
  queue.start();
  add(queue, job("w"));
  has_begun.get_future().wait();
  queue.stop(kPatience);
  EXPECT_EQ(queue.find("s1", "w")->state, JobState::done);
}

TEST_F(JobQueueTest, LeasesOfLongJobsAreRenewed) {
  const JobQueueConfig quick = config(milliseconds(300));
  JobQueue queue(database_, quick), other(database_, quick);
  std::atomic<int> begun = 0;
  const JobHandler handler = [&](RunningJob& job) {
    ++begun;
    for (int i = 0; i < 100; ++i) {
      job.throw_if_stopped();
      std::this_thread::sleep_for(milliseconds(10));
    }
    return JobResult{.result = "{}"};
  };
  queue.handle(JobKind::write, handler);
  other.handle(JobKind::write, handler);
  queue.start();
  other.start();
  const std::string id = add(queue);
  EXPECT_EQ(wait_for_end(queue, id), JobState::done);
  EXPECT_EQ(begun, 1);
}

TEST_F(JobQueueTest, AWorkerThatLostItsJobKeepsNothing) {
  JobQueueConfig quick = config(milliseconds(100));
  JobQueue queue(database_, quick);
  std::atomic<int> begun = 0, kept = 0;
  queue.handle(JobKind::write, [&](RunningJob& job) {
    if (++begun == 1) {  // another instance takes the job over, as if this one had slept
      const auto later = store::utc_now() + std::chrono::hours(1);
      auto connection = database_.borrow();
      constexpr JobKind kWrite[] = {JobKind::write};
      const auto claim = store::JobQueue(*connection, quick.lease).claim("other", kWrite, later);
      EXPECT_EQ(claim->job.id, job.job().id);
      EXPECT_EQ(store::JobQueue(*connection, quick.lease).finish(*claim, R"({"by":"other"})", later), store::Lease::held);
    }
    return JobResult{.result = R"({"by":"first"})", .keep = [&](store::Connection&) { ++kept; }};
  });
  queue.start();
  const std::string id = add(queue);
  EXPECT_EQ(wait_for_end(queue, id), JobState::done);
  queue.stop(kPatience);
  EXPECT_EQ(queue.find("s1", id)->result, R"({"by":"other"})");
  EXPECT_EQ(kept, 0);
  EXPECT_EQ(queue.stats().lost, 1);
}

TEST_F(JobQueueTest, HigherPriorityComesFirst) {
  JobQueue queue(database_, config());
  std::vector<std::string> order;
  queue.handle(JobKind::batch, [&](RunningJob& job) {
    order.push_back(job.job().id);
    return JobResult{.result = "{}"};
  });
  for (const auto& [id, priority] : {std::pair("low", store::JobPriority::low), std::pair("first", store::JobPriority::normal),
                                     std::pair("second", store::JobPriority::normal), std::pair("high", store::JobPriority::low)}) {
    store::NewJob added = job(id, JobKind::batch);
    added.priority = priority;
    add(queue, added);
  }
  EXPECT_EQ(queue.set_priority("s1", "high", store::JobPriority::high), store::ChangedJob::done);
  queue.start();
  EXPECT_EQ(wait_for_end(queue, "low"), JobState::done);
  EXPECT_EQ(order, (std::vector<std::string>{"high", "first", "second", "low"}));
}

TEST_F(JobQueueTest, LimitsAreThoseOfTheStore) {
  JobQueueConfig small = config();
  small.limits.max_of_user = 2;
  JobQueue queue(database_, small);
  store::NewJob first = job();
  first.idempotency_key = "key-12345";
  const std::string id = add(queue, first);
  EXPECT_EQ(queue.add("s1", first).outcome, Outcome::repeated);
  EXPECT_EQ(queue.add("s1", first).job->id, id);
  add(queue);
  const auto refused = queue.add("s1", job());
  EXPECT_EQ(refused.outcome, Outcome::over_quota);
  EXPECT_TRUE(refused.reset_at);
}

TEST_F(JobQueueTest, AStreamOfAnEndedJobBeginsWithWhatIsStored) {
  std::string id;
  {
    JobQueue queue(database_, config());
    queue.handle(JobKind::write, [](RunningJob&) { return JobResult{.result = "{}"}; });
    queue.start();
    id = add(queue);
    wait_for_end(queue, id);
  }
  JobQueue queue(database_, config());
  queue.find_candidates_by([](store::Connection&, const std::string& shop_id, const std::string& job_id) {
    EXPECT_EQ(shop_id, "s1");
    return std::vector<StoredCandidate>{{"c-" + job_id, R"({"text":"真丝"})"}};
  });
  queue.start();
  const auto events = all_events(queue, id);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].name, "job");
  EXPECT_EQ(events[1].data, R"({"text":"真丝"})");
  EXPECT_EQ(events[2].name, "job");
  EXPECT_EQ(queue.follow("s2", id, 0), nullptr);
}

TEST_F(JobQueueTest, AJobOfAnotherInstanceIsFollowed) {
  JobQueue here(database_, config()), there(database_, config());
  there.handle(JobKind::write, [](RunningJob& job) {
    job.progress(1, 1);
    return JobResult{.result = "{}"};
  });
  here.start();
  const std::string id = add(here);
  there.start();
  const auto events = all_events(here, id);
  EXPECT_EQ(Json::parse(events.back().data)["state"], "done");
}

TEST_F(JobQueueTest, TimeLeftFollowsFromThePace) {
  JobQueue queue(database_, config());
  std::promise<double> seconds_left;
  queue.handle(JobKind::write, [&](RunningJob& job) {
    job.progress(0, 4);
    std::this_thread::sleep_for(milliseconds(40));
    job.progress(1, 4);
    seconds_left.set_value(*queue.find("s1", job.job().id)->progress.eta_seconds);
    return JobResult{.result = "{}"};
  });
  queue.start();
  const std::string id = add(queue);
  EXPECT_GE(seconds_left.get_future().get(), 3 * 0.040);
  EXPECT_EQ(wait_for_end(queue, id), JobState::done);
  EXPECT_FALSE(queue.find("s1", id)->progress.eta_seconds);
}

/// A server of one job in a process of its own: killed in the middle of it.
void kill_in_the_middle_of_a_job(const std::string& location, const JobQueueConfig& config) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    store::Database database(location);
    JobQueue queue(database, config);
    queue.handle(JobKind::batch, [&](RunningJob& job) -> JobResult {
      job.checkpoint(R"({"row":5})");
      const ssize_t written = ::write(pipe[1], "x", 1);
      (void)written;
      while (true) ::pause();
    });
    queue.start();
    while (true) ::pause();
  }
  ::close(pipe[1]);
  char byte = 0;
  EXPECT_EQ(::read(pipe[0], &byte, 1), 1);
  ::close(pipe[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST(JobQueueKillTest, JobsOfAKilledServerAreTakenUpAgainOnce) {
  const test::TemporaryDirectory folder;
  const std::string location = (folder.path() / "store.db").string();
  JobQueueConfig config;
  config.lease.lease = milliseconds(400);
  config.poll = milliseconds(20);
  config.lanes = {{{JobKind::batch}, 1}};
  {
    store::Database database(location);
    auto connection = database.borrow();
    store::Shop shop;
    shop.id = "s1";
    store::Shops(*connection).add(shop);
    store::Users(*connection, "s1").add({.id = "u1", .name = "writer", .role = store::Role::writer, .active = true, .created_at = {}, .seen_at = {}}, "hash");
    store::NewJob job;
    job.id = "b";
    job.kind = JobKind::batch;
    job.request = "{}";
    job.user_id = "u1";
    job.created_at = store::utc_now();
    store::Jobs(*connection, "s1").add(job, {});
  }
  kill_in_the_middle_of_a_job(location, config);
  store::Database database(location);
  JobQueue first(database, config), second(database, config);
  std::atomic<int> taken = 0;
  const JobHandler handler = [&](RunningJob& job) {
    ++taken;
    EXPECT_EQ(job.claim().checkpoint, R"({"row":5})");
    EXPECT_EQ(job.claim().attempt, 2);
    return JobResult{.result = "{}"};
  };
  first.handle(JobKind::batch, handler);
  second.handle(JobKind::batch, handler);
  first.start();
  second.start();
  const auto stream = first.follow("s1", "b", 0);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!stream->is_over() && std::chrono::steady_clock::now() < deadline) stream->take(milliseconds(50));
  std::this_thread::sleep_for(milliseconds(600));  // longer than a lease
  EXPECT_EQ(taken, 1);
  EXPECT_EQ(first.find("s1", "b")->state, JobState::done);
}

}  // namespace
}  // namespace vitrine::serve
