#include "recipes/curate_images_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "recipes/export_pictures.h"
#include "support/temporary_directory.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

const std::string kListings = VITRINE_SOURCE_DIR "/tests/data/pictures_synthetic/listings.jsonl";
const std::string kClothing = VITRINE_SOURCE_DIR "/tests/data/clothing";

/// Says that texts fit whose colour word is the measured one.
class ColourScorer : public imagery::PairScorer {
 public:
  std::vector<double> score(std::span<const io::Picture> pictures, std::span<const std::string> texts) override {
    std::vector<double> scores;
    for (size_t i = 0; i < pictures.size(); ++i) scores.push_back(fit(pictures[i], texts[i]));
    return scores;
  }
  std::vector<std::vector<double>> classify(std::span<const io::Picture> pictures, std::span<const std::string> texts) override {
    return std::vector(pictures.size(), std::vector(texts.size(), 1.0 / static_cast<double>(texts.size())));
  }
  std::vector<float> similarities(std::span<const io::Picture> pictures, std::span<const std::string> texts) override {
    std::vector<float> all;
    for (const std::string& text : texts) {
      for (const io::Picture& picture : pictures) all.push_back(static_cast<float>(fit(picture, text)));
    }
    return all;
  }
  imagery::Language language() const override { return imagery::Language::zh; }
  Json description() const override { return {{"model", "colour words"}, {"sha256", "none"}}; }

 private:
  static double fit(const io::Picture& picture, const std::string& text) {
    return text.find(chinese(imagery::measure_traits(picture).garment.name)) != std::string::npos ? 0.3 : 0.1;
  }
};

LoadPairScorer colour_scorer() {
  return [](const std::string&) { return std::make_unique<ColourScorer>(); };
}

std::map<std::string, std::string> planted() {
  std::map<std::string, std::string> rows;
  std::ifstream in(VITRINE_SOURCE_DIR "/tests/data/pictures_synthetic/planted.tsv");
  std::string line, id, filter;
  std::getline(in, line);
  while (in >> id >> filter) rows[id] = filter;
  return rows;
}

std::vector<Json> lines_of(const fs::path& file) {
  std::vector<Json> rows;
  std::istringstream in(read_file(file));
  for (std::string line; std::getline(in, line);) rows.push_back(Json::parse(line));
  return rows;
}

class CurateImagesTest : public testing::Test {
 protected:
  CurateImagesTest() {
    config_.output = (folder_.path() / "out").string();
    config_.clip_model = "colours";
    config_.funnel.clip_quantile = 0.06;  // one of 19 rows
  }
  CuratedPictures run(const std::string& set = kListings) {
    CurateImagesTools tools{.held_out = {}, .statistics = {}, .clip = &scorer_, .threads = 1};
    auto records = data::read_picture_set(set, {});
    return curate_pictures(std::move(records.records), config_.funnel, tools);
  }
  static const FilterReport& filter(const CuratedPictures& set, const std::string& name) {
    return *std::find_if(set.filters.begin(), set.filters.end(), [&](const FilterReport& f) { return f.filter == name; });
  }
  test::TemporaryDirectory folder_;
  CurateImagesRunConfig config_;
  ColourScorer scorer_;
};

TEST_F(CurateImagesTest, EveryPlantedFaultIsDroppedByItsFilterAndNothingElse) {
  auto expected = planted();
  EXPECT_EQ(expected.erase("no_picture"), 1u);  // the import rejects it
  const CuratedPictures set = run();
  for (const PictureRow& row : set.kept) EXPECT_EQ(expected[row.record.product.id], "kept") << row.record.product.id;
  for (const RejectedPicture& row : set.rejected) EXPECT_EQ(expected[row.row.record.product.id], row.filter) << row.row.record.product.id;
  EXPECT_EQ(set.kept.size() + set.rejected.size(), expected.size());
}

TEST_F(CurateImagesTest, EachFilterOffKeepsWhatItWouldDrop) {
  using Switch = bool CurateImagesConfig::*;
  const std::pair<const char*, Switch> switches[] = {{"readable", &CurateImagesConfig::readable}, {"size", &CurateImagesConfig::size},
                                                     {"detail", &CurateImagesConfig::detail},     {"dedupe", &CurateImagesConfig::dedupe},
                                                     {"reviews", &CurateImagesConfig::reviews},   {"sales", &CurateImagesConfig::sales}};
  for (const auto& [name, field] : switches) {
    config_.funnel = {.clip_quantile = 0};
    config_.funnel.*field = false;
    const CuratedPictures set = run();
    EXPECT_FALSE(filter(set, name).enabled);
    EXPECT_EQ(filter(set, name).dropped, 0) << name;
    for (const RejectedPicture& row : set.rejected) EXPECT_NE(row.filter, name);
  }
}

TEST_F(CurateImagesTest, SumsHoldFromFilterToFilter) {
  const CuratedPictures set = run();
  EXPECT_EQ(set.filters.size(), 12u);
  int64_t rows = set.filters.front().rows_in;
  for (const FilterReport& f : set.filters) {
    EXPECT_EQ(f.rows_in, rows);
    EXPECT_EQ(f.kept + f.dropped, f.rows_in);
    rows = f.kept;
  }
  EXPECT_EQ(rows, static_cast<int64_t>(set.kept.size()));
}

TEST_F(CurateImagesTest, MissingSignalsAreABucketOfTheirOwn) {
  const auto buckets = [&] {
    std::map<std::string, int64_t> counts;
    const FilterReport report = filter(run(), "reviews");
    for (const auto& [bucket, count] : report.buckets) counts[bucket] = count;
    return counts;
  };
  auto kept = buckets();
  EXPECT_EQ(kept["zero"], 1);
  EXPECT_GT(kept["missing"], 0);
  config_.funnel.keep_missing = false;
  EXPECT_EQ(filter(run(), "reviews").dropped, kept["missing"] + kept["zero"]);
  EXPECT_EQ(buckets(), kept);
}

TEST_F(CurateImagesTest, TheClipThresholdIsTheQuantileThatWasAskedFor) {
  for (const double quantile : {0.0, 0.06, 0.5}) {
    config_.funnel.clip_quantile = quantile;
    const FilterReport report = filter(run(), "clip");
    EXPECT_LE(report.dropped, static_cast<int64_t>(quantile * static_cast<double>(report.rows_in)));
    EXPECT_EQ(report.notes["quantile"], quantile);
    EXPECT_EQ(report.notes["threshold"], report.thresholds[0]);
    EXPECT_EQ(report.notes["model"]["model"], "colour words");
    EXPECT_EQ(report.scores.size(), static_cast<size_t>(report.rows_in));
  }
}

TEST_F(CurateImagesTest, WithoutAModelTheClipFilterIsOffAndSaysSo) {
  auto records = data::read_picture_set(kListings, {});
  const CuratedPictures set = curate_pictures(std::move(records.records), config_.funnel, {});
  EXPECT_FALSE(filter(set, "clip").enabled);
  EXPECT_EQ(filter(set, "clip").dropped, 0);
}

TEST_F(CurateImagesTest, CaptionsJoinWhatTheProductSaysAndWhatWasMeasured) {
  const CuratedPictures set = run();
  const PictureRow& row = set.kept.front();
  ASSERT_EQ(row.record.product.id, "good00");
  EXPECT_EQ(imagery::join_words(row.words, imagery::Language::zh), "裙 红色 简约 纯色 白色背景");
  EXPECT_EQ(imagery::join_words(row.words_en, imagery::Language::en), "dress, red, 简约, plain, white background");
  EXPECT_EQ(row.unknown_words, (std::vector<std::string>{"简约"}));
}

TEST_F(CurateImagesTest, SeveralTextsOfOnePictureAreNoDuplicates) {
  fs::create_directories(folder_.path() / "set");
  fs::copy(kClothing + "/validation/hat", folder_.path() / "set/pics", fs::copy_options::recursive);
  const std::string name = fs::directory_iterator(folder_.path() / "set/pics")->path().filename().string();
  write_file_atomic(folder_.path() / "set/metadata.jsonl", R"({"id":"1","file_name":"pics/)" + name + R"(","text":"帽子"}
{"id":"2","file_name":"pics/)" + name + R"(","text":"另一句"}
)");
  config_.funnel.clip = false;
  EXPECT_EQ(run((folder_.path() / "set").string()).kept.size(), 2u);
}

TEST_F(CurateImagesTest, PicturesLikeHeldOutOnesAreDropped) {
  auto records = data::read_picture_set(kListings, {}).records;
  CurateImagesTools tools;
  tools.held_out = {records[3]};
  const CuratedPictures set = curate_pictures(records, config_.funnel, tools);
  EXPECT_EQ(filter(set, "leakage").dropped, 1);
  EXPECT_EQ(std::count_if(set.kept.begin(), set.kept.end(), [&](const PictureRow& r) { return r.record.product.id == records[3].product.id; }), 0);
}

TEST_F(CurateImagesTest, TheFolderHoldsEveryRowOnceAndARerunGivesTheSameBytes) {
  const std::vector<std::string> sets = {kListings};
  config_.clip_model.clear();
  curate_picture_sets(sets, config_, 1, {});
  const fs::path out = config_.output;
  const auto kept = lines_of(out / "kept.jsonl"), rejects = lines_of(out / "rejects.jsonl");
  EXPECT_EQ(kept.size() + rejects.size(), planted().size());
  EXPECT_EQ(rejects[0]["filter"], "import");
  EXPECT_EQ(kept[0]["caption"], "裙 红色 简约 纯色 白色背景");
  EXPECT_EQ(kept[0]["traits"]["colour"]["name"], "red");
  EXPECT_EQ(kept[0]["sha256"].get<std::string>().size(), 64u);
  const Json funnel = read_json_file(out / "funnel.json");
  EXPECT_EQ(funnel.size(), 13u);
  EXPECT_EQ(funnel[0]["filter"], "import");
  EXPECT_EQ(funnel[0]["rows_in"], planted().size());
  const std::string html = read_file(out / "funnel.html");
  EXPECT_NE(html.find("data:image/jpeg;base64,"), std::string::npos);
  EXPECT_NE(html.find("图片筛选漏斗"), std::string::npos);
  const std::string before = read_file(out / "kept.jsonl");
  curate_picture_sets(sets, config_, 2, {});
  EXPECT_EQ(read_file(out / "kept.jsonl"), before);
}

TEST_F(CurateImagesTest, ExportsAreReadBackToTheSamePicturesAndCaptions) {
  config_.funnel.clip = false;
  for (const char* layout : {"imagefolder", "webdataset"}) {
    const CuratedPictures set = run();
    const fs::path out = folder_.path() / layout;
    export_pictures(set, layout, out);
    const bool is_tar = layout == std::string("webdataset");
    const auto back = data::read_picture_set(is_tar ? out / "train-00000.tar" : out, {});
    ASSERT_EQ(back.records.size(), set.kept.size()) << layout;
    for (size_t i = 0; i < set.kept.size(); ++i) {
      const auto& [from, to] = std::pair(set.kept[i], back.records[i]);
      EXPECT_EQ(to.product.id, from.record.product.id);
      EXPECT_EQ(to.text, imagery::join_words(from.words, imagery::Language::zh));
      EXPECT_EQ(to.product.extra["sha256"], from.sha256);
      EXPECT_EQ(to.signals.sales, from.record.signals.sales);
      EXPECT_EQ(data::read_picture_bytes(to.pictures[0]), data::read_picture_bytes(from.record.pictures[0]));
    }
    EXPECT_TRUE(fs::exists(out / "funnel.json"));
  }
}

TEST_F(CurateImagesTest, ACuratedFolderIsItselfASetOfTheSameRecords) {
  const std::vector<std::string> sets = {kListings};
  config_.clip_model.clear();
  const CuratedPictures set = curate_picture_sets(sets, config_, 1, {});
  const auto back = data::read_picture_set(config_.output, {});
  ASSERT_EQ(back.records.size(), set.kept.size());
  for (size_t i = 0; i < set.kept.size(); ++i) {
    const data::PictureRecord &from = set.kept[i].record, &to = back.records[i];
    EXPECT_EQ(to.product.id, from.product.id);
    EXPECT_EQ(to_string(to.pictures[0]), to_string(from.pictures[0]));
    EXPECT_EQ(text_of(to), text_of(from));
    EXPECT_EQ(to.product.attributes.size(), from.product.attributes.size());
    EXPECT_EQ(to.signals.reviews, from.signals.reviews);
    EXPECT_EQ(to.product.source.row, from.product.source.row);
  }
}

TEST_F(CurateImagesTest, WrongSettingsAreSaidBeforeAnyWork) {
  const std::vector<std::string> sets = {"not-there"};
  config_.output.clear();
  EXPECT_THROW(curate_picture_sets(sets, config_, 1, colour_scorer()), UsageError);
  config_.output = (folder_.path() / "out").string();
  EXPECT_THROW(curate_picture_sets(sets, config_, 1, {}), UsageError);  // a CLIP model needs libtorch
  config_.funnel.clip_quantile = 2;
  EXPECT_THROW(curate_picture_sets(sets, config_, 1, colour_scorer()), InvalidInput);
  EXPECT_THROW(export_pictures({}, "zip", folder_.path()), InvalidInput);
}

TEST_F(CurateImagesTest, TokensOfCaptionsAreCountedByTheTokenizerOfATextEncoder) {
  const fs::path encoder = folder_.path() / "encoder";
  fs::create_directories(encoder);
  fs::copy(VITRINE_SOURCE_DIR "/tests/data/tokenizers/clip", encoder, fs::copy_options::recursive);
  write_file_atomic(encoder / "config.json", R"({"model_type":"clip_text_model","max_position_embeddings":8,"vocab_size":49408})");
  config_.text_encoder = encoder.string();
  const std::vector<std::string> sets = {kListings};
  curate_picture_sets(sets, config_, 1, colour_scorer());
  const Json captions = read_json_file(fs::path(config_.output) / "vitrine.json")["captions"];
  EXPECT_EQ(captions["max_tokens"], 8);
  EXPECT_LE(captions["longest"].get<double>(), 8);
  EXPECT_FALSE(captions["cut"].empty());
}

}  // namespace
}  // namespace vitrine::recipes
