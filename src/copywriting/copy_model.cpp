#include "copywriting/copy_model.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/resource.h"
#include "checks/checker.h"
#include "checks/tsv_rules.h"
#include "copywriting/model_manifest.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFunction = "[load_copy_model] ";

}  // namespace

void require_copy_model(const fs::path& directory) { require_model_kind(directory, kCopyModelKind.name, kPromptFormat, "train copy", kFunction); }

namespace {

/// What copy may say only of a product that has it: the terms that block, and the values of the training set.
/// Styles are praise, types are said of every product.
std::vector<std::string> fact_terms(const data::AttributeStatistics& statistics) {
  std::vector<std::string> terms = checks::Checker::shipped().blocking_terms();
  for (const auto& [pair, df] : statistics.pairs()) {
    const auto& [category, key, value] = pair;
    const bool is_word = text::count_code_points(value) > 1 || key == "材质";
    if (key != "风格" && key != "类型" && is_word) terms.push_back(value);
  }
  for (const auto& [word, category] : checks::Checker::shipped().claims().looks().parts()) terms.push_back(word);
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  return terms;
}

}  // namespace

std::vector<std::string> aligned_terms_of(const fs::path& directory, const data::AttributeStatistics& statistics) {
  const fs::path file = directory / "aligned_terms.txt";
  return fs::exists(file) ? checks::split(read_file(file), '\n') : fact_terms(statistics);
}

CopyModel load_copy_model(const fs::path& directory, const generation::DecoderConfig& config) {
  require_copy_model(directory);
  CopyModel model;
  model.directory = directory;
  model.tokenizer = text::load_tokenizer(directory);
  require_tokenizer_of(*model.tokenizer, directory, kFunction);
  model.format = std::make_unique<PromptFormat>(*model.tokenizer);
  model.statistics = data::AttributeStatistics::load(directory / "statistics.tsv");
  model.vocabulary = std::make_unique<GuideVocabulary>(
      *model.format, fact_terms(model.statistics), checks::Checker::shipped().exceptions());
  model.aligned_terms = aligned_terms_of(directory, model.statistics);
  model.decoder = std::make_unique<generation::Decoder>(generation::Decoder::load(directory, config));
  require_rows_of(*model.tokenizer, model.decoder->config().vocab_size, directory, kFunction);
  model.sha256 = model.decoder->weights_sha256();
  return model;
}

fs::path find_model(const std::string& name) {
  if (fs::is_directory(name)) return fs::path(name).has_filename() ? fs::path(name) : fs::path(name).parent_path();  // the name of models/x/ is x
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
