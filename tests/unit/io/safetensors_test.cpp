#include "io/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "support/temporary_directory.h"

namespace vitrine::io {
namespace {

using test::message_of;
using test::TemporaryDirectory;

class SafetensorsTest : public ::testing::Test {
 protected:
  /// A file of a header and `data_size` zero bytes.
  void write_header(std::string_view header, size_t data_size) {
    std::string bytes(8, '\0');
    const uint64_t length = header.size();
    std::memcpy(bytes.data(), &length, 8);
    write_file_atomic(path_, bytes + std::string(header) + std::string(data_size, '\0'));
  }
  std::string refusal() {
    return message_of<Corrupt>([this] { SafetensorsFile file(path_); });
  }
  void expect_refusal(std::string_view header, size_t data_size, std::string_view code, std::string_view part) {
    write_header(header, data_size);
    const std::string message = refusal();
    EXPECT_NE(message.find(code), std::string::npos) << header << "\n" << message;
    EXPECT_NE(message.find(part), std::string::npos) << header << "\n" << message;
    EXPECT_NE(message.find(path_.string()), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }

  TemporaryDirectory dir_;
  std::filesystem::path path_ = dir_.path() / "model.safetensors";
};

TEST_F(SafetensorsTest, WhatIsSavedIsReadBack) {
  const std::vector<float> a{1, 2, 3, 4, 5, 6};
  const std::vector<std::byte> b = from_float32(DType::BF16, std::vector<float>{0.5f, -2});
  const std::vector<int64_t> c{42};
  const std::vector<TensorToSave> tensors{{"a", DType::F32, {2, 3}, std::as_bytes(std::span(a))},
                                          {"b", DType::BF16, {2}, b},
                                          {"empty", DType::F32, {0, 3}, {}},
                                          {"c", DType::I64, {}, std::as_bytes(std::span(c))}};
  save_safetensors(path_, tensors, {{"licence", "测试"}});
  const SafetensorsFile file(path_);
  ASSERT_EQ(file.tensors().size(), 4u);
  EXPECT_EQ(file.find("a")->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(to_float32(*file.find("a")), a);
  EXPECT_EQ(to_float32(*file.find("b")), (std::vector<float>{0.5f, -2}));
  EXPECT_EQ(to_float32(*file.find("c")), (std::vector<float>{42}));
  EXPECT_EQ(file.find("empty")->num_values(), 0u);
  EXPECT_EQ(file.find("d"), nullptr);
  EXPECT_EQ(file.metadata().at("licence"), "测试");
  EXPECT_EQ(file.metadata().at("format"), "pt");
}

TEST_F(SafetensorsTest, AFileWithoutTensorsIsFine) {
  save_safetensors(path_, {}, {});
  EXPECT_TRUE(SafetensorsFile(path_).tensors().empty());
}

TEST_F(SafetensorsTest, SavingRefusesWrongLengthsAndKeepsTheOldFile) {
  write_file_atomic(path_, "old");
  const std::vector<std::byte> bytes(8);
  EXPECT_THROW(save_safetensors(path_, std::vector<TensorToSave>{{"a", DType::F32, {3}, bytes}}, {}), InvalidInput);
  EXPECT_THROW(save_safetensors(path_, std::vector<TensorToSave>{{"a", DType::F32, {2}, bytes}, {"a", DType::F32, {2}, bytes}}, {}),
               InvalidInput);
  EXPECT_EQ(read_file(path_), "old");
}

TEST_F(SafetensorsTest, HeaderLengthIsChecked) {
  write_file_atomic(path_, "1234");
  EXPECT_NE(refusal().find("WGT_HEADER"), std::string::npos);
  write_file_atomic(path_, "");
  EXPECT_NE(refusal().find("WGT_HEADER"), std::string::npos);
  expect_refusal("", 16, "WGT_HEADER", "got 0");
  std::string huge(8, '\xff');
  write_file_atomic(path_, huge + "{}");
  EXPECT_NE(refusal().find("header length"), std::string::npos);
  std::string beyond{3, 0, 0, 0, 0, 0, 0, 0};
  write_file_atomic(path_, beyond + "{}");
  EXPECT_NE(refusal().find("expected 1 to 2, got 3"), std::string::npos);
}

TEST_F(SafetensorsTest, HeaderMustBeAJsonObjectInUtf8WithoutDuplicates) {
  expect_refusal("[1,2]", 0, "WGT_HEADER", "start with");
  expect_refusal(" {}", 0, "WGT_HEADER", "start with");
  expect_refusal("{\"a\":", 0, "WGT_HEADER", "not JSON");
  expect_refusal("{\"\xff\":1}", 0, "WGT_HEADER", "not JSON");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8,
                 "WGT_HEADER", "'a' comes twice");
  expect_refusal(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4, "WGT_HEADER", "'dtype' comes twice");
}

TEST_F(SafetensorsTest, MetadataMustMapStringsToStrings) {
  expect_refusal(R"({"__metadata__":{"a":1}})", 0, "WGT_HEADER", "'a'");
  expect_refusal(R"({"__metadata__":["a"]})", 0, "WGT_HEADER", "__metadata__");
}

TEST_F(SafetensorsTest, DataTypesOutsideOursAreRefusedByName) {
  expect_refusal(R"({"w.x":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}})", 4, "WGT_DTYPE", "w.x");
  expect_refusal(R"({"w.x":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", 4, "WGT_HEADER", "unknown dtype 'F31'");
  expect_refusal(R"({"w.x":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", 4, "WGT_HEADER", "w.x");
}

TEST_F(SafetensorsTest, ShapeAndLengthMustAgree) {
  expect_refusal(R"({"w.x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8, "WGT_HEADER", "w.x: shape [3] of F32 takes 12");
  expect_refusal(R"({"w.x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})", 8, "WGT_HEADER", "too large");
  expect_refusal(R"({"w.x":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}})", 8, "WGT_HEADER", "w.x");
  expect_refusal(R"({"w.x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}})", 8, "WGT_HEADER", "w.x");
  expect_refusal(R"({"w.x":{"dtype":"F32","data_offsets":[0,8]}})", 8, "WGT_HEADER", "w.x");
  expect_refusal(R"({"w.x":3})", 8, "WGT_HEADER", "w.x");
}

TEST_F(SafetensorsTest, OffsetsMustCoverTheDataOnce) {
  expect_refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})", 12,
                 "WGT_HEADER", "overlap");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12,
                 "WGT_HEADER", "gap");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, "WGT_HEADER", "gap");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 5, "WGT_HEADER", "1 bytes at the end");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7, "WGT_HEADER", "not inside");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}})", 8, "WGT_HEADER", "not inside");
  expect_refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,0]}})", 8, "WGT_HEADER", "a");
}

TEST_F(SafetensorsTest, UnalignedDataIsReadAsWell) {
  write_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} )", 8);
  EXPECT_EQ(to_float32(SafetensorsFile(path_).tensors()[0]), (std::vector<float>{0, 0}));
}

TEST_F(SafetensorsTest, PickleFilesAreNotOpened) {
  const auto pickle = dir_.path() / "pytorch_model.bin";
  write_file_atomic(pickle, "PK");
  EXPECT_NE(message_of<InvalidInput>([&] { SafetensorsFile file(pickle); }).find("WGT_PICKLE"), std::string::npos);
}

TEST_F(SafetensorsTest, AMissingFileIsNotFound) {
  EXPECT_THROW(SafetensorsFile file(path_), NotFound);
}

TEST_F(SafetensorsTest, ANonfiniteTensorIsNamed) {
  const std::vector<float> values{1, std::nanf("")};
  save_safetensors(path_, std::vector<TensorToSave>{{"ln_f.bias", DType::F32, {2}, std::as_bytes(std::span(values))}}, {});
  const SafetensorsFile file(path_);
  const std::string message = message_of<Corrupt>([&] { require_finite(file.tensors()[0], path_); });
  EXPECT_NE(message.find("WGT_NONFINITE: ln_f.bias"), std::string::npos) << message;
}

}  // namespace
}  // namespace vitrine::io
