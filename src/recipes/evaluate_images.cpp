#include "recipes/evaluate_images.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/artefact.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/html_report.h"
#include "base/log.h"
#include "base/progress.h"
#include "diffusion/network_models.h"
#include "diffusion/pipeline.h"
#include "diffusion/prompt_encoder.h"
#include "diffusion/scheduler.h"
#include "eval/bootstrap.h"
#include "eval/kernel_distance.h"
#include "eval/retrieval.h"
#include "imagery/captions.h"
#include "imagery/clip_scorer.h"
#include "imagery/inspection.h"
#include "models/picture_tensor.h"
#include "models/probe/classifier.h"
#include "recipes/picture_learner.h"
#include "recipes/resample.h"
#include "train/picture_tensors.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerb = "evaluate images";
constexpr std::string_view kFiles[] = {"metrics.json", "report.html", kManifestName};
constexpr ArtefactKind kKind{"image-evaluation", kFiles};
constexpr int64_t kShownColumns = 12;

size_t class_idx(const models::ProbeClassifier& probe, const std::string& label) {
  const auto idx = probe.class_idx(label);
  VITRINE_REQUIRE(idx, "[evaluate images] class '", label, "' is none of the probe's");
  return *idx;
}

eval::FeatureRows rows_of(const at::Tensor& features) {
  return {features.size(0), features.size(1), {features.const_data_ptr<float>(), static_cast<size_t>(features.numel())}};
}

struct RealPictures {
  at::Tensor pictures;              // [N, 3, H, W] from -1 to 1
  std::vector<std::string> labels;  // [N]
  std::vector<std::string> classes;
};

RealPictures load_real(const fs::path& set, const train::PictureSize& size) {
  const train::PictureTensors loaded = train::load_pictures(train::picture_files(set / "validation"), size);
  RealPictures real{models::to_signed_unit(loaded.pixels), {}, {}};
  std::set<std::string> names;
  for (const fs::path& file : loaded.files) names.insert(real.labels.emplace_back(file.parent_path().filename().string()));
  real.classes.assign(names.begin(), names.end());
  return real;
}

/// One class in one colour.
struct Ask {
  std::string label, prompt;
  imagery::ColourName colour;
};

std::vector<Ask> asks_of(const std::vector<std::string>& classes, const EvaluateImagesConfig& config) {
  const imagery::CaptionWords words = imagery::CaptionWords::load();
  const auto language = config.language == "en" ? imagery::Language::en : imagery::Language::zh;
  std::vector<Ask> asks;
  for (const std::string& label : classes) {
    for (const std::string& name : config.colours) {
      const auto colour = imagery::colour_name(name);
      VITRINE_REQUIRE(colour, "[evaluate images] colours: '", name, "' is no colour name");
      const imagery::CaptionFacts facts{.label = label, .colour = *colour, .pattern = imagery::Pattern::plain, .background = imagery::ColourName::white};
      asks.push_back({label, imagery::join_words(words.words(facts, language), language), *colour});
    }
  }
  return asks;
}

struct Judges {
  models::ProbeClassifier probe;
  std::unique_ptr<imagery::PairScorer> clip, judge;
};

/// What a model drew; those of a prompt behind each other.
struct DrawnSet {
  at::Tensor pictures;                     // [N, 3, H, W]: the first attempts
  std::vector<double> accepted, attempts;  // [N]: after refused pictures were drawn anew
};

std::vector<imagery::Inspection> inspect(std::span<const DrawnPicture> drawn, const Ask& ask, const models::ProbeClassifier& probe) {
  std::vector<at::Tensor> pixels;
  for (const DrawnPicture& one : drawn) pixels.push_back(models::to_signed_unit(models::to_tensor(one.picture)));
  const at::Tensor probabilities = probe.look(at::stack(pixels)).probabilities;
  const auto wanted = static_cast<int64_t>(class_idx(probe, ask.label));
  std::vector<imagery::Inspection> inspections;
  for (size_t i = 0; i < drawn.size(); ++i) {
    const double probability = probabilities[static_cast<int64_t>(i)][wanted].item<double>();
    inspections.push_back(imagery::inspect_picture(drawn[i].picture, {.colour = ask.colour, .class_probability = probability}));
  }
  return inspections;
}

DrawnSet draw_all(const LoadedModel& model, const std::vector<Ask>& asks, const train::PictureSize& size, const Judges& judges, const EvaluateImagesConfig& config) {
  const models::SdSettings& settings = model.files.settings;
  diffusion::NetworkModels networks({.text_encoder = model.parts.text_encoder, .unet_config = settings.unet, .unet = model.parts.unet,
                                     .vae_config = settings.vae, .vae = model.parts.vae, .device = model.device});
  diffusion::PromptEncoder encoder(networks, *model.tokenizer, model.parts.text_encoder.max_tokens());
  const auto scheduler = diffusion::make_noise_scheduler(
      diffusion::scheduler_config_from_json(settings.scheduler, model.files.path.string(), diffusion::scheduler_kind(config.scheduler)));
  const diffusion::SamplingConfig sampling{.width = size.width, .height = size.height, .num_inference_steps = config.num_inference_steps,
                                           .guidance_scale = config.guidance_scale};
  DrawnSet set;
  std::vector<at::Tensor> first;
  Progress bar("pictures", asks.size() * static_cast<size_t>(config.pictures), "pictures");
  for (size_t a = 0; a < asks.size(); ++a) {
    const diffusion::PromptStates states = encoder.encode(asks[a].prompt, "");
    const auto draw = [&](std::span<const PictureSeed> seeds) {
      diffusion::SamplingRequest request;
      request.states = states;
      for (const PictureSeed& seed : seeds) request.noise.emplace_back(seed.seed, seed.index);
      const at::Tensor decoded = diffusion::decode_pictures(networks, diffusion::sample_latents(networks, *scheduler, request, sampling), /*tiling=*/false);
      if (first.size() == a) first.push_back(decoded);
      std::vector<DrawnPicture> drawn;
      for (int64_t i = 0; i < decoded.size(0); ++i) drawn.push_back({models::to_picture(decoded[i]), {}});
      return drawn;
    };
    const ResampleRequest request{.seed = static_cast<uint64_t>(config.seed), .first_index = static_cast<int64_t>(a) * config.pictures, .count = config.pictures,
                                  .attempts = config.attempts};
    for (const Resampled& picture : draw_until_accepted(request, draw, [&](auto drawn) { return inspect(drawn, asks[a], judges.probe); })) {
      set.accepted.push_back(picture.inspection.accepted() ? 1 : 0);
      set.attempts.push_back(picture.attempts);
    }
    bar.advance(static_cast<uint64_t>(config.pictures));
  }
  set.pictures = at::cat(first);
  return set;
}

/// What is measured of each picture of a model; [N] each.
struct Measured {
  std::vector<double> category, colour, available, clip, judge;
  std::vector<double> available_after, attempts;  // with refused pictures drawn anew
  std::map<std::string, int> defects;
};

struct Row {
  std::string name;
  Measured measured;
  eval::KernelDistance distance;
  double spread = 0;  // mean distance between pictures of one prompt
  at::Tensor pictures;
};

std::vector<double> clip_scores(imagery::PairScorer* scorer, const std::vector<io::Picture>& pictures, const std::vector<std::string>& prompts) {
  std::vector<double> scores;
  if (scorer == nullptr) return scores;
  for (const double cosine : scorer->score(pictures, prompts)) scores.push_back(eval::clip_score(cosine));
  return scores;
}

double spread_of(const at::Tensor& features, int64_t per_prompt) {
  if (per_prompt < 2) return 0;
  double sum = 0;
  const int64_t prompts = features.size(0) / per_prompt;
  for (int64_t p = 0; p < prompts; ++p) sum += eval::mean_pair_distance(rows_of(features.narrow(0, p * per_prompt, per_prompt).contiguous()));
  return sum / static_cast<double>(prompts);
}

Row measure(const std::string& name, const DrawnSet& set, const std::vector<Ask>& asks, const Judges& judges, const at::Tensor& real_features,
            const EvaluateImagesConfig& config) {
  const at::Tensor& drawn = set.pictures;
  Row row{name, {}, {}, 0, drawn};
  row.measured.available_after = set.accepted;
  row.measured.attempts = set.attempts;
  const models::ProbeView seen = judges.probe.look(drawn);
  std::vector<io::Picture> pictures;
  std::vector<std::string> prompts;
  for (int64_t i = 0; i < drawn.size(0); ++i) {
    const Ask& ask = asks[static_cast<size_t>(i / config.pictures)];
    const auto wanted = static_cast<int64_t>(class_idx(judges.probe, ask.label));
    pictures.push_back(models::to_picture(drawn[i]));
    prompts.push_back(ask.prompt);
    const imagery::Inspection inspection =
        imagery::inspect_picture(pictures.back(), {.colour = ask.colour, .class_probability = seen.probabilities[i][wanted].item<double>()});
    row.measured.category.push_back(seen.probabilities[i].argmax().item<int64_t>() == wanted ? 1 : 0);
    row.measured.colour.push_back(inspection.traits.garment.name == ask.colour ? 1 : 0);
    row.measured.available.push_back(inspection.accepted() ? 1 : 0);
    for (const imagery::Finding& finding : inspection.findings) ++row.measured.defects[std::string(imagery::english(finding.defect))];
  }
  row.measured.clip = clip_scores(judges.clip.get(), pictures, prompts);
  row.measured.judge = clip_scores(judges.judge.get(), pictures, prompts);
  row.distance = eval::kernel_distance(rows_of(seen.features), rows_of(real_features), {.seed = static_cast<uint64_t>(config.seed)});
  row.spread = spread_of(seen.features, config.pictures);
  return row;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/// {"mean", "low", "high", "n"}: over prompts, all pictures of a prompt together.
Json interval_json(const std::vector<double>& values, const eval::Bootstrap& bootstrap) {
  if (values.empty()) return nullptr;
  const eval::Interval interval = bootstrap.mean(values);
  return {{"mean", mean(values)}, {"low", interval.low}, {"high", interval.high}, {"n", values.size()}};
}

Json row_json(const Row& row, const eval::Bootstrap& bootstrap) {
  return {{"name", row.name},
          {"category_accuracy", interval_json(row.measured.category, bootstrap)},
          {"colour_accuracy", interval_json(row.measured.colour, bootstrap)},
          {"availability", interval_json(row.measured.available, bootstrap)},
          {"availability_after", interval_json(row.measured.available_after, bootstrap)},
          {"mean_attempts", mean(row.measured.attempts)},
          {"defects", row.measured.defects},
          {"clip_score", interval_json(row.measured.clip, bootstrap)},
          {"judge_clip_score", interval_json(row.measured.judge, bootstrap)},
          {"kid", {{"mean", row.distance.mean}, {"deviation", row.distance.deviation}, {"subset_size", row.distance.subset_size},
                   {"n", row.distance.n_first}, {"n_real", row.distance.n_second}}},
          {"spread", row.spread}};
}

std::string cell(const Json& value, double factor) {
  if (value.is_null()) return "–";
  return concat(format_number(factor * value["mean"].get<double>()), " [", format_number(factor * value["low"].get<double>()), ", ",
                format_number(factor * value["high"].get<double>()), "]");
}

std::string report_page(const Json& metrics, const std::vector<Row>& rows, const EvaluateImagesConfig& config) {
  HtmlReport page("图片评测");
  page.heading("指标");
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : metrics["models"]) {
    cells.push_back({row["name"], cell(row["category_accuracy"], 100), cell(row["colour_accuracy"], 100), cell(row["availability"], 100), cell(row["availability_after"], 100), format_number(row["mean_attempts"]), cell(row["clip_score"], 1),
                     cell(row["judge_clip_score"], 1), concat(format_number(row["kid"]["mean"]), " ± ", format_number(row["kid"]["deviation"])),
                     format_number(row["spread"])});
  }
  page.table({"模型", "品类正确 %", "颜色正确 %", "可用率 %", "重抽后可用率 %", "平均次数", "CLIPScore", "CLIPScore（旁证）", "KID", "同提示差异"}, cells);
  page.paragraph(concat("每个模型 ", metrics["prompts"].get<size_t>(), " 个提示 × ", config.pictures, " 张；方括号内为按提示重抽样的 95 % 区间。分类器在真实照片上的正确率：",
                        format_number(100 * metrics["probe"]["accuracy"].get<double>()), " %（", metrics["probe"]["n"].get<int>(), " 张）。"));
  for (const Row& row : rows) {
    page.heading(row.name);
    const std::string png = models::grid_png(row.pictures, kShownColumns);
    page.raw(concat("<img alt=\"pictures\" style=\"max-width:100%\" src=\"", data_uri("image/png", png), "\">"));
  }
  page.heading("设置");
  page.raw_text("settings", dump_pretty(config_to_json(config)));
  return page.html();
}

/// "NAME=DIR" or "DIR".
std::pair<std::string, std::string> name_and_dir(const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos) return {fs::path(text).filename().string(), text};
  return {text.substr(0, at), text.substr(at + 1)};
}

train::PictureSize size_of(const EvaluateImagesConfig& config, const models::ProbeClassifier& probe) {
  constexpr int64_t kStep = 16;
  const auto rounded = [&](int64_t side) { return std::max<int64_t>(kStep, (side + kStep / 2) / kStep * kStep); };
  // The ratio of the probe's pictures, with a shorter side of 128.
  const double scale = 128.0 / static_cast<double>(std::min(probe.config().width, probe.config().height));
  const auto scaled = [&](int64_t side) { return rounded(static_cast<int64_t>(scale * static_cast<double>(side))); };
  return {config.width > 0 ? config.width : scaled(probe.config().width), config.height > 0 ? config.height : scaled(probe.config().height)};
}

double probe_accuracy(const models::ProbeView& seen, const RealPictures& real, const models::ProbeClassifier& probe) {
  int right = 0;
  for (size_t i = 0; i < real.labels.size(); ++i) {
    const auto best = static_cast<size_t>(seen.probabilities[static_cast<int64_t>(i)].argmax().item<int64_t>());
    right += best == class_idx(probe, real.labels[i]) ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(real.labels.size());
}

std::unique_ptr<imagery::PairScorer> load_scorer(const std::string& dir, const std::string& device) {
  if (dir.empty()) return nullptr;
  return imagery::load_clip_scorer(dir, {.device = device});
}

std::vector<uint32_t> prompt_of_each(size_t prompts, int64_t pictures) {
  std::vector<uint32_t> groups;
  for (size_t p = 0; p < prompts; ++p) groups.insert(groups.end(), static_cast<size_t>(pictures), static_cast<uint32_t>(p));
  return groups;
}

}  // namespace

void EvaluateImagesConfig::validate() const {
  check_config(*this, kVerb);
  VITRINE_REQUIRE(!model.empty(), "[evaluate images] model: no Stable Diffusion directory given");
  VITRINE_REQUIRE(!probe.empty(), "[evaluate images] probe: no directory of train probe given");
  VITRINE_REQUIRE(!colours.empty(), "[evaluate images] colours: none given");
}

void evaluate_images(const fs::path& set, const std::string& output, const EvaluateImagesConfig& config, const std::string& device) {
  config.validate();
  const fs::path place = require_artefact_place(kVerb, output, kKind);
  const Judges judges{models::ProbeClassifier(config.probe), load_scorer(config.clip, device), load_scorer(config.judge, device)};
  const train::PictureSize size = size_of(config, judges.probe);
  const RealPictures real = load_real(set, size);
  const models::ProbeView real_seen = judges.probe.look(real.pictures);
  const std::vector<Ask> asks = asks_of(real.classes, config);
  const std::vector<uint32_t> groups = prompt_of_each(asks.size(), config.pictures);
  const eval::Bootstrap bootstrap(groups, {.resamples = static_cast<int>(config.resamples), .seed = static_cast<uint64_t>(config.seed)});
  Json metrics = {{"probe", {{"accuracy", probe_accuracy(real_seen, real, judges.probe)}, {"n", real.labels.size()}}},
                  {"prompts", asks.size()}, {"pictures_per_prompt", config.pictures}, {"width", size.width}, {"height", size.height}, {"models", Json::array()}};
  log_info("probe: ", metrics["probe"]["accuracy"].get<double>(), " of ", real.labels.size(), " real pictures");
  std::vector<Row> rows;
  for (const std::string& text : config.model) {
    const auto [name, dir] = name_and_dir(text);
    const auto model = load_model_to_tune(dir, config.dtype, at::Device(device));
    rows.push_back(measure(name, draw_all(*model, asks, size, judges, config), asks, judges, real_seen.features, config));
    metrics["models"].push_back(row_json(rows.back(), bootstrap));
    metrics["models"].back()["sha256"] = Json(model->sha256);
    log_info(name, ": category ", cell(metrics["models"].back()["category_accuracy"], 100), " %, colour ", cell(metrics["models"].back()["colour_accuracy"], 100),
             " %, available ", cell(metrics["models"].back()["availability"], 100), " %, with refused ones drawn anew ",
             cell(metrics["models"].back()["availability_after"], 100), " %");
  }
  ArtefactFolder folder(place, kKind);
  write_file_atomic(folder.path() / "metrics.json", dump_pretty(metrics));
  write_file_atomic(folder.path() / "report.html", report_page(metrics, rows, config));
  Json manifest = manifest_of(kKind);
  manifest["settings"] = config_to_json(config);
  write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest));
  folder.commit();
  log_info("saved ", output);
}

}  // namespace vitrine::recipes
