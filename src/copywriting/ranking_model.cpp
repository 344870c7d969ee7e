#include "copywriting/ranking_model.h"

#include <utility>

#include "base/artefact.h"
#include "base/error.h"
#include "base/hash.h"
#include "copywriting/ranker_input.h"

namespace vitrine::copywriting {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFunction = "[RankingModel] ";
constexpr const char* kTokenizerHash = "tokenizer_sha256";

Json read_manifest(const fs::path& directory) {
  const fs::path path = directory / kManifestName;
  Json manifest = read_json_file(path);
  if (manifest.is_object()) return manifest;
  throw Corrupt(concat(kFunction, path.string(), ": expected an object, got ", dump_line(manifest).substr(0, 80)));
}

void require_field(const Json& manifest, const char* name, std::string_view expected, const fs::path& directory) {
  const auto found = manifest.find(name);
  if (found != manifest.end() && *found == expected) return;
  throw Corrupt(concat(kFunction, (directory / kManifestName).string(), ": ", name, ": expected \"", expected, "\", got ",
                       found == manifest.end() ? "nothing" : dump_line(*found).substr(0, 80)));
}

void require_same_tokenizer(const text::Tokenizer& tokenizer, const fs::path& directory, int64_t rows) {
  if (rows != tokenizer.vocab_size()) {
    throw Corrupt(concat(kFunction, directory.string(), ": TOK_MISMATCH: the tokenizer has ", tokenizer.vocab_size(), " tokens, wte.weight ", rows,
                         " rows"));
  }
  const Json manifest = read_manifest(directory);
  const std::string sha256 = tokenizer.sha256();
  if (!manifest.contains(kTokenizerHash) || manifest[kTokenizerHash] == sha256) return;
  throw Corrupt(concat(kFunction, directory.string(), ": TOK_MISMATCH: the tokenizer's files give ", kTokenizerHash, " ", sha256, ", ", kManifestName,
                       " has ", dump_line(manifest[kTokenizerHash]).substr(0, 80)));
}

}  // namespace

bool is_ranking_model(const fs::path& directory) {
  if (!fs::exists(directory / kManifestName)) return false;
  const Json manifest = read_manifest(directory);
  return manifest.contains("kind") && manifest["kind"] == kRankerKindName;
}

void require_ranking_model(const fs::path& directory) {
  if (!fs::is_directory(directory)) throw NotFound(concat(kFunction, "no model directory ", directory.string()));
  if (!fs::exists(directory / kManifestName)) {
    throw Corrupt(concat(kFunction, directory.string(), ": no vitrine.json: not a ranking model that `train ranker` made"));
  }
  const Json manifest = read_manifest(directory);
  require_field(manifest, "kind", kRankerKindName, directory);
  require_field(manifest, "prompt_format", kPromptFormat, directory);
}

RankingModel RankingModel::load(const fs::path& directory, const generation::RankerConfig& config) {
  require_ranking_model(directory);
  return RankingModel(directory, generation::Ranker::load(directory, config));
}

RankingModel::RankingModel(fs::path directory, generation::Ranker ranker)
    : directory_(std::move(directory)),
      sha256_(sha256_file(directory_ / "model.safetensors")),
      tokenizer_(text::load_tokenizer(directory_)),
      ranker_(std::move(ranker)) {
  require_same_tokenizer(*tokenizer_, directory_, ranker_.config().vocab_size);
  format_ = std::make_unique<PromptFormat>(*tokenizer_);
}

std::vector<int32_t> RankingModel::input_ids(const data::Product& product, std::string_view text, const std::string& where) const {
  VITRINE_REQUIRE(!text.empty(), where, ": text: empty");
  std::vector<int32_t> ids;
  try {
    ids = ranker_input(*format_, product, text);
  } catch (const InvalidInput& e) {
    throw InvalidInput(concat(where, ": ", e.what()));
  }
  ranker_.check(ids, where);
  return ids;
}

std::optional<std::vector<int32_t>> RankingModel::fitting_ids(const data::Product& product, std::string_view text) const {
  try {
    return input_ids(product, text, std::string(kFunction));
  } catch (const InvalidInput&) {
    return std::nullopt;
  }
}

std::vector<double> RankingModel::score(std::span<const ProductText> texts) {
  std::vector<std::vector<int32_t>> ids;
  ids.reserve(texts.size());
  for (const auto& [product, text] : texts) ids.push_back(input_ids(*product, text, concat(kFunction, "product ", product->id)));
  return ranker_.score(ids);
}

}  // namespace vitrine::copywriting
