#include "base/available_memory.h"

#include <gtest/gtest.h>

namespace vitrine {
namespace {

TEST(AvailableMemoryTest, TheSystemSaysItInKibibytes) {
  EXPECT_EQ(meminfo_available_mib("MemTotal: 8192 kB\nMemAvailable:    4096 kB\n"), 4.0);
  EXPECT_EQ(meminfo_available_mib("MemTotal: 8192 kB\n"), std::nullopt);
  EXPECT_EQ(meminfo_available_mib("MemAvailable: ?"), std::nullopt);
}

TEST(AvailableMemoryTest, ThisProcessHasSome) {
  const auto available = available_memory_mib();
  ASSERT_TRUE(available);
  EXPECT_GT(*available, 1);
}

}  // namespace
}  // namespace vitrine
