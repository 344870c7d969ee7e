#include "copywriting/ranking_model.h"

#include <utility>

#include "base/artefact.h"
#include "base/error.h"
#include "base/hash.h"
#include "copywriting/model_manifest.h"
#include "copywriting/ranker_input.h"

namespace vitrine::copywriting {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFunction = "[RankingModel] ";
}  // namespace

bool is_ranking_model(const fs::path& directory) {
  if (!fs::exists(directory / kManifestName)) return false;
  const Json manifest = read_model_manifest(directory, kFunction);
  return manifest.contains("kind") && manifest["kind"] == kRankerKindName;
}

void require_ranking_model(const fs::path& directory) { require_model_kind(directory, kRankerKindName, kRankerInput, "train ranker", kFunction); }

RankingModel RankingModel::load(const fs::path& directory, const generation::RankerConfig& config) {
  require_ranking_model(directory);
  return RankingModel(directory, generation::Ranker::load(directory, config));
}

RankingModel::RankingModel(fs::path directory, generation::Ranker ranker)
    : directory_(std::move(directory)),
      sha256_(sha256_file(directory_ / "model.safetensors")),
      tokenizer_(text::load_tokenizer(directory_)),
      statistics_(ranker_statistics(directory_)),
      ranker_(std::move(ranker)) {
  require_rows_of(*tokenizer_, ranker_.config().vocab_size, directory_, kFunction);
  require_tokenizer_of(*tokenizer_, directory_, kFunction);
  format_ = std::make_unique<PromptFormat>(*tokenizer_);
}

std::vector<int32_t> RankingModel::input_ids(const data::Product& product, std::string_view text, const std::string& where) const {
  VITRINE_REQUIRE(!text.empty(), where, ": text: empty");
  std::vector<int32_t> ids;
  try {
    ids = ranker_input(*format_, statistics_, product, text);
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
