#include "store/products.h"

#include "store/imports.h"
#include "store_fixture.h"

namespace vitrine::store {
namespace {

std::string ids_of(const Page<ProductEntry>& page) {
  std::string ids;
  for (const ProductEntry& entry : page.items) ids += (ids.empty() ? "" : " ") + entry.id;
  return ids;
}

template <typename Place>
class ProductsTest : public StoreTest<Place> {
 protected:
  Products products() { return this->template of<Products>(); }
  std::string found(const std::string& words) {
    return ids_of(
        products().list({.words = words, .category = "", .import_id = "", .state = {}}, {}));
  }
};
TYPED_TEST_SUITE(ProductsTest, Places, PlaceNames);

TYPED_TEST(ProductsTest, TheyAreListedInTheOrderInWhichTheyFirstCame) {
  auto products = this->products();
  products.put({product("b", "x"), product("a", "y"), product("c", "z")}, at(1));
  products.put({product("b", "again")}, at(5));
  const auto page = products.list({}, {.cursor = "", .limit = 3});
  EXPECT_EQ(ids_of(page), "p1 b a");
  EXPECT_EQ(ids_of(products.list({}, {.cursor = page.next, .limit = 3})), "c");
  const auto again = products.find("b");
  EXPECT_EQ(again->title, "again");
  EXPECT_EQ(again->created_at, at(1));
  EXPECT_EQ(again->updated_at, at(5));
}

TYPED_TEST(ProductsTest, TheSearchFindsPartsOfChineseAndLatinWords) {
  this->products().put({product("q1", "北屿真丝V领连衣裙"), product("q2", "落肩卫衣 Cotton"),
                        product("q3", "100%棉 a_b \"quoted\"")},
                       at(1));
  EXPECT_EQ(this->found("真丝"), "p1 q1");
  EXPECT_EQ(this->found("裙"), "p1 q1");
  EXPECT_EQ(this->found("v领连衣裙"), "q1") << "no regard to case";
  EXPECT_EQ(this->found("真丝 北屿真"), "q1") << "all words";
  EXPECT_EQ(this->found("真丝　V领"), "q1") << "a wide space parts words";
  EXPECT_EQ(this->found("cotton"), "q2");
  EXPECT_EQ(this->found("0%"), "q3");
  EXPECT_EQ(this->found("_"), "q3");
  EXPECT_EQ(this->found("\"quoted\""), "q3");
  EXPECT_EQ(this->found("q2 NOT x*"), "");
  EXPECT_EQ(this->found("没有这个"), "");
}

TYPED_TEST(ProductsTest, TheSearchFollowsAChangedRecord) {
  auto products = this->products();
  products.put({product("q1", "旧标题甲")}, at(1));
  products.put({product("q1", "新标题乙")}, at(2));
  EXPECT_EQ(this->found("旧标题"), "");
  EXPECT_EQ(this->found("新标题"), "q1");
}

TYPED_TEST(ProductsTest, CategoryImportAndStateFilterAndAreCounted) {
  auto products = this->products();
  ProductEntry other = product("q1", "x");
  other.category = "卫衣";
  other.import_id = "i1";
  products.put({other}, at(1));
  EXPECT_EQ(
      ids_of(products.list({.words = "", .category = "卫衣", .import_id = "", .state = {}}, {})),
      "q1");
  EXPECT_EQ(
      ids_of(products.list({.words = "", .category = "", .import_id = "i1", .state = {}}, {})),
      "q1");
  EXPECT_EQ(ids_of(products.list(
                {.words = "", .category = "", .import_id = "", .state = CopyState::written}, {})),
            "p1");
  const CopyStateCounts counts = products.counts({});
  EXPECT_EQ(counts, (CopyStateCounts{1, 1, 0, 0, 0, 0}));
}

TYPED_TEST(ProductsTest, AnEntryHasTheRecordAndWhatIsLookedFor) {
  data::Product record;
  record.id = "shop-001";
  record.title_raw = "北屿真丝V领连衣裙";
  record.brand = "北屿";
  record.category_path = {"女装", "连衣裙"};
  data::add_attribute(record, "材质", "真丝").val = "蚕丝";
  this->products().put({product_entry(record, "i1")}, at(1));
  const ProductEntry entry = *this->products().find("shop-001");
  EXPECT_EQ(entry.category, "连衣裙");
  EXPECT_EQ(data::to_json(product_of(entry)), data::to_json(record));
  EXPECT_EQ(this->found("女装 蚕丝 真丝 shop-0"), "shop-001");
}

TYPED_TEST(ProductsTest, AnImportKeepsItsPreviewAndFindings) {
  auto imports = this->template of<Imports>();
  Import import;
  import.id = "i1";
  import.user_id = "u1";
  import.file = "shop.csv";
  import.header_sha256 = "h";
  import.preview = "{\"columns\":[]}";
  import.rows = 3;
  import.created_at = at(0);
  imports.add(import, {{.row = 2,
                        .column = "价格",
                        .code = "BAD_PRICE",
                        .severity = Severity::warn,
                        .value = "abc",
                        .product_id = "p2"},
                       {.row = 3,
                        .column = "商品ID",
                        .code = "DUP_ID",
                        .severity = Severity::reject,
                        .value = "p2",
                        .product_id = ""}});
  EXPECT_EQ(imports.find("i1")->preview, "{\"columns\":[]}");
  const auto page = imports.findings("i1", {.cursor = "", .limit = 1});
  EXPECT_EQ(page.items.at(0).code, "BAD_PRICE");
  EXPECT_EQ(imports.findings("i1", {.cursor = page.next, .limit = 1}).items.at(0).row, 3);
  import.mapping = "{\"备注\":\"ignored\"}";
  EXPECT_TRUE(imports.change(import, {}));
  EXPECT_EQ(imports.find("i1")->mapping, import.mapping);
  EXPECT_TRUE(imports.findings("i1", {}).items.empty());
}

TYPED_TEST(ProductsTest, WhatWasImportedIsNotChangedOrRemovedAsAPreview) {
  auto imports = this->template of<Imports>();
  for (const char* id : {"i1", "i2", "i3"}) {
    Import import;
    import.id = id;
    import.user_id = "u1";
    import.stored_as = std::string("uploads/") + id;
    import.created_at = at(std::string(id) == "i3" ? 100 : 0);
    imports.add(import, {});
  }
  EXPECT_TRUE(imports.set_imported("i1"));
  EXPECT_FALSE(imports.change(*imports.find("i1"), {}));
  EXPECT_EQ(imports.remove_previews(at(50)), std::vector<std::string>{"uploads/i2"});
  EXPECT_TRUE(imports.find("i1"));
  EXPECT_FALSE(imports.find("i2"));
  EXPECT_TRUE(imports.find("i3"));
}

TYPED_TEST(ProductsTest, AMappingIsRememberedForItsHeader) {
  auto imports = this->template of<Imports>();
  EXPECT_EQ(imports.mapping_for("h"), "");
  imports.remember_mapping("h", "{\"a\":\"title\"}", at(1));
  imports.remember_mapping("h", "{\"a\":\"brand\"}", at(2));
  EXPECT_EQ(imports.mapping_for("h"), "{\"a\":\"brand\"}");
}

}  // namespace
}  // namespace vitrine::store
