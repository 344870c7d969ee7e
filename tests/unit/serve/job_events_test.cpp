#include "serve/job_events.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace vitrine::serve {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> names_of(const std::vector<JobEvent>& events) {
  std::vector<std::string> names;
  for (const JobEvent& event : events) names.push_back(event.name + " " + event.data);
  return names;
}
using Names = std::vector<std::string>;

TEST(JobEventsTest, AStreamGetsWhatHappensInOrder) {
  JobEvents events(100);
  const auto stream = events.follow("j", 0);
  EXPECT_TRUE(stream->take(milliseconds(1)).empty());
  events.add("j", "job", "job", "running");
  events.add("j", "candidate c1", "token", "a");
  EXPECT_EQ(names_of(stream->take(milliseconds(1))), (Names{"job running", "token a"}));
  EXPECT_FALSE(stream->is_over());
  events.add("j", "job", "job", "done", /*ends_job=*/true);
  EXPECT_EQ(names_of(stream->take(milliseconds(1))), Names{"job done"});
  EXPECT_TRUE(stream->is_over());
}

TEST(JobEventsTest, IdsGrow) {
  JobEvents events(100);
  const auto stream = events.follow("j", 0);
  events.add("j", "job", "job", "queued");
  events.add("j", "job", "job", "running");
  const auto taken = stream->take(milliseconds(1));
  ASSERT_EQ(taken.size(), 1u) << "the newest state takes the place of the former";
  EXPECT_EQ(taken.front().id, 101);
}

TEST(JobEventsTest, AStreamGoesOnBehindItsLastEvent) {
  JobEvents events(100);
  events.add("j", "job", "job", "running");
  events.add("j", "candidate c1", "candidate", "first");
  events.add("j", "candidate c2", "token", "half");
  const auto first = events.follow("j", 0);
  const int64_t second_id = first->take(milliseconds(1)).at(1).id;
  events.add("j", "candidate c2", "candidate", "second");
  EXPECT_EQ(names_of(events.follow("j", second_id)->take(milliseconds(1))), Names{"candidate second"});
}

TEST(JobEventsTest, ANewStreamBeginsWithTheJob) {
  JobEvents events(100);
  events.add("j", "candidate c1", "candidate", "first");
  events.add("j", "job", "job", "half");
  const auto stream = events.follow("j", 0);
  const auto taken = stream->take(milliseconds(1));
  EXPECT_EQ(names_of(taken), (Names{"job half", "candidate first", "job half"}));
  EXPECT_EQ(names_of(events.follow("j", taken.front().id)->take(milliseconds(1))), (Names{"candidate first", "job half"}))
      << "a client that got the first event alone misses nothing";
}

TEST(JobEventsTest, AnIdOfAnEarlierServerGetsAllThatIsTrueNow) {
  JobEvents former(100), now(1000);
  former.add("j", "candidate c1", "token", "a");
  now.add("j", "job", "job", "running");
  now.add("j", "candidate c1", "token", "b");
  EXPECT_EQ(names_of(now.follow("j", 100)->take(milliseconds(1))), (Names{"job running", "token b"}));
}

TEST(JobEventsTest, ABeginForgetsUnfinishedTexts) {
  JobEvents events(100);
  events.add("j", "candidate c1", "candidate", "whole");
  events.add("j", "candidate c2", "token", "half");
  events.restart("j");
  EXPECT_EQ(names_of(events.follow("j", 0)->take(milliseconds(1))), Names{"candidate whole"});
}

TEST(JobEventsTest, WhatTheStoreSaysDoesNotReplaceWhatIsNewer) {
  JobEvents events(100);
  events.add("j", "job", "job", "done", /*ends_job=*/true);
  events.add_if_new("j", "job", "job", "running");
  const auto stream = events.follow("j", 0);
  EXPECT_EQ(names_of(stream->take(milliseconds(1))), Names{"job done"});
  EXPECT_TRUE(stream->is_over());
}

TEST(JobEventsTest, AWaitingStreamWakes) {
  JobEvents events(100);
  std::atomic<int> calls = 0;
  const auto stream = events.follow("j", 0, [&] { ++calls; });
  std::thread later([&] { events.add("j", "job", "job", "running"); });
  EXPECT_EQ(stream->take(std::chrono::seconds(20)).size(), 1u);
  later.join();
  EXPECT_EQ(calls, 1);
}

TEST(JobEventsTest, LogsThatNobodyFollowsAreForgotten) {
  JobEvents events(100);
  events.add("j", "job", "job", "done", /*ends_job=*/true);
  {
    const auto stream = events.follow("j", 0);
    EXPECT_EQ(events.followed(), Names{"j"});
    events.forget_older_than(std::chrono::seconds(0));
    EXPECT_TRUE(events.has_log("j"));
  }
  events.forget_older_than(std::chrono::seconds(3600));
  EXPECT_TRUE(events.has_log("j"));
  events.forget_older_than(std::chrono::seconds(0));
  EXPECT_FALSE(events.has_log("j"));
}

}  // namespace
}  // namespace vitrine::serve
