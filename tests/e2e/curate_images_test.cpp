// curate images on drawn listings with planted faults, and with a tiny CLIP.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "e2e/program.h"
#include "e2e/tiny_models.h"

namespace vitrine::e2e {
namespace {

namespace fs = std::filesystem;

const std::string kListings = source_file("tests/data/pictures_synthetic/listings.jsonl").string();

Json filter_of(const fs::path& funnel, std::string_view name) {
  for (const Json& filter : read_json_file(funnel)) {
    if (filter["filter"] == name) return filter;
  }
  return nullptr;
}

TEST(CurateImagesE2eTest, RejectedListingsGiveExitCodeThreeAndTheFolderIsWhole) {
  TemporaryFolder folder;
  const auto result = run_program({"curate", "images", kListings, "--output", folder / "out", "--threads", "1"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_EQ(files_below(folder / "out"), (std::vector<std::string>{"funnel.html", "funnel.json", "kept.jsonl", "rejects.jsonl", "vitrine.json"}));
  EXPECT_EQ(filter_of(folder / "out/funnel.json", "dedupe")["dropped"], 2);
  EXPECT_EQ(filter_of(folder / "out/funnel.json", "clip")["enabled"], false);
}

TEST(CurateImagesE2eTest, ClassFoldersGetMeasuredCaptionsAndAreExported) {
  TemporaryFolder folder;
  const auto result = run_program({"curate", "images", source_file("tests/data/clothing").string(), "--output", folder / "out", "--no-dedupe", "--licence", "CC0-1.0",
                                   "--export-as", "imagefolder"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto rows = lines(read_file(folder / "out/kept.jsonl"));
  EXPECT_EQ(rows.size(), 60u);
  const Json row = Json::parse(rows[0]);
  EXPECT_EQ(row["class"], "dress");
  EXPECT_EQ(row["source"]["licence"], "CC0-1.0");
  EXPECT_TRUE(row["caption"].get<std::string>().starts_with("连衣裙 "));
  EXPECT_EQ(lines(read_file(folder / "out/imagefolder/validation/metadata.jsonl")).size(), 60u);
  EXPECT_TRUE(fs::exists(folder / "out/imagefolder/validation/000000.jpg"));
}

TEST(CurateImagesE2eTest, AnAnimatedFileIsWarnedOfOnce) {
  TemporaryFolder folder;
  fs::create_directories(folder.path() / "set/train/dress");
  fs::copy(source_file("tests/data/golden/pictures/animated.gif"), folder.path() / "set/train/dress/a.gif");
  const auto result = run_program({"curate", "images", folder / "set", "--output", folder / "out", "--min-side", "1"});
  EXPECT_NE(result.err.find("1 picture kept"), std::string::npos) << result.err;
  const size_t first = result.err.find("a.gif: animated, 3 frames");
  EXPECT_NE(first, std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("animated", first + 20), std::string::npos) << result.err;
}

TEST(CurateImagesE2eTest, AClipModelSetsItsThresholdByQuantile) {
  VITRINE_NEEDS_VERB("score clip");
  TemporaryFolder folder;
  const auto result = run_program({"curate", "images", kListings, "--output", folder / "out", "--clip-model", tiny_clip(folder), "--clip-quantile", "0.5", "--threads", "1"});
  EXPECT_EQ(result.exit_code, 3) << result.err;
  const Json clip = filter_of(folder / "out/funnel.json", "clip");
  EXPECT_EQ(clip["notes"]["quantile"], 0.5);
  EXPECT_LE(clip["dropped"].get<int>() * 2, clip["rows_in"].get<int>());
  EXPECT_EQ(clip["thresholds"][0], clip["notes"]["threshold"]);
  EXPECT_EQ(clip["notes"]["model"]["sha256"].get<std::string>().size(), 64u);
  const Json config = read_json_file(folder / "clip/config.json");
  EXPECT_EQ(read_json_file(folder / "out/vitrine.json")["captions"]["max_tokens"], config["text_config"]["max_position_embeddings"]);
}

TEST(CurateImagesE2eTest, TheProgramThatHandsItOverLoadsNoPictureLibrary) {
  const std::string program = read_file(fs::path(VITRINE_BINARY_DIR) / "bin/vitrine");
  for (const char* library : {"libvips.so", "libglib", "libtorch_cpu.so"}) EXPECT_EQ(program.find(library), std::string::npos) << library << ": each start would load it";
}

TEST(CurateImagesE2eTest, WrongUseIsOneLine) {
  TemporaryFolder folder;
  EXPECT_NE(run_program({"curate", "--help"}).out.find("images"), std::string::npos);
  EXPECT_NE(run_program({"curate", "images", "--help"}).out.find("--min-side"), std::string::npos);
  EXPECT_TRUE(failed_with_one_line(run_program({"curate", "images", "--output", folder / "out"}), 2, "IN"));
  EXPECT_TRUE(failed_with_one_line(run_program({"curate", "images", kListings}), 2, "--output"));
  EXPECT_TRUE(failed_with_one_line(run_program({"curate", "images", folder / "none", "--output", folder / "out"}), 1, "none"));
  EXPECT_TRUE(failed_with_one_line(run_program({"curate", "images", folder.path().string(), "--output", folder / "out"}), 1, "UNKNOWN_LAYOUT"));
  EXPECT_TRUE(failed_with_one_line(run_program({"curate", "images", kListings, "--output", folder / "out", "--min-side", "x"}), 2, "--min-side"));
}

}  // namespace
}  // namespace vitrine::e2e
