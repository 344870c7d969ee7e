#include "recipes/run_draw.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/artefact.h"
#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "recipes/contact_sheet.h"
#include "recipes/write_parts.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerb = "draw";
constexpr const char* kPictures = "pictures";
constexpr const char* kCandidates = "candidates.jsonl";
constexpr const char* kSheet = "sheet.png";
constexpr std::string_view kFiles[] = {kPictures, kCandidates, kSheet, kManifestName};
constexpr ArtefactKind kDrawKind{"drawn pictures", kFiles};
constexpr size_t kSheetRows = 24;  // prompts on the contact sheet

/// Products have noise of their own; that of a prompt depends on the seed alone. Below 2^63, as
/// records hold it.
uint64_t seed_of(const DrawTask& task, int64_t seed) {
  const auto plain = static_cast<uint64_t>(seed);
  return task.product_id.empty() ? plain : RandomKey(plain).fold_in(task.product_id).bits(0) >> 1;
}

std::string picture_name(size_t row, size_t index) {
  char name[64];
  std::snprintf(name, sizeof name, "%06zu-%zu.png", row + 1, index);
  return name;
}

/// The rows of one run; see run_draw.
class DrawJob {
 public:
  DrawJob(const DrawConfig& config, const DrawRun& run, const PictureLabelConfig& label, const LabelOptions& labels)
      : config_(config),
        run_(run),
        label_(label),
        context_(open_labels(labels, system_utc_clock())),
        place_(require_artefact_place(kVerb, run.output, kDrawKind, inputs(run))),
        drawer_(config, run.material, run.dtype.empty() ? "float32" : run.dtype, run.device),
        tasks_(run.source, drawer_.language(), drawer_.tokenizer(), drawer_.max_tokens()),
        parts_(place_, settings(), {".jsonl"}, run.restart, kVerb),
        progress_(kVerb, run.source.products.empty() ? static_cast<uint64_t>(drawer_.num_steps()) : 0, "steps") {
    require_room_for_label();
    if (!run.rejects.empty()) rejects_.emplace(run.rejects);
    if (parts_.num_found() > 0) log_info("[draw] going on from ", parts_.folder().string(), ", finished rows: ", parts_.num_found());
  }

  /// Pictures of rows that are not finished go with the run.
  ~DrawJob() {
    std::error_code ignored;
    if (num_rows_ == 0 && parts_.num_found() == 0) fs::remove_all(pictures(), ignored);
  }

  bool draw_all() {
    try {
      while (const auto task = tasks_.next()) draw_row(*task);
    } catch (const Cancelled&) {
      throw Cancelled(concat("interrupted: ", what_is_kept()));
    }
    progress_.finish();
    report_findings();
    publish();
    return rows_without_ == 0;
  }

 private:
  static std::vector<std::string> inputs(const DrawRun& run) {
    return {run.source.products, run.material.image, run.material.mask, run.material.latents};
  }

  fs::path pictures() const { return parts_.folder() / kPictures; }

  void require_room_for_label() const {
    const int64_t side = std::min(drawer_.width(), drawer_.height());
    VITRINE_REQUIRE(side >= imagery::kMinLabelledSide, "[draw] LBL_TOO_SMALL: pictures of ", drawer_.width(), "x", drawer_.height(),
                    " cannot hold a legible label: expected sides of at least ", imagery::kMinLabelledSide);
  }

  /// All that the rows depend on.
  Json settings() const {
    Json settings = config_to_json(config_);
    settings.erase("model");  // its name says less than its hashes
    settings.update(drawer_.record());
    settings["input_sha256"] = tasks_.sha256();
    settings["prompt"] = run_.source.prompt;
    for (const auto& [name, file] :
         {std::pair{"image", run_.material.image}, {"mask", run_.material.mask}, {"latents", run_.material.latents}}) {
      settings[name] = file.empty() ? "" : sha256_file(file);
    }
    settings["device"] = run_.device;
    settings["label"] = config_to_json(label_);
    settings["producer"] = context_.producer;
    settings["program_version"] = program_version();
    return settings;
  }

  void draw_row(const DrawTask& task) {
    report_findings();
    const size_t row = num_rows_;
    if (const auto before = parts_.finished(row); before && pictures_are_there(*before)) {
      take_over(*before);
    } else {
      finish_row(row, task.error.empty() ? drawn(row, task) : line_of(task, 0));
    }
    ++num_rows_;
  }

  /// The line of a row's candidates, whose pictures are in their place.
  Json drawn(size_t row, const DrawTask& task) {
    const uint64_t seed = seed_of(task, config_.seed);
    const auto masters = drawer_.draw({task.prompt, seed, run_.save_latents}, [&] { progress_.advance(); });
    std::vector<PictureToWrite> files;
    for (size_t i = 0; i < masters.size(); ++i) {
      files.push_back({pictures() / picture_name(row, i), &masters[i], record_of(task, seed, i)});
    }
    Json line = line_of(task, seed);
    const auto written = write_labelled_pictures(files, label_, context_);
    for (size_t i = 0; i < written.size(); ++i) {
      Json candidate = {{"index", i}, {"kind", "image"}, {"file", concat(kPictures, "/", picture_name(row, i))},
                        {"file_sha256", written[i].file_sha256}, {"width", written[i].width}, {"height", written[i].height}};
      if (!written[i].produce_id.empty()) candidate["produce_id"] = written[i].produce_id;
      line["candidates"].push_back(candidate);
    }
    return line;
  }

  PictureRecord record_of(const DrawTask& task, uint64_t seed, size_t index) const {
    PictureRecord record;
    record.fields = drawer_.record();
    record.fields["prompt"] = task.prompt;
    record.fields["seed"] = seed;
    record.fields["index"] = index;
    record.fields["version"] = program_version();
    if (!task.product_id.empty()) record.fields["product"] = task.product_id;
    record.parents = drawer_.parents();
    return record;
  }

  Json line_of(const DrawTask& task, uint64_t seed) const {
    Json line = {{"id", task.id}};
    if (!task.error.empty()) {
      line.update({{"candidates", Json::array()}, {"error", task.error}});
      return line;
    }
    line.update({{"prompt", task.prompt}, {"negative_prompt", config_.negative_prompt}});
    if (!task.unknown.empty()) line["unknown"] = task.unknown;
    if (!task.cut.empty()) line["cut"] = task.cut;
    line.update({{"candidates", Json::array()}, {"seed", seed}, {"model_sha256", drawer_.record()["model"]["sha256"]}});
    return line;
  }

  bool pictures_are_there(const Json& line) const {
    return std::all_of(line["candidates"].begin(), line["candidates"].end(), [&](const Json& candidate) {
      const fs::path file = parts_.folder() / candidate["file"].get<std::string>();
      return fs::is_regular_file(file) && sha256_file(file) == candidate["file_sha256"].get<std::string>();
    });
  }

  void take_over(const Json& line) {
    progress_.skip(static_cast<uint64_t>(drawer_.num_steps()));
    remember(line);
  }

  void finish_row(size_t row, const Json& line) {
    parts_.begin(row);
    parts_.write(0, dump_line(line) + "\n");
    parts_.finish(line);
    remember(line);
  }

  void remember(const Json& line) {
    rows_without_ += line["candidates"].empty();
    num_pictures_ += line["candidates"].size();
    if (sheet_rows_.size() < kSheetRows && !line["candidates"].empty()) sheet_rows_.push_back(line);
  }

  void report_findings() {
    for (const data::ImportEntry& finding : tasks_.take_findings()) {
      if (rejects_) rejects_->write(dump_line(data::to_json(finding)) + "\n");
      if (finding.severity == data::Severity::reject) log_warn(data::to_line(finding));
    }
  }

  std::string what_is_kept() const {
    if (num_rows_ == 0) return "nothing was drawn to the end";
    return concat("the pictures of ", num_rows_, " prompt", num_rows_ == 1 ? "" : "s", " are in ", parts_.folder().string(),
                  "; the same command goes on");
  }

  void publish() {
    ArtefactFolder folder(place_, kDrawKind);
    {
      OutputFile lines(folder.path() / kCandidates);
      for (size_t row = 0; row < num_rows_; ++row) parts_.copy(row, 0, lines);
      lines.commit();
    }
    if (!sheet_rows_.empty()) write_sheet(folder.path());
    write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest()));
    // A copy: until the folder is in place, the parts are what a next run goes on from.
    if (fs::exists(pictures())) fs::copy(pictures(), folder.path() / kPictures, fs::copy_options::recursive);
    folder.commit();
    if (rejects_) rejects_->commit();
    fs::remove_all(pictures());
    parts_.remove();
  }

  void write_sheet(const fs::path& folder) const {
    std::vector<std::vector<fs::path>> rows;
    for (const Json& line : sheet_rows_) {
      rows.emplace_back();
      for (const Json& candidate : line["candidates"]) rows.back().push_back(parts_.folder() / candidate["file"].get<std::string>());
    }
    const io::Picture sheet = contact_sheet(rows);
    write_labelled_picture(folder / kSheet, sheet, {.fields = {{"version", program_version()}}, .parents = drawer_.parents()}, label_, context_);
  }

  Json manifest() const {
    Json manifest = manifest_of(kDrawKind);
    manifest.update({{"settings", config_to_json(config_)},
                     {"record", drawer_.record()},
                     {"data", {{"sha256", tasks_.sha256()}}},
                     {"prompts", num_rows_},
                     {"pictures", num_pictures_}});
    return manifest;
  }

  const DrawConfig& config_;
  const DrawRun& run_;
  const PictureLabelConfig& label_;
  LabelContext context_;
  fs::path place_;
  PictureDrawer drawer_;
  DrawTasks tasks_;
  WriteParts parts_;
  std::optional<OutputFile> rejects_;
  Progress progress_;
  size_t num_rows_ = 0, num_pictures_ = 0;  // done
  size_t rows_without_ = 0;                 // with no picture
  std::vector<Json> sheet_rows_;
};

}  // namespace

bool run_draw(const DrawConfig& config, const DrawRun& run, const PictureLabelConfig& label, const LabelOptions& labels) {
  config.validate();
  if (run.output.empty()) throw UsageError("--output: missing");
  for (const auto& [option, side] : {std::pair{"--width", config.width}, {"--height", config.height}}) {
    if (side % 8 != 0) throw UsageError(concat(option, ": expected a multiple of 8, got ", side));
  }
  if (!run.save_latents.empty() && !run.source.products.empty()) {
    throw UsageError("--save-latents: expected --prompt or --attributes, as it holds the latents of one prompt");
  }
  check_file_arguments(kVerb, std::vector{run.source.products, run.material.image, run.material.mask, run.material.latents},
                       {{"--save-latents", run.save_latents}, {"--rejects", run.rejects}});
  return DrawJob(config, run, label, labels).draw_all();
}

}  // namespace vitrine::recipes
