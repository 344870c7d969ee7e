// Latents of a tiny Stable Diffusion directory against those of the pipelines of diffusers
// (tools/golden/sd_pipeline.py), from the text of the prompt to the picture.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "diffusion/network_models.h"
#include "diffusion/pipeline.h"
#include "io/safetensors.h"
#include "models/stable_diffusion/model.h"
#include "models/tensor_files.h"
#include "models/unet/weights.h"

namespace vitrine::diffusion {
namespace {

namespace fs = std::filesystem;
const fs::path kData = fs::path(VITRINE_SOURCE_DIR) / "tests/data";

/// The encoding is its mean, as in the generator.
class WithoutDeviation final : public DiffusionModels {
 public:
  explicit WithoutDeviation(const Networks& networks) : models_(networks) {}
  ModelShapes shapes() const override { return models_.shapes(); }
  at::Device device() const override { return models_.device(); }
  at::Tensor text_states(const at::Tensor& ids) override { return models_.text_states(ids); }
  at::Tensor predict_noise(const at::Tensor& latents, const at::Tensor& timesteps,
                           Condition& condition) override {
    return models_.predict_noise(latents, timesteps, condition);
  }
  models::LatentDistribution encode(const at::Tensor& pictures) override {
    models::LatentDistribution found = models_.encode(pictures);
    found.logvar.fill_(-100);
    return found;
  }
  at::Tensor decode(const at::Tensor& latents) override { return models_.decode(latents); }

 private:
  NetworkModels models_;
};

class PipelineGoldenTest : public testing::Test {
 protected:
  const Json record = read_json_file(kData / "sd_tiny/runs.json");
  const io::SafetensorsFile file{kData / "sd_tiny/runs.safetensors"};
  const models::StableDiffusion model =
      models::load_stable_diffusion(models::open_stable_diffusion(kData / "sd_tiny/model"));
  const std::unique_ptr<text::Tokenizer> tokenizer =
      text::load_tokenizer(kData / "sd_tiny/model/tokenizer");
  const models::UNetConfig inpaint_config =
      models::read_unet_config(kData / "golden/sd/unet_inpaint");
  const nn::FrozenTensors inpaint_unet{models::frozen_tensors(
      models::load_unet_weights(kData / "golden/sd/unet_inpaint", inpaint_config),
      models::unet_weight_specs(inpaint_config), {})};

  at::Tensor tensor(const std::string& name) const {
    const io::TensorView* view = file.find(name);
    EXPECT_NE(view, nullptr) << name;
    return models::read_parameter({name, view->shape}, *view);
  }

  Networks networks(bool inpainting = false) const {
    const models::SdSettings& settings = model.files.settings;
    return {.text_encoder = model.text_encoder,
            .unet_config = inpainting ? inpaint_config : settings.unet,
            .unet = inpainting ? inpaint_unet : model.unet,
            .vae_config = settings.vae,
            .vae = model.vae};
  }

  SamplingConfig config(double strength = 1) const {
    return {.width = record["width"].get<int64_t>(),
            .height = record["height"].get<int64_t>(),
            .num_inference_steps = record["num_inference_steps"].get<int64_t>(),
            .guidance_scale = record["guidance_scale"].get<double>(),
            .strength = strength};
  }

  SamplingRequest request(DiffusionModels& models) const {
    PromptEncoder encoder(models, *tokenizer, model.text_encoder.max_tokens());
    SamplingRequest request;
    request.states = encoder.encode(record["prompt"].get<std::string>(),
                                    record["negative_prompt"].get<std::string>());
    request.noise = {PictureNoise(0, 0), PictureNoise(0, 1)};
    request.initial_noise = tensor("noise");
    return request;
  }

  std::unique_ptr<NoiseScheduler> scheduler(const std::string& kind) const {
    return make_noise_scheduler(
        scheduler_config_from_json(record["schedulers"][kind], "golden", scheduler_kind(kind)));
  }

  void expect_equal(const at::Tensor& actual, const std::string& name) const {
    const at::Tensor expected = tensor(name);
    ASSERT_EQ(actual.sizes(), expected.sizes()) << name;
    const double worst = ((actual - expected).abs().max() / expected.abs().max()).item<double>();
    EXPECT_LT(worst, 1e-4) << name;
  }
};

TEST_F(PipelineGoldenTest, TextToImageEqualsDiffusers) {
  WithoutDeviation models(networks());
  for (const std::string kind : {"ddim", "pndm", "euler", "dpmpp_2m"}) {
    const at::Tensor latents = sample_latents(models, *scheduler(kind), request(models), config());
    expect_equal(latents, "text." + kind);
    if (kind != "ddim") continue;
    expect_equal((decode_pictures(models, latents, false) + 1) / 2, "decoded.ddim");
  }
}

TEST_F(PipelineGoldenTest, ImageToImageEqualsDiffusers) {
  WithoutDeviation models(networks());
  for (const std::string kind : {"ddim", "pndm", "euler", "dpmpp_2m"}) {
    SamplingRequest from_picture = request(models);
    from_picture.picture = tensor("picture");
    expect_equal(sample_latents(models, *scheduler(kind), from_picture, config(0.6)),
                 "picture." + kind);
  }
}

TEST_F(PipelineGoldenTest, InpaintingByMaskEqualsDiffusers) {
  WithoutDeviation models(networks());
  SamplingRequest masked = request(models);
  masked.picture = tensor("picture");
  masked.mask = tensor("mask");
  for (const std::string kind : {"ddim", "euler"}) {
    expect_equal(sample_latents(models, *scheduler(kind), masked, config(1)),
                 "inpaint." + kind + ".1.0");
    expect_equal(sample_latents(models, *scheduler(kind), masked, config(0.6)),
                 "inpaint." + kind + ".0.6");
  }
}

TEST_F(PipelineGoldenTest, AnInpaintingUNetEqualsDiffusers) {
  WithoutDeviation models(networks(/*inpainting=*/true));
  SamplingRequest masked = request(models);
  masked.picture = tensor("picture");
  masked.mask = tensor("mask");
  expect_equal(sample_latents(models, *scheduler("ddim"), masked, config(1)),
               "inpaint_unet.ddim.1.0");
}

}  // namespace
}  // namespace vitrine::diffusion
