#include "text/clip_bpe_trainer.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/clip_words.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

constexpr const char* kStart = "<|startoftext|>";
constexpr const char* kEnd = "<|endoftext|>";
constexpr const char* kWordEnd = "</w>";
constexpr int kFirstTokens = 2 * 256;

using WordCounts = std::vector<std::pair<std::string, int64_t>>;

/// CLIP's words and how often each stands in the captions, in order of first sight.
WordCounts count_words(std::span<const std::string> captions, const char* caller) {
  WordCounts counts;
  std::unordered_map<std::string, size_t> places;
  for (const std::string& caption : captions) {
    VITRINE_REQUIRE(is_valid_utf8(caption), "[", caller, "] a caption is not valid UTF-8: ", caption.substr(0, 40));
    std::string normal;
    normalize_clip(caption, normal);
    split_clip(normal, [&](std::string_view clip_word) {
      if (clip_word == kStart || clip_word == kEnd) return;
      split_gpt2(clip_word, [&](std::string_view word) {
        const auto [place, is_new] = places.emplace(word, counts.size());
        if (is_new) counts.emplace_back(word, 0);
        ++counts[place->second].second;
      });
    });
  }
  return counts;
}

std::string bytes_of(std::string_view name) {
  if (name.ends_with(kWordEnd)) name.remove_suffix(std::string_view(kWordEnd).size());
  std::string bytes;
  append_bytes_of_token(bytes, name);
  return bytes;
}

/// The tokens of a vocabulary by id; a gap is a token that stands in no text.
std::vector<MergeToken> tokens_of(const Vocabulary& vocabulary) {
  std::vector<MergeToken> tokens;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    const std::string name = vocabulary.contains(id) ? vocabulary.token(id) : concat("\n", id);
    tokens.push_back({name, bytes_of(name)});
  }
  return tokens;
}

void set_clip_roles(TokenizerSpec& spec) {
  spec.kind = TokenizerKind::ClipBpe;
  spec.bpe.end_of_word_suffix = kWordEnd;
  spec.bpe.unk_token = kEnd;
  spec.special = {kStart, kEnd, kEnd, kEnd, std::nullopt, std::nullopt, std::nullopt};
  for (const char* token : {kStart, kEnd}) add_token(spec, {.content = token, .special = true});
}

void require_extensible(const TokenizerSpec& base) {
  VITRINE_REQUIRE(base.kind == TokenizerKind::ClipBpe, "[extend_clip_bpe] ", base.where, ": expected a tokenizer of CLIP's kind");
  for (const AddedToken& token : base.added) {
    VITRINE_REQUIRE(token.id < base.vocabulary.size(), "[extend_clip_bpe] ", base.where, ": '", token.content, "' has id ", token.id,
                    " behind the vocabulary of ", base.vocabulary.size(), ", where new tokens would go");
  }
}

/// Adds what was learnt to the vocabulary and the merges.
void append_learnt(TokenizerSpec& spec, const std::vector<MergeToken>& tokens, const std::vector<LearnedMerge>& merges) {
  const auto name = [&](int32_t id) { return tokens[static_cast<size_t>(id)].name; };
  for (auto id = spec.vocabulary.size(); id < static_cast<int32_t>(tokens.size()); ++id) spec.vocabulary.add(name(id), id, spec.where);
  for (const LearnedMerge& merge : merges) spec.merges.emplace_back(name(merge.left), name(merge.right));
}

/// Of each token from `first` on: the tokens below `first` that it was made of.
std::vector<std::vector<int32_t>> pieces_of(const std::vector<LearnedMerge>& merges, int32_t first, size_t num_tokens) {
  std::vector<std::vector<int32_t>> pieces(num_tokens - static_cast<size_t>(first));
  for (const auto& [left, right, product] : merges) {
    auto& mine = pieces[static_cast<size_t>(product - first)];
    if (!mine.empty()) continue;  // made in another way before
    for (const int32_t part : {left, right}) {
      if (part < first) {
        mine.push_back(part);
      } else {
        const auto& of_part = pieces[static_cast<size_t>(part - first)];
        mine.insert(mine.end(), of_part.begin(), of_part.end());
      }
    }
  }
  return pieces;
}

}  // namespace

TokenizerSpec train_clip_bpe(std::span<const std::string> captions, const ClipBpeConfig& config) {
  VITRINE_REQUIRE(config.vocab_size >= kFirstTokens + 2 && config.vocab_size <= (1 << 20), "[train_clip_bpe] vocab_size: expected ",
                  kFirstTokens + 2, " (bytes twice, start and end) to 1048576, got ", config.vocab_size);
  validate(config.limits, "train_clip_bpe");
  TokenizerSpec spec;
  spec.where = "train_clip_bpe";
  spec.model_max_length = config.model_max_length;
  for (const char* suffix : {"", kWordEnd}) {
    for (const std::string& symbol : byte_symbols_in_order()) spec.vocabulary.add(symbol + suffix, spec.vocabulary.size(), spec.where);
  }
  MergeLearner learner(tokens_of(spec.vocabulary), config.limits);
  for (const auto& [word, count] : count_words(captions, "train_clip_bpe")) {
    std::vector<int32_t> symbols;
    for (size_t i = 0; i < word.size(); ++i) {
      const std::string& symbol = byte_symbol_texts()[static_cast<unsigned char>(word[i])];
      symbols.push_back(*spec.vocabulary.find(i + 1 < word.size() ? symbol : symbol + kWordEnd));
    }
    learner.add_word(std::move(symbols), count);
  }
  const auto merges = learner.run(static_cast<size_t>(config.vocab_size) - 2);
  append_learnt(spec, learner.tokens(), merges);
  for (const char* token : {kStart, kEnd}) spec.vocabulary.add(token, spec.vocabulary.size(), spec.where);
  set_clip_roles(spec);
  return spec;
}

ExtendedTokenizer extend_clip_bpe(TokenizerSpec base, std::span<const std::string> captions, int new_tokens, const MergeLimits& limits) {
  require_extensible(base);
  VITRINE_REQUIRE(new_tokens >= 1 && new_tokens <= (1 << 20), "[extend_clip_bpe] new_tokens: expected 1 to 1048576, got ", new_tokens);
  validate(limits, "extend_clip_bpe");
  const int32_t first = base.vocabulary.size();
  MergeLearner learner(tokens_of(base.vocabulary), limits);
  const BpeModel model(base.vocabulary, base.merges, base.bpe, base.where);
  const int32_t unknown = base.vocabulary.find(base.bpe.unk_token.value_or("")).value_or(-1);  // of bytes the vocabulary lacks
  for (const auto& [word, count] : count_words(captions, "extend_clip_bpe")) {
    std::vector<int32_t> symbols;
    model.encode_word(word, symbols);
    if (std::find(symbols.begin(), symbols.end(), unknown) != symbols.end()) continue;
    learner.add_word(std::move(symbols), count);
  }
  const auto merges = learner.run(static_cast<size_t>(first) + static_cast<size_t>(new_tokens));
  ExtendedTokenizer extended;
  extended.pieces = pieces_of(merges, first, learner.tokens().size());
  append_learnt(base, learner.tokens(), merges);
  base.json_file.clear();
  extended.spec = std::move(base);
  return extended;
}

}  // namespace vitrine::text
