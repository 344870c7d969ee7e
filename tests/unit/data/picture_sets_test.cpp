#include "data/picture_sets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/base64.h"
#include "base/file.h"
#include "data/import.h"
#include "io/tar.h"
#include "support/temporary_directory.h"

namespace vitrine::data {
namespace {

namespace fs = std::filesystem;

// The readers decode no picture, so any bytes will do.
class PictureSetTest : public testing::Test {
 protected:
  void put(const std::string& name, std::string_view bytes = "picture") { write_file_atomic(root_ / name, bytes); }
  PictureSet read(const std::string& name = "", const PictureSetConfig& config = {}) { return read_picture_set(root_ / name, config); }
  /// "row column code severity" of each finding, sorted.
  static std::vector<std::string> findings(const PictureSet& set) {
    std::vector<std::string> lines;
    for (const ImportEntry& e : set.report.entries) lines.push_back(concat(e.row, " ", e.column, " ", e.code, " ", to_string(e.severity)));
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  using Lines = std::vector<std::string>;
  static void expect_sums(const PictureSet& set) {
    EXPECT_EQ(set.report.rows_in, set.report.rows_kept + set.report.rows_rejected);
    EXPECT_EQ(set.report.rows_kept, static_cast<int64_t>(set.records.size()));
  }
  test::TemporaryDirectory folder_;
  fs::path root_ = folder_.path();
};

TEST_F(PictureSetTest, ClassFoldersGiveClassAndSplit) {
  put("train/dress/b.jpg");
  put("train/dress/a.JPG");
  put("train/hat/c.webp");
  put("val/dress/d.png");
  put("train/dress/notes.txt");
  put("train/dress/.hidden.jpg");
  const PictureSet set = read("", {.format = "auto", .split = "", .licence = "CC0-1.0"});
  ASSERT_EQ(set.records.size(), 4u);
  EXPECT_EQ(set.records[0].product.id, "train/dress/a.JPG");
  EXPECT_EQ(set.records[0].label, "dress");
  EXPECT_EQ(set.records[0].product.source.licence, "CC0-1.0");
  EXPECT_EQ(set.records[0].product.source.format, "folders");
  EXPECT_EQ(set.records[3].split, "validation");
  EXPECT_EQ(read_picture_bytes(set.records[0].pictures[0]), "picture");
  expect_sums(set);
}

TEST_F(PictureSetTest, OneSplitCanBeAskedFor) {
  put("train/dress/a.jpg");
  put("test/dress/b.jpg");
  const PictureSet set = read("", {.format = "auto", .split = "test", .licence = ""});
  ASSERT_EQ(set.records.size(), 1u);
  EXPECT_EQ(set.records[0].split, "test");
  expect_sums(set);
}

TEST_F(PictureSetTest, KohyaFoldersGiveRepeatsAndCaptions) {
  put("10_red dress/a.jpg");
  put("10_red dress/a.txt", "  一条红裙 \n");
  put("10_red dress/b.jpg");
  put("10_red dress/b.caption", "another");
  put("3_hat/c.png");
  const PictureSet set = read();
  ASSERT_EQ(set.records.size(), 3u);
  EXPECT_EQ(set.records[0].text, "一条红裙");
  EXPECT_EQ(set.records[0].repeats, 10);
  EXPECT_EQ(set.records[1].text, "another");
  EXPECT_EQ(set.records[2].text, "hat");
  EXPECT_EQ(findings(set), Lines{"0 text CAPTION_MISSING warn"});
  expect_sums(set);
}

TEST_F(PictureSetTest, RepeatsThatAreNoNumberRefuseTheSet) {
  put("many_dress/a.jpg");
  put("1_hat/a.jpg");
  EXPECT_NE(test::message_of<ImportRefused>([&] { read("", {.format = "kohya", .split = "", .licence = ""}); }).find("BAD_REPEATS"), std::string::npos);
  EXPECT_EQ(read().records[0].label, "1_hat");  // auto: not all are kohya folders
}

TEST_F(PictureSetTest, ADatasetConfigNamesFoldersRepeatsAndCaptions) {
  put("in/a.jpg");
  put("in/a.cap", "from file");
  put("in/b.jpg");
  put("meta.json", R"({"b": {"tags": "hat, red"}})");
  put("set.toml", "[general]\ncaption_extension = '.cap'\n[[datasets]]\nnum_repeats = 4\n[[datasets.subsets]]\nimage_dir = 'in'\nmetadata_file = 'meta.json'\n");
  const PictureSet set = read("set.toml");
  ASSERT_EQ(set.records.size(), 2u);
  EXPECT_EQ(set.records[0].text, "from file");
  EXPECT_EQ(set.records[1].text, "hat, red");
  EXPECT_EQ(set.records[1].repeats, 4);
  put("bad.toml", "[[datasets]]\n[[datasets.subsets]]\nnum_repeats = 2\n");
  EXPECT_THROW(read("bad.toml"), ImportRefused);
  put("bad.toml", "[datasets]\na = 1\n");
  EXPECT_THROW(read("bad.toml"), ImportRefused);
}

TEST_F(PictureSetTest, ImagefolderRejectsRowsWhosePictureIsNotThere) {
  put("train/a.jpg");
  put("train/metadata.jsonl", R"({"file_name":"a.jpg","text":"红色连衣裙","颜色":"红色","reviews":12}
{"file_name":"none.jpg","text":"x"}
{"file_name":"../b.jpg","text":"x"}
{"text":"x"}
not json
)");
  const PictureSet set = read();
  ASSERT_EQ(set.records.size(), 1u);
  EXPECT_EQ(set.records[0].text, "红色连衣裙");
  EXPECT_EQ(set.records[0].split, "train");
  EXPECT_EQ(set.records[0].signals.reviews, 12);
  EXPECT_FALSE(set.records[0].signals.sales);
  ASSERT_EQ(set.records[0].product.attributes.size(), 1u);
  EXPECT_EQ(set.records[0].product.attributes[0].val_raw, "红色");
  EXPECT_EQ(findings(set), (Lines{"2 file_name IMG_MISSING reject", "3 file_name BAD_PATH reject", "4 file_name MISSING_REQUIRED reject", "5  NOT_JSON reject"}));
  expect_sums(set);
}

TEST_F(PictureSetTest, WebdatasetJoinsMembersOfOneKeyAndNamesOrphans) {
  io::TarWriter tar(root_ / "set.tar");
  tar.add("a/0001.jpg", "one");
  tar.add("a/0001.txt", "红裙");
  tar.add("a/0001.json", R"({"sales":7,"id":"p1","shop":"x"})");
  tar.add("0002.seg.png", "two");
  tar.add("0003.txt", "no picture");
  tar.add("0002.npy", "?");
  tar.commit();
  const PictureSet set = read("set.tar");
  ASSERT_EQ(set.records.size(), 2u);
  EXPECT_EQ(set.records[0].product.id, "p1");
  EXPECT_EQ(set.records[0].text, "红裙");
  EXPECT_EQ(set.records[0].signals.sales, 7);
  EXPECT_EQ(set.records[0].product.extra["shop"], "x");
  EXPECT_EQ(read_picture_bytes(set.records[0].pictures[0]), "one");
  EXPECT_EQ(read_picture_bytes(set.records[1].pictures[0]), "two");
  EXPECT_EQ(findings(set), (Lines{"2 0002.npy ORPHAN_MEMBER warn", "2 text CAPTION_MISSING warn", "3 0003.txt ORPHAN_MEMBER warn"}));
  expect_sums(set);
}

TEST_F(PictureSetTest, MugeGivesARecordForEachPairOfTextAndPicture) {
  put("train_imgs.tsv", "11\t" + base64("one") + "\n12\tnot base64!\n13\t" + base64("three") + "\r\n");
  put("train_texts.jsonl", R"({"text_id":1,"text":"红裙","image_ids":[11,13]}
{"text_id":2,"text":"帽子","image_ids":[12,99]}
{"text_id":3,"image_ids":[11]}
)");
  const PictureSet set = read();
  ASSERT_EQ(set.records.size(), 2u);
  EXPECT_EQ(set.records[0].product.id, "1-11");
  EXPECT_EQ(set.records[0].split, "train");
  EXPECT_EQ(read_picture_bytes(set.records[1].pictures[0]), "three");
  EXPECT_EQ(findings(set), (Lines{"2 image_ids BAD_BASE64 reject", "2 image_ids IMG_MISSING reject", "2 imgs BAD_BASE64 warn", "3 text MISSING_REQUIRED reject"}));
  EXPECT_EQ(set.report.rows_in, 5);
  expect_sums(set);
}

TEST_F(PictureSetTest, ListingsKeepTitleAttributesAndSignals) {
  put("img/a.jpg");
  put("img/b.jpg");
  put("shop.jsonl", R"({"id":"1","标题":"红色连衣裙","图片":["img/a.jpg","img/b.jpg"],"属性":"颜色:红色","评论数":"1.2万","收藏数":0}
{"id":"2","标题":"帽子","图片":"img/none.jpg","销量":5}
{"id":"3","标题":"鞋","图片":"https://example.org/c.jpg"}
{"id":"1","标题":"重复","图片":"img/a.jpg"}
)");
  const PictureSet set = read("shop.jsonl");
  ASSERT_EQ(set.records.size(), 1u);
  const PictureRecord& record = set.records[0];
  EXPECT_EQ(text_of(record), "红色连衣裙");
  EXPECT_EQ(record.pictures.size(), 2u);
  EXPECT_EQ(record.signals.reviews, 12000);
  EXPECT_EQ(record.signals.favorites, 0);
  EXPECT_FALSE(record.signals.sales);
  EXPECT_EQ(findings(set), (Lines{"2 media IMG_MISSING reject", "2 media IMG_MISSING warn", "3 media IMG_MISSING reject", "3 media IMG_REMOTE warn", "4 id DUP_ID reject"}));
  expect_sums(set);
}

TEST_F(PictureSetTest, RecordsOfProductsNameTheirMediaByRole) {
  put("a.jpg");
  put("b.jpg");
  put("shop.jsonl", R"({"id":"1","title_raw":"红色连衣裙","attributes":[],"media":[{"path":"a.jpg","role":"detail"},{"path":"b.jpg","role":"main"}],"signals":{"sales":3}})");
  const PictureSet set = read("shop.jsonl");
  ASSERT_EQ(set.records.size(), 1u);
  EXPECT_EQ(set.records[0].pictures[0].file.filename(), "b.jpg");
  EXPECT_EQ(set.records[0].signals.sales, 3);
}

TEST_F(PictureSetTest, SetsWithoutPicturesAreRefused) {
  fs::create_directories(root_ / "empty");
  EXPECT_NE(test::message_of<ImportRefused>([&] { read("empty"); }).find("UNKNOWN_LAYOUT"), std::string::npos);
  EXPECT_NE(test::message_of<ImportRefused>([&] { read("empty", {.format = "folders", .split = "", .licence = ""}); }).find("EMPTY_FILE"), std::string::npos);
  EXPECT_THROW(read("not there"), NotFound);
  EXPECT_THROW(read("empty", {.format = "zip", .split = "", .licence = ""}), InvalidInput);
}

TEST_F(PictureSetTest, BytesBeyondTheLimitOrTheFileAreNotRead) {
  put("a.jpg", std::string(10, 'x'));
  EXPECT_THROW(read_picture_bytes({.file = root_ / "a.jpg", .member = {}}, 9), InvalidInput);
  EXPECT_THROW(read_picture_bytes({.file = root_ / "a.jpg", .member = "m", .offset = 5, .size_bytes = 6}), Corrupt);
  EXPECT_THROW(read_picture_bytes({.file = root_ / "none.jpg", .member = {}}), NotFound);
}

}  // namespace
}  // namespace vitrine::data
