// Settings of generation, as this program, A1111 and ComfyUI write them.
#include "imagery/picture_record.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "imagery/generation_text.h"
#include "imagery/scheduler_names.h"

namespace vitrine::imagery {
namespace {

namespace fs = std::filesystem;
const fs::path kFiles = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/picture_metadata";

RestoredSettings restored(const char* name) {
  return restore_settings(io::read_picture_metadata(read_file(kFiles / name), name), name).value();
}

TEST(GenerationTextTest, PromptsAndSettingsAreParted) {
  const auto text = parse_generation_text(
      "a dress,\n red: yes\nNegative prompt: blurry\nbad\nSteps: 20, Sampler: Euler a, Lora "
      "hashes: \"a: 1, b: 2\", Size: 8x9, Odd");
  EXPECT_EQ(text.prompt, "a dress,\nred: yes");
  EXPECT_EQ(text.negative_prompt, "blurry\nbad");
  ASSERT_EQ(text.settings.size(), 4u);
  EXPECT_EQ(text.value("Sampler"), "Euler a");
  EXPECT_EQ(text.value("Lora hashes"), "a: 1, b: 2");
  EXPECT_EQ(text.value("Size"), "8x9");
  EXPECT_EQ(text.value("Nothing"), "");
}

TEST(GenerationTextTest, AShortLastLineIsPrompt) {
  const auto text = parse_generation_text("a dress\nstyle: plain, colour: red");
  EXPECT_EQ(text.prompt, "a dress\nstyle: plain, colour: red");
  EXPECT_TRUE(text.settings.empty());
  EXPECT_EQ(parse_generation_text("").prompt, "");
}

TEST(GenerationTextTest, WhatIsWrittenIsReadBackWithUnknownKeys) {
  GenerationText text{
      .prompt = "第一行\nsecond",
      .negative_prompt = "低质量, x",
      .settings = {{"Steps", "20"}, {"My key", "a, b: \"c\"\n"}, {"空", "值"}, {"Empty", ""}}};
  const auto again = parse_generation_text(format_generation_text(text));
  EXPECT_EQ(again.prompt, text.prompt);
  EXPECT_EQ(again.negative_prompt, text.negative_prompt);
  EXPECT_EQ(again.settings, text.settings);
}

TEST(PictureRecordTest, A1111FilesAreRestored) {
  for (const char* name : {"a1111.png", "a1111.jpg", "a1111.webp"}) {
    const auto settings = restored(name);
    EXPECT_EQ(settings.source, "a1111");
    EXPECT_EQ(settings.prompt, "一条红色的裙子, studio light\nsecond line");
    EXPECT_EQ(settings.negative_prompt, "blurry, 低质量");
    EXPECT_EQ(settings.seed, 1);
    EXPECT_EQ(settings.steps, 20);
    EXPECT_EQ(settings.guidance_scale, 7);
    EXPECT_EQ(settings.width, 16);
    EXPECT_EQ(settings.scheduler, "euler_a");
    EXPECT_EQ(settings.model.sha256, "6ce0161689");
    EXPECT_EQ(settings.other, Json({{"Lora hashes", "a: 0123, b: 4567"}, {"Version", "v1.10.1"}}));
  }
}

TEST(PictureRecordTest, ComfyUiGraphsAreFollowed) {
  const auto settings = restored("comfyui.png");
  EXPECT_EQ(settings.source, "comfyui");
  EXPECT_EQ(settings.prompt, "连衣裙 product photo");
  EXPECT_EQ(settings.negative_prompt, "text, watermark");
  EXPECT_EQ(settings.seed, 156680208700286);
  EXPECT_EQ(settings.steps, 24);
  EXPECT_EQ(settings.guidance_scale, 6.5);
  EXPECT_EQ(settings.height, 768);
  EXPECT_EQ(settings.scheduler, "dpmpp_2m");
  EXPECT_EQ(settings.model.file, "v1-5-pruned.safetensors");
  ASSERT_EQ(settings.adapters.size(), 1u);
  EXPECT_EQ(settings.adapters[0].file, "dress.safetensors");
  EXPECT_EQ(settings.adapters[0].weight, 0.8);
}

TEST(PictureRecordTest, NamesInAComfyUiGraphLeadToNoPlaceElsewhere) {
  io::PictureMetadata metadata;
  metadata.texts = {{"prompt", R"({"1":{"class_type":"KSampler","inputs":{"steps":1,"positive":["9",0],"model":["2",0]}},
"2":{"inputs":{"lora_name":"/etc/hostname","model":["3",0]}},"3":{"inputs":{"lora_name":"clothes\\dress.safetensors","model":["4",0]}},
"4":{"inputs":{"ckpt_name":"../../../etc/passwd"}}})"}};
  const auto settings = restore_settings(metadata, "x").value();
  EXPECT_EQ(settings.model.file, "passwd");
  ASSERT_EQ(settings.adapters.size(), 2u);
  EXPECT_EQ(settings.adapters[0].file, "hostname");
  EXPECT_EQ(settings.adapters[1].file, "dress.safetensors");
}

TEST(PictureRecordTest, WhatDrawHasAnOptionForIsNoOtherSetting) {
  io::PictureMetadata metadata;
  metadata.texts = {
      {"vitrine",
       R"({"prompt":"p","sampler":"euler","karras":true,"strength":0.5,"dtype":"bfloat16","vae_tiling":false,"text_encoder_sha256":"t","vae_sha256":"v",
"image":{"file":"/home/a/in.png","sha256":"i"},"mask":{"file":"m.png","sha256":"m"},"latents":{"file":"l.safetensors","sha256":"l"}})"}};
  auto settings = restore_settings(metadata, "x").value();
  EXPECT_TRUE(settings.use_karras_sigmas);
  EXPECT_EQ(settings.strength, 0.5);
  EXPECT_EQ(settings.dtype, "bfloat16");
  EXPECT_EQ(settings.vae_tiling, false);
  EXPECT_EQ(settings.image.value().file, "in.png");
  EXPECT_EQ(settings.mask.value().sha256, "m");
  EXPECT_EQ(settings.latents.value().file, "l.safetensors");
  EXPECT_EQ(settings.model_parts, (std::map<std::string, std::string>{{"text_encoder_sha256", "t"}, {"vae_sha256", "v"}}));
  EXPECT_EQ(settings.other, Json::object());
  // Values that draw does not take stay where they can be seen.
  metadata.texts = {{"vitrine", R"({"prompt":"p","sampler":"ddim","karras":true,"strength":7,"dtype":"x; rm","vae_tiling":1,"image":2,"vae_sha256":[]})"}};
  settings = restore_settings(metadata, "x").value();
  EXPECT_EQ(settings.other.size(), 6u) << settings.other.dump();
  EXPECT_FALSE(settings.strength || settings.image || settings.vae_tiling || settings.use_karras_sigmas);
}

TEST(PictureRecordTest, GraphsThatLeadNowhereAreNoFault) {
  io::PictureMetadata metadata;
  for (
      const char* graph :
      {R"({"1":{"class_type":"KSampler","inputs":{"steps":1,"positive":["1",0],"model":["1",0]}}})",
       R"({"1":{"class_type":"KSampler","inputs":{"steps":1,"positive":["2",0],"model":[]}},"2":{"inputs":{"text":["2",0]}}})",
       R"({"1":{"class_type":"KSampler","inputs":{"steps":1,"seed":99999999999999999999,"positive":[4]}}})"}) {
    metadata.texts = {{"prompt", graph}};
    EXPECT_EQ(restore_settings(metadata, "x").value().prompt, "") << graph;
  }
  for (const char* graph :
       {"{}", "[]", "1", "{\"1\":2}", "{broken", R"({"1":{"class_type":"KSampler"}})"}) {
    metadata.texts = {{"prompt", graph}};
    EXPECT_FALSE(restore_settings(metadata, "x")) << graph;
  }
}

TEST(PictureRecordTest, TheOwnRecordComesFirstAndKeepsWhatItDoesNotKnow) {
  io::PictureMetadata metadata;
  metadata.texts = {
      {"vitrine",
       R"({"version":"0.2.0","template":"t","prompt":"p","negative":"n","seed":7,"index":2,"sampler":"dpmpp_2m","steps":4,"cfg":5.5,"size":[640,512],
"model":{"file":"../../etc/m.safetensors","sha256":"abc"},"adapters":[{"sha256":"d","weight":0.5}],"new":[1]})"},
      {"parameters", "other\nSteps: 1, Seed: 2, Size: 3x4"}};
  const auto settings = restore_settings(metadata, "x").value();
  EXPECT_EQ(settings.source, "vitrine");
  EXPECT_EQ(settings.prompt, "p");
  EXPECT_EQ(settings.index, 2);
  EXPECT_EQ(settings.width, 640);
  EXPECT_EQ(settings.model.file, "m.safetensors") << "never a place outside the model folder";
  EXPECT_EQ(settings.adapters.at(0).weight, 0.5);
  EXPECT_EQ(settings.other, Json({{"version", "0.2.0"}, {"template", "t"}, {"new", {1}}}));
}

TEST(PictureRecordTest, ABrokenRecordIsLeftAsideWithAWarning) {
  io::PictureMetadata metadata;
  metadata.texts = {{"vitrine", "{\"prompt\":"},
                    {"parameters", "other\nSteps: 1, Seed: 2, Size: 3x4"}};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(restore_settings(metadata, "f.png").value().source, "a1111");
  EXPECT_NE(
      ::testing::internal::GetCapturedStderr().find("f.png: the text vitrine is no JSON object"),
      std::string::npos);
  metadata.texts = {
      {"vitrine", R"({"prompt":1,"seed":"x","size":[1],"model":3,"adapters":{"a":1}})"}};
  EXPECT_FALSE(restore_settings(metadata, "x"));
}

TEST(PictureRecordTest, ParametersOfARecordAreThoseOfA1111) {
  const Json record = {{"version", "0.2.0"},
                       {"prompt", "a dress"},
                       {"negative", "blurry"},
                       {"seed", 7},
                       {"sampler", "euler_a"},
                       {"steps", 20},
                       {"cfg", 7.5},
                       {"size", {512, 768}},
                       {"model", {{"file", "m.safetensors"}, {"sha256", "0123456789abcdef"}}}};
  EXPECT_EQ(parameters_of(record),
            "a dress\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: "
            "7, Size: 512x768, Model hash: 0123456789, Model: m.safetensors, Version: 0.2.0");
  EXPECT_EQ(parameters_of(Json::object()), "");
}

TEST(SchedulerNamesTest, EachProgramsNamesMeanTheSame) {
  EXPECT_EQ(scheduler_of("DPM++ 2M"), "dpmpp_2m");
  EXPECT_EQ(scheduler_of("euler_ancestral"), "euler_a");
  EXPECT_EQ(scheduler_of("UniPC"), "");
  EXPECT_EQ(scheduler_of(""), "");
  EXPECT_EQ(sampler_of("pndm"), "PLMS");
  EXPECT_EQ(sampler_of("other"), "other");
}

}  // namespace
}  // namespace vitrine::imagery
