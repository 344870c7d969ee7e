#include "models/stable_diffusion/model_index.h"

#include <array>
#include <string>

#include "base/error.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;

/// ["library", "Class"], not [null, null].
bool has_part(const Json& index, const char* name) {
  const auto found = index.find(name);
  return found != index.end() && found->is_array() && found->size() == 2 && (*found)[1].is_string();
}

std::string problems_of(const Json& index) {
  std::string problems;
  const auto add = [&](const std::string& problem) { problems += (problems.empty() ? "" : "; ") + problem; };
  for (const char* name : {"text_encoder_2", "text_encoder_3", "transformer", "prior_prior", "controlnet"}) {
    if (has_part(index, name)) add(concat(name, " is not supported"));
  }
  for (const char* name : {"text_encoder", "tokenizer", "unet", "vae", "scheduler"}) {
    if (!has_part(index, name)) add(concat(name, " is missing"));
  }
  if (has_part(index, "unet") && index["unet"][1] != "UNet2DConditionModel") add(concat("unet: ", index["unet"][1].dump(), " is not supported"));
  if (has_part(index, "vae") && index["vae"][1] != "AutoencoderKL") add(concat("vae: ", index["vae"][1].dump(), " is not supported"));
  return problems;
}

}  // namespace

void require_model_index(const fs::path& model_dir) {
  const fs::path path = model_dir / "model_index.json";
  if (!fs::exists(path)) throw NotFound(concat("[open_stable_diffusion] ", model_dir.string(), ": no model_index.json, so no directory of diffusers"));
  const Json index = read_json_file(path);
  VITRINE_REQUIRE(index.is_object(), "[open_stable_diffusion] ", path.string(), ": expected an object");
  const std::string problems = problems_of(index);
  VITRINE_REQUIRE(problems.empty(), "[open_stable_diffusion] ", path.string(), ": WGT_ARCH: ", problems,
                  "; Stable Diffusion 1.x and 2.x are supported");
}

Json model_index(const TextConfig& text_encoder, const Json& scheduler, bool is_inpainting) {
  const bool is_bert = std::holds_alternative<BertConfig>(text_encoder);
  const Json none = Json::array({nullptr, nullptr});
  return {{"_class_name", is_inpainting ? "StableDiffusionInpaintPipeline" : "StableDiffusionPipeline"},
          {"_diffusers_version", "0.30.0"},
          {"feature_extractor", none},
          {"requires_safety_checker", false},
          {"safety_checker", none},
          {"scheduler", {"diffusers", scheduler.at("_class_name")}},
          {"text_encoder", {"transformers", is_bert ? "BertModel" : "CLIPTextModel"}},
          {"tokenizer", {"transformers", is_bert ? "BertTokenizer" : "CLIPTokenizer"}},
          {"unet", {"diffusers", "UNet2DConditionModel"}},
          {"vae", {"diffusers", "AutoencoderKL"}}};
}

}  // namespace vitrine::models
