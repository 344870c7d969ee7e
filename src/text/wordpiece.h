// text/wordpiece.h - BERT's normaliser, its split into words and the WordPiece model.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"
#include "text/vocabulary.h"

namespace vitrine::text {

/// Fields as in tokenizer.json's BertNormalizer.
struct BertNormalizerConfig {
  bool clean_text = true;            // drop control characters, white space becomes a space
  bool handle_chinese_chars = true;  // a space before and behind each ideograph
  std::optional<bool> strip_accents = {};  // unset = as lowercase
  bool lowercase = true;
};

/// Appends the normalised text to `out`. REQUIRES: valid UTF-8.
void normalize_bert(std::string_view text, const BertNormalizerConfig& config, std::string& out);

struct WordPieceConfig {
  std::string unk_token = "[UNK]";
  std::string prefix = "##";    // continuing_subword_prefix
  int max_input_chars_per_word = 100;
  bool cleanup = true;          // of the decoder: no space before a full stop and the like
};

/// Longest match first, left to right; a word that cannot be covered is one unknown.
/// Source: Devlin et al. 2018, tokenization.py of the BERT release. Immutable and thread-safe.
class WordPieceModel {
 public:
  /// Throws Corrupt when the unknown token is not in the vocabulary.
  WordPieceModel(const Vocabulary& vocabulary, const WordPieceConfig& config, std::string_view where);

  /// Splits normalised text at white space and punctuation and appends the ids of its words.
  void encode(std::string_view normalized, std::vector<int32_t>& ids) const;

 private:
  void encode_word(std::string_view word, size_t code_points, std::vector<int32_t>& ids) const;

  ByteTrie starts_;      // tokens at the start of a word
  ByteTrie continued_;   // tokens behind the prefix, without it
  int32_t unk_id_;
  size_t max_code_points_;
};

/// Tokens with spaces between them, the prefix glued to what is before it.
std::string decode_wordpiece(const std::vector<std::string_view>& tokens, const WordPieceConfig& config);

}  // namespace vitrine::text
