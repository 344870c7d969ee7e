// vitrine convert sd and convert lora, as a user of picture models calls them.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"
#include "io/safetensors.h"
#include "support/clip_vocabulary_model.h"

namespace vitrine::e2e {
namespace {

const std::string kGolden = std::string(VITRINE_SOURCE_DIR) + "/tests/data/golden";
const std::string kModel = kGolden + "/sd_layouts/sd1/diffusers";
const std::string kAdapter = kGolden + "/sd_lora/first_kohya.safetensors";

TEST(ConvertSdE2e, ADirectoryBecomesAFileAndADirectoryAgain) {
  TemporaryFolder folder;
  const std::string model = folder / "clip-words";
  test::copy_with_clip_vocabulary(kModel, model);
  const auto there = run_program({"convert", "sd", model, folder / "model.safetensors", "--to", "single-file"});
  EXPECT_EQ(there.exit_code, 0) << there.err;
  const io::SafetensorsFile file(folder / "model.safetensors");
  EXPECT_NE(file.find("model.diffusion_model.input_blocks.0.0.weight"), nullptr);
  EXPECT_TRUE(file.metadata().contains("vitrine.base"));
  const auto back = run_program({"convert", "sd", folder / "model.safetensors", "--to", "diffusers", "--dtype", "float32", "--output", folder / "model"});
  EXPECT_EQ(back.exit_code, 0) << back.err;
  EXPECT_EQ(read_json_file(folder / "model/vitrine.json")["kind"], "sd");
  const io::SafetensorsFile unet(folder / "model/unet/diffusion_pytorch_model.safetensors");
  EXPECT_EQ(unet.find("conv_in.weight")->dtype, io::DType::F32);
  EXPECT_EQ(io::to_float32(*unet.find("conv_in.weight")), io::to_float32(*file.find("model.diffusion_model.input_blocks.0.0.weight")));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", folder / "model", folder / "model/", "--to", "diffusers"}), 2, "is the input"));
  const auto again = run_program({"convert", "sd", folder / "model", folder / "again.safetensors", "--to", "single-file", "--dtype", "float16"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  const io::SafetensorsFile second(folder / "again.safetensors");
  for (const io::TensorView& tensor : file.tensors()) EXPECT_EQ(io::to_float32(tensor), io::to_float32(*second.find(tensor.name))) << tensor.name;
}

TEST(ConvertSdE2e, AVocabularyThatIsNotClipsIsNotLostInASingleFile) {
  TemporaryFolder folder;
  const auto result = run_program({"convert", "sd", kModel, folder / "model.safetensors", "--to", "single-file"});
  EXPECT_TRUE(failed_with_one_line(result, 1, "its tokenizer of 565 tokens is not CLIP's (49408)"));
  EXPECT_FALSE(std::filesystem::exists(folder / "model.safetensors"));
}

TEST(ConvertSdE2e, ABrokenModelIsOneLineAndLeavesNothing) {
  TemporaryFolder folder;
  std::filesystem::copy(kModel, folder / "model", std::filesystem::copy_options::recursive);
  const std::string vae = folder / "model/vae/diffusion_pytorch_model.safetensors";
  write_file_atomic(vae, read_file(vae).substr(0, 4000));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", folder / "model", folder / "out.safetensors", "--to", "single-file"}), 1, "WGT_HEADER"));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", folder / "model", folder / "out", "--to", "diffusers"}), 1, "WGT_HEADER"));
  write_file_atomic(folder / "old.ckpt", "PK");
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", folder / "old.ckpt", folder / "out", "--to", "diffusers"}), 1, "WGT_PICKLE"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.safetensors"));
}

TEST(ConvertSdE2e, WrongUsageIsSaidBeforeAnyWork) {
  TemporaryFolder folder;
  write_file_atomic(folder / "full/file", "x");
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", kModel, folder / "out"}), 2, "--to"));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", kModel, "--to", "diffusers"}), 2, "OUT"));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", kModel, folder / "full", "--to", "diffusers"}), 2, "holds other files"));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", kModel, folder / "x", "--to", "single-file", "--dtype", "int8"}), 2, "--dtype"));
  EXPECT_TRUE(failed_with_one_line(run_program({"convert", "sd", kModel, folder / "x", "--to", "single-file", "--average"}), 2, "single file"));
}

TEST(ConvertLoraE2e, AllDialectsAndBackAreTheSameTensors) {
  TemporaryFolder folder;
  const auto convert = [&](const std::string& in, const std::string& out, const std::string& to) {
    const auto result = run_program({"convert", "lora", in, out, "--to", to, "--model", kModel});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  };
  EXPECT_NE(convert(kAdapter, folder / "peft", "peft").err.find("made for a base"), std::string::npos);
  convert(folder / "peft", folder / "diffusers.safetensors", "diffusers");
  convert(folder / "diffusers.safetensors", folder / "kohya.safetensors", "kohya");
  const io::SafetensorsFile original(kAdapter), last(folder / "kohya.safetensors");
  EXPECT_EQ(last.tensors().size(), original.tensors().size());
  for (const io::TensorView& tensor : original.tensors()) {
    ASSERT_NE(last.find(tensor.name), nullptr) << tensor.name;
    EXPECT_EQ(io::to_float32(*last.find(tensor.name)), io::to_float32(tensor)) << tensor.name;
  }
}

TEST(ConvertLoraE2e, ModulesThatTheModelLacksAreListedUnlessSkipped) {
  TemporaryFolder folder;
  const std::vector<std::string> command{"convert", "lora", kAdapter, folder / "out.safetensors", "--to", "diffusers"};
  EXPECT_TRUE(failed_with_one_line(run_program(command), 1, "LORA_SHAPE"));  // the tiny adapter on Stable Diffusion 1.5
  EXPECT_FALSE(std::filesystem::exists(folder / "out.safetensors"));
}

}  // namespace
}  // namespace vitrine::e2e
