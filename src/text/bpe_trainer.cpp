#include "text/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/merge_learner.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

/// The bytes as tokens 0..255, in the order of their symbols, and the token of each byte.
struct ByteTokens {
  std::vector<MergeToken> tokens;
  std::array<int32_t, 256> ids;

  ByteTokens() {
    for (const std::string& symbol : byte_symbols_in_order()) {
      std::string byte;
      append_bytes_of_token(byte, symbol);
      ids[static_cast<unsigned char>(byte[0])] = static_cast<int32_t>(tokens.size());
      tokens.push_back({symbol, std::move(byte)});
    }
  }
};

/// How often each word stands in the texts, in order of first sight.
class WordCounts {
 public:
  WordCounts(std::span<const std::string> texts, const std::vector<AddedToken>& added_tokens) {
    std::vector<AddedToken> added = added_tokens;
    std::vector<std::string> contents;
    for (AddedToken& token : added) {
      token.id = static_cast<int32_t>(contents.size());  // any id: it only marks the piece
      contents.push_back(token.content);
    }
    const AddedTokenSplitter splitter(added, contents);
    std::vector<Piece> pieces;
    for (const std::string& text : texts) {
      VITRINE_REQUIRE(is_valid_utf8(text), "[train_bpe] a text is not valid UTF-8: ", text.substr(0, 40));
      pieces.clear();
      splitter.split(text, pieces);
      for (const Piece& piece : pieces) {
        if (piece.id < 0) split_gpt2(piece.text, [&](std::string_view word) { count(word); });
      }
    }
  }
  const std::vector<std::pair<std::string_view, int64_t>>& words() const { return words_; }

 private:
  void count(std::string_view word) {
    const auto [place, is_new] = places_.emplace(word, words_.size());
    if (is_new) words_.emplace_back(word, 0);
    ++words_[place->second].second;
  }

  std::unordered_map<std::string_view, size_t> places_;
  std::vector<std::pair<std::string_view, int64_t>> words_;
};

/// Added tokens that are spelt like a byte symbol need no id of their own.
size_t count_new(const std::vector<AddedToken>& added, const std::vector<MergeToken>& tokens) {
  return static_cast<size_t>(std::count_if(added.begin(), added.end(), [&](const AddedToken& token) {
    return std::none_of(tokens.begin(), tokens.end(), [&](const MergeToken& known) { return known.name == token.content; });
  }));
}

MergeLimits limits_of(const BpeTrainerConfig& config) {
  return {config.min_frequency, config.max_token_code_points, config.whole_characters};
}

void validate(const BpeTrainerConfig& config) {
  const auto smallest = static_cast<int>(256 + config.added_tokens.size());
  VITRINE_REQUIRE(config.vocab_size >= smallest && config.vocab_size <= (1 << 20), "[train_bpe] vocab_size: expected ", smallest,
                  " (bytes and added tokens) to 1048576, got ", config.vocab_size);
  validate(limits_of(config), "train_bpe");
  for (const AddedToken& token : config.added_tokens) {
    VITRINE_REQUIRE(!token.content.empty() && is_valid_utf8(token.content), "[train_bpe] an added token is empty or not UTF-8");
  }
}

}  // namespace

BpeVocabulary train_bpe(std::span<const std::string> texts, const BpeTrainerConfig& config) {
  validate(config);
  const ByteTokens bytes;
  MergeLearner learner(bytes.tokens, limits_of(config));
  const WordCounts counts(texts, config.added_tokens);
  for (const auto& [word, count] : counts.words()) {
    std::vector<int32_t> symbols;
    for (const char c : word) symbols.push_back(bytes.ids[static_cast<unsigned char>(c)]);
    learner.add_word(std::move(symbols), count);
  }
  const auto merges = learner.run(static_cast<size_t>(config.vocab_size) - count_new(config.added_tokens, bytes.tokens));
  BpeVocabulary vocabulary;
  const auto name = [&](int32_t id) { return learner.tokens()[static_cast<size_t>(id)].name; };
  for (const MergeToken& token : learner.tokens()) vocabulary.tokens.push_back(token.name);
  for (const LearnedMerge& merge : merges) vocabulary.merges.emplace_back(name(merge.left), name(merge.right));
  return vocabulary;
}

}  // namespace vitrine::text
