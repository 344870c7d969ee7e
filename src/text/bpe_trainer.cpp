#include "text/bpe_trainer.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

struct Word {
  std::vector<int32_t> symbols;
  int64_t count;
};

/// What a token is, seen as UTF-8.
enum class Shape { Whole, Start, Inside };  // whole code points; a lead byte and not all behind it; no lead byte

struct Token {
  std::string bytes;
  Shape shape;
  int code_points;  // lead bytes
};

Token make_token(std::string bytes) {
  const int code_points = static_cast<int>(count_code_points(bytes));
  const Shape shape = code_points == 0 ? Shape::Inside : is_valid_utf8(bytes) ? Shape::Whole : Shape::Start;
  return {std::move(bytes), shape, code_points};
}

uint64_t pair_key(int32_t left, int32_t right) noexcept {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

struct Candidate {
  int64_t count;
  uint64_t pair;
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

struct PairInfo {
  int64_t count = 0;
  std::vector<uint32_t> words;  // where it stood at some time, in ascending order per merge
};

class Trainer {
 public:
  Trainer(std::span<const std::string> texts, const BpeTrainerConfig& config) : config_(config) {
    add_byte_tokens();
    count_words(texts);
    count_pairs();
  }

  BpeVocabulary run(size_t merges) {
    while (vocabulary_.merges.size() < merges && !queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      const int64_t now = pairs_[best.pair].count;
      if (now != best.count) {
        offer(best.pair);
      } else {
        merge(best.pair);
      }
    }
    return std::move(vocabulary_);
  }

  /// Added tokens that are spelt like a byte symbol need no id of their own.
  size_t new_added_tokens() const {
    return static_cast<size_t>(std::count_if(config_.added_tokens.begin(), config_.added_tokens.end(), [&](const AddedToken& token) {
      return std::find(vocabulary_.tokens.begin(), vocabulary_.tokens.end(), token.content) == vocabulary_.tokens.end();
    }));
  }

 private:
  void add_byte_tokens() {
    std::vector<std::pair<char32_t, int>> order;
    for (int byte = 0; byte < 256; ++byte) order.emplace_back(byte_symbols()[static_cast<size_t>(byte)], byte);
    std::sort(order.begin(), order.end());
    for (size_t id = 0; id < order.size(); ++id) {
      const auto byte = static_cast<size_t>(order[id].second);
      byte_ids_[byte] = static_cast<int32_t>(id);
      vocabulary_.tokens.push_back(byte_symbol_texts()[byte]);
      tokens_.push_back(make_token(std::string(1, static_cast<char>(byte))));
    }
  }

  void count_words(std::span<const std::string> texts) {
    std::vector<AddedToken> added = config_.added_tokens;
    std::vector<std::string> contents;
    for (AddedToken& token : added) {
      token.id = static_cast<int32_t>(contents.size());  // any id: it only marks the piece
      contents.push_back(token.content);
    }
    const AddedTokenSplitter splitter(added, contents);
    std::unordered_map<std::string_view, size_t> places;
    std::vector<Piece> pieces;
    for (const std::string& text : texts) {
      VITRINE_REQUIRE(is_valid_utf8(text), "[train_bpe] a text is not valid UTF-8: ", text.substr(0, 40));
      pieces.clear();
      splitter.split(text, pieces);
      for (const Piece& piece : pieces) {
        if (piece.id < 0) split_gpt2(piece.text, [&](std::string_view word) { count_word(word, places); });
      }
    }
  }

  void count_word(std::string_view word, std::unordered_map<std::string_view, size_t>& places) {
    const auto [place, is_new] = places.emplace(word, words_.size());
    if (!is_new) {
      ++words_[place->second].count;
      return;
    }
    Word counted{{}, 1};
    for (const char c : word) counted.symbols.push_back(byte_ids_[static_cast<unsigned char>(c)]);
    words_.push_back(std::move(counted));
  }

  void count_pairs() {
    for (uint32_t w = 0; w < words_.size(); ++w) {
      const auto& symbols = words_[w].symbols;
      for (size_t i = 0; i + 1 < symbols.size(); ++i) add_pair(pair_key(symbols[i], symbols[i + 1]), w);
    }
    for (const uint64_t pair : seen_) offer(pair);
  }

  void add_pair(uint64_t pair, uint32_t word) {
    PairInfo& info = pairs_[pair];
    if (info.words.empty()) seen_.push_back(pair);
    info.count += words_[word].count;
    if (info.words.empty() || info.words.back() != word) info.words.push_back(word);
  }

  bool is_allowed(uint64_t pair) const {
    const Token& left = tokens_[pair >> 32];
    const Token& right = tokens_[pair & 0xFFFFFFFF];
    const int limit = config_.max_token_code_points;
    if (limit > 0 && left.code_points + right.code_points > limit) return false;
    if (!config_.whole_characters) return true;
    return left.shape == Shape::Whole ? right.shape == Shape::Whole : right.shape == Shape::Inside;
  }

  void offer(uint64_t pair) {
    const int64_t count = pairs_[pair].count;
    if (count >= std::max(config_.min_frequency, 1) && is_allowed(pair)) queue_.push({count, pair});
  }

  void merge(uint64_t pair) {
    const auto left = static_cast<int32_t>(pair >> 32);
    const auto right = static_cast<int32_t>(pair & 0xFFFFFFFF);
    const auto product = static_cast<int32_t>(tokens_.size());
    tokens_.push_back(make_token(tokens_[static_cast<size_t>(left)].bytes + tokens_[static_cast<size_t>(right)].bytes));
    const auto& names = vocabulary_.tokens;
    vocabulary_.merges.emplace_back(names[static_cast<size_t>(left)], names[static_cast<size_t>(right)]);
    vocabulary_.tokens.push_back(names[static_cast<size_t>(left)] + names[static_cast<size_t>(right)]);
    seen_.clear();
    const std::vector<uint32_t> words = std::move(pairs_[pair].words);
    for (const uint32_t word : words) replace(word, left, right, product);
    pairs_[pair] = {};
    for (const uint64_t made : seen_) offer(made);
  }

  /// Counts the word's pairs anew around each place where left, right became product.
  void replace(uint32_t word, int32_t left, int32_t right, int32_t product) {
    auto& symbols = words_[word].symbols;
    const int64_t count = words_[word].count;
    size_t out = 0;
    for (size_t i = 0; i < symbols.size(); ++out) {
      if (i + 1 >= symbols.size() || symbols[i] != left || symbols[i + 1] != right) {
        symbols[out] = symbols[i++];
        continue;
      }
      if (out > 0) {
        pairs_[pair_key(symbols[out - 1], left)].count -= count;
        add_pair(pair_key(symbols[out - 1], product), word);
      }
      if (i + 2 < symbols.size()) {
        pairs_[pair_key(right, symbols[i + 2])].count -= count;
        add_pair(pair_key(product, symbols[i + 2]), word);
      }
      symbols[out] = product;
      i += 2;
    }
    symbols.resize(out);
  }

  const BpeTrainerConfig& config_;
  BpeVocabulary vocabulary_;
  std::vector<Token> tokens_;  // by id
  std::array<int32_t, 256> byte_ids_{};
  std::vector<Word> words_;  // each once
  FlatMap<PairInfo> pairs_;
  std::vector<uint64_t> seen_;  // pairs that the step at hand made
  std::priority_queue<Candidate> queue_;  // counts may be out of date
};

void validate(const BpeTrainerConfig& config) {
  const auto smallest = static_cast<int>(256 + config.added_tokens.size());
  VITRINE_REQUIRE(config.vocab_size >= smallest && config.vocab_size <= (1 << 20), "[train_bpe] vocab_size: expected ", smallest,
                  " (bytes and added tokens) to 1048576, got ", config.vocab_size);
  VITRINE_REQUIRE(config.min_frequency >= 1, "[train_bpe] min_frequency: expected >= 1, got ", config.min_frequency);
  VITRINE_REQUIRE(config.max_token_code_points >= 0, "[train_bpe] max_token_code_points: expected >= 0, got ",
                  config.max_token_code_points);
  for (const AddedToken& token : config.added_tokens) {
    VITRINE_REQUIRE(!token.content.empty() && is_valid_utf8(token.content), "[train_bpe] an added token is empty or not UTF-8");
  }
}

}  // namespace

BpeVocabulary train_bpe(std::span<const std::string> texts, const BpeTrainerConfig& config) {
  validate(config);
  Trainer trainer(texts, config);
  return trainer.run(static_cast<size_t>(config.vocab_size) - 256 - trainer.new_added_tokens());
}

}  // namespace vitrine::text
