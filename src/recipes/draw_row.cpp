#include "recipes/draw_row.h"

#include <algorithm>

#include "base/error.h"
#include "base/random.h"
#include "base/version.h"
#include "imagery/size_label.h"
#include "io/picture_resize.h"

namespace vitrine::recipes {
namespace {

Json inspection_fields(const Resampled& picture) {
  Json first = Json::array(), defects = Json::array();
  for (const imagery::Finding& finding : picture.first_findings) first.push_back(imagery::english(finding.defect));
  for (const imagery::Finding& finding : picture.inspection.findings) {
    defects.push_back({{"defect", imagery::english(finding.defect)}, {"value", finding.value}, {"limit", finding.limit}});
  }
  return {{"attempts", picture.attempts}, {"kept_attempt", picture.kept_attempt}, {"accepted", picture.inspection.accepted()},
          {"defects", std::move(defects)}, {"first_defects", std::move(first)}};
}

PictureRecord record_of(const DrawParts& parts, const DrawTask& task, const Resampled& picture) {
  PictureRecord record;
  record.fields = parts.drawer.record();
  record.fields["prompt"] = task.prompt;
  record.fields["seed"] = picture.seed.seed;
  record.fields["index"] = picture.seed.index;
  record.fields["version"] = program_version();
  if (!task.product_id.empty()) record.fields["product"] = task.product_id;
  record.accepted = parts.inspection.inspect && picture.inspection.accepted();
  if (parts.inspection.inspect) record.fields["inspection"] = inspection_fields(picture);
  record.parents = parts.drawer.parents();
  return record;
}

Json candidate_of(const DrawParts& parts, const Resampled& master, const WrittenPicture& written, size_t index, const std::string& file) {
  Json candidate = {{"index", index}, {"kind", "image"}, {"file", file},
                    {"file_sha256", written.file_sha256}, {"width", written.width}, {"height", written.height}};
  if (!written.produce_id.empty()) candidate["produce_id"] = written.produce_id;
  candidate["size_label"] = imagery::english(written.size_label);
  candidate["seed"] = master.seed.seed;
  if (parts.inspection.inspect) candidate.update(inspection_fields(master));
  return candidate;
}

}  // namespace

uint64_t row_seed(const DrawTask& task, int64_t seed) {
  const auto plain = static_cast<uint64_t>(seed);
  return task.product_id.empty() ? plain : RandomKey(plain).fold_in(task.product_id).bits(0) >> 1;
}

std::vector<Resampled> draw_row(const DrawParts& parts, const DrawTask& task, int attempts, bool keep_latents,
                                const std::function<DrawWatch(std::span<const PictureSeed>)>& watch_for) {
  const auto draw = [&](std::span<const PictureSeed> seeds) { return parts.drawer.draw(task.prompt, seeds, keep_latents, watch_for(seeds)); };
  InspectPictures inspect;
  if (parts.inspection.inspect) inspect = [&](std::span<const DrawnPicture> drawn) { return parts.inspector.inspect(drawn, task.asked); };
  return draw_until_accepted({.seed = row_seed(task, parts.config.seed), .count = parts.config.num_images_per_prompt, .attempts = attempts}, draw, inspect);
}

Json write_row(const DrawParts& parts, const DrawTask& task, std::span<const Resampled> pictures, const DrawnPlace& place) {
  std::vector<PictureToWrite> files;
  for (size_t i = 0; i < pictures.size(); ++i) {
    files.push_back({place.folder / place.name(i), &pictures[i].drawn.picture, record_of(parts, task, pictures[i])});
  }
  Json line = empty_row(parts, task);
  const auto written = write_labelled_pictures(files, parts.label, parts.labels);
  for (size_t i = 0; i < written.size(); ++i) {
    line["candidates"].push_back(candidate_of(parts, pictures[i], written[i], i, place.link + place.name(i)));
  }
  return line;
}

void write_thumbnail(const DrawParts& parts, const DrawTask& task, const Resampled& picture, const std::string& parent, int64_t side,
                     const std::filesystem::path& file) {
  const io::Picture& large = picture.drawn.picture;
  const int64_t longest = std::max(large.width, large.height);
  const io::Picture small = io::resize(large, large.width * side / longest, large.height * side / longest);
  PictureRecord record = record_of(parts, task, picture);
  record.fields["resized_from"] = {large.width, large.height};
  if (!parent.empty()) record.parents.push_back(parent);
  write_labelled_picture(file, small, record, parts.label, parts.labels);
}

Json empty_row(const DrawParts& parts, const DrawTask& task) {
  Json line = {{"id", task.id}};
  if (!task.error.empty()) {
    line.update({{"candidates", Json::array()}, {"error", task.error}});
    return line;
  }
  line.update({{"prompt", task.prompt}, {"negative_prompt", parts.config.negative_prompt}});
  if (!task.unknown.empty()) line["unknown"] = task.unknown;
  if (!task.cut.empty()) line["cut"] = task.cut;
  if (parts.inspection.inspect) line["asked"] = {{"classes", task.asked.classes}, {"colour", task.asked.colour ? Json(imagery::english(*task.asked.colour)) : Json()}};
  line.update({{"candidates", Json::array()}, {"seed", row_seed(task, parts.config.seed)}, {"model_sha256", parts.drawer.record()["model"]["sha256"]}});
  return line;
}

void require_room_for_label(const PictureDrawer& drawer) {
  const int64_t side = std::min(drawer.width(), drawer.height());
  VITRINE_REQUIRE(side >= imagery::kMinLabelledSide, "[draw] LBL_TOO_SMALL: pictures of ", drawer.width(), "x", drawer.height(),
                  " cannot hold a legible label: expected sides of at least ", imagery::kMinLabelledSide);
}

}  // namespace vitrine::recipes
