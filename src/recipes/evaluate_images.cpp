#include "recipes/evaluate_images.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/artefact.h"
#include "base/base64.h"
#include "base/error.h"
#include "base/file.h"
#include "base/html_report.h"
#include "base/log.h"
#include "base/progress.h"
#include "diffusion/scheduler_config.h"
#include "eval/bootstrap.h"
#include "eval/kernel_distance.h"
#include "eval/retrieval.h"
#include "imagery/captions.h"
#include "imagery/inspection.h"
#include "models/lora/lora_file.h"
#include "models/lora/merged_tensors.h"
#include "models/picture_tensor.h"
#include "models/probe/classifier.h"
#include "recipes/general_prompts.h"
#include "recipes/interval_json.h"
#include "recipes/picture_judges.h"
#include "recipes/picture_learner.h"
#include "recipes/picture_model.h"
#include "recipes/picture_tokenizer.h"
#include "recipes/prompt_drawer.h"
#include "recipes/resample.h"
#include "train/picture_tensors.h"
#include "train/text_drift.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVerb = "evaluate images";
constexpr std::string_view kFiles[] = {"metrics.json", "report.html", kManifestName};
constexpr ArtefactKind kKind{"image-evaluation", kFiles};
constexpr int64_t kShownColumns = 12;

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

/// A model as --model names it: a directory, maybe with an adapter.
struct NamedModel {
  std::string name, dir, lora;
};

/// The last part of a path, also of one that ends in "/".
std::string last_name(const fs::path& path) { return (path.has_filename() ? path : path.parent_path()).filename().string(); }

/// "DIR", "NAME=DIR" or "NAME=DIR+LORA"; a plus sign is part of DIR where such a folder is there.
NamedModel named_model(const std::string& text) {
  const size_t equal = text.find('=');
  NamedModel model{"", equal == std::string::npos ? text : text.substr(equal + 1), ""};
  const size_t plus = model.dir.rfind('+');
  if (plus != std::string::npos && !fs::exists(model.dir)) {
    model.lora = model.dir.substr(plus + 1);
    model.dir.resize(plus);
  }
  model.name = equal == std::string::npos ? last_name(text) : text.substr(0, equal);
  return model;
}

/// All of --model, before the first is loaded and drawn with: names that tell rows of the table apart, models and adapters that can be opened.
std::vector<NamedModel> named_models(const std::vector<std::string>& texts) {
  std::vector<NamedModel> models;
  std::set<std::string> names;
  for (const std::string& text : texts) {
    models.push_back(named_model(text));
    const NamedModel& model = models.back();
    if (model.name.empty()) throw UsageError(concat("[", kVerb, "] --model: expected a name before '=', got ", text));
    if (!names.insert(model.name).second) throw UsageError(concat("[", kVerb, "] --model: two models are named ", model.name, "; give names: NAME=DIR"));
    const models::StableDiffusionFiles files = models::open_stable_diffusion(find_picture_model(model.dir));
    load_picture_tokenizer(files);
    if (!model.lora.empty()) models::read_lora(model.lora, models::LoraTargets(files.settings));
  }
  return models;
}

/// What a model drew; those of a prompt behind each other.
struct DrawnSet {
  at::Tensor pictures, probabilities, features;  // [N, 3, H, W], [N, classes], [N, F]: the first attempts, and what the probe sees in them
  std::vector<imagery::Inspection> inspections;  // [N], of the same
  std::vector<double> accepted, attempts;        // [N]: after refused pictures were drawn anew
};

int64_t known_class(const models::ProbeClassifier& probe, const std::string& label) {
  const auto idx = probe.class_idx(label);
  VITRINE_REQUIRE(idx, "[evaluate images] class '", label, "' is none of the probe's");
  return static_cast<int64_t>(*idx);
}

std::vector<imagery::Inspection> inspect(std::span<const DrawnPicture> drawn, const PicturePrompt& ask, const models::ProbeView& seen, int64_t wanted) {
  const at::Tensor probabilities = seen.probabilities.select(1, wanted);
  std::vector<imagery::Inspection> inspections;
  for (size_t i = 0; i < drawn.size(); ++i) {
    const double probability = probabilities[static_cast<int64_t>(i)].item<double>();
    inspections.push_back(imagery::inspect_picture(drawn[i].picture, {.colour = ask.facts.colour, .class_probability = probability}));
  }
  return inspections;
}

/// A model with its adapter merged.
class AdaptedModel {
 public:
  AdaptedModel(const NamedModel& named, const std::string& dtype, const at::Device& device) : model_(load_model_to_tune(named.dir, dtype, device)) {
    if (named.lora.empty()) return;
    const models::LoraFile lora = models::read_lora(named.lora, models::LoraTargets(model_->files.settings));
    models::warn_of_other_base(lora, model_->files);
    const models::WeightedLora weighted{&lora};
    unet_.set_adapters({&weighted, 1});
    text_.set_adapters({&weighted, 1});
  }

  const LoadedModel& model() const { return *model_; }
  const nn::TensorSource& text() const { return text_; }
  diffusion::Networks networks() const {
    if (unet_.num_merged() + text_.num_merged() == 0) return networks_of(*model_);  // with the layouts that plain tensors keep
    return {.text_encoder = model_->parts.text_encoder, .unet_config = model_->files.settings.unet, .unet = unet_, .vae_config = model_->files.settings.vae,
            .vae = model_->parts.vae, .device = model_->device, .adapted_text = &text_};
  }

 private:
  std::unique_ptr<LoadedModel> model_;
  models::MergedTensors unet_{model_->parts.unet, models::SdPart::unet};
  models::MergedTensors text_{model_->parts.text_encoder.tensors().source(), models::SdPart::text_encoder};
};

DrawnSet draw_all(const AdaptedModel& adapted, const std::vector<PicturePrompt>& asks, const train::PictureSize& size, const models::ProbeClassifier& probe,
                  const EvaluateImagesConfig& config) {
  const LoadedModel& model = adapted.model();
  PromptDrawer drawer(adapted.networks(), *model.tokenizer,
                      diffusion::scheduler_config_from_json(model.files.settings.scheduler, model.files.path.string(), diffusion::scheduler_kind(config.scheduler)),
                      {.width = size.width, .height = size.height, .num_inference_steps = config.num_inference_steps, .guidance_scale = config.guidance_scale});
  DrawnSet set;
  std::vector<at::Tensor> first, probabilities, features;
  Progress bar("pictures", asks.size() * static_cast<size_t>(config.pictures), "pictures");
  for (size_t a = 0; a < asks.size(); ++a) {
    models::ProbeView seen;  // of the attempt that was drawn last
    const auto draw = [&](std::span<const PictureSeed> seeds) {
      const at::Tensor pictures = drawer.pictures(drawer.latents(asks[a].text, seeds));
      seen = probe.look(pictures);
      if (first.size() == a) {
        first.push_back(pictures);
        probabilities.push_back(seen.probabilities);
        features.push_back(seen.features);
      }
      std::vector<DrawnPicture> drawn;
      for (int64_t i = 0; i < pictures.size(0); ++i) drawn.push_back({models::to_picture(pictures[i]), {}});
      return drawn;
    };
    const auto inspect_drawn = [&](std::span<const DrawnPicture> drawn) {
      std::vector<imagery::Inspection> inspections = inspect(drawn, asks[a], seen, known_class(probe, asks[a].facts.label));
      if (set.inspections.size() == a * static_cast<size_t>(config.pictures)) set.inspections.insert(set.inspections.end(), inspections.begin(), inspections.end());
      return inspections;
    };
    const ResampleRequest request{.seed = static_cast<uint64_t>(config.seed), .first_index = static_cast<int64_t>(a) * config.pictures, .count = config.pictures,
                                  .attempts = config.attempts};
    for (const Resampled& picture : draw_until_accepted(request, draw, inspect_drawn)) {
      set.accepted.push_back(picture.inspection.accepted() ? 1 : 0);
      set.attempts.push_back(picture.attempts);
    }
    bar.advance(static_cast<uint64_t>(config.pictures));
  }
  set.pictures = at::cat(first);
  set.probabilities = at::cat(probabilities);
  set.features = at::cat(features);
  return set;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
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
  std::optional<eval::RetrievalReport> retrieval;  // prompts as texts
  std::optional<double> likeness;  // of the text states to those of the first model
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

/// How well the CLIP finds the pictures of each prompt among all, and the prompt of each picture. A picture has one right prompt and a prompt several
/// right pictures, so pictures are asked as eval::retrieval asks texts.
std::optional<eval::RetrievalReport> retrieval_of(imagery::PairScorer* scorer, const std::vector<io::Picture>& pictures, const std::vector<PicturePrompt>& asks) {
  if (scorer == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const PicturePrompt& ask : asks) texts.push_back(ask.text);
  const auto P = static_cast<int64_t>(texts.size()), N = static_cast<int64_t>(pictures.size());
  const std::vector<float> similarities = scorer->similarities(pictures, texts);  // [P, N]
  std::vector<float> of_pictures;                                                 // [N, P]
  std::vector<int64_t> prompt_of_picture;
  for (int64_t n = 0; n < N; ++n) {
    prompt_of_picture.push_back(n * P / N);
    for (int64_t p = 0; p < P; ++p) of_pictures.push_back(similarities[static_cast<size_t>(p * N + n)]);
  }
  const eval::RetrievalReport swapped = eval::retrieval(of_pictures, prompt_of_picture, P);
  return eval::RetrievalReport{P, N, swapped.picture_to_text, swapped.text_to_picture};
}

struct Judges {
  models::ProbeClassifier probe;
  std::unique_ptr<imagery::PairScorer> clip, judge;
};

Row measure(const std::string& name, const DrawnSet& set, const std::vector<PicturePrompt>& asks, const Judges& judges, const at::Tensor& real_features,
            const EvaluateImagesConfig& config) {
  const at::Tensor& drawn = set.pictures;
  Row row{name, {}, {}, 0, {}, {}, drawn};
  row.measured.available_after = set.accepted;
  row.measured.attempts = set.attempts;
  std::vector<io::Picture> pictures;
  std::vector<std::string> prompts;
  for (int64_t i = 0; i < drawn.size(0); ++i) {
    const PicturePrompt& ask = asks[static_cast<size_t>(i / config.pictures)];
    const int64_t wanted = known_class(judges.probe, ask.facts.label);
    pictures.push_back(models::to_picture(drawn[i]));
    prompts.push_back(ask.text);
    const imagery::Inspection& inspection = set.inspections[static_cast<size_t>(i)];
    row.measured.category.push_back(set.probabilities[i].argmax().item<int64_t>() == wanted ? 1 : 0);
    row.measured.colour.push_back(inspection.traits.garment.name == ask.facts.colour ? 1 : 0);
    row.measured.available.push_back(inspection.accepted() ? 1 : 0);
    for (const imagery::Finding& finding : inspection.findings) ++row.measured.defects[std::string(imagery::english(finding.defect))];
  }
  row.measured.clip = clip_scores(judges.clip.get(), pictures, prompts);
  row.measured.judge = clip_scores(judges.judge.get(), pictures, prompts);
  row.retrieval = retrieval_of(judges.clip.get(), pictures, asks);
  row.distance = eval::kernel_distance(rows_of(set.features), rows_of(real_features), {.seed = static_cast<uint64_t>(config.seed)});
  row.spread = spread_of(set.features, config.pictures);
  return row;
}

Json recall_json(const eval::Recall& recall) { return {{"r1", recall.at_1}, {"r5", recall.at_5}, {"r10", recall.at_10}}; }

/// Both ways; null without a CLIP.
Json retrieval_json(const std::optional<eval::RetrievalReport>& report) {
  if (!report) return nullptr;
  return {{"prompts", report->num_texts}, {"pictures", report->num_pictures}, {"caption_to_picture", recall_json(report->text_to_picture)},
          {"picture_to_caption", recall_json(report->picture_to_text)}};
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
          {"spread", row.spread},
          {"retrieval", retrieval_json(row.retrieval)},
          {"likeness_to_first", row.likeness ? Json(*row.likeness) : Json()}};
}

/// "12.5 / 40 / 66.7": at 1, 5 and 10, in percent.
std::string recall_cell(const Json& retrieval, const char* direction) {
  if (retrieval.is_null()) return "–";
  const Json& recall = retrieval[direction];
  return concat(format_number(100 * recall["r1"].get<double>()), " / ", format_number(100 * recall["r5"].get<double>()), " / ",
                format_number(100 * recall["r10"].get<double>()));
}

std::string report_page(const Json& metrics, const std::vector<Row>& rows, const EvaluateImagesConfig& config) {
  HtmlReport page("图片评测");
  page.heading("指标");
  std::vector<std::vector<std::string>> cells;
  for (const Json& row : metrics["models"]) {
    cells.push_back({row["name"], interval_cell(row["category_accuracy"], 100), interval_cell(row["colour_accuracy"], 100), interval_cell(row["availability"], 100),
                     interval_cell(row["availability_after"], 100), format_number(row["mean_attempts"]), interval_cell(row["clip_score"], 1),
                     interval_cell(row["judge_clip_score"], 1), concat(format_number(row["kid"]["mean"]), " ± ", format_number(row["kid"]["deviation"])),
                     format_number(row["spread"]), recall_cell(row["retrieval"], "caption_to_picture"), recall_cell(row["retrieval"], "picture_to_caption"),
                     row["likeness_to_first"].is_null() ? "–" : format_number(row["likeness_to_first"])});
  }
  page.table({"模型", "品类正确 %", "颜色正确 %", "可用率 %", "重抽后可用率 %", "平均次数", "CLIPScore", "CLIPScore（旁证）", "KID", "同提示差异", "提示→图 R@1/5/10 %", "图→提示 R@1/5/10 %", "文本与首个模型的相似"}, cells);
  page.paragraph(concat("每个模型 ", metrics["prompts"].get<size_t>(), " 个提示 × ", config.pictures, " 张；方括号内为按提示重抽样的 95 % 区间。分类器在真实照片上的正确率：",
                        format_number(100 * metrics["probe"]["accuracy"].get<double>()), " %（", metrics["probe"]["n"].get<int>(), " 张）。"));
  page.paragraph("R@k：CLIP 在全部生成图片中由提示找到它的图片（同一提示的任意一张即可），以及由图片找到它的提示；并列算错。最后一列：通用提示（rules/pictures/general_prompts.txt）上文本状态与首个模型的平均余弦。");
  for (const Row& row : rows) {
    page.heading(row.name);
    const std::string png = models::grid_png(row.pictures, kShownColumns);
    page.raw(concat("<img alt=\"pictures\" style=\"max-width:100%\" src=\"", data_uri("image/png", png), "\">"));
  }
  page.heading("设置");
  page.raw_text("settings", dump_pretty(config_to_json(config)));
  return page.html();
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
    right += best == static_cast<size_t>(known_class(probe, real.labels[i])) ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(real.labels.size());
}

/// Nothing where the states have other shapes, as those of another kind of text encoder have.
std::optional<double> likeness_of(const at::Tensor& states, const at::Tensor& first) {
  if (states.sizes() != first.sizes()) return std::nullopt;
  return train::state_likeness(states, first).item<double>();
}

std::string known_colours() {
  std::string words;
  for (size_t i = 0; i < imagery::kColourNames; ++i) words += concat(i == 0 ? "" : ", ", imagery::english(static_cast<imagery::ColourName>(i)));
  return words;
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
  for (const std::string& colour : colours) {
    if (!imagery::colour_name(colour)) throw UsageError(concat("[evaluate images] --colours: expected ", known_colours(), "; '", colour, "' is no colour name"));
  }
}

void evaluate_images(const fs::path& set, const std::string& output, const EvaluateImagesConfig& config, const std::string& device) {
  config.validate();
  const fs::path place = require_artefact_place(kVerb, output, kKind);
  const std::vector<NamedModel> models = named_models(config.model);
  const Judges judges{models::ProbeClassifier(config.probe), load_scorer(config.clip, device), load_scorer(config.judge, device)};
  const train::PictureSize size = size_of(config, judges.probe);
  const RealPictures real = load_real(set, size);
  const models::ProbeView real_seen = judges.probe.look(real.pictures);
  const auto language = config.language == "en" ? imagery::Language::en : imagery::Language::zh;
  const std::vector<PicturePrompt> asks = prompts_of_classes(imagery::CaptionWords::load(), real.classes, config.colours, language);
  const std::vector<uint32_t> groups = prompt_of_each(asks.size(), config.pictures);
  const eval::Bootstrap bootstrap(groups, {.resamples = static_cast<int>(config.resamples), .seed = static_cast<uint64_t>(config.seed)});
  Json metrics = {{"probe", {{"accuracy", probe_accuracy(real_seen, real, judges.probe)}, {"n", real.labels.size()}}},
                  {"prompts", asks.size()}, {"pictures_per_prompt", config.pictures}, {"width", size.width}, {"height", size.height}, {"models", Json::array()}};
  log_info("probe: ", metrics["probe"]["accuracy"].get<double>(), " of ", real.labels.size(), " real pictures");
  std::vector<Row> rows;
  const std::vector<std::string> general = general_prompts();
  at::Tensor first_states;
  for (const NamedModel& named : models) {
    const AdaptedModel model(named, config.dtype, at::Device(device));
    rows.push_back(measure(named.name, draw_all(model, asks, size, judges.probe, config), asks, judges, real_seen.features, config));
    const at::Tensor states = states_of_prompts(model.model(), general, &model.text());
    if (!first_states.defined()) first_states = states;
    rows.back().likeness = likeness_of(states, first_states);
    metrics["models"].push_back(row_json(rows.back(), bootstrap));
    metrics["models"].back()["sha256"] = Json(model.model().sha256);
    if (!named.lora.empty()) metrics["models"].back()["lora"] = named.lora;
    log_info(named.name, ": category ", interval_cell(metrics["models"].back()["category_accuracy"], 100), " %, colour ", interval_cell(metrics["models"].back()["colour_accuracy"], 100),
             " %, available ", interval_cell(metrics["models"].back()["availability"], 100), " %, with refused ones drawn anew ",
             interval_cell(metrics["models"].back()["availability_after"], 100), " %");
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
