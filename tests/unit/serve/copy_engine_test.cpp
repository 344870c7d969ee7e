// With the embedded model: it is small.
#include "serve/copy_engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "base/error.h"
#include "copywriting/written_product.h"
#include "unit/serve/dress.h"

namespace vitrine::serve {
namespace {

class CopyEngineTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { engine_ = new CopyEngine(CopyEngineConfig{.decoder = {.threads = 1, .dtype = "int8", .max_batch = 8}}); }
  static void TearDownTestSuite() {
    delete engine_;
    engine_ = nullptr;
  }
  static CopyRequest request(data::Product product, int n = 2) {
    CopyRequest request{.product = std::move(product)};
    request.config.num_return_sequences = n;
    request.config.length = 60;
    return request;
  }
  static CopyEngine* engine_;
};
CopyEngine* CopyEngineTest::engine_ = nullptr;

TEST_F(CopyEngineTest, CandidatesAreWhatWriteGives) {
  const auto request = CopyEngineTest::request(dress(), 3);
  auto models = copywriting::load_writer_models(request.config, {.threads = 1, .dtype = "int8"});
  copywriting::CopyWriter writer(request.config, &*models.copy);
  writer.use_ranker(&*models.ranker);
  const auto alone = writer.write({&request.product, 1}).front();
  const auto served = engine_->write(request);
  ASSERT_FALSE(served.candidates.empty()) << served.error;
  EXPECT_EQ(copywriting::to_json(served, request.config, ""), copywriting::to_json(alone, request.config, ""));
}

TEST_F(CopyEngineTest, TextsGrowUntilTheyAreThere) {
  std::map<int, std::vector<std::string>> texts;
  std::map<int, std::string> finished;
  CopyWatch watch;
  watch.on_text = [&](int index, const std::string& text) {
    EXPECT_FALSE(finished.contains(index));
    texts[index].push_back(text);
  };
  watch.on_candidate = [&](const copywriting::Candidate& candidate) {
    EXPECT_GT(candidate.coverage, 0);
    finished[candidate.index] = candidate.text;
  };
  const auto written = engine_->write(request(dress()), watch);
  ASSERT_FALSE(written.candidates.empty()) << written.error;
  for (const auto& candidate : written.candidates) {
    EXPECT_GT(texts[candidate.index].size(), 1u);
    EXPECT_EQ(finished[candidate.index], candidate.text);
  }
}

TEST_F(CopyEngineTest, ACancelledRequestLeavesTheBatch) {
  std::atomic<bool> has_begun = false;
  CopyWatch watch;
  watch.on_text = [&](int, const std::string&) { has_begun = true; };
  watch.is_cancelled = [&] { return has_begun.load(); };
  const int64_t before = engine_->stats().cancelled;
  EXPECT_THROW(engine_->write(request(dress(), 16), watch), Cancelled);
  EXPECT_EQ(engine_->stats().cancelled, before + 1);
  EXPECT_EQ(engine_->stats().running, 0);
  EXPECT_EQ(engine_->stats().waiting, 0);
  EXPECT_FALSE(engine_->write(request(dress(), 1)).candidates.empty());
}

TEST_F(CopyEngineTest, AnExceptionOfTheWatchEndsItsRequestAlone) {
  CopyWatch watch;
  watch.on_text = [](int, const std::string&) { throw IoError("the stream is closed"); };
  EXPECT_THROW(engine_->write(request(dress(), 4), watch), IoError);
  EXPECT_EQ(engine_->stats().running, 0);
  EXPECT_FALSE(engine_->write(request(trousers(), 1)).candidates.empty());
}

TEST_F(CopyEngineTest, BadSettingsAreRefused) {
  CopyRequest wrong = request(dress());
  wrong.config.temperature = 20;
  EXPECT_THROW(engine_->write(wrong), InvalidInput);
  CopyRequest beams = request(dress());
  beams.config.num_beams = 4;
  EXPECT_THROW(engine_->write(beams), InvalidInput);
}

TEST_F(CopyEngineTest, APlanLeavesOutWhatWasDropped) {
  CopyRequest wished = request(dress());
  const auto whole = engine_->plan(wished);
  wished.wishes.drops = {"风格#简约", "类型"};
  const auto plan = engine_->plan(wished);
  EXPECT_EQ(plan.points.size() + 1, whole.points.size());
  EXPECT_EQ(plan.points.front().value, whole.points.front().value) << "the subject stays";
  EXPECT_NE(plan.id, whole.id);
  EXPECT_EQ(plan.id, engine_->plan(wished).id);
}

TEST_F(CopyEngineTest, APlanIsWrittenAsItIs) {
  const auto plan = engine_->plan(request(dress()));
  CopyRequest fixed = request(dress(), 1);
  for (const auto& point : plan.points) {
    if (point.value != "v领") fixed.wishes.points["p1"].push_back(point.key + "#" + point.value);
  }
  const auto written = engine_->write(fixed);
  ASSERT_EQ(written.candidates.size(), 1u) << written.error;
  EXPECT_EQ(written.plan.points.size() + 1, plan.points.size());
}

TEST_F(CopyEngineTest, CountsWhatIsDrawnWrittenAndGivenOut) {
  const CopyEngineStats before = engine_->stats();
  const auto written = engine_->write(request(dress(), 2));
  const CopyEngineStats after = engine_->stats();
  int64_t tokens = 0;
  for (const auto& candidate : written.candidates) tokens += candidate.tokens;
  EXPECT_EQ(after.delivered - before.delivered, tokens);
  EXPECT_GE(after.tokens - before.tokens, tokens);
  // Of each sentence there are three variants.
  EXPECT_GT(after.drawn - before.drawn, 2 * (after.tokens - before.tokens));
}

TEST_F(CopyEngineTest, TemplateCopyNeedsNoModel) {
  CopyRequest baseline = request(dress(), 1);
  baseline.config.baseline = "template";
  const int64_t before = engine_->stats().copies;
  EXPECT_EQ(engine_->write(baseline).origin, "template");
  EXPECT_EQ(engine_->stats().copies, before);
}

}  // namespace
}  // namespace vitrine::serve
