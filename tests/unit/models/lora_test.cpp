#include "models/lora/lora_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "models/lora/keys.h"
#include "support/edited_weights.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;
using test::EditedWeights;
using test::message_of;

const fs::path kGolden = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd_lora";
const fs::path kModel = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd_layouts/sd1/diffusers";

SdSettings stable_diffusion_15() {
  ClipTextConfig text;
  text.hidden_size = 768;
  text.intermediate_size = 3072;
  text.num_attention_heads = 12;
  return {.text_encoder = text, .unet = {}, .vae = {}, .scheduler = {}};
}

TEST(LoraTargetsTest, NamesOfKohyaAreLookedUpInTheListOfModules) {
  const LoraTargets targets(stable_diffusion_15());
  const std::pair<const char*, const char*> kCases[] = {
      {"lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_attn2_to_out_0", "down_blocks.0.attentions.1.transformer_blocks.0.attn2.to_out.0"},
      {"lora_unet_mid_block_attentions_0_proj_in", "mid_block.attentions.0.proj_in"},
      {"lora_unet_up_blocks_1_resnets_2_time_emb_proj", "up_blocks.1.resnets.2.time_emb_proj"},
      {"lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q", "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"},
      {"lora_unet_output_blocks_5_2_conv", "up_blocks.1.upsamplers.0.conv"},
      {"lora_unet_middle_block_1_proj_out", "mid_block.attentions.0.proj_out"},
      {"lora_te_text_model_encoder_layers_11_self_attn_out_proj", "text_model.encoder.layers.11.self_attn.out_proj"},
      {"lora_te1_text_model_encoder_layers_0_mlp_fc1", "text_model.encoder.layers.0.mlp.fc1"}};
  for (const auto& [name, module] : kCases) {
    const LoraTarget* target = targets.find_kohya(name);
    ASSERT_NE(target, nullptr) << name;
    EXPECT_EQ(target->module, module);
  }
  EXPECT_EQ(targets.find_kohya("lora_te2_text_model_encoder_layers_0_mlp_fc1"), nullptr);
  EXPECT_EQ(targets.find_kohya("lora_unet_mid_block_attentions_0_norm"), nullptr);
}

TEST(LoraTargetsTest, NoTwoModulesShareANameOfKohya) {
  const LoraTargets targets(stable_diffusion_15());
  std::set<std::string> names;
  for (const LoraTarget& target : targets.all()) EXPECT_TRUE(names.insert(kohya_name(target)).second) << target.module;
  for (const LoraTarget& target : targets.all()) EXPECT_EQ(targets.find_kohya(kohya_name(target)), &target);
}

TEST(LoraKeysTest, EveryDialectSaysModuleAndHalf) {
  struct Case {
    const char *stored, *module;
    LoraHalf half;
  };
  for (const auto& [stored, module, half] : {Case{"lora_unet_conv_in.lora_down.weight", "lora_unet_conv_in", LoraHalf::down},
                                             {"lora_unet_conv_in.alpha", "lora_unet_conv_in", LoraHalf::alpha},
                                             {"unet.mid.to_q.lora_A.weight", "unet.mid.to_q", LoraHalf::down},
                                             {"base_model.model.mid.to_q.lora_B.default.weight", "base_model.model.mid.to_q", LoraHalf::up},
                                             {"unet.mid.to_q.lora.up.weight", "unet.mid.to_q", LoraHalf::up},
                                             {"text_encoder.x.q_proj.lora_linear_layer.down.weight", "text_encoder.x.q_proj", LoraHalf::down},
                                             {"mid.attn1.processor.to_out_lora.up.weight", "mid.attn1.to_out.0", LoraHalf::up},
                                             {"unet.mid.attn1.processor.to_k.lora.down.weight", "unet.mid.attn1.to_k", LoraHalf::down},
                                             {"text_encoder.layers.0.self_attn.to_q_lora.down.weight", "text_encoder.layers.0.self_attn.q_proj", LoraHalf::down},
                                             {"text_encoder.layers.0.self_attn.to_out_lora.up.weight", "text_encoder.layers.0.self_attn.out_proj", LoraHalf::up}}) {
    const auto key = parse_lora_key(stored);
    ASSERT_TRUE(key) << stored;
    EXPECT_EQ(key->module, module);
    EXPECT_EQ(key->half, half) << stored;
  }
  for (const char* stored : {"lora_unet_conv_in.lora_mid.weight", "lora_unet_conv_in.hada_w1_a", "lora_unet_conv_in.dora_scale", "down_blocks.0.down.weight",
                             "wte.weight", "", ".weight"}) {
    EXPECT_FALSE(parse_lora_key(stored)) << stored;
  }
}

class LoraFileTest : public testing::Test {
 protected:
  std::string refusal(const EditedWeights& weights, const LoraReadConfig& config = {}) {
    weights.write(file);
    const std::string message = message_of<InvalidInput>([&] { read_lora(file, targets, config); });
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  static void expect_in(const std::string& message, std::initializer_list<const char*> parts) {
    for (const char* part : parts) EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
  /// A LoRA of kohya for conv_out [4, 4, 3, 3], rank 1.
  static EditedWeights conv_out() {
    EditedWeights weights;
    weights.set("lora_unet_conv_out.lora_down.weight", {1, 4, 3, 3}, std::vector<float>(36, 0.5f));
    weights.set("lora_unet_conv_out.lora_up.weight", {4, 1, 1, 1}, {1, 2, 3, 4});
    return weights;
  }

  test::TemporaryDirectory dir;
  const fs::path file = dir.path() / "adapter.safetensors";
  StableDiffusionFiles model = open_stable_diffusion(kModel);
  LoraTargets targets{model.settings};
};

/// The same modules, tensors of equal bytes, equal alphas.
void expect_equal(const LoraFile& actual, const LoraFile& expected) {
  ASSERT_EQ(actual.pairs.size(), expected.pairs.size());
  for (const LoraPair& pair : actual.pairs) {
    const auto same = std::find_if(expected.pairs.begin(), expected.pairs.end(), [&](const LoraPair& other) {
      return other.target.part == pair.target.part && other.target.module == pair.target.module;
    });
    ASSERT_NE(same, expected.pairs.end()) << pair.target.module;
    const auto equal = [](const io::TensorView& a, const io::TensorView& b) {
      return a.dtype == b.dtype && a.shape == b.shape && std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end());
    };
    EXPECT_TRUE(equal(pair.down, same->down)) << pair.target.module;
    EXPECT_TRUE(equal(pair.up, same->up)) << pair.target.module;
    EXPECT_EQ(pair.alpha, same->alpha) << pair.target.module;
  }
}

TEST_F(LoraFileTest, KohyaToPeftToDiffusersToKohyaLosesNothing) {
  const LoraFile first = read_lora(kGolden / "first_kohya.safetensors", targets);
  save_lora(dir.path() / "peft", first.pairs, LoraDialect::peft);
  const LoraFile peft = read_lora(dir.path() / "peft", targets);
  EXPECT_EQ(peft.dialect, LoraDialect::peft);
  expect_equal(peft, first);
  save_lora(dir.path() / "diffusers.safetensors", peft.pairs, LoraDialect::diffusers);
  const LoraFile diffusers = read_lora(dir.path() / "diffusers.safetensors", targets);
  EXPECT_EQ(diffusers.dialect, LoraDialect::diffusers);
  expect_equal(diffusers, first);
  save_lora(dir.path() / "kohya.safetensors", diffusers.pairs, LoraDialect::kohya);
  const LoraFile last = read_lora(dir.path() / "kohya.safetensors", targets);
  EXPECT_EQ(last.dialect, LoraDialect::kohya);
  expect_equal(last, first);
  const io::SafetensorsFile written(dir.path() / "kohya.safetensors"), original(kGolden / "first_kohya.safetensors");
  EXPECT_EQ(written.tensors().size(), original.tensors().size());
  for (const io::TensorView& tensor : original.tensors()) {
    ASSERT_NE(written.find(tensor.name), nullptr) << tensor.name;
    EXPECT_EQ(io::to_float32(*written.find(tensor.name)), io::to_float32(tensor)) << tensor.name;
  }
}

TEST_F(LoraFileTest, AnAdapterOfThePartsAlonePutsPeftIntoOneFolder) {
  std::vector<LoraPair> pairs;
  const LoraFile first = read_lora(kGolden / "first_kohya.safetensors", targets);
  std::copy_if(first.pairs.begin(), first.pairs.end(), std::back_inserter(pairs), [](const LoraPair& pair) { return pair.target.part == SdPart::text_encoder; });
  save_lora(dir.path() / "peft", pairs, LoraDialect::peft);
  const LoraFile peft = read_lora(dir.path() / "peft", targets);
  EXPECT_EQ(peft.pairs.size(), pairs.size());
  for (const LoraPair& pair : peft.pairs) EXPECT_EQ(pair.target.part, SdPart::text_encoder);
}

TEST_F(LoraFileTest, ScaleIsAlphaByRankAndOneWithoutAlpha) {
  EditedWeights weights = conv_out();
  weights.write(file);
  EXPECT_EQ(read_lora(file, targets).pairs.at(0).scale(), 1.0);
  weights.set("lora_unet_conv_out.alpha", {}, {0.25f});
  weights.write(file);
  EXPECT_EQ(read_lora(file, targets).pairs.at(0).scale(), 0.25);
}

TEST_F(LoraFileTest, RankStabilisedAdaptersDivideByTheRoot) {
  for (const LoraPair& pair : read_lora(kGolden / "second", targets).pairs) EXPECT_EQ(pair.scale(), 2 / std::sqrt(4.0));
}

TEST_F(LoraFileTest, ADownMatrixOfAKernelOfOneMayHaveEitherShape) {
  EditedWeights weights;
  weights.set("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", {1, 8}, std::vector<float>(8, 1));
  weights.set("lora_unet_mid_block_attentions_0_proj_in.lora_up.weight", {8, 1, 1, 1}, std::vector<float>(8, 1));
  weights.write(file);
  EXPECT_EQ(read_lora(file, targets).pairs.size(), 1u);
}

TEST_F(LoraFileTest, OtherKindsAreRefusedByTheirName) {
  for (const auto& [name, kind] : {std::pair{"lora_unet_conv_out.lora_mid.weight", "lora_mid"}, {"lora_unet_conv_out.hada_w1_a", "LoHa"},
                                   {"lora_unet_conv_out.lokr_w1", "LoKr"}, {"lora_unet_conv_out.dora_scale", "DoRA"},
                                   {"unet.conv_out.lora_magnitude_vector", "DoRA"}, {"lora_unet_conv_out.diff_b", "full difference"},
                                   {"something.else", "no known kind"}}) {
    EditedWeights weights = conv_out();
    weights.set(name, {1}, {1});
    expect_in(refusal(weights), {"LORA_KIND", name, kind});
  }
  EditedWeights loha;
  loha.set("lora_unet_conv_out.hada_w1_a", {1}, {1});
  loha.set("lora_unet_conv_out.alpha", {}, {1});
  expect_in(refusal(loha), {"1 problem: LORA_KIND: lora_unet_conv_out.hada_w1_a belongs to LoHa"});
}

TEST_F(LoraFileTest, AllThatIsWrongIsListedAtOnce) {
  EditedWeights weights = conv_out();
  weights.set("lora_unet_conv_in.lora_down.weight", {1, 4, 3, 3}, std::vector<float>(36, 1));
  weights.set("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", {32, 1}, std::vector<float>(32, 1));
  weights.set("lora_unet_down_blocks_9_conv.lora_down.weight", {1, 4}, {1, 1, 1, 1});
  weights.set("lora_unet_down_blocks_9_conv.lora_up.weight", {4, 1}, {1, 1, 1, 1});
  weights.set("lora_unet_time_embedding_linear_1.lora_down.weight", {2, 4}, std::vector<float>(8, 1));
  weights.set("lora_unet_time_embedding_linear_1.lora_up.weight", {16, 3}, std::vector<float>(48, 1));
  weights.set("lora_unet_time_embedding_linear_2.lora_down.weight", {1, 4}, std::vector<float>(4, 1));
  weights.set("lora_unet_time_embedding_linear_2.lora_up.weight", {16, 1}, std::vector<float>(16, 1));
  expect_in(refusal(weights), {"5 problems", "LORA_HALF: lora_unet_conv_in: down without up", "LORA_HALF: lora_te_text_model_encoder_layers_0_mlp_fc1: up without down",
                               "LORA_TARGET: the model has no module lora_unet_down_blocks_9_conv", "LORA_SHAPE: lora_unet_time_embedding_linear_1: ranks differ: down [2, 4], up [16, 3]",
                               "LORA_SHAPE: lora_unet_time_embedding_linear_2: the module is [16, 16], got down [1, 4], up [16, 1]"});
}

TEST_F(LoraFileTest, OfManyProblemsTheFirstAreNamed) {
  EditedWeights weights;
  for (int i = 0; i < 36; ++i) weights.set(concat("lora_unet_down_blocks_9_conv_", i, ".lora_down.weight"), {1, 4}, {1, 1, 1, 1});
  const std::string message = refusal(weights);
  expect_in(message, {"36 problems", "LORA_HALF: lora_unet_down_blocks_9_conv_0", "; and 26 more"});
  EXPECT_LT(message.size(), 1200u) << message;
}

TEST_F(LoraFileTest, ModulesThatTheModelLacksAreLeftOutOnlyWhenAsked) {
  EditedWeights weights = conv_out();
  weights.set("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", {1, 4}, {1, 1, 1, 1});
  weights.set("lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", {4, 1}, {1, 1, 1, 1});
  expect_in(refusal(weights), {"LORA_TARGET", "lora_te2_text_model_encoder_layers_0_mlp_fc1"});
  const LoraFile lora = read_lora(file, targets, {.skip_missing = true});
  EXPECT_EQ(lora.pairs.size(), 1u);
  EXPECT_EQ(lora.skipped, std::vector<std::string>{"lora_te2_text_model_encoder_layers_0_mlp_fc1"});
}

TEST_F(LoraFileTest, NansPicklesAndFilesOfOtherThingsAreRefused) {
  EditedWeights weights = conv_out();
  weights.set("lora_unet_conv_out.lora_up.weight", {4, 1, 1, 1}, {1, std::numeric_limits<float>::quiet_NaN(), 3, 4});
  weights.write(file);
  expect_in(message_of<Corrupt>([&] { read_lora(file, targets); }), {"WGT_NONFINITE", "lora_unet_conv_out.lora_up.weight"});
  weights = conv_out();
  weights.set("lora_unet_conv_out.alpha", {2}, {1, 1});
  expect_in(refusal(weights), {"alpha is no finite number"});
  write_file_atomic(dir.path() / "x.pt", "PK");
  expect_in(message_of<InvalidInput>([&] { read_lora(dir.path() / "x.pt", targets); }), {"WGT_PICKLE"});
  expect_in(message_of<NotFound>([&] { read_lora(dir.path(), targets); }), {"no adapter_config.json"});
  fs::copy(kGolden / "second/adapter_config.json", dir.path() / "adapter_config.json");
  expect_in(message_of<NotFound>([&] { read_lora(dir.path(), targets); }), {"adapter_model.safetensors"});
  write_file_atomic(dir.path() / "adapter_model.bin", "PK");
  expect_in(message_of<InvalidInput>([&] { read_lora(dir.path(), targets); }), {"WGT_PICKLE", "adapter_model.bin"});
  expect_in(refusal(EditedWeights{}), {"LORA_KIND: no tensor of a LoRA"});
}

TEST_F(LoraFileTest, SettingsOfPeftThatAreNotLoraAreRefused) {
  const fs::path peft = dir.path() / "peft";
  fs::copy(kGolden / "second", peft);
  const auto refused_with = [&](const char* key, const Json& value) {
    Json config = read_json_file(kGolden / "second/adapter_config.json");
    config[key] = value;
    write_file_atomic(peft / "adapter_config.json", dump_pretty(config));
    return message_of<InvalidInput>([&] { read_lora(peft, targets); });
  };
  expect_in(refused_with("peft_type", "LOHA"), {"LORA_KIND", "peft_type", "LOHA"});
  expect_in(refused_with("use_dora", true), {"LORA_KIND", "DoRA"});
  expect_in(refused_with("modules_to_save", {"conv_in"}), {"LORA_KIND", "modules_to_save"});
  expect_in(refused_with("bias", "all"), {"LORA_KIND", "biases"});
  expect_in(refused_with("alpha_pattern", {{"conv_(in|out)", 3}}), {"conv_(in|out)", "regular expression"});
  EXPECT_EQ(refused_with("alpha_pattern", {{"^mid_block\\.resnets.0.conv2$", 3}}), "");
}

TEST_F(LoraFileTest, TheBaseIsNamedByEitherKey) {
  EXPECT_EQ(base_sha256_of(read_lora(kGolden / "first_kohya.safetensors", targets)), std::string(64, '0'));
  EXPECT_EQ(base_sha256_of(read_lora(kGolden / "first.safetensors", targets)), std::nullopt);
}

}  // namespace
}  // namespace vitrine::models
