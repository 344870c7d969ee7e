#include "recipes/run_draw.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>

#include "base/artefact.h"
#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "imagery/explicit_label.h"
#include "imagery/size_label.h"
#include "imagery/terminal_picture.h"
#include "recipes/contact_sheet.h"
#include "recipes/draw_row.h"
#include "recipes/inspection_totals.h"
#include "recipes/write_parts.h"
#include "text/utf8.h"

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
constexpr int64_t kPreviewColumns = 64;

std::string picture_name(size_t row, size_t index) {
  char name[64];
  std::snprintf(name, sizeof name, "%06zu-%zu.png", row + 1, index);
  return name;
}

/// Escape sequences are for a terminal, not for a file that standard error goes to.
bool shows_previews(const DrawRun& run) {
  if (!run.preview || ::isatty(STDERR_FILENO) == 1) return run.preview;
  log_warn("[draw] --preview: standard error is no terminal, nothing is shown");
  return false;
}

/// The rows of one run; see run_draw.
class DrawJob {
 public:
  DrawJob(const DrawConfig& config, const DrawRun& run, const PictureInspectorConfig& inspection, const PictureLabelConfig& label,
          const LabelOptions& labels)
      : config_(config),
        run_(run),
        inspection_(inspection),
        label_(label),
        context_(open_labels(labels, system_utc_clock())),
        place_(require_artefact_place(kVerb, run.output, kDrawKind, inputs(run))),
        inspector_(inspection, run.device),
        drawer_(config, run.material, run.dtype.empty() ? "float32" : run.dtype, run.device),
        tasks_(run.source, {.language = drawer_.language(), .background = background_colour(config)}, drawer_.tokenizer(), drawer_.max_tokens()),
        parts_(place_, settings(), {".jsonl"}, run.restart, kVerb),
        progress_(kVerb, total_steps(), "steps"),
        previews_(shows_previews(run)) {
    require_room_for_label(drawer_);
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
      while (const auto task = tasks_.next()) draw_task(*task);
    } catch (const Cancelled&) {
      throw Cancelled(concat("interrupted: ", what_is_kept()));
    }
    progress_.finish();
    report_findings();
    publish();
    if (inspection_.inspect) report_inspection();
    return rows_without_ == 0;
  }

 private:
  static std::vector<std::string> inputs(const DrawRun& run) {
    return {run.source.products, run.material.image, run.material.mask, run.material.latents};
  }

  /// Given noise gives the same picture again.
  int most_attempts() const { return inspection_.inspect && run_.material.latents.empty() ? inspection_.attempts : 1; }

  /// 0 = not known.
  uint64_t total_steps() const {
    const bool is_known = run_.source.products.empty() && most_attempts() == 1;
    return is_known ? static_cast<uint64_t>(drawer_.num_steps(config_.num_images_per_prompt)) : 0;
  }

  fs::path pictures() const { return parts_.folder() / kPictures; }

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
    settings["inspection"] = config_to_json(inspection_);
    settings["judges"] = inspector_.record();
    settings["label"] = config_to_json(label_);
    settings["producer"] = context_.producer;
    settings["program_version"] = program_version();
    return settings;
  }

  void draw_task(const DrawTask& task) {
    report_findings();
    const size_t row = num_rows_;
    if (const auto before = parts_.finished(row); before && pictures_are_there(*before)) {
      take_over(*before);
    } else {
      finish_row(row, task.error.empty() ? drawn(row, task) : empty_row(parts_of_row(), task));
    }
    ++num_rows_;
  }

  DrawWatch watch() {
    DrawWatch watch{[this] { progress_.advance(); }};
    if (previews_) watch.on_preview = [](const io::Picture& picture) { std::cerr << '\n' << imagery::terminal_picture(picture, kPreviewColumns); };
    return watch;
  }

  DrawParts parts_of_row() { return {config_, drawer_, inspector_, inspection_, label_, context_}; }

  /// The line of a row's candidates, whose pictures are in their place.
  Json drawn(size_t row, const DrawTask& task) {
    const bool keep_latents = !run_.save_latents.empty();
    const auto masters = draw_row(parts_of_row(), task, most_attempts(), keep_latents, [this](std::span<const PictureSeed>) { return watch(); });
    if (keep_latents) drawer_.save_latents(run_.save_latents, task.prompt, masters);
    return write_row(parts_of_row(), task, masters, {pictures(), concat(kPictures, "/"), [row](size_t index) { return picture_name(row, index); }});
  }

  bool pictures_are_there(const Json& line) const {
    return std::all_of(line["candidates"].begin(), line["candidates"].end(), [&](const Json& candidate) {
      const fs::path file = parts_.folder() / candidate["file"].get<std::string>();
      return fs::is_regular_file(file) && sha256_file(file) == candidate["file_sha256"].get<std::string>();
    });
  }

  void take_over(const Json& line) {
    progress_.skip(static_cast<uint64_t>(drawer_.num_steps(config_.num_images_per_prompt)));
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
    if (inspection_.inspect) {
      for (const Json& candidate : line["candidates"]) totals_.add(candidate);
    }
    if (sheet_rows_.size() < kSheetRows && !line["candidates"].empty()) sheet_rows_.push_back(line);
  }

  void report_findings() {
    for (const data::ImportEntry& finding : tasks_.take_findings()) {
      if (rejects_) rejects_->write(dump_line(data::to_json(finding)) + "\n");
      if (finding.severity == data::Severity::reject) log_warn(data::to_line(finding));
    }
  }

  void report_inspection() const {
    if (!run_.quiet) std::cerr << totals_.table();
    if (totals_.refused() > 0) {
      log_warn("[draw] 未通过质检 ", totals_.refused(), "/", totals_.pictures(), ": pictures that were not accepted within ", most_attempts(),
               most_attempts() == 1 ? " attempt" : " attempts", "; the best attempt of each is kept, marked with its defects in ", kCandidates);
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
    std::vector<std::vector<SheetPicture>> rows;
    for (const Json& line : sheet_rows_) {
      rows.emplace_back();
      for (const Json& candidate : line["candidates"]) {
        const auto label = imagery::size_label_named(candidate["size_label"].get<std::string>());
        rows.back().push_back({parts_.folder() / candidate["file"].get<std::string>(), *label});
      }
    }
    const io::Picture sheet = contact_sheet(rows);
    write_labelled_picture(folder / kSheet, sheet, {.fields = {{"version", program_version()}}, .parents = drawer_.parents(), .accepted = false}, label_, context_);
  }

  Json manifest() const {
    Json manifest = manifest_of(kDrawKind);
    manifest.update({{"settings", config_to_json(config_)},
                     {"record", drawer_.record()},
                     {"data", {{"sha256", tasks_.sha256()}}},
                     {"prompts", num_rows_},
                     {"pictures", num_pictures_}});
    if (inspection_.inspect) manifest["inspection"] = {{"settings", config_to_json(inspection_)}, {"judges", inspector_.record()}, {"totals", totals_.to_json()}};
    return manifest;
  }

  const DrawConfig& config_;
  const DrawRun& run_;
  const PictureInspectorConfig& inspection_;
  const PictureLabelConfig& label_;
  LabelContext context_;
  fs::path place_;
  PictureInspector inspector_;
  PictureDrawer drawer_;
  DrawTasks tasks_;
  WriteParts parts_;
  std::optional<OutputFile> rejects_;
  Progress progress_;
  bool previews_;
  size_t num_rows_ = 0, num_pictures_ = 0;  // done
  size_t rows_without_ = 0;                 // with no picture
  InspectionTotals totals_;
  std::vector<Json> sheet_rows_;
};

void require_options_that_fit(const DrawConfig& config, const DrawRun& run) {
  if (!run.material.mask.empty() && run.material.image.empty()) throw UsageError("--mask: expected --image with it");
  if (run.material.image.empty() && config.strength != DrawConfig().strength) {
    throw UsageError(concat("--strength: without effect without --image, got ", config.strength));
  }
  for (const auto& [option, text] : {std::pair{"--prompt", run.source.prompt}, {"--negative-prompt", config.negative_prompt}}) {
    if (!text::is_valid_utf8(text)) throw UsageError(concat(option, ": expected valid UTF-8"));
  }
}

}  // namespace

bool run_draw(const DrawConfig& config, const DrawRun& run, const PictureInspectorConfig& inspection, const PictureLabelConfig& label,
              const LabelOptions& labels) {
  config.validate();
  inspection.validate();
  require_options_that_fit(config, run);
  imagery::picture_wordings().allowed(label.wording);
  if (run.output.empty()) throw UsageError("--output: missing");
  for (const auto& [option, side] : {std::pair{"--width", config.width}, {"--height", config.height}}) {
    if (side % 8 != 0) throw UsageError(concat(option, ": expected a multiple of 8, got ", side));
  }
  if (!run.save_latents.empty() && !run.source.products.empty()) {
    throw UsageError("--save-latents: expected --prompt or --attributes, as it holds the latents of one prompt");
  }
  check_file_arguments(kVerb, std::vector{run.source.products, run.material.image, run.material.mask, run.material.latents},
                       {{"--save-latents", run.save_latents}, {"--rejects", run.rejects}});
  return DrawJob(config, run, inspection, label, labels).draw_all();
}

}  // namespace vitrine::recipes
