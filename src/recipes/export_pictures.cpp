#include "recipes/export_pictures.h"

#include <map>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "io/tar.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kSamplesPerShard = 1000;

std::string digits(int64_t number, size_t width) {
  std::string text = std::to_string(number);
  return std::string(text.size() < width ? width - text.size() : 0, '0') + text;
}

std::string split_of(const PictureRow& row) { return row.record.split.empty() ? "train" : row.record.split; }

std::string ending_of(const PictureRow& row) { return row.format == "jpeg" ? ".jpg" : "." + row.format; }

/// What a row says besides its text.
Json facts_of(const PictureRow& row) {
  const Json all = row_json(row);
  Json json = Json::object();
  for (const char* name : {"id", "class", "title", "attributes", "caption_en", "caption_words", "caption_words_en", "signals", "clip", "repeats", "width", "height", "sha256", "phash", "traits"}) {
    if (all.contains(name)) json[name] = all[name];
  }
  json["licence"] = row.record.product.source.licence;
  return json;
}

class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual void add(const PictureRow& row, const std::string& bytes) = 0;
  virtual void finish() = 0;
};

class ImagefolderExporter : public Exporter {
 public:
  explicit ImagefolderExporter(fs::path folder) : folder_(std::move(folder)) {}
  void add(const PictureRow& row, const std::string& bytes) override {
    Split& split = splits_[split_of(row)];
    const std::string name = digits(split.count++, 6) + ending_of(row);
    write_file_atomic(folder_ / split_of(row) / name, bytes);
    Json json = {{"file_name", name}, {"text", join_words(row.words, imagery::Language::zh)}};
    json.update(facts_of(row));
    split.metadata += dump_line(json) + "\n";
  }
  void finish() override {
    for (const auto& [name, split] : splits_) write_file_atomic(folder_ / name / "metadata.jsonl", split.metadata);
  }

 private:
  struct Split {
    int64_t count = 0;
    std::string metadata;
  };
  fs::path folder_;
  std::map<std::string, Split> splits_;
};

class WebdatasetExporter : public Exporter {
 public:
  explicit WebdatasetExporter(fs::path folder) : folder_(std::move(folder)) {}
  void add(const PictureRow& row, const std::string& bytes) override {
    Split& split = splits_[split_of(row)];
    if (split.count % kSamplesPerShard == 0) open_shard(split, split_of(row));
    const std::string key = digits(split.count++, 6);
    split.tar->add(key + ending_of(row), bytes);
    split.tar->add(key + ".txt", join_words(row.words, imagery::Language::zh));
    split.tar->add(key + ".json", dump_line(facts_of(row)));
  }
  void finish() override {
    for (auto& [name, split] : splits_) split.tar->commit();
  }

 private:
  struct Split {
    int64_t count = 0;
    std::unique_ptr<io::TarWriter> tar;
  };
  void open_shard(Split& split, const std::string& name) {
    if (split.tar) split.tar->commit();
    split.tar = std::make_unique<io::TarWriter>(folder_ / concat(name, "-", digits(split.count / kSamplesPerShard, 5), ".tar"));
  }
  fs::path folder_;
  std::map<std::string, Split> splits_;
};

std::unique_ptr<Exporter> make_exporter(std::string_view layout, const fs::path& folder) {
  if (layout == "imagefolder") return std::make_unique<ImagefolderExporter>(folder);
  VITRINE_REQUIRE(layout == "webdataset", "[export_pictures] layout: expected imagefolder or webdataset, got ", layout);
  return std::make_unique<WebdatasetExporter>(folder);
}

}  // namespace

void export_pictures(const CuratedPictures& set, std::string_view layout, const fs::path& folder) {
  const auto exporter = make_exporter(layout, folder);
  for (const PictureRow& row : set.kept) {
    if (!row.format.empty()) exporter->add(row, data::read_picture_bytes(row.record.pictures.front()));
  }
  exporter->finish();
  write_file_atomic(folder / "funnel.json", dump_pretty(funnel_json(set.filters)));
}

}  // namespace vitrine::recipes
