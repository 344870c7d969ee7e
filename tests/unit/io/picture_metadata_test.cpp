// Containers, XMP and EXIF: what other programs wrote is read; what is added changes nothing else.
#include "io/picture_metadata.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "io/exif.h"
#include "io/picture.h"
#include "io/xmp_packet.h"
#include "support/temporary_directory.h"

namespace vitrine::io {
namespace {

namespace fs = std::filesystem;
using test::message_of;

const fs::path kFiles = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/picture_metadata";
const fs::path kPictures = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden/pictures";

std::string file(const char* name) { return read_file(kFiles / name); }

/// What a change must not touch: the pixels, as they are read.
std::vector<uint8_t> pixels(std::string_view bytes) { return read_picture(bytes, "x").rgb; }

constexpr const char* kPacket =
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
    "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
    "<rdf:Description rdf:about=\"uuid:1\" xmlns:dc=\"d/\" xmlns:a=\"a/\" a:one=\"1 &lt; "
    "2\"><dc:two><rdf:Alt><rdf:li>x</rdf:li>"
    "<rdf:li>y</rdf:li></rdf:Alt></dc:two><a:three "
    "rdf:resource='http://r'/><a:four><![CDATA[<4>]]>&#x56db;</a:four></rdf:Description>"
    "</rdf:RDF></x:xmpmeta>";

TEST(PictureMetadataTest, WhatOtherProgramsWroteIsRead) {
  const Json expected = read_json_file(kFiles / "expected.json");
  for (const auto& [name, one] : expected.at("files").items()) {
    const PictureMetadata metadata = read_picture_metadata(read_file(kFiles / name), name);
    const bool has_xmp = one.at("carrier") == "xmp" || one.at("carrier") == "several";
    EXPECT_EQ(metadata.xmp.size(), has_xmp ? 1u : 0u) << name;
    EXPECT_EQ(metadata.trailing.empty(), one.at("carrier") != "foreign") << name;
    if (one.at("texts").is_null()) continue;
    for (const auto& [keyword, text] : one.at("texts").items()) {
      ASSERT_NE(metadata.text(keyword), nullptr) << name;
      EXPECT_EQ(*metadata.text(keyword), text) << name;
    }
    EXPECT_EQ(metadata.texts.size(), one.at("texts").size()) << name;
  }
}

TEST(PictureMetadataTest, AddedMetadataIsReadBackAndThePixelsAreTheSame) {
  for (const char* name :
       {"none.png", "none.jpg", "none.webp", "attribute_lossless.webp", "element.jpg",
        "element.png", "several.png", "comment.jpg", "comment_ascii.webp", "a1111.webp",
        "behind_end.jpg", "behind_end.png", "behind_end.webp"}) {
    const std::string before = file(name);
    MetadataChange change{
        .xmp = std::string(kPacket), .exif = with_user_comment("", "设置 settings"), .texts = {}};
    if (std::string_view(name).ends_with("png"))
      change.texts = {{"vitrine", "{\"a\":1}"}, {"parameters", "grün"}, {"note", "中文"}};
    const std::string after = with_metadata(before, name, change);
    const PictureMetadata metadata = read_picture_metadata(after, name);
    EXPECT_EQ(metadata.xmp, std::vector<std::string>{kPacket}) << name;
    EXPECT_EQ(metadata.exif, *change.exif) << name;
    for (const TextEntry& entry : change.texts)
      EXPECT_EQ(*metadata.text(entry.keyword), entry.text) << name;
    EXPECT_EQ(pixels(after), pixels(before)) << name;
    EXPECT_EQ(with_metadata(after, name, change), after) << name << ": once more changes nothing";
    EXPECT_EQ(metadata.trailing, read_picture_metadata(before, name).trailing) << name;
  }
}

TEST(PictureMetadataTest, PngTextsStandBeforeTheFirstPixelsWithTheirKind) {
  const std::string after =
      with_metadata(file("none.png"), "x",
                    {.xmp = std::string(kPacket),
                     .exif = {},
                     .texts = {{"vitrine", "{}"}, {"parameters", "Steps: 1"}, {"other", "中"}}});
  const size_t pixels_at = after.find("IDAT");
  for (const char* chunk :
       {"iTXtXML:com.adobe.xmp", "iTXtvitrine", "tEXtparameters", "iTXtother"}) {
    EXPECT_LT(after.find(chunk), pixels_at) << chunk;
  }
  EXPECT_NE(after.find("tEXtComment"), after.npos) << "a text of the file stays";
  EXPECT_EQ(after.find("IHDR"), 12u);
}

TEST(PictureMetadataTest, JpegSegmentsStandBehindTheirApplicationHeads) {
  const std::string after =
      with_metadata(file("none.jpg"), "x",
                    {.xmp = std::string(kPacket), .exif = with_user_comment("", "a"), .texts = {}});
  const size_t jfif = after.find("JFIF"), exif = after.find("Exif"),
               xmp = after.find("http://ns.adobe.com/xap/1.0/"), table = after.find("\xFF\xDB");
  EXPECT_LT(jfif, exif);
  EXPECT_LT(exif, xmp);
  EXPECT_LT(xmp, table);
}

TEST(PictureMetadataTest, ASimpleWebpFileBecomesAnExtendedOne) {
  for (const char* name : {"rgb.webp", "rgba.webp"}) {
    const std::string before = read_file(kPictures / name);
    const std::string after =
        with_metadata(before, name, {.xmp = std::string(kPacket), .exif = {}, .texts = {}});
    EXPECT_EQ(after.substr(12, 4), "VP8X") << name;
    EXPECT_EQ(after[20] & 0x04, 0x04) << name;
    EXPECT_EQ((after[20] & 0x10) != 0, std::string_view(name) == "rgba.webp") << name;
    EXPECT_EQ(after[24], 23);  // width - 1
    EXPECT_EQ(after[27], 15);
    EXPECT_EQ(pixels(after), pixels(before)) << name;
  }
}

TEST(PictureMetadataTest, DamagedContainersAreRefusedInOneLine) {
  const auto refused = [](const std::string& bytes, const std::string& what) {
    for (const bool write : {false, true}) {
      const std::string message = message_of<Corrupt>([&] {
        write ? with_metadata(bytes, "f.x", {.xmp = "x", .exif = {}, .texts = {}}).size()
              : read_picture_metadata(bytes, "f.x").xmp.size();
      });
      EXPECT_NE(message.find("IMG_UNREADABLE f.x"), message.npos) << what << ": " << message;
      EXPECT_EQ(message.find('\n'), message.npos);
    }
  };
  for (const char* name : {"element.png", "element.jpg", "element.webp"}) {
    const std::string whole = file(name);
    for (size_t size = 12; size < whole.size(); size += 29)
      refused(whole.substr(0, size), concat(name, " cut at ", size));
  }
  std::string png = file("element.png");
  png[png.find("AIGC")] ^= 1;
  refused(png, "CRC");
  std::string png_length = file("element.png");
  png_length[8 + 25] = 0x7F;
  refused(png_length, "length");
  std::string webp = file("element.webp");
  webp[16 + 3] = 0x7F;
  refused(webp, "chunk length");
  refused("GIF", "not a picture");
  EXPECT_NE(message_of<Corrupt>([] { read_picture_metadata("", "f.x"); }).find("EMPTY_FILE f.x"),
            std::string::npos);
}

TEST(PictureMetadataTest, TooMuchMetadataIsRefused) {
  const std::string big(kMaxMetadataBytes + 1, 'x');
  const std::string png =
      with_metadata(file("none.png"), "x",
                    {.xmp = {}, .exif = {}, .texts = {{"a", std::string(kMaxMetadataBytes, 'x')}}});
  EXPECT_EQ(read_picture_metadata(png, "x").text("a")->size(), kMaxMetadataBytes);
  const std::string too_big =
      with_metadata(file("none.png"), "x", {.xmp = {}, .exif = {}, .texts = {{"a", big}}});
  EXPECT_NE(message_of<InvalidInput>([&] {
              read_picture_metadata(too_big, "f.png");
            }).find("TOO_LARGE f.png: text a of 1048577 bytes"),
            std::string::npos);
  EXPECT_NE(message_of<InvalidInput>([&] {
              with_metadata(file("none.jpg"), "f.jpg",
                            {.xmp = std::string(70'000, ' '), .exif = {}, .texts = {}});
            }).find("TOO_LARGE"),
            std::string::npos);
}

TEST(PictureMetadataTest, WhatAFormatDoesNotHoldIsRefused) {
  EXPECT_THROW(with_metadata(file("none.jpg"), "x", {.xmp = {}, .exif = {}, .texts = {{"a", "b"}}}),
               InvalidInput);
  EXPECT_THROW(with_metadata(read_file(kPictures / "animated.gif"), "x",
                             {.xmp = "x", .exif = {}, .texts = {}}),
               InvalidInput);
}

TEST(XmpTest, PropertiesOfEveryFormAreRead) {
  const XmpReading xmp = read_xmp(kPacket);
  EXPECT_EQ(xmp.problem, "");
  EXPECT_EQ(xmp.about, "uuid:1");
  EXPECT_EQ(xmp.find("a/", "one")->value, "1 < 2");
  EXPECT_EQ(xmp.find("d/", "two")->value, "xy");
  EXPECT_FALSE(xmp.find("d/", "two")->simple);
  EXPECT_EQ(xmp.find("a/", "three")->value, "http://r");
  EXPECT_EQ(xmp.find("a/", "four")->value, "<4>四");
  EXPECT_EQ(xmp.find("b/", "one"), nullptr);
}

TEST(XmpTest, AddedPropertiesStandBesideTheOthersByteForByte) {
  const std::string packet =
      with_xmp_values(kPacket, {{"t/", "t", "label", "{\"a\":\"<&'\"}"}, {"s/", "s", "b", "中"}});
  const XmpReading xmp = read_xmp(packet);
  EXPECT_EQ(xmp.problem, "");
  EXPECT_EQ(xmp.find("t/", "label")->value, "{\"a\":\"<&'\"}");
  EXPECT_EQ(xmp.find("s/", "b")->value, "中");
  const size_t place = std::string_view(kPacket).find("</rdf:RDF>");
  EXPECT_TRUE(packet.starts_with(std::string_view(kPacket).substr(0, place)));
  EXPECT_TRUE(packet.ends_with(std::string_view(kPacket).substr(place)));
  EXPECT_NE(packet.find("rdf:about=\"uuid:1\" xmlns:s"), packet.npos) << "the same subject";
}

TEST(XmpTest, ANewPacketIsOneThatIsRead) {
  const std::string packet = with_xmp_values("", {{"t/", "t", "label", "x"}});
  EXPECT_EQ(read_xmp(packet).find("t/", "label")->value, "x");
  EXPECT_TRUE(packet.starts_with("<?xpacket begin=\"\xEF\xBB\xBF\""));
  EXPECT_EQ(read_xmp(with_xmp_values(packet, {{"u/", "u", "b", "y"}})).properties.size(), 2u);
}

TEST(XmpTest, OneValueIsReplacedInItsForm) {
  std::string packet = kPacket;
  for (const char* name : {"one", "three", "four"}) {
    packet = with_xmp_value(packet, *read_xmp(packet).find("a/", name), "\"new\" <");
    EXPECT_EQ(read_xmp(packet).find("a/", name)->value, "\"new\" <") << packet;
  }
  EXPECT_EQ(read_xmp(packet).find("d/", "two")->value, "xy");
  EXPECT_THROW(with_xmp_value(packet, *read_xmp(packet).find("d/", "two"), "x"), Corrupt);
}

TEST(XmpTest, WhatIsNoXmpIsAProblemAndIsNotExtended) {
  const std::string good = kPacket;
  const auto with = [&](std::string_view what, std::string_view by) {
    std::string bad = good;
    return bad.replace(bad.find(what), what.size(), by);
  };
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (const std::string& bad :
       {std::string(" "), std::string("no xml"), with("</rdf:Description>", ""),
        with("</rdf:RDF>", "</rdf:Rdf>"), with("xmlns:a=\"a/\"", ""), with("&lt;", "&unknown;"),
        with("&lt;", "&#xD800;"), with("&lt;", "<"), with("a:one=\"1", "a:one=1"),
        std::string("<!DOCTYPE x [<!ENTITY a \"b\">]>") + good, good.substr(0, good.size() / 2),
        deep, with("uuid:1", "\xFF"), good + "</x>", with("<x:xmpmeta", "<!-- <x:xmpmeta"),
        with("a:one=\"1 &lt; 2\"", "a:one=\"1 &lt; 2")}) {
    EXPECT_NE(read_xmp(bad).problem, "") << bad;
    EXPECT_THROW(with_xmp_values(bad, {{"t/", "t", "label", "x"}}), Corrupt) << bad;
  }
  EXPECT_THROW(with_xmp_values("<a/>", {{"t/", "t", "label", "x"}}), Corrupt) << "no place";
}

TEST(ExifTest, CommentsOfEveryEncodingAreRead) {
  const auto comment = [](const char* name) {
    return read_exif(read_picture_metadata(file(name), name).exif).user_comment.value_or("");
  };
  const std::string parameters = read_json_file(kFiles / "expected.json").at("parameters");
  EXPECT_EQ(comment("a1111.jpg"), parameters);
  EXPECT_EQ(comment("a1111.webp"), parameters);
  EXPECT_TRUE(comment("comment.jpg").starts_with("{\"AIGC\":{\"Label\""));
  EXPECT_TRUE(comment("comment_little.jpg").starts_with("{\"Label\""));
  EXPECT_TRUE(comment("comment_ascii.webp").starts_with("{\"AIGC\""));
}

TEST(ExifTest, ACommentIsAddedAndTheOtherFieldsStay) {
  for (const char* name : {"comment.jpg", "comment_little.jpg"}) {
    const std::string before = read_picture_metadata(file(name), name).exif;
    const std::string after = with_user_comment(before, "新的 comment");
    const ExifReading reading = read_exif(after);
    EXPECT_EQ(reading.problem, "");
    EXPECT_EQ(reading.user_comment.value(), "新的 comment");
    EXPECT_TRUE(after.starts_with(before.substr(0, 4)));
    EXPECT_EQ(after.substr(38, before.size() - 38), before.substr(38)) << "nothing moves";
  }
  std::string rotated = read_picture_metadata(read_file(kPictures / "turned6.jpg"), "x").exif;
  const std::string commented = with_user_comment(rotated, "x");  // it has no EXIF folder yet
  EXPECT_EQ(read_exif(commented).orientation, 6);
  EXPECT_EQ(read_exif(commented).user_comment.value(), "x");
  EXPECT_EQ(read_exif(without_rotation(commented)).orientation, 1);
  EXPECT_EQ(read_exif(without_rotation(commented)).user_comment.value(), "x");
}

TEST(ExifTest, BlocksThatCannotBeReadAreAProblem) {
  const std::string good = read_picture_metadata(file("comment.jpg"), "x").exif;
  for (size_t size = 1; size + 1 < good.size(); size += 7) {
    const std::string bad = good.substr(0, size);
    EXPECT_NE(read_exif(bad).problem, "") << size;
    EXPECT_EQ(without_rotation(bad), bad);
  }
  EXPECT_THROW(with_user_comment("II*", "x"), Corrupt);
  std::string loop = good;
  loop.replace(4, 4, "\xFF\xFF\xFF\xF0");
  EXPECT_NE(read_exif(loop).problem, "");
}

}  // namespace
}  // namespace vitrine::io
