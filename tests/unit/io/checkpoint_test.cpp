#include "io/checkpoint.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/temporary_directory.h"

namespace vitrine::io {
namespace {

using test::message_of;

class CheckpointTest : public ::testing::Test {
 protected:
  void save(const std::string& file, const std::vector<std::string>& names) {
    std::vector<TensorToSave> tensors;
    for (const auto& name : names) tensors.push_back({name, DType::F32, {1}, std::as_bytes(std::span(one_))});
    save_safetensors(dir_.path() / file, tensors, {});
  }
  void index(std::string_view weight_map) {
    write_file_atomic(dir_.path() / "model.safetensors.index.json", "{\"weight_map\":" + std::string(weight_map) + "}");
  }

  std::vector<float> one_{1};
  test::TemporaryDirectory dir_;
};

TEST_F(CheckpointTest, ASingleFileIsOpened) {
  save("model.safetensors", {"a", "b"});
  const Checkpoint checkpoint = open_checkpoint(dir_.path());
  EXPECT_EQ(checkpoint.tensors().size(), 2u);
  EXPECT_EQ(checkpoint.file_of("b").filename(), "model.safetensors");
  EXPECT_EQ(checkpoint.find("c"), nullptr);
}

TEST_F(CheckpointTest, ShardsAreJoined) {
  save("model-00001-of-00002.safetensors", {"a"});
  save("model-00002-of-00002.safetensors", {"b"});
  index(R"({"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"})");
  const Checkpoint checkpoint = open_checkpoint(dir_.path());
  EXPECT_EQ(to_float32(*checkpoint.find("b")), one_);
  EXPECT_EQ(checkpoint.files().size(), 2u);
}

TEST_F(CheckpointTest, AMissingShardIsFatal) {
  save("model-1.safetensors", {"a"});
  index(R"({"a":"model-1.safetensors","b":"model-2.safetensors"})");
  EXPECT_NE(message_of<NotFound>([&] { open_checkpoint(dir_.path()); }).find("model-2.safetensors"), std::string::npos);
}

TEST_F(CheckpointTest, IndexAndShardsMustAgree) {
  save("model-1.safetensors", {"a", "x"});
  index(R"({"a":"model-1.safetensors","b":"model-1.safetensors"})");
  EXPECT_NE(message_of<Corrupt>([&] { open_checkpoint(dir_.path()); }).find("b is not in model-1"), std::string::npos);
  index(R"({"a":"model-1.safetensors"})");
  EXPECT_NE(message_of<Corrupt>([&] { open_checkpoint(dir_.path()); }).find("x is in a shard"), std::string::npos);
  save("model-2.safetensors", {"a", "b"});
  index(R"({"a":"model-1.safetensors","x":"model-1.safetensors","b":"model-2.safetensors"})");
  EXPECT_NE(message_of<Corrupt>([&] { open_checkpoint(dir_.path()); }).find("is also in"), std::string::npos);
}

TEST_F(CheckpointTest, ShardNamesMayNotLeaveTheDirectory) {
  for (const char* name : {R"("../x.safetensors")", R"("/etc/passwd")", R"("..")", "7", R"("")"}) {
    index(concat("{\"a\":", name, "}"));
    EXPECT_NE(message_of<Corrupt>([&] { open_checkpoint(dir_.path()); }).find("is not a file name"), std::string::npos) << name;
  }
  index("[]");
  EXPECT_THROW(open_checkpoint(dir_.path()), Corrupt);
}

TEST_F(CheckpointTest, OnlyPickleWeightsGiveAHint) {
  write_file_atomic(dir_.path() / "pytorch_model.bin", "PK");
  const std::string message = message_of<InvalidInput>([&] { open_checkpoint(dir_.path()); });
  EXPECT_NE(message.find("WGT_PICKLE"), std::string::npos);
  EXPECT_NE(message.find("save_pretrained"), std::string::npos);
}

TEST_F(CheckpointTest, NoDirectoryOrNoWeightsIsNotFound) {
  EXPECT_NE(message_of<NotFound>([&] { open_checkpoint(dir_.path()); }).find("no model.safetensors"), std::string::npos);
  EXPECT_NE(message_of<NotFound>([&] { open_checkpoint(dir_.path() / "none"); }).find("no such model directory"), std::string::npos);
}

}  // namespace
}  // namespace vitrine::io
