#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "base/error.h"

namespace vitrine {
namespace {

TEST(ThreadPoolTest, EveryIndexIsVisitedOnceForAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    for (const size_t count : {0u, 1u, 2u, 5u, 1000u}) {
      std::vector<std::atomic<int>> visits(count);
      pool.parallel_for(count, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end; ++i) ++visits[i];
      });
      for (const auto& v : visits) EXPECT_EQ(v, 1);
    }
  }
}

TEST(ThreadPoolTest, AnExceptionOfAPieceReachesTheCaller) {
  ThreadPool pool(3);
  EXPECT_THROW(pool.parallel_for(9, [](size_t begin, size_t) { if (begin > 0) throw Corrupt("piece"); }), Corrupt);
  pool.parallel_for(2, [](size_t, size_t) {});
}

}  // namespace
}  // namespace vitrine
