#include "models/clip/config.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "models/clip/preprocess.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::message_of;

Json chinese() {
  return parse_json(R"({"model_type":"chinese_clip","projection_dim":512,
    "text_config":{"vocab_size":21128,"num_hidden_layers":12,"model_type":"chinese_clip_text_model","id2label":{"0":"LABEL_0"},"num_labels":2},
    "vision_config":{"patch_size":16}})",
                    "chinese");
}

TEST(ClipConfigTest, WhatAFileLeavesOutIsTheDefaultOfTransformers) {
  const auto config = clip_config_from_json({{"model_type", "clip"}}, "empty");
  const auto& text = std::get<ClipTextConfig>(config.text);
  EXPECT_EQ(text.hidden_size, 512);
  EXPECT_EQ(text.eos_token_id, 49407);
  EXPECT_EQ(config.vision.hidden_size, 768);
  EXPECT_EQ(config.vision.num_patches(), 49);
  EXPECT_EQ(config.projection_dim, 512);
}

TEST(ClipConfigTest, TheDictsOfOlderFilesReplaceTheConfigs) {
  const Json json = parse_json(R"({"model_type":"clip","projection_dim":768,
    "text_config":{"hidden_size":512,"eos_token_id":2},"text_config_dict":{"hidden_size":768,"num_attention_heads":12},
    "vision_config":{"hidden_size":1024,"num_attention_heads":16},"vision_config_dict":null})",
                               "old");
  const auto config = clip_config_from_json(json, "old");
  EXPECT_EQ(std::get<ClipTextConfig>(config.text).hidden_size, 768);
  EXPECT_EQ(std::get<ClipTextConfig>(config.text).eos_token_id, 49407);  // as if text_config were not there
  EXPECT_EQ(config.vision.hidden_size, 1024);
}

TEST(ClipConfigTest, ChineseClipHasABertForItsTextSide) {
  const auto config = clip_config_from_json(chinese(), "chinese");
  ASSERT_TRUE(config.is_chinese());
  EXPECT_EQ(vocab_size_of(config.text), 21128);
  EXPECT_EQ(width_of(config.text), 768);
  EXPECT_EQ(max_tokens_of(config.text), 512);
  EXPECT_EQ(config.vision.patch_size, 16);
}

TEST(ClipConfigTest, ATextEncoderIsFoundByItsModelType) {
  EXPECT_TRUE(std::holds_alternative<ClipTextConfig>(text_config_from_json({{"model_type", "clip_text_model"}}, "text")));
  EXPECT_TRUE(std::holds_alternative<BertConfig>(text_config_from_json(chinese(), "chinese")));
  const std::string refusal = message_of<InvalidInput>([] { text_config_from_json({{"model_type", "t5"}}, "t5/config.json"); });
  EXPECT_NE(refusal.find("t5/config.json: model_type"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("'t5'"), std::string::npos) << refusal;
}

TEST(ClipConfigTest, WhatIsWrittenIsReadBack) {
  auto config = clip_config_from_json(chinese(), "chinese");
  config.logit_scale_init_value = 1.5;
  const Json json = to_json(config, "float32");
  EXPECT_EQ(json["architectures"][0], "ChineseCLIPModel");
  EXPECT_EQ(json["vision_config"]["model_type"], "chinese_clip_vision_model");
  EXPECT_EQ(to_json(clip_config_from_json(json, "again"), "float32"), json);
  ClipConfig clip;
  std::get<ClipTextConfig>(clip.text).hidden_act = "gelu";
  EXPECT_EQ(to_json(clip_config_from_json(to_json(clip, "bfloat16"), "again"), "bfloat16"), to_json(clip, "bfloat16"));
  EXPECT_EQ(to_json(text_config_from_json(to_json(clip.text, "float32"), "text"), "float32"), to_json(clip.text, "float32"));
}

TEST(ClipConfigTest, RefusalsNameSideFieldAndValue) {
  const auto refusal = [](const char* side, const char* field, const Json& value) {
    const Json json{{"model_type", "clip"}, {side, {{field, value}}}};
    return message_of<InvalidInput>([&] { clip_config_from_json(json, "config.json"); });
  };
  EXPECT_NE(refusal("text_config", "hidden_size", 0).find("config.json: text_config: hidden_size: expected 1 to"), std::string::npos);
  EXPECT_NE(refusal("text_config", "num_attention_heads", 7).find("512 is not a multiple of num_attention_heads 7"), std::string::npos);
  EXPECT_NE(refusal("vision_config", "hidden_act", "swish").find("vision_config: hidden_act: expected quick_gelu"), std::string::npos);
  EXPECT_NE(refusal("vision_config", "patch_size", 300).find("image_size: expected 300 to"), std::string::npos);
  EXPECT_NE(refusal("vision_config", "image_size", Json::array({224, 224})).find("image_size: expected an integer"), std::string::npos);
}

TEST(ClipPreprocessTest, SizesAreReadInEachForm) {
  const auto read = [](const char* json) { return clip_preprocess_from_json(parse_json(json, "p"), "p"); };
  EXPECT_TRUE(read(R"({"size":336,"crop_size":336})").keep_ratio);
  EXPECT_EQ(read(R"({"size":336,"crop_size":336})").size, 336);
  EXPECT_EQ(read(R"({"size":{"shortest_edge":256},"crop_size":{"height":224,"width":224}})").crop_size, 224);
  const auto square = read(R"({"size":{"height":224,"width":224},"do_center_crop":false,"image_mean":[0.5,0.5,0.5]})");
  EXPECT_FALSE(square.keep_ratio);
  EXPECT_EQ(square.crop_size, 224);
  EXPECT_EQ(square.image_mean[2], 0.5);
  EXPECT_EQ(to_json(clip_preprocess_from_json(to_json(square), "again")), to_json(square));
}

TEST(ClipPreprocessTest, AStepDoneInAnotherWayIsRefusedByName) {
  const auto refusal = [](const char* json) {
    return message_of<InvalidInput>([&] { clip_preprocess_from_json(parse_json(json, "p"), "preprocessor_config.json"); });
  };
  EXPECT_NE(refusal(R"({"resample":2})").find("resample: only 3 (bicubic) is supported, got 2"), std::string::npos);
  EXPECT_NE(refusal(R"({"do_normalize":false})").find("do_normalize"), std::string::npos);
  EXPECT_NE(refusal(R"({"size":{"height":224,"width":200}})").find("size: expected shortest_edge"), std::string::npos);
  EXPECT_NE(refusal(R"({"size":200,"crop_size":224})").find("size: expected 224 to"), std::string::npos);
  EXPECT_NE(refusal(R"({"image_std":[0.2,0,0.2]})").find("image_std: expected > 0, got 0"), std::string::npos);
}

TEST(ClipPreprocessTest, WithoutAFileAPictureIsPreparedAtTheSizeOfTheModel) {
  const test::TemporaryDirectory dir;
  EXPECT_EQ(read_clip_preprocess(dir.path(), 336).crop_size, 336);
  write_file_atomic(dir.path() / "preprocessor_config.json", dump_pretty(to_json(ClipPreprocess{})));
  EXPECT_EQ(read_clip_preprocess(dir.path(), 224).size, 224);
  EXPECT_THROW(read_clip_preprocess(dir.path(), 336), InvalidInput);
}

}  // namespace
}  // namespace vitrine::models
