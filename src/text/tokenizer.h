// text/tokenizer.h - text to token ids and back, as the transformers library does it.
//
// Three kinds: WordPiece (BERT), byte-level BPE (GPT-2) and CLIP's BPE. Ids equal those of
// transformers 5.23 (tests/golden/tokenizers_test.cpp).
//
// What decode(encode(x)) gives:
//   byte-level BPE  x itself for every valid UTF-8 text, as long as the vocabulary has all 256 byte
//                   symbols and no added token strips white space or consists of the alphabet's
//                   own non-ASCII characters (U+00A1 to U+0143), such as "é"
//   WordPiece       the normalised words with one space between them, [UNK] for what the vocabulary
//                   lacks; encoding that again gives the same ids when there is no [UNK]
//   CLIP            the lower-cased words with one space between them
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitrine::text {

/// Immutable; all functions may be called from many threads.
class Tokenizer {
 public:
  /// Ids of the tokens with a role; unset when the model names none.
  struct Special {
    std::optional<int32_t> bos, eos, pad, unk, cls, sep, mask;
  };

  virtual ~Tokenizer() = default;
  Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Ids of `text`. No special tokens are put around it; added tokens that stand in the text are found.
  /// Throws InvalidInput when `text` is not valid UTF-8.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;

  /// As transformers' decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False).
  /// Bytes that are not UTF-8 become U+FFFD. Throws InvalidInput for an id without token.
  virtual std::string decode(std::span<const int32_t> ids) const = 0;

  /// Appends what the token adds to a text that is written token by token: its bytes, maybe a part of a
  /// character (byte-level BPE), without the "##" and without spaces between Chinese words (WordPiece; two
  /// Latin words or numbers keep one). Special tokens, and BERT's [unusedN] and <S>, add nothing.
  /// Throws InvalidInput for an id without token.
  virtual void append_text(std::string& text, int32_t id) const = 0;

  /// Largest id + 1, added tokens included.
  virtual int32_t vocab_size() const = 0;
  virtual std::optional<int32_t> token_to_id(std::string_view token) const = 0;
  /// The token as the vocabulary spells it ("Ġa", "##b"). Throws InvalidInput for an id without token.
  virtual std::string id_to_token(int32_t id) const = 0;
  virtual const Special& special() const = 0;
  /// SHA-256 of all tokens in the order of their ids, of all merges and of what is special: which tokenizer this is,
  /// whatever files hold it.
  virtual std::string sha256() const = 0;
};

/// Reads the tokenizer of a model directory: tokenizer.json, or vocab.txt, or vocab.json + merges.txt, or
/// bpe_simple_vocab_16e6.txt.gz (CLIP), each with tokenizer_config.json, special_tokens_map.json and
/// added_tokens.json when they are there (docs/formats/tokenizers.md).
/// Throws NotFound when there is none of them; Corrupt, naming file and token, for a broken file, a
/// component we do not know, and with code TOK_MISMATCH where two files disagree.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& model_dir);

}  // namespace vitrine::text
