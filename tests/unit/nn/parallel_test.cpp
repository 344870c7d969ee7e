#include "nn/parallel.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace vitrine::nn {
namespace {

class ParallelTest : public ::testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(2); }
  void note() {
    const std::scoped_lock lock(mutex_);
    threads_.insert(std::this_thread::get_id());
  }
  std::mutex mutex_;
  std::set<std::thread::id> threads_;
};

TEST_F(ParallelTest, ALoopRunsOnAsManyThreadsAsAsked) {
  parallel_for(0, 100, 1, [&](int64_t, int64_t) { note(); });
  EXPECT_EQ(threads_.size(), 2u);
}

TEST_F(ParallelTest, ALoopBelowItsGrainStaysOnOneThread) {
  parallel_for(0, 100, 100, [&](int64_t, int64_t) { note(); });
  EXPECT_EQ(threads_.size(), 1u);
}

TEST_F(ParallelTest, EachTaskIsDoneOnce) {
  std::vector<int> done(500);
  parallel_tasks(500, [&](const NextTask& next) {
    for (int64_t i = next(); i < 500; i = next()) ++done[static_cast<size_t>(i)];
    note();
  });
  EXPECT_EQ(done, std::vector<int>(500, 1));
  EXPECT_EQ(threads_.size(), 2u);
}

}  // namespace
}  // namespace vitrine::nn
