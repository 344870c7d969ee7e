// copywriting/ranking_model.h - a ranking model directory of ours, ready to say how good a text is for a product.
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "copywriting/prompt.h"
#include "data/product.h"
#include "data/statistics.h"
#include "generation/ranker.h"
#include "text/tokenizer.h"

namespace vitrine::copywriting {

inline constexpr std::string_view kRankerKindName = "ranker";  // `kind` in vitrine.json

/// A text and the product that it is about; both outlive the call.
struct ProductText {
  const data::Product* product = nullptr;
  std::string_view text;
};

/// Whether the directory's vitrine.json says that it is a ranking model of ours; false without one.
/// Throws Corrupt when vitrine.json is no JSON object.
bool is_ranking_model(const std::filesystem::path& directory);

/// Throws NotFound when the folder is not there, Corrupt when it is not a ranking model of our prompt format.
void require_ranking_model(const std::filesystem::path& directory);

/// One caller at a time; moving is cheap.
class RankingModel {
 public:
  /// Reads weights, tokenizer, statistics.tsv where there is one, and vitrine.json. Throws what require_ranking_model, load_tokenizer and Ranker::load
  /// throw; Corrupt (TOK_MISMATCH) when tokenizer and weights differ, or the tokenizer from what vitrine.json names.
  static RankingModel load(const std::filesystem::path& directory, const generation::RankerConfig& config);

  /// What the model reads of a text (copywriting/ranker_input.h).
  /// Throws InvalidInput, naming `where`: an empty text, more tokens than the model's n_positions, too many slot values.
  std::vector<int32_t> input_ids(const data::Product& product, std::string_view text, const std::string& where) const;

  /// The same; nothing where input_ids throws InvalidInput.
  std::optional<std::vector<int32_t>> fitting_ids(const data::Product& product, std::string_view text) const;

  /// One score a text, in order; higher is better within a product. A score depends on model, product and text alone.
  /// Throws InvalidInput as input_ids does, naming the product, before any work; Cancelled on Ctrl-C.
  std::vector<double> score(std::span<const ProductText> texts);

  /// For ids that input_ids gave, or raw ones.
  generation::Ranker& ranker() { return ranker_; }

  const std::filesystem::path& directory() const { return directory_; }
  const std::string& sha256() const { return sha256_; }  // of model.safetensors
  const PromptFormat& format() const { return *format_; }
  const data::AttributeStatistics& statistics() const { return statistics_; }

 private:
  RankingModel(std::filesystem::path directory, generation::Ranker ranker);

  std::filesystem::path directory_;
  std::string sha256_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::unique_ptr<PromptFormat> format_;  // points to tokenizer_
  data::AttributeStatistics statistics_;  // empty where the directory has none
  generation::Ranker ranker_;
};

}  // namespace vitrine::copywriting
