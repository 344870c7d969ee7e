// e2e/tiny_picture_model.h - a set of small pictures and a Stable Diffusion trained on it, for tests of what tunes and measures one.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/hash.h"
#include "e2e/program.h"
#include "io/picture.h"

namespace vitrine::e2e {

/// A garment of one colour on a light ground, a little different in each picture.
inline io::Picture garment(io::Colour colour, bool is_wide, int64_t number) {
  io::Picture picture = io::blank_picture(40, 40, {235, 235, 230});
  const int64_t left = is_wide ? 6 : 14, top = 6 + number % 3, width = 40 - 2 * left;
  for (int64_t y = top; y < 34; ++y) {
    for (int64_t x = left; x < left + width; ++x) {
      for (size_t c = 0; c < 3; ++c) picture.rgb[static_cast<size_t>(y * 40 + x) * 3 + c] = colour[c];
    }
  }
  return picture;
}

inline void write_set(const std::filesystem::path& root) {
  for (const char* split : {"train", "validation"}) {
    for (const char* label : {"dress", "pants"}) {
      std::filesystem::create_directories(root / split / label);
      for (int64_t i = 0; i < 4; ++i) {
        const io::Colour colour = i % 2 == 0 ? io::Colour{200, 30, 40} : io::Colour{30, 50, 160};
        io::write_picture(root / split / label / (std::to_string(i) + ".png"), garment(colour, label[0] == 'd', i));
      }
    }
  }
}

/// One small model for all tests of a suite: made once.
class TinyPictureModel : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!has_verb("train base")) return;
    folder_ = new TemporaryFolder();
    write_set(data());
    run({"train", "vae", data(), "--output", root() / "vae", "--width", "32", "--height", "32", "--block-out-channels", "16,16", "--crop", "16",
         "--steps", "2", "--validation-steps", "1", "--batch-size", "2"});
    run(base(root() / "sd", {"--steps", "12", "--validation-steps", "12", "--learning-rate", "0.003"}));
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  void SetUp() override { VITRINE_NEEDS_VERB("train base"); }

  static std::filesystem::path root() { return folder_->path(); }
  static std::filesystem::path data() { return root() / "set"; }
  static std::string hash(const std::filesystem::path& model, const char* part) {
    return sha256_file(model / part / (std::string(part) == "text_encoder" ? "model.safetensors" : "diffusion_pytorch_model.safetensors"));
  }

  static ProgramResult run(std::vector<std::string> args, int exit_code = 0) {
    const ProgramResult result = run_program(args, {.timeout_s = 200});
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    return result;
  }
  static std::vector<std::string> base(const std::filesystem::path& output, std::vector<std::string> more) {
    std::vector<std::string> args{"train", "base", data(), "--vae", root() / "vae", "--output", output, "--width", "32", "--height", "32", "--block-out-channels",
                                  "32,64", "--text-width", "64", "--text-layers", "1", "--vocab-size", "540", "--warmup-steps", "0",
                                  "--batch-size", "2", "--sample-steps", "1"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  static ProgramResult tune(const std::string& way, const std::filesystem::path& set, const std::filesystem::path& output, std::vector<std::string> more,
                            int exit_code = 0) {
    std::vector<std::string> args{"train", way, set, "--model", root() / "sd", "--output", output, "--validation-steps", "1", "--batch-size", "2",
                                  "--sample-steps", "1", "--width", "32", "--height", "32"};
    args.insert(args.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "--steps") == more.end()) args.insert(args.end(), {"--steps", "2"});
    return run(args, exit_code);
  }

  inline static TemporaryFolder* folder_ = nullptr;
};

}  // namespace vitrine::e2e
