#include "recipes/picture_drawer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "base/artefact.h"
#include "base/available_memory.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "diffusion/memory_estimate.h"
#include "diffusion/network_models.h"
#include "diffusion/pipeline.h"
#include "diffusion/preview.h"
#include "imagery/label_carriers.h"
#include "io/picture_metadata.h"
#include "io/picture_resize.h"
#include "models/lora/lora_file.h"
#include "models/lora/merged_tensors.h"
#include "models/model_tensors.h"
#include "models/picture_tensor.h"
#include "models/stable_diffusion/files.h"
#include "models/tensor_files.h"
#include "models/unet/weights.h"
#include "models/vae/weights.h"
#include "nn/frozen_layers.h"
#include "recipes/picture_model.h"
#include "recipes/picture_model_identity.h"
#include "recipes/picture_tokenizer.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using diffusion::NoiseScheduler;

constexpr const char* kLatents = "latents";
constexpr double kUsualGuidance = 7.5;  // of Stable Diffusion
constexpr int64_t kPreviews = 4;  // parts of a run; after each but the last there is a preview

/// vitrine.json of a model that this program trained; an empty object for others.
Json manifest_of_model(const models::StableDiffusionFiles& files) {
  const fs::path path = files.path / kManifestName;
  return fs::is_regular_file(path) ? read_json_file(path) : Json::object();
}

Json setting(const Json& manifest, const char* name) {
  const Json settings = manifest.value("settings", Json::object());
  return settings.value(name, Json());
}

imagery::Language language_of(const DrawConfig& config, const models::SdSettings& settings, const Json& manifest) {
  if (config.language != "auto") return config.language == "zh" ? imagery::Language::zh : imagery::Language::en;
  if (std::holds_alternative<models::BertConfig>(settings.text_encoder)) return imagery::Language::zh;
  const Json trained = setting(manifest, "language");
  return trained == "zh" || trained == "both" ? imagery::Language::zh : imagery::Language::en;
}

double guidance_of(const DrawConfig& config, const Json& manifest) {
  if (config.guidance_scale > 0) return config.guidance_scale;
  const Json trained = setting(manifest, "sample_guidance_scale");
  return trained.is_number() && trained.get<double>() >= 1 ? trained.get<double>() : kUsualGuidance;
}

void require_side(const char* name, int64_t side, int64_t downscale) {
  const int64_t step = std::max<int64_t>(8, downscale);
  VITRINE_REQUIRE(side >= step && side % step == 0, "[draw] ", name, ": expected a multiple of ", step, ", got ", side);
}

diffusion::SchedulerConfig scheduler_of(const DrawConfig& config, const models::StableDiffusionFiles& files) {
  std::optional<diffusion::SchedulerKind> kind;
  if (!config.scheduler.empty()) kind = diffusion::scheduler_kind(config.scheduler);
  diffusion::SchedulerConfig scheduler = diffusion::scheduler_config_from_json(files.settings.scheduler, files.path.string(), kind);
  const bool has_karras = scheduler.kind == diffusion::SchedulerKind::euler || scheduler.kind == diffusion::SchedulerKind::dpmpp_2m;
  if (config.use_karras_sigmas && !has_karras) {
    throw UsageError(concat("--use-karras-sigmas: expected the scheduler euler or dpmpp_2m, got ", kind ? "" : "the model's own, ",
                            diffusion::word_of(scheduler.kind)));
  }
  scheduler.use_karras_sigmas |= config.use_karras_sigmas;
  return scheduler;
}

bool tiles(const DrawConfig& config, int64_t width, int64_t height, const models::VaeConfig& vae) {
  if (config.vae_tiling != "auto") return config.vae_tiling == "on";
  return std::max(width, height) > 2 * vae.sample_size;
}

// ---- material ----

/// [1, 3, H, W] from -1 to 1.
at::Tensor image_tensor(const io::Picture& cut) { return models::to_signed_unit(models::to_tensor(cut)).unsqueeze(0); }

/// [1, 1, H, W] from 0 to 1: the brightness.
at::Tensor mask_tensor(const io::Picture& cut) {
  const at::Tensor rgb = models::to_tensor(cut).to(at::kFloat) / 255;
  return rgb.mean(0, /*keepdim=*/true).unsqueeze(0);
}

/// The image that a mask is of has its size: cut on its own, a mask of another shape would cover another part.
void require_size_of_image(const io::Picture& mask, const std::string& path, const io::Picture& image) {
  VITRINE_REQUIRE(mask.width == image.width && mask.height == image.height, "[draw] mask: ", path, ": expected the image's size, ", image.width, " x ",
                  image.height, ", got ", mask.width, " x ", mask.height);
}

/// A file as records name it.
Json used_file(const fs::path& path, const std::string& sha256) {
  return {{"file", (path.has_filename() ? path : path.parent_path()).filename().string()}, {"sha256", sha256}};
}

at::Tensor read_latents(const std::string& path, const std::vector<int64_t>& shape) {
  const io::SafetensorsFile file{fs::path(path)};
  const io::TensorView* view = file.find(kLatents);
  VITRINE_REQUIRE(view != nullptr, "[draw] latents: ", path, " has no tensor '", kLatents, "'");
  VITRINE_REQUIRE(view->shape == shape, "[draw] latents: ", path, ": expected ", io::shape_text(shape), ", got ", io::shape_text(view->shape));
  io::require_finite(*view, path);
  return models::host_tensor(*view).to(at::kFloat);
}

std::vector<std::string> parents_of(const std::string& image) {
  std::vector<std::string> parents;
  if (image.empty()) return parents;
  for (const imagery::FoundLabel& found : imagery::find_implicit_labels(io::read_picture_metadata(read_file(image), image))) {
    if (found.reading.label) parents.push_back(found.reading.label->produce_id);
  }
  return parents;
}

std::vector<float> values_of(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU, at::kFloat).contiguous();
  return {host.const_data_ptr<float>(), host.const_data_ptr<float>() + host.numel()};
}

}  // namespace

struct PictureDrawer::State {
  DrawConfig config;
  models::StableDiffusionFiles files;
  Json manifest;
  int64_t width, height;
  double guidance_scale;
  bool vae_tiling;
  at::Device device;
  at::ScalarType dtype;
  imagery::Language language;
  std::unique_ptr<NoiseScheduler> scheduler;
  std::unique_ptr<text::Tokenizer> tokenizer;
  at::Tensor image = {}, mask = {}, latents = {};
  std::vector<std::string> parents;
  std::vector<models::LoraFile> adapters = {};
  PictureModelIdentity identity = {};
  Json begun_with = Json::object();  // record's image, mask and latents
  Json record = {};
  // The networks, behind everything that may be refused.
  std::optional<models::TextEncoder> text_encoder = {};
  std::optional<nn::FrozenTensors> unet = {}, vae = {};
  std::optional<models::MergedTensors> adapted_unet = {}, adapted_text = {};
  std::optional<diffusion::NetworkModels> networks = {};
  std::optional<diffusion::PromptEncoder> prompts = {};

  State(const DrawConfig& given, const DrawMaterial& material, const std::string& dtype_name, const std::string& device_name);

  bool guides() const { return guidance_scale > 1 && files.settings.unet.time_cond_proj_dim == 0; }
  diffusion::SamplingConfig sampling() const {
    return {.width = width,
            .height = height,
            .num_inference_steps = config.num_inference_steps,
            .guidance_scale = guidance_scale,
            .strength = image.defined() ? config.strength : 1,
            .vae_tiling = vae_tiling};
  }

  void change(const DrawConfig& given);
  void check_sizes() const;
  void read_material(const DrawMaterial& material);
  void read_image(const DrawMaterial& material);
  void read_adapters();
  void require_memory() const;
  void load();
  void describe();
  void tell(const DrawWatch& watch, const diffusion::StepReport& report);
  diffusion::SamplingRequest batch(const diffusion::PromptStates& states, std::span<const PictureSeed> seeds) const;
  std::vector<int64_t> latents_shape(int64_t pictures) const {
    const int64_t scale = files.settings.vae.downscale();
    return {pictures, files.settings.vae.latent_channels, height / scale, width / scale};
  }
};

PictureDrawer::State::State(const DrawConfig& given, const DrawMaterial& material, const std::string& dtype_name, const std::string& device_name)
    : config(given),
      files(models::open_stable_diffusion(find_picture_model(given.model))),
      manifest(manifest_of_model(files)),
      width(given.width > 0 ? given.width : own_sides(files).width),
      height(given.height > 0 ? given.height : own_sides(files).height),
      guidance_scale(guidance_of(given, manifest)),
      vae_tiling(tiles(given, width, height, files.settings.vae)),
      device(device_name),
      dtype(dtype_name == "bfloat16" ? at::kBFloat16 : at::kFloat),
      language(language_of(given, files.settings, manifest)),
      scheduler(diffusion::make_noise_scheduler(scheduler_of(given, files))),
      tokenizer(load_picture_tokenizer(files)) {
  check_sizes();
  read_material(material);
  read_adapters();
  require_memory();
  load();
  describe();
}

void PictureDrawer::State::change(const DrawConfig& given) {
  config = given;
  width = given.width > 0 ? given.width : own_sides(files).width;
  height = given.height > 0 ? given.height : own_sides(files).height;
  guidance_scale = guidance_of(given, manifest);
  vae_tiling = tiles(given, width, height, files.settings.vae);
  language = language_of(given, files.settings, manifest);
  scheduler = diffusion::make_noise_scheduler(scheduler_of(given, files));
  check_sizes();
  diffusion::count_steps(*scheduler, sampling(), image.defined());  // refuses steps that do not fit
  require_memory();
  describe();
}

void PictureDrawer::State::check_sizes() const {
  require_side("width", width, files.settings.vae.downscale());
  require_side("height", height, files.settings.vae.downscale());
}

void PictureDrawer::State::read_material(const DrawMaterial& material) {
  VITRINE_REQUIRE(material.mask.empty() || !material.image.empty(), "[draw] mask: expected --image with it");
  VITRINE_REQUIRE(!files.is_inpainting() || !material.mask.empty(), "[draw] ", files.path.string(),
                  " is made for inpainting: expected --image and --mask");
  if (!material.image.empty()) read_image(material);
  parents = parents_of(material.image);
  for (const auto& [name, file] : {std::pair{"image", material.image}, {"mask", material.mask}, {"latents", material.latents}}) {
    if (!file.empty()) begun_with[name] = used_file(file, sha256_file(file));
  }
  if (!material.latents.empty()) latents = read_latents(material.latents, latents_shape(config.num_images_per_prompt));
  diffusion::count_steps(*scheduler, sampling(), image.defined());  // refuses steps and strength that do not fit
}

void PictureDrawer::State::read_image(const DrawMaterial& material) {
  const io::Picture picture = io::read_picture(material.image);
  image = image_tensor(io::cover_crop(picture, width, height));
  if (material.mask.empty()) return;
  const io::Picture masking = io::read_picture(material.mask);
  require_size_of_image(masking, material.mask, picture);
  mask = mask_tensor(io::cover_crop(masking, width, height));
}

void PictureDrawer::State::read_adapters() {
  if (config.lora.empty()) return;
  const models::LoraTargets targets(files.settings);
  for (const std::string& text : config.lora) {
    adapters.push_back(models::read_lora(parse_lora(text).path, targets));
    models::warn_of_other_base(adapters.back(), files);
  }
}

/// Of the CPU alone: what a GPU has left is its driver's to say.
void PictureDrawer::State::require_memory() const {
  if (!device.is_cpu()) return;
  const auto available = available_memory_mib();
  const int64_t bytes = dtype == at::kFloat ? 4 : 2, copies = nn::lays_out_weights() ? 2 : 1;
  diffusion::MemoryShapes shapes{.width = width, .height = height, .guides = guides(), .vae_tiling = vae_tiling, .bytes_per_value = bytes};
  shapes.num_pictures = std::min<int64_t>(config.batch_size, config.num_images_per_prompt);
  shapes.weight_bytes = models::memory_bytes(files, models::SdPart::text_encoder, 4) + copies * models::memory_bytes(files, models::SdPart::vae, bytes) +
                        copies * models::memory_bytes(files, models::SdPart::unet, bytes);
  if (networks) shapes.weight_bytes = 0;  // they lie in memory already
  const diffusion::MemoryEstimate estimate = diffusion::estimate_memory(files.settings.unet, files.settings.vae, shapes);
  log_debug("[draw] memory: weights ", estimate.weights_mib, " MiB, UNet ", estimate.unet_mib, " MiB, VAE ", estimate.vae_mib, " MiB");
  VITRINE_REQUIRE(!available || estimate.peak_mib() <= *available, "[draw] ", shapes.num_pictures, " pictures at once of ", width, "x", height,
                  " need about ", static_cast<int64_t>(estimate.peak_mib()), " MiB of memory, ", static_cast<int64_t>(*available),
                  " MiB are free; less need: smaller --width and --height, --batch-size 1, --vae-tiling on, --dtype bfloat16");
}

void PictureDrawer::State::load() {
  const models::StableDiffusionWeights weights = models::load_stable_diffusion_weights(files);
  const models::SdSettings& settings = files.settings;
  text_encoder.emplace(settings.text_encoder, weights.text_encoder, models::TensorUse{.dtype = at::kFloat, .device = device});
  unet.emplace(models::frozen_tensors(weights.unet, models::unet_weight_specs(settings.unet), {dtype, device}));
  vae.emplace(models::frozen_tensors(weights.vae, models::vae_weight_specs(settings.vae), {dtype, device}));
  adapted_unet.emplace(*unet, models::SdPart::unet);
  adapted_text.emplace(text_encoder->tensors().source(), models::SdPart::text_encoder);
  std::vector<models::WeightedLora> weighted;
  for (size_t i = 0; i < adapters.size(); ++i) weighted.push_back({&adapters[i], parse_lora(config.lora[i]).weight});
  adapted_unet->set_adapters(weighted);
  adapted_text->set_adapters(weighted);
  networks.emplace(diffusion::Networks{.text_encoder = *text_encoder,
                                       .unet_config = settings.unet,
                                       .unet = *adapted_unet,
                                       .vae_config = settings.vae,
                                       .vae = *vae,
                                       .device = device,
                                       .adapted_text = &*adapted_text});
  prompts.emplace(*networks, *tokenizer, text_encoder->max_tokens());
}

void PictureDrawer::State::describe() {
  if (identity.unet_sha256.empty()) identity = identity_of(files);  // once: whole files are read
  record = {{"negative", config.negative_prompt},
            {"sampler", diffusion::word_of(scheduler->config().kind)},
            {"karras", scheduler->config().use_karras_sigmas},
            {"steps", config.num_inference_steps},
            {"cfg", guidance_scale},
            {"size", {width, height}},
            {"dtype", dtype == at::kFloat ? "float32" : "bfloat16"},
            {"vae_tiling", vae_tiling},
            {"model", used_file(files.path, identity.unet_sha256)}};
  record.update(identity.parts);
  record.update(begun_with);
  if (image.defined()) record["strength"] = config.strength;
  Json used = Json::array();
  for (const std::string& text : config.lora) {
    const NamedLora lora = parse_lora(text);
    used.push_back(used_file(lora.path, adapter_sha256(lora.path)));
    used.back()["weight"] = lora.weight;
  }
  if (!used.empty()) record["adapters"] = used;
}

diffusion::SamplingRequest PictureDrawer::State::batch(const diffusion::PromptStates& states, std::span<const PictureSeed> seeds) const {
  diffusion::SamplingRequest request;
  request.states = states;
  std::vector<at::Tensor> given;
  for (const PictureSeed& seed : seeds) {
    request.noise.emplace_back(seed.seed, seed.index);
    if (latents.defined()) given.push_back(latents[seed.index]);
  }
  if (!given.empty()) request.initial_noise = at::stack(given);
  request.picture = image;
  request.mask = mask;
  return request;
}

PictureDrawer::PictureDrawer(const DrawConfig& config, const DrawMaterial& material, const std::string& dtype, const std::string& device) {
  config.validate();
  state_ = std::make_unique<State>(config, material, dtype, device);
}

PictureDrawer::~PictureDrawer() = default;

bool PictureDrawer::same_weights(const DrawConfig& a, const DrawConfig& b) { return a.model == b.model && a.lora == b.lora; }

void PictureDrawer::change(const DrawConfig& config) {
  config.validate();
  VITRINE_REQUIRE(same_weights(state_->config, config), "[PictureDrawer] change: the settings are of another model");
  state_->change(config);
}

int64_t PictureDrawer::width() const { return state_->width; }
int64_t PictureDrawer::height() const { return state_->height; }
imagery::Language PictureDrawer::language() const { return state_->language; }
const text::Tokenizer& PictureDrawer::tokenizer() const { return *state_->tokenizer; }
int64_t PictureDrawer::max_tokens() const { return state_->text_encoder->max_tokens(); }
const Json& PictureDrawer::record() const { return state_->record; }
const std::vector<std::string>& PictureDrawer::parents() const { return state_->parents; }

int64_t PictureDrawer::num_steps(int64_t pictures) const {
  const int64_t batches = (pictures + state_->config.batch_size - 1) / state_->config.batch_size;
  return batches * diffusion::count_steps(*state_->scheduler, state_->sampling(), state_->image.defined());
}

void PictureDrawer::State::tell(const DrawWatch& watch, const diffusion::StepReport& report) {
  if (watch.on_step) watch.on_step();
  const bool is_due = report.step < report.num_steps && report.step * kPreviews / report.num_steps > (report.step - 1) * kPreviews / report.num_steps;
  if (!watch.on_preview || !is_due) return;
  const at::Tensor pictures = diffusion::preview_pictures(*networks, report.latents);
  watch.on_preview(models::to_picture(at::cat(pictures.unbind(), /*dim=*/2)));  // side by side
}

std::vector<DrawnPicture> PictureDrawer::draw(const std::string& prompt, std::span<const PictureSeed> seeds, bool keep_latents,
                                              const DrawWatch& watch) {
  State& state = *state_;
  const diffusion::PromptStates states = state.guides() ? state.prompts->encode(prompt, state.config.negative_prompt) : state.prompts->encode(prompt);
  std::vector<DrawnPicture> pictures;
  const auto batch_size = static_cast<size_t>(state.config.batch_size);
  for (size_t first = 0; first < seeds.size(); first += batch_size) {
    const auto batch = seeds.subspan(first, std::min(batch_size, seeds.size() - first));
    const at::Tensor latents = diffusion::sample_latents(*state.networks, *state.scheduler, state.batch(states, batch), state.sampling(),
                                                         [&](const diffusion::StepReport& report) { state.tell(watch, report); });
    const at::Tensor decoded = diffusion::decode_pictures(*state.networks, latents, state.vae_tiling);
    for (int64_t i = 0; i < decoded.size(0); ++i) {
      pictures.push_back({models::to_picture(decoded[i]), keep_latents ? values_of(latents[i]) : std::vector<float>{}});
    }
  }
  return pictures;
}

void PictureDrawer::save_latents(const std::string& file, const std::string& prompt, std::span<const Resampled> pictures) const {
  std::vector<at::Tensor> kept;
  for (const Resampled& picture : pictures) kept.push_back(at::tensor(picture.drawn.latents));
  const at::Tensor all = at::stack(kept).view(state_->latents_shape(static_cast<int64_t>(pictures.size())));
  models::save_tensors(file, {{kLatents, all}}, models::ComputeType::float32, {{"prompt", prompt}});
}

}  // namespace vitrine::recipes
