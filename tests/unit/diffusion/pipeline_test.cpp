#include "diffusion/pipeline.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "unit/diffusion/fake_models.h"

namespace vitrine::diffusion {
namespace {

constexpr SchedulerKind kKinds[] = {SchedulerKind::ddim,     SchedulerKind::pndm,
                                    SchedulerKind::euler,    SchedulerKind::euler_a,
                                    SchedulerKind::dpmpp_2m, SchedulerKind::lcm};

std::unique_ptr<NoiseScheduler> scheduler_of(SchedulerKind kind) {
  SchedulerConfig config = default_scheduler_config(kind);
  config.clip_sample = false;
  return make_noise_scheduler(config);
}

SamplingConfig small_config(double strength = 1) {
  return {.width = 32,
          .height = 16,
          .num_inference_steps = 5,
          .guidance_scale = 3,
          .strength = strength};
}

SamplingRequest request_of(int64_t n, uint64_t seed = 7) {
  SamplingRequest request;
  request.states = {at::full({1, 4, 2}, 0.5f), at::full({1, 4, 2}, -0.25f)};
  for (int64_t i = 0; i < n; ++i) request.noise.emplace_back(seed, i);
  return request;
}

at::Tensor picture_of(int64_t height = 16, int64_t width = 32) {
  return at::linspace(-1, 1, 3 * height * width, at::kFloat).view({1, 3, height, width});
}

/// The right half is to be painted.
at::Tensor right_half() {
  at::Tensor mask = at::zeros({1, 1, 16, 32});
  mask.slice(3, 16).fill_(1);
  return mask;
}

at::Tensor sampled(SchedulerKind kind, const SamplingRequest& request,
                   const SamplingConfig& config = small_config()) {
  FakeModels models;
  return sample_latents(models, *scheduler_of(kind), request, config);
}

TEST(PipelineTest, TheSameSeedGivesTheSamePictureAndAnotherSeedAnother) {
  for (const SchedulerKind kind : kKinds) {
    EXPECT_TRUE(at::equal(sampled(kind, request_of(1)), sampled(kind, request_of(1))));
    EXPECT_FALSE(at::equal(sampled(kind, request_of(1)), sampled(kind, request_of(1, 8))));
  }
}

TEST(PipelineTest, APictureDoesNotDependOnHowManyAreDrawn) {
  for (const SchedulerKind kind : kKinds) {
    const at::Tensor four = sampled(kind, request_of(4));
    EXPECT_TRUE(at::equal(four.slice(0, 0, 1), sampled(kind, request_of(1))));
    SamplingRequest third = request_of(1);
    third.noise = {PictureNoise(7, 2)};
    EXPECT_TRUE(at::equal(four.slice(0, 2, 3), sampled(kind, third)));
    EXPECT_FALSE(at::equal(four[0], four[1]));
  }
}

TEST(PipelineTest, GuidanceRunsBothHalvesInOneBatchAndOneAloneWithoutIt) {
  FakeModels models;
  SamplingConfig config = small_config();
  sample_latents(models, *scheduler_of(SchedulerKind::ddim), request_of(2), config);
  EXPECT_EQ(models.batches, std::vector<int64_t>(5, 4));
  models.batches.clear();
  config.guidance_scale = 1;
  SamplingRequest request = request_of(2);
  request.states.negative.reset();
  sample_latents(models, *scheduler_of(SchedulerKind::ddim), request, config);
  EXPECT_EQ(models.batches, std::vector<int64_t>(5, 2));
}

TEST(PipelineTest, GuidanceGoesPastThePromptAwayFromTheNegativeOne) {
  const at::Tensor both = at::tensor({1.0f, 3.0f}).view({2, 1, 1, 1});
  EXPECT_FLOAT_EQ(guided(both, 7.5).item<float>(), 1 + 7.5f * 2);
  EXPECT_EQ(guided(both.to(at::kBFloat16), 2).scalar_type(), at::kFloat);
}

TEST(PipelineTest, AModelThatTakesTheGuidanceAsInputSeesItInsteadOfTwoHalves) {
  FakeModels models;
  models.shape.time_cond_proj_dim = 6;
  SamplingConfig config = small_config();
  sample_latents(models, *scheduler_of(SchedulerKind::lcm), request_of(2), config);
  EXPECT_EQ(models.batches.front(), 2);
  const at::Tensor told = models.conditions.front();
  ASSERT_EQ(told.sizes(), (std::vector<int64_t>{2, 6}));
  EXPECT_NEAR(told[0][0].item<double>(), std::sin(2000.0), 1e-4);  // (3 - 1) * 1000
  EXPECT_NEAR(told[0][3].item<double>(), std::cos(2000.0), 1e-4);
  EXPECT_NEAR(told[1][2].item<double>(), std::sin(2000.0 / 10000), 1e-6);
}

TEST(PipelineTest, GivenNoiseTakesThePlaceOfTheSeed) {
  SamplingRequest request = request_of(2, 1);
  std::vector<at::Tensor> noise;
  for (int64_t i = 0; i < 2; ++i) noise.push_back(PictureNoise(7, i).initial({4, 2, 4}));
  request.initial_noise = at::stack(noise);
  for (const SchedulerKind kind : {SchedulerKind::ddim, SchedulerKind::euler})
    EXPECT_TRUE(at::equal(sampled(kind, request), sampled(kind, request_of(2, 7))));
}

TEST(PipelineTest, APictureAtFullStrengthBeginsWithItsOwnNoisedLatents) {
  for (const SchedulerKind kind : kKinds) {
    FakeModels models;
    SamplingRequest request = request_of(1);
    request.picture = picture_of();
    const auto scheduler = scheduler_of(kind);
    const at::Tensor from_picture = sample_latents(models, *scheduler, request, small_config());
    const at::Tensor original = models.encode(picture_of()).mean * models.shape.scaling_factor;
    const at::Tensor begun =
        scheduler->add_noise(original, PictureNoise(7, 0).initial({4, 2, 4}).unsqueeze(0), 0);
    SamplingRequest text_alone = request_of(1);
    text_alone.initial_noise = begun / scheduler->init_noise_sigma();
    EXPECT_TRUE(at::allclose(from_picture, sampled(kind, text_alone), 1e-4, 1e-5)) << word_of(kind);
  }
}

TEST(PipelineTest, StrengthIsTheShareOfStepsThatAreDone) {
  for (const auto& [strength, steps] : {std::pair{1.0, 5}, {0.6, 3}, {0.5, 2}, {0.2, 1}}) {
    FakeModels models;
    SamplingRequest request = request_of(1);
    request.picture = picture_of();
    const auto scheduler = scheduler_of(SchedulerKind::euler);
    std::vector<int64_t> reported;
    sample_latents(models, *scheduler, request, small_config(strength),
                   [&](const StepReport& report) {
                     reported.push_back(report.step);
                     EXPECT_EQ(report.num_steps, steps);
                   });
    EXPECT_EQ(reported.size(), static_cast<size_t>(steps));
    EXPECT_EQ(count_steps(*scheduler, small_config(strength), true), steps);
  }
  const auto pndm = scheduler_of(SchedulerKind::pndm);
  EXPECT_EQ(count_steps(*pndm, small_config(), false), 6);
}

TEST(PipelineTest, LowStrengthStaysNearThePicture) {
  const auto distance = [](double strength) {
    FakeModels models;
    SamplingRequest request = request_of(1);
    request.picture = picture_of();
    const at::Tensor original = models.encode(picture_of()).mean * models.shape.scaling_factor;
    return (sampled(SchedulerKind::ddim, request, small_config(strength)) - original)
        .norm()
        .item<double>();
  };
  EXPECT_LT(distance(0.2), distance(0.9) / 2);
}

TEST(PipelineTest, TheEncodingIsADrawForEachPicture) {
  FakeModels models;
  models.deviation = 1;
  SamplingRequest request = request_of(2);
  request.picture = picture_of();
  request.initial_noise = at::zeros({2, 4, 2, 4});
  const at::Tensor latents =
      sample_latents(models, *scheduler_of(SchedulerKind::ddim), request, small_config(0.2));
  EXPECT_FALSE(at::equal(latents[0], latents[1]));
}

TEST(PipelineTest, LatentsOutsideOfTheMaskAreThoseOfThePicture) {
  for (const SchedulerKind kind : kKinds) {
    for (const double strength : {1.0, 0.6}) {
      FakeModels models;
      SamplingRequest request = request_of(2);
      request.picture = picture_of();
      request.mask = right_half();
      const at::Tensor latents =
          sample_latents(models, *scheduler_of(kind), request, small_config(strength));
      const at::Tensor original = models.encode(picture_of()).mean * models.shape.scaling_factor;
      const at::Tensor left = original.slice(3, 0, 2).expand({2, 4, 2, 2});
      EXPECT_TRUE(at::allclose(latents.slice(3, 0, 2), left, 0, 1e-6)) << word_of(kind);
      EXPECT_FALSE(at::allclose(latents.slice(3, 2), original.slice(3, 2), 0, 1e-2))
          << word_of(kind);
    }
  }
}

TEST(PipelineTest, AnInpaintingModelSeesMaskAndMaskedPicture) {
  FakeModels models;
  models.shape.in_channels = 9;
  SamplingRequest request = request_of(1);
  request.picture = picture_of();
  request.mask = right_half();
  sample_latents(models, *scheduler_of(SchedulerKind::euler), request, small_config());
  const at::Tensor input = models.inputs.front();
  ASSERT_EQ(input.sizes(), (std::vector<int64_t>{2, 9, 2, 4}));
  EXPECT_TRUE(at::equal(input[0][4], at::tensor({0.0f, 0.0f, 1.0f, 1.0f}).expand({2, 4})));
  const at::Tensor masked =
      models.encode(picture_of() * (1 - right_half())).mean * models.shape.scaling_factor;
  EXPECT_TRUE(at::allclose(input.slice(1, 5), masked.expand({2, 4, 2, 4}), 0, 1e-5));
}

TEST(PipelineTest, WhatIsThrownBetweenStepsEndsTheRun) {
  FakeModels models;
  const auto scheduler = scheduler_of(SchedulerKind::dpmpp_2m);
  const auto stop_at_two = [](const StepReport& report) {
    if (report.step == 2) throw Cancelled("stopped");
  };
  EXPECT_THROW(sample_latents(models, *scheduler, request_of(1), small_config(), stop_at_two),
               Cancelled);
  EXPECT_EQ(models.batches.size(), 2u);
  // The next run of the same scheduler is as if there had been none.
  EXPECT_TRUE(at::equal(sample_latents(models, *scheduler, request_of(1), small_config()),
                        sampled(SchedulerKind::dpmpp_2m, request_of(1))));
}

TEST(PipelineTest, DecodedPicturesAreClamped) {
  FakeModels models;
  const at::Tensor pictures = decode_pictures(models, at::full({1, 4, 2, 4}, 5.0f), false);
  EXPECT_EQ(pictures.sizes(), (std::vector<int64_t>{1, 3, 16, 32}));
  EXPECT_EQ(pictures.max().item<float>(), 1);
}

void expect_refused(const SamplingRequest& request, const SamplingConfig& config, const char* named,
                    int64_t in_channels = 4) {
  FakeModels models;
  models.shape.in_channels = in_channels;
  try {
    sample_latents(models, *scheduler_of(SchedulerKind::ddim), request, config);
    ADD_FAILURE() << "expected a message with " << named;
  } catch (const InvalidInput& error) {
    EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
  }
  EXPECT_TRUE(models.batches.empty());
}

TEST(PipelineTest, WhatDoesNotFitIsRefusedBeforeAnyStep) {
  SamplingConfig config = small_config();
  config.width = 20;
  expect_refused(request_of(1), config, "width: expected a multiple of 8, got 20");
  expect_refused(request_of(0), small_config(), "no picture");
  SamplingRequest request = request_of(1);
  request.states.negative.reset();
  expect_refused(request, small_config(), "negative prompt");
  request = request_of(1);
  request.mask = right_half();
  expect_refused(request, small_config(), "a mask needs the picture");
  request.picture = picture_of(8, 8);
  expect_refused(request, small_config(), "picture: expected [1, 3, 16, 32], got [1, 3, 8, 8]");
  request = request_of(1);
  request.picture = picture_of();
  expect_refused(request, small_config(0.1), "strength 0.1 of 5 steps leaves none");
  expect_refused(request, small_config(0), "strength");
  expect_refused(request, small_config(), "made for inpainting", 9);
  expect_refused(request, small_config(), "5 input channels", 5);
  request = request_of(2);
  request.initial_noise = at::zeros({1, 4, 2, 4});
  expect_refused(request, small_config(), "initial_noise: expected [2, 4, 2, 4]");
}

}  // namespace
}  // namespace vitrine::diffusion
