// The real picture worker, as the server speaks with it, on a tiny Stable Diffusion directory.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"
#include "serve/picture_process.h"

namespace vitrine::e2e {
namespace {

namespace fs = std::filesystem;
using serve::JobFailed;
using serve::PictureProcess;

std::string program() {
  const char* other = std::getenv("VITRINE_PROGRAM");
  return other != nullptr ? other : VITRINE_BINARY_DIR "/bin/vitrine";
}

class DrawWorkerE2e : public testing::Test {
 protected:
  DrawWorkerE2e() {
    fs::create_directories(folder_ / "previews");
    write_file_atomic(folder_ / "product.json",
                      R"({"id":"p1","source":{"file":"-","row":1,"format":"product"},"attributes":[{"id":"a1","key_raw":"类型","val_raw":"裙"},{"id":"a2","key_raw":"颜色","val_raw":"红色"}]})");
  }
  void SetUp() override { VITRINE_NEEDS_VERB("draw"); }

  static serve::PictureProcessConfig config() { return {.command = {program(), "draw-worker", "--threads", "1"}}; }
  static Json settings(int steps = 3) {
    return {{"model", source_file("tests/data/sd_tiny/model").string()}, {"width", 128}, {"height", 128},
            {"num_inference_steps", steps}, {"num_images_per_prompt", 2}, {"seed", 5}};
  }
  Json order(const Json& settings) const {
    return {{"settings", settings}, {"inspection", {{"attempts", 1}, {"probe", "none"}, {"clip", "none"}}},
            {"labels", {{"producer", "某店"}, {"log", folder_ / "labels.jsonl"}, {"settings", ""}}},
            {"product", folder_ / "product.json"}, {"output", folder_ / "out"},
            {"names", {"c-1-0.png", "c-1-1.png"}}, {"previews", folder_ / "previews"}};
  }
  std::string code_of(PictureProcess& process, const Json& order) const {
    try {
      process.draw(order);
    } catch (const JobFailed& e) {
      return e.code;
    }
    return "";
  }

  TemporaryFolder folder_;
};

TEST_F(DrawWorkerE2e, PicturesAreThoseOfDraw) {
  PictureProcess process(config());
  std::vector<int64_t> steps;
  std::vector<Json> previews;
  const Json done = process.draw(order(settings()), {.on_step = [&](int64_t step, int64_t) { steps.push_back(step); },
                                                     .on_preview = [&](const Json& event) { previews.push_back(event); }});
  EXPECT_EQ(steps, (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  ASSERT_GE(previews.size(), 2u);
  EXPECT_EQ(previews.front()["index"], 0);
  EXPECT_EQ(previews.back()["index"], 1);
  EXPECT_TRUE(fs::exists(previews.back()["file"].get<std::string>()));
  const auto alone = run_program({"draw", folder_ / "product.json", "--model", source_file("tests/data/sd_tiny/model").string(), "--width", "128", "--height", "128",
                                  "--num-inference-steps", "3", "-n", "2", "--seed", "5", "--attempts", "1", "--probe", "none", "--clip", "none", "--threads", "1",
                                  "--producer", "某店", "--log", folder_ / "labels.jsonl", "--output", folder_ / "alone"});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  const Json line = parse_json(read_file(folder_ / "alone/candidates.jsonl"), "candidates.jsonl");
  EXPECT_EQ(done["line"]["prompt"], line["prompt"]);
  EXPECT_EQ(done["line"]["seed"], line["seed"]);
  for (size_t i = 0; i < 2; ++i) {
    const Json& candidate = done["line"]["candidates"][i];
    EXPECT_TRUE(fs::exists(fs::path(folder_ / "out") / candidate["file"].get<std::string>()));
    for (const char* field : {"seed", "width", "size_label", "accepted", "defects"}) EXPECT_EQ(candidate[field], line["candidates"][i][field]) << field;
  }
}

TEST_F(DrawWorkerE2e, RefusalsAndCancelsLeaveItAlive) {
  PictureProcess process(config());
  Json odd = settings();
  odd["width"] = 129;
  EXPECT_EQ(code_of(process, order(odd)), "impossible");
  Json missing = settings();
  missing["model"] = "there-is-no-such-model";
  EXPECT_EQ(code_of(process, order(missing)), "model_missing");
  std::atomic<bool> has_begun = false;
  EXPECT_THROW(process.draw(order(settings(200)), {.on_step = [&](int64_t, int64_t) { has_begun = true; }, .is_cancelled = [&] { return has_begun.load(); }}), Cancelled);
  EXPECT_FALSE(fs::exists(folder_ / "out/c-1-0.png"));
  EXPECT_EQ(code_of(process, order(settings())), "");
  EXPECT_EQ(process.starts(), 1);
}

TEST_F(DrawWorkerE2e, AKilledWorkerCostsOneDrawing) {
  PictureProcess process(config());
  bool is_killed = false;
  const auto kill_once = [&](int64_t, int64_t) {
    if (!std::exchange(is_killed, true)) ::kill(process.pid(), SIGKILL);
  };
  try {
    process.draw(order(settings(200)), {.on_step = kill_once});
    FAIL();
  } catch (const JobFailed& e) {
    EXPECT_EQ(e.code, serve::kPictureWorkerKilled);
  }
  EXPECT_EQ(code_of(process, order(settings())), "");
  EXPECT_EQ(process.starts(), 2);
}

}  // namespace
}  // namespace vitrine::e2e
