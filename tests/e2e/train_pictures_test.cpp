// A picture model of one's own from pictures alone, and every way to tune it, by the program.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <tuple>

#include "base/file.h"
#include "base/json.h"
#include "e2e/tiny_picture_model.h"
#include "io/safetensors.h"
#include "support/clip_vocabulary_model.h"

namespace vitrine::e2e {
namespace {

namespace fs = std::filesystem;

class TrainPicturesTest : public TinyPictureModel {
 protected:
  /// Every tensor has a name of the dialect, and both parts are there.
  static void expect_names_of(const std::string& dialect, const fs::path& output) {
    if (dialect == "peft") {
      for (const char* part : {"unet", "text_encoder"}) {
        EXPECT_TRUE(fs::exists(output / "lora" / part / "adapter_config.json")) << part;
        const io::SafetensorsFile file(output / "lora" / part / "adapter_model.safetensors");
        EXPECT_FALSE(file.tensors().empty()) << part;
        for (const io::TensorView& tensor : file.tensors()) EXPECT_TRUE(tensor.name.starts_with("base_model.model.")) << tensor.name;
      }
      return;
    }
    const std::string unet = dialect == "kohya" ? "lora_unet_" : "unet.", text = dialect == "kohya" ? "lora_te_" : "text_encoder.";
    size_t of_unet = 0, of_text = 0;
    const io::SafetensorsFile file(output / "lora.safetensors");
    for (const io::TensorView& tensor : file.tensors()) {
      of_unet += tensor.name.starts_with(unet) ? 1 : 0;
      of_text += tensor.name.starts_with(text) ? 1 : 0;
    }
    EXPECT_GT(of_unet, 0u) << dialect;
    EXPECT_GT(of_text, 0u) << dialect;
    EXPECT_EQ(of_unet + of_text, file.tensors().size()) << dialect;
  }
};

TEST_F(TrainPicturesTest, AModelOfOnesOwnHasAllPartsAndItsRecord) {
  for (const char* file : {"model_index.json", "unet/config.json", "vae/config.json", "text_encoder/config.json", "tokenizer/vocab.json",
                           "scheduler/scheduler_config.json", "run.html", "train.jsonl"}) {
    EXPECT_TRUE(fs::exists(root() / "sd" / file)) << file;
  }
  const Json manifest = read_json_file(root() / "sd" / "vitrine.json");
  EXPECT_EQ(manifest["kind"], "sd");
  EXPECT_EQ(manifest["settings"]["steps"], 12);
  EXPECT_FALSE(fs::exists((root() / "sd").string() + ".run"));
}

TEST_F(TrainPicturesTest, AModelIsLearnedOnInALaterRun) {
  run(base(root() / "sd-2", {"--init", root() / "sd", "--steps", "2", "--learning-rate", "0"}));
  EXPECT_EQ(hash(root() / "sd-2", "unet"), hash(root() / "sd", "unet"));  // nothing learned: what it began with
  EXPECT_EQ(sha256_file(root() / "sd-2" / "tokenizer" / "vocab.json"), sha256_file(root() / "sd" / "tokenizer" / "vocab.json"));
  const ProgramResult other = run_program(base(root() / "sd-3", {"--init", root() / "sd", "--steps", "2", "--layers-per-block", "2"}), {.timeout_s = 200});
  EXPECT_NE(other.exit_code, 0);
  EXPECT_NE(other.err.find("has other shapes than the settings"), std::string::npos) << other.err;
}

TEST_F(TrainPicturesTest, TextEntersTheTimeOfAModelThatWasMadeWithoutIt) {
  run(base(root() / "sd-text", {"--init", root() / "sd", "--steps", "2", "--learning-rate", "0.001", "--text-in-time", "--drop-word", "0.4"}));
  EXPECT_EQ(read_json_file(root() / "sd-text" / "unet" / "config.json")["addition_embed_type"], "text");
  run({"draw", "--attributes", "类型#裙*颜色#红色", "--model", root() / "sd-text", "--width", "128", "--height", "128", "--num-inference-steps", "2", "--attempts", "1", "--output",
       root() / "drawn"});
  EXPECT_NE(hash(root() / "sd-text", "unet"), hash(root() / "sd", "unet"));
  const ProgramResult back = run_program(base(root() / "sd-4", {"--init", root() / "sd-text", "--steps", "2"}), {.timeout_s = 200});
  EXPECT_NE(back.err.find("has other shapes than the settings"), std::string::npos) << back.err;
}

TEST_F(TrainPicturesTest, ADecoderLearnsOnAloneAndTheEncoderStays) {
  const std::vector<std::string> args{"train", "vae", data(), "--width", "32", "--height", "32", "--block-out-channels", "16,16", "--crop", "16", "--steps", "2",
                                      "--validation-steps", "1", "--batch-size", "2", "--no-train-encoder", "--adversarial-weight", "0.1", "--feature-weight", "1"};
  std::vector<std::string> with_init = args, without = args;
  with_init.insert(with_init.end(), {"--init", root() / "vae", "--output", root() / "vae-2"});
  run(with_init);
  const io::SafetensorsFile before(root() / "vae" / "diffusion_pytorch_model.safetensors"), after(root() / "vae-2" / "diffusion_pytorch_model.safetensors");
  EXPECT_EQ(before.tensors().size(), after.tensors().size()) << "no discriminator is kept";
  const auto same = [&](const char* name) { return io::to_float32(*before.find(name)) == io::to_float32(*after.find(name)); };
  EXPECT_TRUE(same("encoder.conv_in.weight"));
  EXPECT_FALSE(same("decoder.conv_in.weight"));
  EXPECT_EQ(read_json_file(root() / "vae" / "config.json")["scaling_factor"], read_json_file(root() / "vae-2" / "config.json")["scaling_factor"]);
  without.insert(without.end(), {"--output", root() / "vae-3"});
  const ProgramResult refused = run_program(without);
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_NE(refused.err.find("needs init"), std::string::npos) << refused.err;
}

TEST_F(TrainPicturesTest, TheTextEncoderLearnsAndUNetAndVaeKeepTheirHashes) {
  const fs::path tuned = root() / "tuned";
  tune("text-encoder", data(), tuned, {"--language", "zh", "--new-tokens", "8", "--learning-rate", "0.001", "--warmup-steps", "0"});
  EXPECT_EQ(hash(tuned, "unet"), hash(root() / "sd", "unet"));
  EXPECT_EQ(hash(tuned, "vae"), hash(root() / "sd", "vae"));
  EXPECT_NE(hash(tuned, "text_encoder"), hash(root() / "sd", "text_encoder"));
  const Json before = read_json_file(root() / "sd" / "text_encoder" / "config.json"), after = read_json_file(tuned / "text_encoder" / "config.json");
  EXPECT_GT(after["vocab_size"].get<int>(), before["vocab_size"].get<int>());
}

TEST_F(TrainPicturesTest, ARunawayTextEncoderIsStoppedWithTheWeightsBefore) {
  const fs::path tuned = root() / "runaway";
  const ProgramResult result = tune("text-encoder", data(), tuned, {"--language", "en", "--learning-rate", "1", "--warmup-steps", "0", "--drift-weight", "0",
                                                                    "--keep-best", "--save-dtype", "float32", "--steps", "6"});
  EXPECT_NE(result.err.find("has left its base"), std::string::npos) << result.err;
  EXPECT_NE(read_json_file(tuned / "vitrine.json")["alarm"], "");
}

TEST_F(TrainPicturesTest, AdaptersAreSavedInEachDialect) {
  for (const char* dialect : {"kohya", "diffusers", "peft"}) {
    const fs::path output = root() / (std::string("lora-") + dialect);
    tune("lora", data(), output, {"--language", "en", "--parts", "both", "--rank", "2", "--dialect", dialect});
    const bool is_folder = std::string(dialect) == "peft";
    EXPECT_EQ(fs::exists(output / "lora.safetensors"), !is_folder) << dialect;
    EXPECT_EQ(fs::exists(output / "lora"), is_folder) << dialect;
    expect_names_of(dialect, output);
  }
}

TEST_F(TrainPicturesTest, ATunedModelKeepsTheSizeThatItWasTrainedAt) {
  const fs::path model = root() / "tall", output = root() / "tall-lora";
  fs::copy(root() / "sd", model, fs::copy_options::recursive);
  Json manifest = read_json_file(model / "vitrine.json");
  manifest["settings"]["height"] = 48;
  write_file_atomic(model / "vitrine.json", dump_pretty(manifest));
  // By its name in a folder of models.
  ::setenv("VITRINE_MODELS", root().c_str(), 1);
  run({"train", "lora", data(), "--model", "tall", "--output", output, "--language", "en", "--steps", "1", "--validation-steps", "1", "--batch-size", "2", "--sample-steps", "0"});
  ::unsetenv("VITRINE_MODELS");
  const Json settings = read_json_file(output / "vitrine.json")["settings"];
  EXPECT_EQ(settings["width"], 32);
  EXPECT_EQ(settings["height"], 48);
}

TEST_F(TrainPicturesTest, ASingleFileIsTunedWhereNoWholeModelIsWrittenAndElseRefusedBeforeAnyWork) {
  const std::string model = root() / "words", file = root() / "words.safetensors";
  test::copy_with_clip_vocabulary(root() / "sd", model);
  run({"convert", "sd", model, file, "--to", "single-file"});
  const auto command = [&](const std::string& way, const fs::path& output, std::vector<std::string> more) {
    std::vector<std::string> args{"train", way, data() / "train" / "dress", "--model", file, "--output", output, "--steps", "1", "--validation-steps", "1", "--batch-size", "2",
                                  "--sample-steps", "0", "--width", "32", "--height", "32"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  };
  run(command("textual-inversion", root() / "file-word", {"--placeholder-token", "<my-dress>", "--initializer-token", "dress"}));
  EXPECT_TRUE(fs::exists(root() / "file-word" / "learned_embeds.safetensors"));
  for (const auto& [word, first, option] : {std::tuple("dress", "dress", "--placeholder-token: dress is a token"), {"<d>", "zzzqqq", "--initializer-token: expected a word of one token"}}) {
    EXPECT_TRUE(failed_with_one_line(run_program(command("textual-inversion", root() / "x", {"--placeholder-token", word, "--initializer-token", first}), {.timeout_s = 200}), 2, option));
  }
  EXPECT_TRUE(failed_with_one_line(run_program(command("text-encoder", root() / "x", {})), 2, "--model: expected a directory"));
  EXPECT_TRUE(failed_with_one_line(run_program(command("dreambooth", root() / "x", {"--instance-prompt", "a", "--class-prompt", "b"})), 2, "--model: expected a directory"));
  EXPECT_FALSE(fs::exists(root() / "x"));
  EXPECT_FALSE(fs::exists(root() / "x.run"));
}

TEST_F(TrainPicturesTest, DreamboothKeepsItsClassByPicturesThatTheModelDraws) {
  const fs::path output = root() / "dreambooth";
  const ProgramResult result = tune("dreambooth", data() / "train" / "dress", output, {"--instance-prompt", "sks dress", "--class-prompt", "dress", "--class-pictures", "2"});
  EXPECT_NE(result.err.find("4 pictures without splits, fewer than 20: none is held out"), std::string::npos) << result.err;
  EXPECT_NE(hash(output, "unet"), hash(root() / "sd", "unet"));
  EXPECT_EQ(hash(output, "vae"), hash(root() / "sd", "vae"));
}

TEST_F(TrainPicturesTest, ANewWordIsSavedAsRowsOfTheVocabulary) {
  const fs::path output = root() / "word";
  tune("textual-inversion", data() / "train" / "dress", output, {"--placeholder-token", "<my-dress>", "--initializer-token", "dress", "--num-vectors", "2"});
  const io::SafetensorsFile file(output / "learned_embeds.safetensors");
  ASSERT_EQ(file.tensors().size(), 1u);
  EXPECT_EQ(file.tensors()[0].name, "<my-dress>");
  EXPECT_EQ(file.tensors()[0].shape, (std::vector<int64_t>{2, 64}));
}

TEST_F(TrainPicturesTest, AClipIsTrainedAndGoneOnFrom) {
  const fs::path output = root() / "clip";
  run({"train", "clip", data(), "--output", output, "--image-size", "32", "--patch-size", "8", "--vision-width", "32", "--vision-layers", "1", "--text-width", "32",
       "--text-layers", "1", "--vocab-size", "600", "--attention-head-size", "16", "--steps", "2", "--validation-steps", "2", "--batch-size", "4"});
  EXPECT_TRUE(fs::exists(output / "preprocessor_config.json"));
  run({"train", "clip", data(), "--init", output, "--output", root() / "clip-2", "--steps", "1", "--validation-steps", "1", "--batch-size", "4"});
}

TEST_F(TrainPicturesTest, AProbeLearnsTheClasses) {
  const fs::path output = root() / "probe";
  run({"train", "probe", data(), "--output", output, "--width", "32", "--height", "32", "--block-out-channels", "16,32", "--steps", "40", "--batch-size", "8",
       "--learning-rate", "0.003", "--warmup-steps", "5", "--validation-steps", "40"});
  EXPECT_GE(read_json_file(output / "metrics.json")["accuracy"].get<double>(), 0.75);
}

TEST_F(TrainPicturesTest, BadInputGetsOneLine) {
  const auto error_of = [](std::vector<std::string> args) {
    const ProgramResult result = run_program(args);
    EXPECT_NE(result.exit_code, 0);
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    return result.err;
  };
  EXPECT_NE(error_of({"train", "vae", root() / "nowhere", "--output", root() / "x"}).find("nowhere"), std::string::npos);
  EXPECT_NE(error_of({"train", "base", data(), "--output", root() / "x"}).find("vae"), std::string::npos);
  EXPECT_NE(error_of({"train", "vae", data(), "--output", root() / "x", "--block-out-channels", "16,many"}).find("'many'"), std::string::npos);
  EXPECT_NE(error_of({"train", "lora", data(), "--model", root() / "sd", "--output", root() / "x", "--unet-modules", "nothing"}).find("nothing"), std::string::npos);
  EXPECT_FALSE(fs::exists(root() / "x"));
  // A tokenizer of another model is told from the text encoder before the weights are read.
  fs::copy(root() / "sd", root() / "big-words", fs::copy_options::recursive);
  fs::remove_all(root() / "big-words" / "tokenizer");
  fs::copy(source_file("data/vocab/clip"), root() / "big-words" / "tokenizer", fs::copy_options::recursive);
  EXPECT_TRUE(failed_with_one_line(run_program({"train", "text-encoder", data(), "--model", root() / "big-words", "--output", root() / "x"}), 1,
                                   "TOK_MISMATCH: the tokenizer has 49408 tokens, the text encoder 540"));
  // What need not wait for the pictures is said before, and leaves no folder of a run.
  EXPECT_TRUE(failed_with_one_line(run_program({"train", "base", data(), "--vae", root() / "vae", "--output", root() / "x", "--width", "33"}), 2, "--width: expected a multiple of 2"));
  EXPECT_TRUE(failed_with_one_line(run_program({"train", "base", data(), "--vae", root() / "nowhere", "--output", root() / "x"}), 1, "nowhere"));
  const ProgramResult other = run_program(base(root() / "x", {"--init", root() / "sd", "--layers-per-block", "2"}));
  EXPECT_TRUE(failed_with_one_line(other, 1, "has other shapes than the settings"));
  EXPECT_EQ(std::count(other.err.begin(), other.err.end(), '\n'), 1) << other.err;
  EXPECT_FALSE(fs::exists(root() / "x.run"));
}

TEST_F(TrainPicturesTest, ARunThatItsLimitStoppedIsNotDone) {
  tune("lora", data(), root() / "limited", {"--language", "en", "--max-steps", "1"}, 130);
  EXPECT_FALSE(fs::exists(root() / "limited"));
  EXPECT_TRUE(fs::exists(root() / "limited.run" / "state.safetensors"));
}

}  // namespace
}  // namespace vitrine::e2e
