// Tiles of the VAE against those of the diffusers library (tools/golden/tiles.py).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "diffusion/tiles.h"

namespace vitrine::diffusion {
namespace {

/// As the functions of the generator.
class TileModels final : public DiffusionModels {
 public:
  explicit TileModels(int64_t tile) : tile_(tile) {}
  ModelShapes shapes() const override {
    return {.latent_channels = 1, .in_channels = 1, .downscale = 2, .tile_size = 2 * tile_};
  }
  at::Device device() const override { return at::Device(at::kCPU); }
  at::Tensor text_states(const at::Tensor&) override { return {}; }
  at::Tensor predict_noise(const at::Tensor&, const at::Tensor&, Condition&) override { return {}; }
  models::LatentDistribution encode(const at::Tensor& pictures) override {
    const at::Tensor half =
        pictures.slice(2, 0, pictures.size(2), 2).slice(3, 0, pictures.size(3), 2) +
        pictures.mean();
    return {half, -half};
  }
  at::Tensor decode(const at::Tensor& latents) override {
    return latents.repeat_interleave(2, 2).repeat_interleave(2, 3) + latents.mean();
  }

 private:
  int64_t tile_;
};

at::Tensor tensor(const Json& values, int64_t height, int64_t width) {
  return at::tensor(values.get<std::vector<float>>()).view({1, 1, height, width});
}

TEST(TilesGoldenTest, DecodingAndEncodingInTilesAreThoseOfDiffusers) {
  const Json file = read_json_file(VITRINE_SOURCE_DIR "/tests/data/golden/tiles.json");
  for (const Json& row : file["cases"]) {
    const auto height = row["height"].get<int64_t>(), width = row["width"].get<int64_t>();
    TileModels models(row["tile"].get<int64_t>());
    const at::Tensor latents = tensor(row["latents"], height, width);
    const at::Tensor pictures = tensor(row["pictures"], 2 * height, 2 * width);
    EXPECT_TRUE(at::allclose(decode_latents(models, latents, true),
                             tensor(row["decoded"], 2 * height, 2 * width), 0, 1e-5));
    EXPECT_FALSE(at::allclose(decode_latents(models, latents, false),
                              tensor(row["decoded"], 2 * height, 2 * width), 0, 1e-2));
    const auto encoded = encode_pictures(models, pictures, true);
    EXPECT_TRUE(at::allclose(encoded.mean, tensor(row["mean"], height, width), 0, 1e-5));
    EXPECT_TRUE(at::allclose(encoded.logvar, tensor(row["logvar"], height, width), 0, 1e-5));
  }
}

}  // namespace
}  // namespace vitrine::diffusion
