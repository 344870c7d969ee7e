// A candidate is the same alone and in company: with any number of other callers, at any batch size.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "copywriting/written_product.h"
#include "serve/copy_engine.h"
#include "unit/serve/dress.h"

namespace vitrine::serve {
namespace {

CopyRequest request_of(int number) {
  CopyRequest request{.product = number % 2 == 0 ? dress("p" + std::to_string(number)) : trousers("p" + std::to_string(number))};
  request.config.num_return_sequences = 1 + number % 3;
  request.config.length = 30 + 20 * (number % 3);
  request.config.seed = number;
  request.config.temperature = number % 3 == 0 ? 1.0 : 0.8;
  request.config.style = number % 4 == 3 ? "xiaohongshu" : "taobao";
  request.priority = number % 3;
  return request;
}

std::vector<std::string> lines_of(CopyEngine& engine, int requests, bool together) {
  std::vector<std::string> lines(static_cast<size_t>(requests));
  const auto write = [&](int i) {
    const CopyRequest request = request_of(i);
    lines[static_cast<size_t>(i)] = dump_line(copywriting::to_json(engine.write(request), request.config, engine.model_sha256()));
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < requests; ++i) {
    if (together) {
      callers.emplace_back(write, i);
    } else {
      write(i);
    }
  }
  for (auto& caller : callers) caller.join();
  return lines;
}

class CopyEnginePropertyTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CopyEnginePropertyTest, CompanyChangesNoBit) {
  constexpr int kRequests = 6;
  const auto engine_of = [](int max_batch) {
    return CopyEngine(CopyEngineConfig{.decoder = {.threads = 1, .dtype = GetParam(), .max_batch = max_batch}});
  };
  CopyEngine small = engine_of(3), large = engine_of(32);
  const auto alone = lines_of(large, kRequests, /*together=*/false);
  EXPECT_EQ(lines_of(large, kRequests, /*together=*/true), alone);
  EXPECT_EQ(lines_of(small, kRequests, /*together=*/true), alone);
}

INSTANTIATE_TEST_SUITE_P(Types, CopyEnginePropertyTest, ::testing::Values("float32", "int8"));

}  // namespace
}  // namespace vitrine::serve
