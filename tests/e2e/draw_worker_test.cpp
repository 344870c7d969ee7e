// The real picture worker, as the server speaks with it, on a tiny Stable Diffusion directory.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"
#include "io/picture.h"
#include "serve/child_process.h"
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
  int64_t last = 0, all = 0;
  std::vector<Json> previews;
  const Json done = process.draw(order(settings()), {.on_step = [&](int64_t step, int64_t steps) {
                                                       EXPECT_EQ(step, ++last);
                                                       all = steps;
                                                     },
                                                     .on_preview = [&](const Json& event) { previews.push_back(event); }});
  EXPECT_GE(last, 6);
  EXPECT_EQ(last, all);
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

/// Lines of the worker until it is done with the order.
std::vector<Json> answers_to(serve::ChildProcess& worker, const Json& order) {
  std::vector<Json> events;
  worker.write_line(dump_line({{"draw", order}}));
  std::string line;
  while (worker.read_line(line, std::chrono::minutes(5)) == serve::ChildProcess::Read::line) {
    events.push_back(parse_json(line, "worker"));
    const std::string name = events.back()["event"];
    if (name == "done" || name == "failed") break;
  }
  return events;
}

TEST_F(DrawWorkerE2e, SettingsThatTheModelDoesNotDependOnLoadNothing) {
  serve::ChildProcess worker(config().command, size_t{1} << 20);
  const auto num_loads = [&](const Json& settings) {
    const auto events = answers_to(worker, order(settings));
    EXPECT_EQ(events.back()["event"], "done") << events.back();
    return std::count_if(events.begin(), events.end(), [](const Json& event) { return event["event"] == "loading"; });
  };
  EXPECT_EQ(num_loads(settings()), 1);
  Json other = settings(2);
  other.update({{"width", 136}, {"guidance_scale", 3.0}, {"negative_prompt", "blurry"}, {"scheduler", "euler"}, {"seed", 6}});
  EXPECT_EQ(num_loads(other), 0);
  PictureProcess fresh(config());
  Json again = order(other);
  again["output"] = folder_ / "fresh";
  const Json done = fresh.draw(again);
  EXPECT_EQ(done["line"]["candidates"][0]["width"], 136);
  const auto pixels = [&](const std::string& file) { return io::read_picture(fs::path(file)).rgb; };
  EXPECT_EQ(pixels(folder_ / "out/c-1-0.png"), pixels(folder_ / "fresh/c-1-0.png")) << "as a worker that has loaded for them";
  Json odd = settings();
  odd["width"] = 129;
  EXPECT_EQ(answers_to(worker, order(odd)).back()["event"], "failed");
  EXPECT_EQ(num_loads(settings()), 1) << "what could not be taken on is not drawn with";
}

TEST_F(DrawWorkerE2e, PreviewsAndSmallerCopiesAreLabelled) {
  PictureProcess process(config());
  Json request = order(settings());
  request["settings"].update({{"width", 256}, {"height", 256}});
  request.update({{"thumbnails", folder_ / "thumbnails"}, {"thumbnail_sides", {64, 160, 320}}});
  std::vector<std::string> previews;
  const Json done = process.draw(request, {.on_preview = [&](const Json& event) { previews.push_back(event["file"]); }});
  ASSERT_GE(previews.size(), 1u);
  const io::Picture preview = io::read_picture(fs::path(previews.front()));
  EXPECT_GE(std::min(preview.width, preview.height), 128);
  // The plate of the label is in the bottom right corner, of one colour with the ink on it: the preview of another seed has the same.
  Json second = request;
  second["settings"]["seed"] = 77;
  second["previews"] = folder_ / "previews2";
  fs::create_directories(folder_ / "previews2");
  std::vector<std::string> others;
  process.draw(second, {.on_preview = [&](const Json& event) { others.push_back(event["file"]); }});
  ASSERT_GE(others.size(), 1u);
  const io::Picture other = io::read_picture(fs::path(others.front()));
  ASSERT_EQ(preview.width, other.width);
  const auto differing = [&](int64_t from_x, int64_t from_y, int64_t side) {
    int64_t count = 0;
    for (int64_t y = from_y; y < from_y + side; ++y) {
      for (int64_t x = from_x; x < from_x + side; ++x) {
        const auto at = static_cast<size_t>((y * preview.width + x) * 3);
        count += !std::equal(preview.rgb.begin() + static_cast<int64_t>(at), preview.rgb.begin() + static_cast<int64_t>(at) + 3, other.rgb.begin() + static_cast<int64_t>(at));
      }
    }
    return count;
  };
  EXPECT_EQ(differing(preview.width - 14, preview.height - 14, 6), 0) << "no label";
  EXPECT_GT(differing(4, 4, 20), 0) << "the same picture";
  EXPECT_FALSE(fs::exists(folder_ / "thumbnails/64")) << "a label could not be read there";
  EXPECT_FALSE(fs::exists(folder_ / "thumbnails/320")) << "a copy is never made larger";
  const std::string copy = folder_ / "thumbnails/160/c-1-0.png";
  EXPECT_EQ(io::read_picture(fs::path(copy)).width, 160);
  const auto verified = run_program({"verify", copy, "--log", folder_ / "labels.jsonl"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
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
