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
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTokenizerHash = "tokenizer_sha256";

Json read_manifest(const fs::path& path) {
  Json manifest = read_json_file(path);
  if (manifest.is_object()) return manifest;
  throw Corrupt(concat("[load_copy_model] ", path.string(), ": expected an object, got ", dump_line(manifest).substr(0, 80)));
}

void require_field(const Json& manifest, const char* name, std::string_view expected, const fs::path& path) {
  const auto found = manifest.find(name);
  if (found != manifest.end() && *found == expected) return;
  throw Corrupt(concat("[load_copy_model] ", path.string(), ": ", name, ": expected \"", expected, "\", got ",
                       found == manifest.end() ? "nothing" : dump_line(*found).substr(0, 80)));
}

/// A vocabulary of the same size with other tokens would give other words; a manifest without the field is not checked.
void require_same_tokenizer(const text::Tokenizer& tokenizer, const fs::path& directory) {
  const Json manifest = read_manifest(directory / kManifestName);
  const std::string sha256 = tokenizer.sha256();
  if (!manifest.contains(kTokenizerHash) || manifest[kTokenizerHash] == sha256) return;
  throw Corrupt(concat("[load_copy_model] ", directory.string(), ": TOK_MISMATCH: the tokenizer's files give ", kTokenizerHash, " ", sha256, ", ",
                       kManifestName, " has ", dump_line(manifest[kTokenizerHash]).substr(0, 80)));
}

}  // namespace

void require_copy_model(const fs::path& directory) {
  if (!fs::is_directory(directory)) throw NotFound(concat("[load_copy_model] no model directory ", directory.string()));
  const fs::path path = directory / kManifestName;
  if (!fs::exists(path)) {
    throw Corrupt(concat("[load_copy_model] ", directory.string(), ": no vitrine.json: not a copy model that `train copy` made"));
  }
  const Json manifest = read_manifest(path);
  require_field(manifest, "kind", kCopyModelKind.name, path);
  require_field(manifest, "prompt_format", kPromptFormat, path);
}

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
  require_same_tokenizer(*model.tokenizer, directory);
  model.format = std::make_unique<PromptFormat>(*model.tokenizer);
  model.statistics = data::AttributeStatistics::load(directory / "statistics.tsv");
  model.vocabulary = std::make_unique<GuideVocabulary>(
      *model.format, fact_terms(model.statistics), checks::Checker::shipped().exceptions());
  model.aligned_terms = aligned_terms_of(directory, model.statistics);
  model.decoder = std::make_unique<generation::Decoder>(generation::Decoder::load(directory, config));
  const int64_t rows = model.decoder->config().vocab_size;
  if (rows != model.tokenizer->vocab_size()) {
    throw Corrupt(concat("[load_copy_model] ", directory.string(), ": TOK_MISMATCH: the tokenizer has ", model.tokenizer->vocab_size(),
                         " tokens, wte.weight ", rows, " rows"));
  }
  model.sha256 = model.decoder->weights_sha256();
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
