#include "models/clip/weights.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::message_of;

std::string only_name(std::string_view stored) {
  const auto parts = clip_tensor_parts(stored);
  return parts.size() == 1 && parts[0].parts == 1 && !parts[0].transposed ? parts[0].name : "?";
}

TEST(ClipTensorPartsTest, NamesOfAllLayoutsStandForThoseOfTransformers) {
  EXPECT_EQ(only_name("text_model.encoder.layers.0.mlp.fc1.weight"), "text_model.encoder.layers.0.mlp.fc1.weight");
  EXPECT_EQ(only_name("encoder.layers.0.mlp.fc1.weight"), "text_model.encoder.layers.0.mlp.fc1.weight");
  EXPECT_EQ(only_name("final_layer_norm.bias"), "text_model.final_layer_norm.bias");
  EXPECT_EQ(only_name("positional_embedding"), "text_model.embeddings.position_embedding.weight");
  EXPECT_EQ(only_name("transformer.resblocks.11.mlp.c_proj.bias"), "text_model.encoder.layers.11.mlp.fc2.bias");
  EXPECT_EQ(only_name("visual.transformer.resblocks.3.ln_2.weight"), "vision_model.encoder.layers.3.layer_norm2.weight");
  EXPECT_EQ(only_name("visual.conv1.weight"), "vision_model.embeddings.patch_embedding.weight");
  EXPECT_EQ(only_name("module.visual.ln_pre.bias"), "vision_model.pre_layrnorm.bias");
  EXPECT_EQ(only_name("module.bert.embeddings.LayerNorm.gamma"), "text_model.embeddings.LayerNorm.weight");
  EXPECT_EQ(only_name("bert.encoder.layer.0.output.LayerNorm.beta"), "text_model.encoder.layer.0.output.LayerNorm.bias");
  EXPECT_EQ(only_name("module.logit_scale"), "logit_scale");
  EXPECT_EQ(only_name("anything.else"), "anything.else");
}

TEST(ClipTensorPartsTest, ProjectionsAreTransposedAndQKVAreThirds) {
  EXPECT_TRUE(clip_tensor_parts("visual.proj")[0].transposed);
  EXPECT_TRUE(clip_tensor_parts("text_projection")[0].transposed);
  EXPECT_FALSE(clip_tensor_parts("text_projection.weight")[0].transposed);
  const auto parts = clip_tensor_parts("transformer.resblocks.1.attn.in_proj_bias");
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[1].name, "text_model.encoder.layers.1.self_attn.k_proj.bias");
  EXPECT_EQ(parts[1].part, 1);
  EXPECT_EQ(parts[1].parts, 3);
}

TEST(ClipTensorPartsTest, BuffersAreIgnored) {
  for (const char* name : {"text_model.embeddings.position_ids", "embeddings.position_ids", "attn_mask", "input_resolution"}) {
    EXPECT_TRUE(clip_tensor_parts(name).empty()) << name;
  }
}

/// A file of zeros in the shapes and names given.
class ClipWeightsTest : public ::testing::Test {
 protected:
  void put(const std::string& name, std::vector<int64_t> shape) { shapes_[name] = std::move(shape); }
  void put_layer(const std::string& block, int64_t C) {
    for (const char* norm : {"ln_1", "ln_2"}) put_pair(block + norm, {C}, C);
    put(block + "attn.in_proj_weight", {3 * C, C});
    put(block + "attn.in_proj_bias", {3 * C});
    put_pair(block + "attn.out_proj", {C, C}, C);
    put_pair(block + "mlp.c_fc", {4 * C, C}, 4 * C);
    put_pair(block + "mlp.c_proj", {C, 4 * C}, C);
  }
  void put_pair(const std::string& name, std::vector<int64_t> weight, int64_t bias) {
    put(name + ".weight", std::move(weight));
    put(name + ".bias", {bias});
  }
  /// A text side under OpenCLIP's names, width 128.
  void put_open_clip(const std::string& prefix, int64_t num_layers) {
    put(prefix + "token_embedding.weight", {50, 128});
    put(prefix + "positional_embedding", {9, 128});
    for (int64_t i = 0; i < num_layers; ++i) put_layer(concat(prefix, "transformer.resblocks.", i, "."), 128);
    put_pair(prefix + "ln_final", {128}, 128);
    put(prefix + "text_projection", {128, 128});
    put(prefix + "logit_scale", {});
  }
  std::shared_ptr<const io::Checkpoint> save() {
    std::map<std::string, std::vector<float>> values;
    std::vector<io::TensorToSave> tensors;
    for (const auto& [name, shape] : shapes_) {
      size_t count = 1;
      for (const int64_t length : shape) count *= static_cast<size_t>(length);
      auto& numbers = values[name];
      numbers.resize(count);
      for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(i);
      tensors.push_back({name, io::DType::F32, shape, std::as_bytes(std::span(numbers))});
    }
    io::save_safetensors(dir_.path() / "model.safetensors", tensors, {});
    return std::make_shared<const io::Checkpoint>(io::open_checkpoint(dir_.path()));
  }

  std::map<std::string, std::vector<int64_t>> shapes_;
  test::TemporaryDirectory dir_;
};

TEST_F(ClipWeightsTest, TheTextSideOfASingleFileIsReadWithoutItsLastLayer) {
  constexpr const char* kPrefix = "cond_stage_model.model.";
  put_open_clip(kPrefix, 3);
  put("model.diffusion_model.out.0.weight", {4});
  const auto checkpoint = save();
  const ClipTextConfig config = clip_text_config_of(*checkpoint, kPrefix, "sd2.safetensors");
  EXPECT_EQ(config.num_hidden_layers, 2);
  EXPECT_EQ(config.num_attention_heads, 2);
  EXPECT_EQ(config.intermediate_size, 512);
  EXPECT_EQ(config.max_position_embeddings, 9);
  EXPECT_EQ(config.hidden_act, "gelu");
  const ClipWeights weights = match_text_weights(checkpoint, "sd2.safetensors", config, kPrefix);
  EXPECT_EQ(weights.weights.view("encoder.layers.1.self_attn.v_proj.bias").shape, (std::vector<int64_t>{128}));
  EXPECT_EQ(weights.weights.float32("encoder.layers.1.self_attn.v_proj.bias")[0], 256);  // the last third
  EXPECT_FALSE(weights.weights.has("encoder.layers.2.self_attn.v_proj.bias"));
}

TEST_F(ClipWeightsTest, ATextSideThatIsNotThereIsNotFound) {
  put("model.diffusion_model.out.0.weight", {4});
  const auto checkpoint = save();
  EXPECT_THROW(clip_text_config_of(*checkpoint, "cond_stage_model.model.", "sd.safetensors"), NotFound);
}

TEST_F(ClipWeightsTest, AllThatDoesNotFitIsListedAtOnce) {
  put_open_clip("", 1);
  shapes_.erase("ln_final.bias");
  put("positional_embedding", {10, 128});
  put("transformer.resblocks.0.attn.in_proj_weight", {383, 128});
  put("adapter.weight", {2});
  save();
  ClipTextConfig config{.vocab_size = 50, .hidden_size = 128, .intermediate_size = 512, .num_hidden_layers = 1, .num_attention_heads = 2, .max_position_embeddings = 9};
  const std::string refusal = message_of<InvalidInput>([&] { load_text_weights(dir_.path(), config); });
  EXPECT_NE(refusal.find("final_layer_norm.bias: missing, expected [128]"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("position_embedding.weight: expected [9, 128], file has [10, 128]"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("q_proj.weight: expected [128, 128], file has [383, 128]"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("adapter.weight: unexpected, [2]"), std::string::npos) << refusal;
}

}  // namespace
}  // namespace vitrine::models
