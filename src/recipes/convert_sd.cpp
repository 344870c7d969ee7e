#include "recipes/convert_sd.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include "base/artefact.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/log.h"
#include "base/resource.h"
#include "models/stable_diffusion/save.h"
#include "recipes/weight_type.h"
#include "text/tokenizer_spec.h"

namespace vitrine::recipes {
namespace {

namespace fs = std::filesystem;
using models::SdPart;
using models::StableDiffusionFiles;

constexpr std::array<std::string_view, 7> kFiles{"model_index.json", "scheduler", "text_encoder", "tokenizer", "unet", "vae", kManifestName};
constexpr ArtefactKind kSd{"sd", kFiles};

/// Hashes of the files that the numbers came from.
Json base_of(const StableDiffusionFiles& files) {
  Json base = {{"path", files.path.filename().string()}};
  if (files.layout == models::SdLayout::single_file) {
    base["sha256"] = models::part_sha256(files, SdPart::unet);
    return base;
  }
  for (const SdPart part : models::kSdParts) base[concat(models::name_of(part), "_sha256")] = models::part_sha256(files, part);
  return base;
}

void write_tokenizer(const StableDiffusionFiles& files, const fs::path& dir) {
  if (!files.tokenizer_dir.empty()) {
    fs::copy(files.tokenizer_dir, dir, fs::copy_options::recursive);
    return;
  }
  const text::TokenizerSpec clip = text::read_tokenizer_spec(resource_path("data/vocab/clip"));
  const int64_t rows = models::vocab_size_of(files.settings.text_encoder);
  VITRINE_REQUIRE(rows == clip.vocabulary.size(), "[convert] ", files.path.string(), ": the text encoder has ", rows,
                  " tokens, and CLIP's vocabulary, which a single file stands for, has ", clip.vocabulary.size());
  text::save_tokenizer(dir, clip);
}

void write_directory(const StableDiffusionFiles& files, const models::StableDiffusionWeights& weights, const fs::path& place, const Json& base,
                     const models::SdSaveConfig& save) {
  ArtefactFolder folder(place, kSd);
  models::save_diffusers(files, weights, folder.path(), save);
  write_tokenizer(files, folder.path() / "tokenizer");
  Json manifest = manifest_of(kSd);
  manifest["variant"] = models::kind_of(files);
  manifest["base"] = base;
  write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest));
  folder.commit();
}

/// A single file has no room for a vocabulary: it stands for CLIP's. Special tokens may differ, as in Stable Diffusion 2.
void require_clip_vocabulary(const StableDiffusionFiles& files) {
  if (files.tokenizer_dir.empty()) return;
  const text::TokenizerSpec own = text::read_tokenizer_spec(files.tokenizer_dir), clip = text::read_tokenizer_spec(resource_path("data/vocab/clip"));
  const auto size = [](const text::TokenizerSpec& spec) {
    int64_t count = spec.vocabulary.size();
    for (const text::AddedToken& token : spec.added) count = std::max<int64_t>(count, token.id + 1);
    return count;
  };
  const auto is_same = [&] {
    if (own.kind != clip.kind || size(own) != size(clip) || own.merges.size() != clip.merges.size()) return false;
    for (int32_t id = 0; id < clip.vocabulary.size(); ++id) {
      if (!own.vocabulary.contains(id) || own.vocabulary.token(id) != clip.vocabulary.token(id)) return false;
    }
    return true;
  };
  VITRINE_REQUIRE(is_same(), "[convert] ", files.path.string(), ": its tokenizer of ", size(own), " tokens is not CLIP's (", size(clip),
                  "), which a single file stands for, and would be lost; expected --to diffusers");
}

/// Throws UsageError.
fs::path output_place(const std::string& input, const ConvertSdConfig& config) {
  const std::array<std::string, 1> inputs{input};
  if (config.to == "diffusers") {
    const fs::path place = require_artefact_place("convert", config.output, kSd, inputs);
    if (place == fs::weakly_canonical(input)) throw UsageError(concat("[convert] --output: ", config.output, " is the input"));
    return place;
  }
  check_file_arguments("convert", inputs, {{"--output", config.output}});
  if (config.output == "-") throw UsageError("[convert] --output: -: a file is written, which standard output cannot take");
  return config.output;
}

}  // namespace

void convert_sd(const std::string& input, const std::string& dtype, const ConvertSdConfig& config) {
  const fs::path place = output_place(input, config);
  const auto source = config.average ? models::UNetSource::average : models::UNetSource::weights;
  const StableDiffusionFiles files =
      models::open_stable_diffusion(input, {.settings_from = config.settings_from, .unet = source, .prediction_type = config.prediction_type});
  if (files.layout == models::SdLayout::diffusers && (config.average || !config.prediction_type.empty() || !config.settings_from.empty())) {
    throw UsageError(concat("[convert] ", input, ": --average, --prediction-type and --settings-from are for a single file, this is a directory"));
  }
  if (config.to == "single-file") require_clip_vocabulary(files);
  const models::StableDiffusionWeights weights = models::load_stable_diffusion_weights(files);
  const Json base = base_of(files);
  const models::SdSaveConfig save{.dtype = weight_type(dtype), .metadata = {{"vitrine.base", dump_line(base)}}};
  if (config.to == "diffusers") {
    write_directory(files, weights, place, base, save);
  } else {
    models::save_single_file(files, weights, place, save);
  }
  log_info("[convert] ", input, ": ", models::kind_of(files), " written to ", config.output);
}

}  // namespace vitrine::recipes
