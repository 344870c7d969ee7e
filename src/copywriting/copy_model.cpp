#include "copywriting/copy_model.h"

#include <cstdlib>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/resource.h"
#include "checks/claims.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace fs = std::filesystem;
namespace {

void require_prompt_format(const fs::path& directory) {
  const fs::path path = directory / "vitrine.json";
  const Json settings = read_json_file(path);
  const std::string format = settings.value("prompt_format", "");
  if (format != kPromptFormat) {
    throw Corrupt(concat("[load_copy_model] ", path.string(), ": prompt_format: expected ", kPromptFormat, ", got '", format,
                         "'; `write` needs a model that `train copy` made"));
  }
}

std::vector<std::string> fact_terms() {
  std::vector<std::string> terms;
  for (const auto& term : checks::ClaimFinder::shipped().lexicon().terms()) {
    if (term.level == checks::Level::block) terms.push_back(text::to_utf8(term.text));
  }
  return terms;
}

}  // namespace

CopyModel load_copy_model(const fs::path& directory, const generation::DecoderConfig& config) {
  if (!fs::is_directory(directory)) throw NotFound(concat("[load_copy_model] no model directory ", directory.string()));
  require_prompt_format(directory);
  CopyModel model;
  model.directory = directory;
  model.tokenizer = text::load_tokenizer(directory);
  model.format = std::make_unique<PromptFormat>(*model.tokenizer);
  model.vocabulary = std::make_unique<GuideVocabulary>(*model.format, fact_terms());
  model.decoder = std::make_unique<generation::Decoder>(generation::Decoder::load(directory, config));
  model.statistics = data::AttributeStatistics::load(directory / "statistics.tsv");
  model.sha256 = sha256_file(directory / "model.safetensors");
  return model;
}

fs::path find_model(const std::string& name) {
  if (fs::is_directory(name)) return name;
  if (const char* folder = std::getenv("VITRINE_MODELS")) {
    if (fs::is_directory(fs::path(folder) / name)) return fs::path(folder) / name;
  }
  try {
    return resource_path("models/" + name);
  } catch (const NotFound&) {
    throw NotFound(concat("[find_model] no model directory '", name, "': not a folder, not in $VITRINE_MODELS, not in models/ beside the program"));
  }
}

}  // namespace vitrine::copywriting
