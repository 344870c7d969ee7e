#include "data/product.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace vitrine::data {
namespace {

const char* const kRecord =
    R"({"id":"p1","source":{"file":"a.csv","row":2,"format":"csv","shop":"x"},"locale":"zh-CN","category_path":["女装","裙"],)"
    R"("brand":"甲","title_raw":"裙","attributes":[{"id":"a1","key_raw":"面料","val_raw":"真丝","key":"材质","val":"蚕丝",)"
    R"("unit":"%","number":95.0,"confidence":0.9,"evidence_id":"d1","origin":"edited","note":1}],"summary":"好",)"
    R"("signals":{"sales":3},"shelf":"B7"})";

TEST(ProductTest, ARecordReadAndWrittenIsTheSameBytes) {
  EXPECT_EQ(dump_line(to_json(product_from_json(parse_json(kRecord, "test"), "test"))), kRecord);
}

TEST(ProductTest, UnknownFieldsOfTheRecordItsSourceAndItsPairsAreKept) {
  const Product product = product_from_json(parse_json(kRecord, "test"), "test");
  EXPECT_EQ(product.extra["shelf"], "B7");
  EXPECT_EQ(product.source.extra["shop"], "x");
  EXPECT_EQ(product.attributes[0].extra["note"], 1);
}

TEST(ProductTest, AMissingCanonicalPairIsTheRawOne) {
  const Product product = product_from_json(parse_json(R"({"id":"p","attributes":[{"key_raw":"面料","val_raw":"棉"}]})", "t"), "t");
  EXPECT_EQ(product.attributes[0].id, "a1");
  EXPECT_EQ(product.attributes[0].key, "面料");
  EXPECT_EQ(product.attributes[0].val, "棉");
}

std::string message_of(const char* record) {
  try {
    product_from_json(parse_json(record, "t"), "shop.jsonl row 3");
  } catch (const InvalidInput& e) {
    return e.what();
  }
  return "";
}

TEST(ProductTest, AWrongFieldIsNamedWithItsPlaceAndValue) {
  EXPECT_EQ(message_of(R"({"id":7})"), "[product_from_json] shop.jsonl row 3: id: BAD_FIELD, got 7");
  EXPECT_EQ(message_of(R"({"title_raw":"x"})"), "[product_from_json] shop.jsonl row 3: id: MISSING_REQUIRED");
  EXPECT_EQ(message_of(R"({"id":"p","attributes":[{"key_raw":"a","val_raw":"b"},{"key_raw":"a"}]})"),
            "[product_from_json] shop.jsonl row 3: attributes[1].val_raw: MISSING_REQUIRED");
  EXPECT_EQ(message_of(R"({"id":"p","attributes":[{"key_raw":"a","val_raw":"b","confidence":2}]})"),
            "[product_from_json] shop.jsonl row 3: attributes[0].confidence: BAD_FIELD, got 2");
}

TEST(ProductTest, TheCategoryIsTheEndOfThePathElseTheType) {
  Product product;
  EXPECT_EQ(category_of(product), "");
  add_attribute(product, "类型", "裙");
  EXPECT_EQ(category_of(product), "裙");
  product.category_path = {"女装", "连衣裙"};
  EXPECT_EQ(category_of(product), "连衣裙");
}

}  // namespace
}  // namespace vitrine::data
