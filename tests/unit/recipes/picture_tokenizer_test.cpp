// The tokenizer of a Stable Diffusion model: its own or CLIP's, and whether it fits the text encoder.
#include "recipes/picture_tokenizer.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/resource.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {
namespace fs = std::filesystem;

const fs::path kTiny = fs::path(VITRINE_SOURCE_DIR) / "tests/data/sd_tiny/model";
const fs::path kLayouts = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/sd_layouts/sd1";

std::string refusal(const models::StableDiffusionFiles& files) {
  try {
    load_picture_tokenizer(files);
  } catch (const Corrupt& e) {
    return e.what();
  }
  return "nothing was thrown";
}

TEST(PictureTokenizerTest, AModelsOwnIsReadWhenItFits) {
  const auto files = models::open_stable_diffusion(kTiny);
  EXPECT_EQ(load_picture_tokenizer(files)->vocab_size(), 565);
}

TEST(PictureTokenizerTest, ATokenizerThatIsLargerThanTheTextEncoderIsRefused) {
  const test::TemporaryDirectory dir;
  fs::copy(kTiny, dir.path() / "model", fs::copy_options::recursive);
  fs::remove_all(dir.path() / "model/tokenizer");
  fs::copy(resource_path("data/vocab/clip"), dir.path() / "model/tokenizer", fs::copy_options::recursive);
  const std::string message = refusal(models::open_stable_diffusion(dir.path() / "model"));
  EXPECT_NE(message.find("model: TOK_MISMATCH: the tokenizer has 49408 tokens, the text encoder 565"), std::string::npos) << message;
}

TEST(PictureTokenizerTest, ASingleFileMeansTheVocabularyOfClip) {
  const auto files = models::open_stable_diffusion(kLayouts / "single.safetensors", {.settings_from = kLayouts / "diffusers"});
  EXPECT_EQ(picture_tokenizer_dir(files), resource_path("data/vocab/clip"));
  EXPECT_NE(refusal(files).find("TOK_MISMATCH: the tokenizer (CLIP's, as the model has none) has 49408 tokens"), std::string::npos) << refusal(files);
}

}  // namespace
}  // namespace vitrine::recipes
