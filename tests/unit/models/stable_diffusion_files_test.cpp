#include "models/stable_diffusion/files.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "support/edited_weights.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;
using test::EditedWeights;
using test::message_of;

const fs::path kGolden = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd_layouts";
constexpr const char* kUNetFile = "unet/diffusion_pytorch_model.safetensors";

class StableDiffusionFilesTest : public testing::Test {
 protected:
  StableDiffusionFilesTest() { fs::copy(kGolden / "sd1/diffusers", dir, fs::copy_options::recursive); }

  void edit_json(const char* name, const std::function<void(Json&)>& edit) {
    Json json = read_json_file(dir / name);
    edit(json);
    write_file_atomic(dir / name, dump_pretty(json));
  }
  void edit_weights(const fs::path& path, const std::function<void(EditedWeights&)>& edit) {
    EditedWeights weights = EditedWeights::read(path);
    edit(weights);
    weights.write(path);
  }
  template <typename E>
  std::string refusal(const fs::path& path, const SdOpenConfig& config = {}) {
    const std::string message = message_of<E>([&] { load_stable_diffusion_weights(open_stable_diffusion(path, config)); });
    EXPECT_FALSE(message.empty());
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  static void expect_in(const std::string& message, std::initializer_list<const char*> parts) {
    for (const char* part : parts) EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }

  test::TemporaryDirectory temporary;
  fs::path dir = temporary.path() / "model";
};

TEST_F(StableDiffusionFilesTest, ADirectorySaysWhatItsPartsAre) {
  const StableDiffusionFiles files = open_stable_diffusion(dir);
  EXPECT_EQ(files.layout, SdLayout::diffusers);
  EXPECT_EQ(kind_of(files), "custom");
  EXPECT_EQ(files.settings.unet.block_out_channels, (std::vector<int64_t>{4, 4, 8, 8}));
  EXPECT_EQ(width_of(files.settings.text_encoder), 8);
  EXPECT_EQ(files.settings.scheduler["_class_name"], "PNDMScheduler");
  EXPECT_EQ(files.tokenizer_dir, dir / "tokenizer");
  EXPECT_EQ(part_sha256(files, SdPart::unet), sha256_file(dir / kUNetFile));
}

TEST_F(StableDiffusionFilesTest, SafetyCheckerAndFeatureExtractorNeedNotBeThere) {
  edit_json("model_index.json", [](Json& json) {
    json.erase("safety_checker");
    json["feature_extractor"] = {"transformers", "CLIPImageProcessor"};
  });
  EXPECT_NO_THROW(open_stable_diffusion(dir));
}

TEST_F(StableDiffusionFilesTest, MemoryIsKnownBeforeLoading) {
  const StableDiffusionFiles files = open_stable_diffusion(dir);
  int64_t values = 0;
  for (const SdPart part : kSdParts) {
    for (const io::TensorView& tensor : files.checkpoint(part).tensors()) values += static_cast<int64_t>(tensor.num_values());
  }
  EXPECT_EQ(memory_bytes(files, 4), 4 * values);
  EXPECT_EQ(memory_bytes(files, 2), 2 * values);
}

TEST_F(StableDiffusionFilesTest, FaultsOfAllPartsAreListedAtOnce) {
  edit_weights(dir / kUNetFile, [](EditedWeights& weights) {
    weights.erase("conv_in.bias");
    weights.set("conv_out.bias", {5}, {1, 2, 3, 4, 5});
    weights.set("surplus", {1}, {1});
  });
  edit_weights(dir / "vae/diffusion_pytorch_model.safetensors", [](EditedWeights& weights) { weights.erase("decoder.conv_in.weight"); });
  edit_weights(dir / "text_encoder/model.safetensors", [](EditedWeights& weights) { weights.erase("final_layer_norm.bias"); });
  expect_in(refusal<InvalidInput>(dir), {"conv_in.bias: missing, expected [4]", "conv_out.bias: expected [4], file has [5]", "surplus: unexpected, [1]",
                                         "decoder.conv_in.weight: missing", "final_layer_norm.bias: missing", "model/unet", "model/vae", "model/text_encoder"});
}

TEST_F(StableDiffusionFilesTest, FaultsOfASingleFileAreListedAtOnce) {
  const fs::path file = temporary.path() / "single.safetensors";
  fs::copy(kGolden / "sd1/single.safetensors", file);
  edit_weights(file, [](EditedWeights& weights) {
    weights.erase("model.diffusion_model.out.2.bias");
    weights.set("model.diffusion_model.input_blocks.99.weight", {1}, {1});
    weights.set("first_stage_model.quant_conv.bias", {1}, {1});
    weights.set("stranger", {1}, {1});
  });
  expect_in(refusal<InvalidInput>(file, {.settings_from = dir}),
            {"conv_out.bias: missing", "model.diffusion_model.input_blocks.99.weight: unexpected", "quant_conv.bias: expected [8], file has [1]",
             "stranger: unexpected, [1]"});
}

TEST_F(StableDiffusionFilesTest, AValueThatIsNotFiniteIsRefusedByName) {
  edit_weights(dir / kUNetFile, [](EditedWeights& weights) { weights.set("conv_in.bias", {4}, {0, std::numeric_limits<float>::quiet_NaN(), 0, 0}); });
  expect_in(refusal<Corrupt>(dir), {"WGT_NONFINITE", "conv_in.bias", kUNetFile});
}

TEST_F(StableDiffusionFilesTest, ATruncatedFileIsRefused) {
  const std::string bytes = read_file(dir / kUNetFile);
  write_file_atomic(dir / kUNetFile, std::string_view(bytes).substr(0, bytes.size() - 100));
  expect_in(refusal<Corrupt>(dir), {"WGT_HEADER", kUNetFile});
  write_file_atomic(dir / kUNetFile, std::string_view(bytes).substr(0, 5));
  expect_in(refusal<Corrupt>(dir), {"WGT_HEADER", kUNetFile});
}

TEST_F(StableDiffusionFilesTest, PicklesAreRefusedWithTheWayToConvertThem) {
  fs::rename(dir / kUNetFile, dir / "unet/diffusion_pytorch_model.bin");
  expect_in(refusal<InvalidInput>(dir), {"WGT_PICKLE", "diffusion_pytorch_model.bin", "from diffusers import DiffusionPipeline", "save_pretrained"});
  const fs::path checkpoint = temporary.path() / "v1-5.ckpt";
  write_file_atomic(checkpoint, "PK");
  expect_in(refusal<InvalidInput>(checkpoint), {"WGT_PICKLE", "v1-5.ckpt"});
}

TEST_F(StableDiffusionFilesTest, UnknownBlocksAndPartsAreRefusedByName) {
  edit_json("unet/config.json", [](Json& json) { json["down_block_types"][1] = "AttnDownBlock2D"; });
  expect_in(refusal<InvalidInput>(dir), {"unet/config.json", "AttnDownBlock2D", "WGT_ARCH"});
  edit_json("model_index.json", [](Json& json) {
    json["text_encoder_2"] = {"transformers", "CLIPTextModelWithProjection"};
    json["unet"] = {nullptr, nullptr};
    json["vae"] = {"diffusers", "AutoencoderTiny"};
  });
  expect_in(refusal<InvalidInput>(dir), {"WGT_ARCH", "text_encoder_2 is not supported", "unet is missing", "AutoencoderTiny"});
}

TEST_F(StableDiffusionFilesTest, PartsThatDoNotFitEachOtherAreRefusedTogether) {
  edit_json("unet/config.json", [](Json& json) {
    json["cross_attention_dim"] = 12;
    json["in_channels"] = 6;
  });
  expect_in(refusal<InvalidInput>(dir), {"cross_attention_dim 12, but the states of text_encoder are 8 wide", "in_channels 6 (WGT_ARCH), known are 4 and, for inpainting, 9"});
}

TEST_F(StableDiffusionFilesTest, AProblemOfAPartHasOneFunctionBeforeIt) {
  edit_weights(dir / kUNetFile, [](EditedWeights& weights) { weights.erase("conv_in.bias"); });
  const std::string message = refusal<InvalidInput>(dir);
  EXPECT_TRUE(message.starts_with("[load_stable_diffusion_weights] ")) << message;
  EXPECT_EQ(message.find("[load_unet_weights]"), std::string::npos) << message;
  expect_in(message, {"model/unet", "conv_in.bias"});
}

TEST_F(StableDiffusionFilesTest, MissingPartsAreNamed) {
  expect_in(refusal<NotFound>(temporary.path() / "nothing"), {"nothing: no such model"});
  expect_in(refusal<NotFound>(temporary.path()), {"no model_index.json"});
  fs::remove(dir / kUNetFile);
  expect_in(refusal<NotFound>(dir), {"model/unet: no diffusion_pytorch_model.safetensors or diffusion_pytorch_model.safetensors.index.json, nor a variant of these"});
  fs::remove_all(dir / "tokenizer");
  expect_in(refusal<NotFound>(dir), {"no folder tokenizer"});
}

TEST_F(StableDiffusionFilesTest, AMissingShardIsNamed) {
  const fs::path shards = temporary.path() / "shards";
  fs::copy(kGolden / "sd2/diffusers", shards, fs::copy_options::recursive);
  EXPECT_NO_THROW(open_stable_diffusion(shards));
  fs::remove(shards / "unet/diffusion_pytorch_model.fp16-00002-of-00002.safetensors");
  expect_in(refusal<NotFound>(shards), {"diffusion_pytorch_model.fp16-00002-of-00002.safetensors"});
}

TEST_F(StableDiffusionFilesTest, ATinySingleFileWithoutSettingsAsksForThem) {
  expect_in(refusal<InvalidInput>(kGolden / "sd1/single.safetensors"), {"does not fit 32 groups", "give a diffusers directory"});
}

TEST_F(StableDiffusionFilesTest, MetadataThatIsNoJsonIsNamed) {
  const fs::path file = temporary.path() / "single.safetensors";
  EditedWeights weights = EditedWeights::read(kGolden / "sd1/single.safetensors");
  weights.metadata["vitrine.unet"] = "{";
  weights.write(file);
  expect_in(refusal<Corrupt>(file), {"single.safetensors: __metadata__: vitrine.unet"});
}

/// Names and shapes of Stable Diffusion 2's text encoder with few numbers, the other settings in the metadata.
EditedWeights open_clip_file(int64_t num_layers, std::map<std::string, std::string> metadata) {
  const std::string prefix(kLdmOpenClip);
  EditedWeights weights;
  weights.set(prefix + "token_embedding.weight", {2, 1024}, std::vector<float>(2048));
  weights.set(prefix + "positional_embedding", {1, 1024}, std::vector<float>(1024));
  weights.set(prefix + "ln_final.weight", {1}, {1});
  weights.set(prefix + "transformer.resblocks.0.mlp.c_fc.weight", {1, 1024}, std::vector<float>(1024));
  for (int64_t i = 0; i < num_layers; ++i) weights.set(concat(prefix, "transformer.resblocks.", i, ".ln_1.weight"), {1}, {1});
  UNetConfig unet;
  unet.cross_attention_dim = 1024;
  weights.metadata = std::move(metadata);
  weights.metadata["vitrine.unet"] = dump_line(to_json(unet));
  weights.metadata["vitrine.vae"] = dump_line(to_json(VaeConfig{}));
  return weights;
}

SdSettings settings_of(const EditedWeights& weights, const std::string& prediction_type = "") {
  test::TemporaryDirectory dir;
  weights.write(dir.path() / "model.safetensors");
  return models::settings_of(io::open_checkpoint(dir.path()), "model.safetensors", prediction_type);
}

TEST(SdSettingsTest, TheLastOfTwentyFourLayersIsNotUsedWhetherItIsThereOrNot) {
  for (const int64_t stored : {23, 24}) {
    const SdSettings settings = settings_of(open_clip_file(stored, {}));
    EXPECT_EQ(std::get<ClipTextConfig>(settings.text_encoder).num_hidden_layers, 23) << stored;
    EXPECT_EQ(std::get<ClipTextConfig>(settings.text_encoder).hidden_act, "gelu");
  }
}

TEST(SdSettingsTest, WhatTheUNetPredictsIsSaidByMetadataOrByTheCaller) {
  const auto predicts = [](const std::map<std::string, std::string>& metadata, const std::string& said) {
    return settings_of(open_clip_file(24, metadata), said).scheduler["prediction_type"].get<std::string>();
  };
  EXPECT_EQ(predicts({}, ""), "v_prediction");
  EXPECT_EQ(predicts({{"modelspec.prediction_type", "epsilon"}}, ""), "epsilon");
  EXPECT_EQ(predicts({{"modelspec.prediction_type", "v"}}, ""), "v_prediction");
  EXPECT_EQ(predicts({{"modelspec.prediction_type", "v"}}, "epsilon"), "epsilon");
}

}  // namespace
}  // namespace vitrine::models
