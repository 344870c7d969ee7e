// copywriting/tagger_input.h - a text and a product's attributes as the tokens of the tagger, with the
// way back from tokens to code points.
//
//   [CLS] text [SEP] key1 ： val1 [SEP] key2 ： val2 [SEP] …      token types: text 0, attributes 1
//
// A span under suspicion stands between [unused1] and [unused2], with token type 2. The text carries BIO labels; the
// tokens of an attribute carry SUPPORTS when it entails the marked span, of which the first is asked.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer.h"

namespace vitrine::copywriting {

/// Half-open code-point offsets.
struct TextRange {
  size_t begin = 0, end = 0;
  bool operator==(const TextRange&) const = default;
};

/// A token and the code points it stands for; several tokens of one word that cannot be told apart
/// share its range.
struct TaggerToken {
  int32_t id = 0;
  TextRange range;
};

struct TaggerAttribute {
  std::string key, val;  // UTF-8
  bool operator==(const TaggerAttribute&) const = default;
};

struct TaggerInput {
  std::vector<int32_t> input_ids, token_type_ids;
  std::vector<size_t> text_positions;       // position of each text token
  std::vector<size_t> attribute_positions;  // position of the first token of each attribute
};

/// Not thread-safe: it remembers the ids of single characters.
class TaggerEncoding {
 public:
  /// `tokenizer` must outlive the object. Throws InvalidInput when it is no WordPiece tokenizer with
  /// [CLS], [SEP], [unused1] and [unused2].
  explicit TaggerEncoding(const text::Tokenizer& tokenizer);

  /// Tokens of the code points; white space and control characters have none. No text can give one
  /// of the special tokens.
  std::vector<TaggerToken> tokens(std::u32string_view text) const;
  /// "key ： val [SEP]". Invalid UTF-8 is InvalidInput.
  std::vector<int32_t> attribute_tokens(const TaggerAttribute& attribute) const;

  /// The input of one pass. mark: text tokens (indices of `text`, half-open, not empty).
  TaggerInput assemble(const std::vector<TaggerToken>& text, std::optional<TextRange> mark,
                       const std::vector<std::vector<int32_t>>& attributes) const;

  static constexpr int kTokenTypes = 3;  // text, attributes, marked span
  /// Positions that are not text or attribute tokens: [CLS], [SEP] and the two marks.
  static constexpr size_t kExtraTokens = 4;

 private:
  const std::vector<int32_t>& ids_of_character(char32_t c) const;
  void append_word(std::u32string_view text, TextRange word,
                   std::vector<TaggerToken>& tokens) const;

  const text::Tokenizer& tokenizer_;
  int32_t cls_, sep_, mark_begin_, mark_end_;
  mutable std::unordered_map<char32_t, std::vector<int32_t>> characters_;
};

/// The token indices whose code points meet `range`; nothing when no token does.
std::optional<TextRange> tokens_of(const std::vector<TaggerToken>& tokens, TextRange range);

inline constexpr std::string_view kOutside = "O";
inline constexpr std::string_view kSupports = "SUPPORTS";

/// The classes of the tagger: O, then B-key and I-key of each key, then SUPPORTS.
class TaggerLabels {
 public:
  explicit TaggerLabels(std::vector<std::string> keys);
  /// From a model's id2label. Throws Corrupt, naming `where`, when it is not such a list.
  static TaggerLabels from_names(const std::vector<std::string>& names, std::string_view where);

  std::vector<std::string> names() const;  // id2label
  const std::vector<std::string>& keys() const { return keys_; }
  std::optional<size_t> key_index(std::string_view key) const;
  size_t size() const { return 2 * keys_.size() + 2; }
  int32_t outside() const { return 0; }
  int32_t begin_of(size_t key_idx) const { return static_cast<int32_t>(2 * key_idx + 1); }
  int32_t inside_of(size_t key_idx) const { return begin_of(key_idx) + 1; }
  int32_t supports() const { return static_cast<int32_t>(size() - 1); }

 private:
  std::vector<std::string> keys_;
};

}  // namespace vitrine::copywriting
