// Pictures that leave with their labels, with a clock that is set: what a file carries afterwards,
// what is kept, what is refused, and what an article 9 export takes.
#include "recipes/label_picture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "imagery/label_carriers.h"
#include "imagery/picture_record.h"
#include "io/exif.h"
#include "io/picture_metadata.h"
#include "io/picture_resize.h"
#include "recipes/label_workflow.h"
#include "recipes/picture_model_identity.h"
#include "recipes/picture_workflow.h"
#include "recipes/recall.h"
#include "recipes/verify_picture.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using test::message_of;

const fs::path kGolden = fs::path(VITRINE_SOURCE_DIR) / "tests/data/golden";

io::Picture scene(int64_t width = 256, int64_t height = 192) {
  io::Picture picture = io::blank_picture(width, height);
  for (size_t i = 0; i < picture.rgb.size(); ++i)
    picture.rgb[i] = static_cast<uint8_t>(i / 7 % 200);
  return picture;
}

Json draw_fields() {
  return {{"template", "studio"},
          {"prompt", "一条红色的裙子, it's \"new\""},
          {"negative", "blurry"},
          {"plan", "p1"},
          {"seed", 42},
          {"index", 3},
          {"sampler", "dpmpp_2m"},
          {"steps", 20},
          {"cfg", 7.5},
          {"size", {256, 192}},
          {"model", {{"file", "sd-mini"}, {"sha256", "0123456789abcdef"}}},
          {"unknown", {1, 2}}};
}

class LabelPictureTest : public testing::Test {
 protected:
  LabelPictureTest() {
    context_.producer = "某公司 91310000X";
    context_.log = path("labels.jsonl");
    context_.who = "张";
    context_.clock = [this] { return now_; };
  }
  fs::path path(const std::string& name) const { return folder_.path() / name; }
  WrittenPicture draw(const std::string& name, PictureRecord record = {.fields = draw_fields()},
                      const PictureLabelConfig& config = {}) {
    return write_labelled_picture(path(name), scene(), record, config, context_);
  }
  LabelPicturesResult label(const std::vector<std::string>& inputs, const std::string& output,
                            LabelPicturesConfig config = {}) {
    config.output = path(output).string();
    return label_pictures(inputs, config, context_);
  }
  /// A picture without any label, as a file.
  std::string unlabelled(const std::string& name, int64_t width = 256, int64_t height = 192) {
    io::write_picture(path(name), scene(width, height));
    return path(name).string();
  }
  /// A golden file, enlarged so that a label fits, with its metadata.
  std::string enlarged(const std::string& golden, const std::string& name) {
    const std::string bytes = read_file(kGolden / "picture_metadata" / golden);
    const auto metadata = io::read_picture_metadata(bytes, golden);
    const io::Picture picture = io::resize(io::read_picture(bytes, golden), 160, 160);
    io::MetadataChange change;
    if (!metadata.xmp.empty()) change.xmp = metadata.xmp[0];
    if (!metadata.exif.empty()) change.exif = metadata.exif;
    if (metadata.format == io::PictureFormat::png) change.texts = metadata.texts;
    write_file_atomic(
        path(name), io::with_metadata(io::encode_picture(picture, metadata.format), name, change) +
                        metadata.trailing);
    return path(name).string();
  }
  Json verify(const std::string& name) {
    return verify_picture_file(path(name).string(), context_);
  }
  io::PictureMetadata metadata(const std::string& name) {
    return io::read_picture_metadata(read_file(path(name)), name);
  }
  std::vector<Json> log() {
    std::vector<Json> entries;
    store::read_label_log(context_.log, [&](const Json& entry) { entries.push_back(entry); });
    return entries;
  }
  std::string refusal(const std::vector<std::string>& inputs, const std::string& output,
                      LabelPicturesConfig config = {}) {
    try {
      label(inputs, output, config);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  test::TemporaryDirectory folder_;
  UtcSeconds now_ = parse_iso_time("2026-11-24T08:00:00Z").value();
  LabelContext context_;
};

TEST_F(LabelPictureTest, DrawnPicturesPassInEveryFormat) {
  for (const char* name : {"a.png", "a.jpg", "a.webp"}) {
    const WrittenPicture written = draw(name);
    const Json report = verify(name);
    EXPECT_EQ(report.at("result"), "pass") << report.dump();
    EXPECT_EQ(report.at("explicit"), "present");
    EXPECT_EQ(report.at("explicit_checks").at("required_px"), 12);
    EXPECT_GE(report.at("explicit_checks").at("height_px"), 12);
    EXPECT_GE(report.at("explicit_checks").at("contrast"), 4.5);
    EXPECT_EQ(report.at("implicit").at("count"), 1);
    EXPECT_EQ(report.at("implicit").at("carrier"), "xmp");
    EXPECT_EQ(report.at("implicit").at("integrity"), "ok");
    EXPECT_EQ(report.at("implicit").at("produce_id"), written.produce_id);
    EXPECT_EQ(report.at("iptc"), "trainedAlgorithmicMedia");
    EXPECT_EQ(report.at("c2pa"), "absent");
    EXPECT_EQ(log().back().at("file_sha256"), sha256_file(path(name)));
    EXPECT_EQ(log().back().at("produce_id"), written.produce_id);
  }
  EXPECT_EQ(log().size(), 3u);
}

TEST_F(LabelPictureTest, TheRecordAndTheParametersAreInTheFile) {
  const Json fields = draw_fields();
  for (const char* name : {"a.png", "a.jpg", "a.webp"}) {
    draw(name);
    const auto record = imagery::read_record(metadata(name), name).value();
    for (const auto& [key, value] : fields.items())
      EXPECT_EQ(record.at(key), value) << name << ' ' << key;
    EXPECT_EQ(record.at("label").at("text"), "AI生成");
    EXPECT_TRUE(record.contains("version"));
    EXPECT_TRUE(imagery::read_parameters(metadata(name))
                    .value()
                    .starts_with("一条红色的裙子, it's \"new\"\nNegative prompt: blurry\nSteps: "
                                 "20, Sampler: DPM++ 2M"))
        << name;
  }
}

TEST_F(LabelPictureTest, WithoutProducerTheExplicitLabelAndTheSourceTypeAreThere) {
  context_.producer.clear();
  EXPECT_EQ(draw("a.png").produce_id, "");
  const Json report = verify("a.png");
  EXPECT_EQ(report.at("explicit"), "present");
  EXPECT_EQ(report.at("implicit").at("count"), 0);
  EXPECT_EQ(report.at("iptc"), "trainedAlgorithmicMedia");
  EXPECT_EQ(report.at("result"), "fail");
  EXPECT_TRUE(log().empty());
  // Labelled later: only the implicit label is added, no pixel is coded again.
  context_.producer = "X";
  EXPECT_EQ(label({path("a.png").string()}, "b.png").labelled, 1u);
  EXPECT_EQ(verify("b.png").at("result"), "pass");
  EXPECT_EQ(io::read_picture(path("a.png")).rgb, io::read_picture(path("b.png")).rgb);
  const std::string a = read_file(path("a.png")), b = read_file(path("b.png"));
  EXPECT_EQ(a.substr(a.find("IDAT")), b.substr(b.find("IDAT")));
  EXPECT_NE(refusal({path("a.png").string()}, "b.jpg").find("LBL_FORMAT"), std::string::npos);
}

TEST_F(LabelPictureTest, CompositesSayWhatTheyAre) {
  const imagery::ProductMask mask{256, 192, std::vector<uint8_t>(256 * 192, 1)};
  draw("a.png", {.fields = {}, .composite = true, .mask = &mask, .parents = {"vt-1"}},
       {.wording = {}, .may_grow = true, .quality = 90});
  const Json report = verify("a.png");
  EXPECT_EQ(report.at("iptc"), "compositeWithTrainedAlgorithmicMedia");
  const auto record = imagery::read_record(metadata("a.png"), "a").value();
  EXPECT_EQ(record.at("label").at("text"), "AI合成");
  EXPECT_EQ(record.at("parents"), Json({"vt-1"}));
  EXPECT_GT(io::read_picture(path("a.png")).height, 192);
  EXPECT_EQ(log().back().at("parents"), Json({"vt-1"}));
}

TEST_F(LabelPictureTest, SeveralPicturesAppearTogetherOrNotAtAll) {
  const io::Picture good = scene(), small = scene(100, 100);
  const std::vector<PictureToWrite> pictures = {{path("1.png"), &good}, {path("2.png"), &small}};
  EXPECT_NE(message_of<InvalidInput>([&] {
              write_labelled_pictures(pictures, {}, context_);
            }).find("LBL_TOO_SMALL"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(path("1.png")));
  EXPECT_TRUE(log().empty());
  EXPECT_EQ(write_labelled_pictures(std::span(pictures).first(1), {}, context_).size(), 1u);
}

TEST_F(LabelPictureTest, AQualityThatSpoilsTheLabelIsRefused) {
  const std::string message = message_of<InvalidInput>(
      [&] { draw("a.jpg", {}, {.wording = {}, .may_grow = false, .quality = 1}); });
  EXPECT_NE(message.find("LBL_NOT_LEGIBLE"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(path("a.jpg")));
}

TEST_F(LabelPictureTest, FilesGetBothLabelsAndKeepWhatTheySay) {
  for (const char* golden : {"a1111.png", "a1111.jpg", "a1111.webp", "comfyui.png", "none.jpg"}) {
    const std::string input = enlarged(golden, concat("in_", golden));
    EXPECT_EQ(label({input}, golden).labelled, 1u);
    EXPECT_EQ(verify(golden).at("result"), "pass") << verify(golden).dump();
    const auto before = metadata(concat("in_", golden)), after = metadata(golden);
    EXPECT_EQ(imagery::read_parameters(before), imagery::read_parameters(after)) << golden;
    for (const auto& entry : before.texts)
      EXPECT_EQ(*after.text(entry.keyword), entry.text) << golden;
  }
}

TEST_F(LabelPictureTest, AnotherFormatKeepsTheParametersToo) {
  const std::string png = enlarged("a1111.png", "in.png"), jpg = enlarged("a1111.jpg", "in.jpg");
  label({png}, "out.jpg");
  label({jpg}, "out.png");
  for (const char* name : {"out.jpg", "out.png"}) {
    EXPECT_EQ(verify(name).at("result"), "pass") << name;
    EXPECT_TRUE(imagery::read_parameters(metadata(name))
                    .value()
                    .ends_with("Lora hashes: \"a: 0123, b: 4567\", Version: v1.10.1"))
        << name;
  }
}

TEST_F(LabelPictureTest, AnExistingPacketIsExtendedAndItsOwnSourceTypeStays) {
  const std::string packet =
      "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
      "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" "
      "xmlns:i=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" "
      "i:DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture\" "
      "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>  as  it is "
      "</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>";
  write_file_atomic(path("in.webp"),
                    io::with_metadata(io::encode_picture(scene(), io::PictureFormat::webp), "x",
                                      {.xmp = packet, .exif = {}, .texts = {}}));
  label({path("in.webp").string()}, "out.webp");
  EXPECT_EQ(verify("out.webp").at("iptc"), "digitalCapture");
  EXPECT_EQ(verify("out.webp").at("result"), "pass");
  const std::string after = metadata("out.webp").xmp.at(0);
  const size_t place = packet.find("</rdf:RDF>");
  EXPECT_TRUE(after.starts_with(packet.substr(0, place)) && after.ends_with(packet.substr(place)));
}

TEST_F(LabelPictureTest, RotationIsAppliedOnceAndItsMarkIsTakenOut) {
  std::string bytes = io::encode_picture(scene(320, 160), io::PictureFormat::jpeg);
  const auto turned = io::read_picture_metadata(read_file(kGolden / "pictures/turned6.jpg"), "x");
  write_file_atomic(path("in.jpg"),
                    io::with_metadata(bytes, "x", {.xmp = {}, .exif = turned.exif, .texts = {}}));
  label({path("in.jpg").string()}, "out.jpg");
  EXPECT_EQ(io::read_picture(path("out.jpg")).width, 160);
  EXPECT_EQ(io::read_exif(metadata("out.jpg").exif).orientation, 1);
  EXPECT_EQ(verify("out.jpg").at("result"), "pass");
}

TEST_F(LabelPictureTest, LabelledPicturesLeaveAsTheyAre) {
  for (const char* name : {"a.png", "a.jpg", "a.webp"}) {
    draw(name);
    EXPECT_EQ(label({path(name).string()}, concat("out/", name)).kept, 1u);
    EXPECT_EQ(read_file(path(name)), read_file(path(concat("out/", name))));
  }
  EXPECT_EQ(log().size(), 3u);
}

TEST_F(LabelPictureTest, ForeignLabelsLeaveWithExactlyOne) {
  for (const char* golden : {"element.png", "attribute.jpg", "element.webp", "text.png",
                             "international_text.png", "comment.jpg", "comment_ascii.webp",
                             "behind_end.jpg", "behind_end.png", "behind_end.webp"}) {
    const std::string input = (kGolden / "picture_metadata" / golden).string();
    EXPECT_EQ(label({input}, golden).kept, 1u) << golden;
    EXPECT_EQ(read_file(path(golden)), read_file(input)) << golden;
    const Json report = verify(golden);
    EXPECT_EQ(report.at("implicit").at("count"), 1) << golden;
    EXPECT_EQ(report.at("implicit").at("fields_ok"), true) << golden;
    EXPECT_EQ(report.at("implicit").at("integrity"), "unsigned") << golden;
    EXPECT_EQ(report.at("explicit"), "not_determinable") << golden;
    EXPECT_EQ(report.at("result"), "fail") << golden << ": what cannot be determined is no pass";
  }
}

TEST_F(LabelPictureTest, BrokenSeveralAndChangedLabelsAreRefused) {
  const auto golden = [](const char* name) {
    return (kGolden / "picture_metadata" / name).string();
  };
  EXPECT_NE(refusal({golden("several.png")}, "x.png").find("LBL_SEVERAL"), std::string::npos);
  EXPECT_NE(refusal({golden("malformed.png")}, "x.png").find("LBL_DAMAGED"), std::string::npos);
  EXPECT_NE(refusal({golden("broken_json.jpg")}, "x.jpg").find("LBL_DAMAGED"), std::string::npos);
  EXPECT_NE(refusal({golden("element.png")}, "x.jpg").find("LBL_FORMAT"), std::string::npos);
  draw("a.png");
  io::Picture other = io::read_picture(path("a.png"));
  other.rgb[0] ^= 1;
  const std::string packet = metadata("a.png").xmp[0];
  write_file_atomic(
      path("changed.png"),
      io::with_metadata(io::encode_picture(other, io::PictureFormat::png), "x",
                        {.xmp = packet, .exif = {}, .texts = metadata("a.png").texts}));
  EXPECT_NE(refusal({path("changed.png").string()}, "x.png").find("LBL_CHANGED"),
            std::string::npos);
  EXPECT_EQ(verify("changed.png").at("implicit").at("integrity"), "changed");
  EXPECT_EQ(verify("changed.png").at("result"), "fail");
  EXPECT_FALSE(fs::exists(path("x.png")));
  for (const char* name : {"malformed.png", "broken_json.jpg"}) {
    const Json report = verify_picture_file(golden(name), context_);
    EXPECT_EQ(report.at("implicit").at("count"), 1) << name;
    EXPECT_EQ(report.at("implicit").at("fields_ok"), false) << name;
  }
}

TEST_F(LabelPictureTest, APropagatorChangesItsThreeFieldsInTheSameCarrier) {
  draw("a.jpg");
  const auto before = imagery::find_implicit_labels(metadata("a.jpg")).at(0).reading.label.value();
  context_.producer = "传播者";
  LabelPicturesConfig config;
  config.as_propagator = true;
  EXPECT_EQ(label({path("a.jpg").string()}, "b.jpg", config).kept, 1u);
  const auto labels = imagery::find_implicit_labels(metadata("b.jpg"));
  ASSERT_EQ(labels.size(), 1u);
  const auto after = labels[0].reading.label.value();
  EXPECT_EQ(after.content_producer, before.content_producer);
  EXPECT_EQ(after.produce_id, before.produce_id);
  EXPECT_EQ(after.reserved_code1, before.reserved_code1);
  EXPECT_EQ(after.content_propagator, "传播者");
  EXPECT_NE(after.propagate_id, before.propagate_id);
  EXPECT_NE(after.reserved_code2, "");
  EXPECT_EQ(verify("b.jpg").at("result"), "pass");
  EXPECT_EQ(log().back().at("kind"), "propagate");
  EXPECT_EQ(io::read_picture(path("a.jpg")).rgb, io::read_picture(path("b.jpg")).rgb);
  // Attribute form of another program.
  label({(kGolden / "picture_metadata/attribute.png").string()}, "c.png", config);
  EXPECT_EQ(imagery::find_implicit_labels(metadata("c.png"))
                .at(0)
                .reading.label.value()
                .content_propagator,
            "传播者");
  for (const char* name : {"text.png", "behind_end.jpg", "comment.jpg"})
    EXPECT_NE(refusal({(kGolden / "picture_metadata" / name).string()}, concat("x_", name), config)
                  .find("LBL_CARRIER"),
              std::string::npos)
        << name;
  EXPECT_NE(refusal({unlabelled("n.png")}, "x.png", config).find("LBL_NOT_LABELLED"),
            std::string::npos);
}

TEST_F(LabelPictureTest, BadPicturesAreListedAndTheOthersAreLabelled) {
  LabelPicturesConfig config;
  config.rejects = path("rejects.jsonl").string();
  fs::create_directories(path("out"));
  const auto bad = [](const char* name) { return (kGolden / "pictures" / name).string(); };
  const auto result = label({unlabelled("good.png"), bad("truncated.jpg"), bad("megapixels64.png"),
                             bad("empty.png"), bad("text.jpg"), bad("animated.gif"),
                             unlabelled("small.png", 127, 400), path("nowhere.png").string()},
                            "out", config);
  EXPECT_EQ(result.labelled, 1u);
  EXPECT_EQ(result.rejected, 7u);
  std::vector<std::string> codes;
  const std::string rejects = read_file(path("rejects.jsonl"));
  for (size_t at = 0; at < rejects.size(); at = rejects.find('\n', at) + 1)
    codes.push_back(
        parse_json(rejects.substr(at, rejects.find('\n', at) - at), "rejects").at("code"));
  EXPECT_EQ(codes,
            (std::vector<std::string>{"IMG_UNREADABLE", "TOO_LARGE", "EMPTY_FILE", "IMG_UNREADABLE",
                                      "LBL_TOO_SMALL", "LBL_TOO_SMALL", "IMG_UNREADABLE"}));
  EXPECT_EQ(verify("out/good.png").at("result"), "pass");
}

TEST_F(LabelPictureTest, NothingIsLabelledWithoutProducerOrIntoAnInput) {
  const std::string input = unlabelled("in.png");
  EXPECT_THROW(label({input}, "in.png"), UsageError);
  EXPECT_THROW(label({input, input}, "out.png"), UsageError);
  EXPECT_THROW(label({input, input}, "out/"), UsageError);
  LabelPicturesConfig config;
  config.label.wording = "自动生成";
  EXPECT_THROW(label({input}, "out.png", config), InvalidInput);
  context_.producer.clear();
  EXPECT_NE(refusal({input}, "out.png").find("LBL_NO_PRODUCER"), std::string::npos);
}

TEST_F(LabelPictureTest, ABrokenLogLabelsNothing) {
  draw("a.png");
  std::string log_text = read_file(context_.log);
  log_text.replace(log_text.find("picture"), 7, "Picture");
  write_file_atomic(context_.log, log_text);
  EXPECT_THROW(draw("b.png"), Corrupt);
  EXPECT_FALSE(fs::exists(path("b.png")));
}

TEST_F(LabelPictureTest, AMaskKeepsTheLabelOffTheProduct) {
  io::Picture mask = io::blank_picture(256, 192, {0, 0, 0});
  for (int64_t y = 96; y < 192; ++y)
    std::fill_n(mask.rgb.begin() + y * 256 * 3, 256 * 3, uint8_t{255});
  io::write_picture(path("mask.png"), mask);
  LabelPicturesConfig config;
  config.product_mask = path("mask.png").string();
  config.source = "composite";
  label({unlabelled("in.png")}, "out.png", config);
  const auto record = imagery::read_record(metadata("out.png"), "x").value();
  EXPECT_LT(record.at("label").at("rect").at(1), 96);
  EXPECT_EQ(record.at("label").at("text"), "AI合成");
}

TEST_F(LabelPictureTest, AMissingOrCoveredLabelIsAbsent) {
  draw("a.png");
  const auto record = imagery::read_record(metadata("a.png"), "x").value();
  const auto rect = record.at("label").at("rect").get<std::vector<int64_t>>();
  io::Picture covered = io::read_picture(path("a.png"));
  for (int64_t y = rect[1]; y < rect[1] + rect[3]; ++y)
    std::fill_n(covered.rgb.begin() + (y * 256 + rect[0]) * 3, rect[2] * 3, uint8_t{99});
  write_file_atomic(
      path("b.png"),
      io::with_metadata(
          io::encode_picture(covered, io::PictureFormat::png), "x",
          {.xmp = metadata("a.png").xmp[0], .exif = {}, .texts = metadata("a.png").texts}));
  EXPECT_EQ(verify("b.png").at("explicit"), "absent");
  EXPECT_EQ(verify("b.png").at("result"), "fail");
}

TEST_F(LabelPictureTest, UnreadableFilesFailWithAnError) {
  for (const char* name : {"truncated.png", "empty.png", "text.jpg", "megapixels64.png"}) {
    const Json report = verify_picture_file((kGolden / "pictures" / name).string(), context_);
    EXPECT_EQ(report.at("result"), "fail");
    EXPECT_NE(report.at("error"), "");
  }
}

class PictureExportTest : public LabelPictureTest {
 protected:
  PictureExportTest() {
    master_ = unlabelled("master.png");
    label({master_}, "labelled.png");
  }
  std::string request() {
    return request_picture_export(master_, {}, "线下印刷", context_).at("request");
  }
  std::string approved() {
    const std::string id = request();
    agree_to_export(id, shipped_agreement().sha256, context_);
    context_.who = "李";
    approve_export(id, "ok", context_);
    context_.who = "张";
    return id;
  }
  Json send(const std::string& id, const std::string& name) {
    return export_picture_by_agreement(id, path(name), {}, context_);
  }

  std::string master_;
};

TEST_F(PictureExportTest, TheMasterLeavesWithEverythingButTheExplicitLabel) {
  const std::string id = approved();
  EXPECT_EQ(send(id, "out.jpg").at("state"), "exported");
  const Json report = verify("out.jpg");
  EXPECT_EQ(report.at("explicit"), "by_agreement") << report.dump();
  EXPECT_EQ(report.at("result"), "pass");
  EXPECT_EQ(report.at("implicit").at("integrity"), "ok");
  EXPECT_EQ(report.at("iptc"), "trainedAlgorithmicMedia");
  EXPECT_THROW(send(id, "again.jpg"), InvalidInput) << "a request is exported once";
  context_.log = path("other.jsonl");
  const Json foreign = verify("out.jpg");
  EXPECT_EQ(foreign.at("explicit"), "absent");
  EXPECT_EQ(foreign.at("result"), "fail");
}

TEST_F(PictureExportTest, NothingLeavesBeforeTheApproval) {
  const std::string id = request();
  EXPECT_THROW(send(id, "out.png"), InvalidInput);
  EXPECT_FALSE(fs::exists(path("out.png")));
  EXPECT_TRUE(is_picture_request(id, context_));
}

TEST_F(PictureExportTest, LabelledAndForeignPicturesAreNoMasters) {
  const auto refused = [&](const std::string& file) {
    return message_of<InvalidInput>([&] { request_picture_export(file, {}, "x", context_); });
  };
  EXPECT_NE(refused(path("labelled.png").string()).find("LBL_NO_MASTER"), std::string::npos);
  // Without its metadata a labelled picture is still none: its pixels are no master's.
  io::write_picture(path("stripped.png"), io::read_picture(path("labelled.png")));
  EXPECT_NE(refused(path("stripped.png").string()).find("the log knows no picture"),
            std::string::npos);
  EXPECT_NE(refused(unlabelled("foreign.png", 200, 200)).find("the log knows no picture"),
            std::string::npos);
  EXPECT_NE(refused((kGolden / "picture_metadata/element.png").string()).find("LBL_NO_MASTER"),
            std::string::npos);
  EXPECT_THROW(request_picture_export(master_, {"vt-none"}, "x", context_), InvalidInput);
  EXPECT_THROW(request_picture_export(master_, {}, "", context_), InvalidInput);
}

TEST_F(PictureExportTest, AnotherMasterUnderThatNameIsRefused) {
  const std::string id = approved();
  io::Picture other = scene();
  other.rgb[5] ^= 3;
  io::write_picture(master_, other);
  EXPECT_NE(message_of<Corrupt>([&] { send(id, "out.png"); }).find("LBL_MASTER_CHANGED"),
            std::string::npos);
}

TEST_F(LabelPictureTest, EveryPictureSaysWhatItMayBeUsedAs) {
  EXPECT_EQ(draw("a.png", {.fields = draw_fields(), .accepted = true}).size_label,
            imagery::SizeLabel::thumbnail);
  EXPECT_EQ(verify("a.png").at("size_label"), "thumbnail");
  EXPECT_EQ(recall(path("a.png").string(), {}).at("size_label"), "thumbnail");
  draw("refused.webp", {.fields = draw_fields(), .accepted = false});
  EXPECT_EQ(verify("refused.webp").at("size_label"), "concept");
  label({unlabelled("foreign.png")}, "labelled.png");
  EXPECT_NE(verify("labelled.png").at("size_label"), "absent");
}

TEST_F(LabelPictureTest, ARefusedPictureStaysAConceptWhenItIsLabelledAnew) {
  Json fields = draw_fields();
  fields["inspection"] = {{"accepted", false}};
  EXPECT_EQ(draw("a.png", {.fields = fields}).size_label, imagery::SizeLabel::concept_picture);
}

TEST_F(LabelPictureTest, ASizeLabelThatThePixelsDoNotAllowIsFound) {
  draw("a.png", {.fields = draw_fields(), .accepted = true});
  Json record = *imagery::read_record(metadata("a.png"), "a.png");
  for (const auto& [claimed, result] : {std::pair{"listing-ready", "fail"}, {"final", "fail"}, {"concept", "pass"}}) {
    record["size_label"] = claimed;
    io::MetadataChange change;
    change.texts = {{std::string(imagery::kRecordKey), dump_line(record)}};
    write_file_atomic(path("b.png"), io::with_metadata(read_file(path("a.png")), "a.png", change));
    EXPECT_EQ(verify("b.png").at("result"), result) << claimed << verify("b.png").dump();
  }
}

TEST_F(LabelPictureTest, RecallGivesTheSettingsAndTheCommand) {
  draw("a.webp");
  RecallConfig config;
  config.models = path("models").string();
  const Json settings = recall(path("a.webp").string(), config);
  EXPECT_EQ(settings.at("source"), "vitrine");
  EXPECT_EQ(settings.at("seed"), 42);
  EXPECT_EQ(settings.at("num_inference_steps"), 20);
  EXPECT_EQ(settings.at("scheduler"), "dpmpp_2m");
  EXPECT_EQ(settings.at("other").at("unknown"), Json({1, 2}));
  EXPECT_EQ(settings.at("missing"), Json({"model sd-mini (sha256 0123456789abcdef)"}));
  EXPECT_EQ(settings.at("command"),
            "vitrine draw --prompt '一条红色的裙子, it'\\''s \"new\"' --negative-prompt blurry "
            "--seed 42 -n 4 --width 256 --height 192 --num-inference-steps 20 --guidance-scale 7.5 "
            "--scheduler dpmpp_2m --model sd-mini --no-inspect --output FOLDER");
}

TEST_F(LabelPictureTest, RecallFindsModelsByNameInTheirFolderOnly) {
  Json fields = draw_fields();
  fields["model"] = {{"file", "/etc/passwd"}, {"sha256", ""}};
  fields["adapters"] = {
      {{"file", "../dress.safetensors"}, {"sha256", sha256_hex("weights")}, {"weight", 0.5}},
      {{"file", "b.safetensors"}, {"sha256", "00"}}};
  draw("a.png", {.fields = fields});
  write_file_atomic(path("models/dress.safetensors"), "weights");
  write_file_atomic(path("models/b.safetensors"), "other weights");
  RecallConfig config;
  config.models = path("models").string();
  const Json settings = recall(path("a.png").string(), config);
  EXPECT_EQ(settings.at("model").at("path"), nullptr);
  EXPECT_EQ(settings.at("lora").at(0).at("path"), path("models/dress.safetensors").string());
  EXPECT_EQ(settings.at("lora").at(1).at("path"), nullptr) << "another hash";
  EXPECT_EQ(settings.at("missing"),
            Json({"model passwd (sha256 unknown)", "adapter b.safetensors (sha256 00)"}));
}

TEST_F(LabelPictureTest, RecallOfAGraphReadsNothingOutsideTheFolderOfModels) {
  io::write_picture(path("plain.png"), scene());
  write_file_atomic(path("secret.safetensors"), "weights");
  const std::string secret = path("secret.safetensors").string();
  const Json graph = {{"1", {{"class_type", "KSampler"}, {"inputs", {{"steps", 1}, {"positive", {"3", 0}}, {"model", {"2", 0}}}}}},
                      {"2", {{"inputs", {{"lora_name", secret}, {"model", {"4", 0}}}}}},
                      {"3", {{"inputs", {{"text", "a dress"}}}}},
                      {"4", {{"inputs", {{"ckpt_name", "../secret.safetensors"}}}}}};
  io::MetadataChange change;
  change.texts = {{"prompt", graph.dump()}};
  write_file_atomic(path("comfy.png"), io::with_metadata(read_file(path("plain.png")), "plain.png", change));
  fs::create_directories(path("models"));
  RecallConfig config;
  config.models = path("models").string();
  const Json settings = recall(path("comfy.png").string(), config);
  EXPECT_EQ(settings.at("model").at("path"), nullptr);
  EXPECT_EQ(settings.at("lora").at(0).at("path"), nullptr);
  EXPECT_EQ(settings.at("missing"), Json({"model secret.safetensors (sha256 unknown)", "adapter secret.safetensors (sha256 unknown)"}));
  EXPECT_EQ(settings.at("command").get<std::string>().find(".."), std::string::npos);
}

TEST_F(LabelPictureTest, RecallNamesWhatThePictureBeganWithAndHowItWasComputed) {
  Json fields = draw_fields();
  fields.update({{"karras", true}, {"dtype", "bfloat16"}, {"vae_tiling", false}, {"strength", 0.5}, {"model", Json::object()}});
  fields["image"] = {{"file", "in put.png"}, {"sha256", "11"}};
  fields["mask"] = {{"file", "mask.png"}, {"sha256", "22"}};
  fields["latents"] = {{"file", "l.safetensors"}, {"sha256", "33"}};
  draw("a.png", {.fields = fields});
  const Json settings = recall(path("a.png").string(), {});
  EXPECT_EQ(settings.at("missing"), Json({"image in put.png (sha256 11)", "mask mask.png (sha256 22)", "latents l.safetensors (sha256 33)"}));
  EXPECT_NE(settings.at("command").get<std::string>().find(
                " --use-karras-sigmas --dtype bfloat16 --vae-tiling off --strength 0.5 --image './in put.png' --mask ./mask.png --latents ./l.safetensors "),
            std::string::npos)
      << settings.at("command");
  EXPECT_EQ(settings.at("strength"), 0.5);
  EXPECT_FALSE(settings.at("other").contains("strength"));
  // A record of an earlier version says that there was an image, but not which.
  fields = draw_fields();
  fields["strength"] = 0.5;
  draw("b.png", {.fields = fields});
  EXPECT_EQ(recall(path("b.png").string(), {}).at("missing").at(0), "image (sha256 unknown)");
}

TEST_F(LabelPictureTest, RecallComparesEveryPartOfTheModel) {
  fs::create_directories(path("models"));
  fs::copy(fs::path(VITRINE_SOURCE_DIR) / "tests/data/sd_tiny/model", path("models/tiny"), fs::copy_options::recursive);
  const PictureModelIdentity identity = identity_of(models::open_stable_diffusion(path("models/tiny")));
  Json fields = draw_fields();
  fields["model"] = {{"file", "tiny"}, {"sha256", identity.unet_sha256}};
  for (const auto& [name, sha256] : identity.parts) fields[name] = sha256;
  draw("a.png", {.fields = fields});
  RecallConfig config;
  config.models = path("models").string();
  const auto missing = [&] { return recall(path("a.png").string(), config).at("missing"); };
  EXPECT_EQ(missing(), Json::array());
  const Json settings = recall(path("a.png").string(), config);
  EXPECT_EQ(settings.at("model").at("vae_sha256"), identity.parts.at("vae_sha256"));
  EXPECT_FALSE(settings.at("other").contains("text_encoder_sha256"));

  fields["vae_sha256"] = "0123";
  draw("a.png", {.fields = fields});
  EXPECT_EQ(missing(), Json({"model tiny (vae_sha256 0123)"}));
  config.check_models = false;
  EXPECT_EQ(missing(), Json::array());
  config.check_models = true;
  fields["vae_sha256"] = identity.parts.at("vae_sha256");
  draw("a.png", {.fields = fields});
  Json scheduler = read_json_file(path("models/tiny/scheduler/scheduler_config.json"));
  scheduler["beta_end"] = 0.02;
  write_file_atomic(path("models/tiny/scheduler/scheduler_config.json"), dump_pretty(scheduler));
  EXPECT_EQ(missing(), Json({concat("model tiny (scheduler_sha256 ", identity.parts.at("scheduler_sha256"), ")")}));
}

TEST_F(LabelPictureTest, AnAdapterInAFolderIsKnownByItsFiles) {
  write_file_atomic(path("lora/unet/adapter_config.json"), "{}");
  write_file_atomic(path("lora/unet/adapter_model.safetensors"), "weights");
  const std::string before = adapter_sha256(path("lora"));
  EXPECT_EQ(before.size(), 64u);
  write_file_atomic(path("lora/unet/adapter_model.safetensors"), "other weights");
  EXPECT_NE(adapter_sha256(path("lora")), before);
  EXPECT_EQ(adapter_sha256(path("lora/unet/adapter_config.json")), sha256_hex("{}"));
}

/// A GIF of one colour: codes of 8 bits, and the table is cleared before they grow.
std::string gif(int width, int height) {
  const auto little = [](int value) { return std::string{static_cast<char>(value & 255), static_cast<char>(value >> 8)}; };
  std::string bytes = "GIF89a" + little(width) + little(height) + std::string("\xF6\0\0", 3);
  for (int i = 0; i < 3 * 128; ++i) bytes += static_cast<char>(i % 200);
  bytes += "," + std::string(4, '\0') + little(width) + little(height) + std::string("\0\x07", 2);
  for (int left = width * height; left > 0; left -= 100) {
    const int count = std::min(left, 100);
    bytes += static_cast<char>(count + 1) + std::string("\x80") + std::string(static_cast<size_t>(count), '\x20');
  }
  return bytes + std::string("\x01\x81\0;", 4);
}

TEST_F(LabelPictureTest, AGifIsLabelledIntoAFolderAsAPng) {
  write_file_atomic(path("anim.gif"), gif(200, 160));
  fs::create_directories(path("out"));
  EXPECT_EQ(label({path("anim.gif").string()}, "out").labelled, 1u);
  EXPECT_EQ(verify("out/anim.png").at("result"), "pass") << verify("out/anim.png").dump();
  EXPECT_NE(message_of<UsageError>([&] { label({path("anim.gif").string(), unlabelled("anim.png")}, "out"); }).find("two inputs would become"),
            std::string::npos);
}

TEST_F(LabelPictureTest, RecallOfAPictureWithoutSettingsSaysSo) {
  EXPECT_NE(
      message_of<InvalidInput>([&] { recall(unlabelled("n.png"), {}); }).find("RECALL_NOTHING"),
      std::string::npos);
  EXPECT_THROW(recall((kGolden / "pictures/text.jpg").string(), {}), Corrupt);
}

}  // namespace
}  // namespace vitrine::recipes
