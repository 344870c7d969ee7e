#include "models/tensor_copies.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/edited_weights.h"
#include "support/temporary_directory.h"

namespace vitrine::models {
namespace {

using test::EditedWeights;
using test::message_of;

class TensorCopiesTest : public testing::Test {
 protected:
  static std::filesystem::path written(const std::filesystem::path& path) {
    EditedWeights weights;
    weights.set("a", {2, 1}, {1, 2});
    weights.set("b", {1, 1}, {3});
    weights.set("large", {1}, {1e6f});
    weights.set("third", {1}, {1.0f / 3});
    weights.write(path);
    return path;
  }
  io::TensorView view(const char* name) { return *in.find(name); }

  test::TemporaryDirectory dir;
  const std::filesystem::path out = dir.path() / "out.safetensors";
  io::SafetensorsFile in{written(dir.path() / "in.safetensors")};
};

TEST_F(TensorCopiesTest, PiecesFollowEachOther) {
  save_copies(out, std::vector<TensorCopy>{{.name = "joined", .shape = {3, 1}, .pieces = {view("a"), view("b")}}}, std::nullopt, {{"k", "v"}});
  const io::SafetensorsFile file(out);
  EXPECT_EQ(io::to_float32(*file.find("joined")), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(file.metadata().at("k"), "v");
}

TEST_F(TensorCopiesTest, ValuesAreRoundedToTheTypeUnlessTheyKeepTheirs) {
  TensorCopy kept = copy_as("kept", view("third"));
  kept.keeps_type = true;
  save_copies(out, std::vector<TensorCopy>{copy_as("third", view("third")), kept}, io::DType::F16, {});
  const io::SafetensorsFile file(out);
  EXPECT_EQ(file.find("third")->dtype, io::DType::F16);
  EXPECT_EQ(io::to_float32(*file.find("third"))[0], io::float16_to_float(io::float_to_float16(1.0f / 3)));
  EXPECT_EQ(io::to_float32(*file.find("kept"))[0], 1.0f / 3);
}

TEST_F(TensorCopiesTest, AValueThatTheTypeCannotHoldIsRefusedAndNothingWritten) {
  const std::vector<TensorCopy> copies{copy_as("large", view("large"))};
  EXPECT_NE(message_of<InvalidInput>([&] { save_copies(out, copies, io::DType::F16, {}); }).find("large: WGT_NONFINITE"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_NO_THROW(save_copies(out, copies, io::DType::BF16, {}));
}

TEST_F(TensorCopiesTest, PiecesOfDifferentTypesAreRefused) {
  EditedWeights half;
  half["h"] = {io::DType::F16, {1}, io::from_float32(io::DType::F16, std::vector<float>{1})};
  half.write(dir.path() / "half.safetensors");
  const io::SafetensorsFile file(dir.path() / "half.safetensors");
  const std::vector<TensorCopy> copies{{.name = "both", .shape = {2, 1}, .pieces = {view("b"), *file.find("h")}}};
  EXPECT_NE(message_of<InvalidInput>([&] { save_copies(out, copies, std::nullopt, {}); }).find("both: its parts are stored as F32 and F16"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::models
