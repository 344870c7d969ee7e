#include "data/advertisegen.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "data/import.h"

namespace vitrine::data {
namespace {

TEST(AdvertisegenTest, RepeatedKeysAreAllKeptInOrder) {
  const Product product = product_from_content("类型#裙*风格#文艺*风格#简约");
  ASSERT_EQ(product.attributes.size(), 3u);
  EXPECT_EQ(product.attributes[1].val, "文艺");
  EXPECT_EQ(product.attributes[2].val, "简约");
  EXPECT_EQ(product.attributes[2].id, "a3");
}

TEST(AdvertisegenTest, TheFirstSignPartsKeyAndValue) {
  EXPECT_EQ(product_from_content("货号#A#7").attributes[0].val_raw, "A#7");
}

TEST(AdvertisegenTest, APieceThatIsNoPairIsNamed) {
  Product product;
  const auto bad = append_content("类型#裙*abc*风格#", product);
  ASSERT_EQ(bad.size(), 2u);
  EXPECT_EQ(bad[0].code + bad[0].piece, "ATTR_NO_SEPARATORabc");
  EXPECT_EQ(bad[1].code + bad[1].piece, "ATTR_EMPTY风格#");
  EXPECT_EQ(product.attributes.size(), 1u);
  EXPECT_THROW(product_from_content("类型#裙*abc"), InvalidInput);
  EXPECT_THROW(product_from_content(""), InvalidInput);
}

TEST(AdvertisegenTest, TheShippedDevSetIsReadAndWrittenBackUnchanged) {
  const ImportResult result = read_products(VITRINE_SOURCE_DIR "/data/advertisegen/dev.jsonl");
  EXPECT_EQ(result.products.size(), 535u);
  EXPECT_EQ(result.report.entries.size(), 0u);
  EXPECT_EQ(result.products[1].source.row, 2);
  EXPECT_EQ(result.products[1].source.format, "advertisegen");
  EXPECT_EQ(result.products[1].id.substr(12), "-2");
  std::string written;
  for (const Product& product : result.products) written += to_advertisegen_line(product) + "\n";
  std::string original = read_file(VITRINE_SOURCE_DIR "/data/advertisegen/dev.jsonl");
  for (const char* spaced : {"\": \"", "\", \""}) {  // the shipped file has a space behind : and ,
    for (size_t at = original.find(spaced); at != std::string::npos; at = original.find(spaced, at)) original.erase(at + 2, 1);
  }
  EXPECT_EQ(written, original);
}

TEST(AdvertisegenTest, ATypedStringIsRefusedWithTheOptionAndThePiece) {
  const auto refusal = [](const std::string& content) {
    try {
      check_typed_content(content, "--attributes");
    } catch (const UsageError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal("类型#裙*风格#简约"), "");
  EXPECT_EQ(refusal("裙"), "--attributes: '裙' has no '#': expected KEY#VALUE*KEY#VALUE");
  EXPECT_NE(refusal("类型#").find("empty"), std::string::npos);
  EXPECT_NE(refusal("类型#\xff").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal("类型#裙\n*风格#简约").find("line end"), std::string::npos);
  EXPECT_EQ(refusal("类型#裙*备注#" + std::string(100000, 'x')), "--attributes: the value of '备注' has 100000 characters, at most 1000");
}

}  // namespace
}  // namespace vitrine::data
