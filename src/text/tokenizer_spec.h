// text/tokenizer_spec.h - everything that defines a tokenizer, read from either form of its files.
#pragma once
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"
#include "text/wordpiece.h"

namespace vitrine::text {

/// The roles of special tokens, in this order everywhere: "bos_token" and so on in the files.
inline constexpr std::array<std::string_view, 7> kSpecialRoles = {"bos_token", "eos_token", "pad_token", "unk_token",
                                                                  "cls_token", "sep_token", "mask_token"};
/// Content of the token of each role; unset = the model has none.
using SpecialNames = std::array<std::optional<std::string>, kSpecialRoles.size()>;

enum class TokenizerKind { WordPiece, ByteBpe, ClipBpe };

struct TokenizerSpec {
  TokenizerKind kind = TokenizerKind::WordPiece;
  Vocabulary vocabulary;           // of the model, without tokens added later
  std::vector<Merge> merges;       // BPE, by rank
  std::vector<AddedToken> added;   // with ids, inside or behind the vocabulary
  SpecialNames special;
  BertNormalizerConfig bert;       // WordPiece
  WordPieceConfig wordpiece;
  BpeConfig bpe;                   // BPE
  int64_t model_max_length = 0;    // of a text with its special tokens, as tokenizer_config.json says; 0 = it does not
  bool add_prefix_space = false;   // GPT-2: a space before a text that starts with none
  std::string where;               // the file of the vocabulary, for messages
  std::filesystem::path json_file; // the tokenizer.json it was read from; empty = separate files
};

/// Adds `token` to spec.added: with the id of the vocabulary's token of the same content, else with the
/// next free id. A token that is there already keeps its id and flags. Returns the id.
int32_t add_token(TokenizerSpec& spec, AddedToken token);

/// What load_tokenizer makes its tokenizer of; throws what it throws.
TokenizerSpec read_tokenizer_spec(const std::filesystem::path& model_dir);

/// Writes a tokenizer into `dir` (made when needed) in the form it was read from:
/// tokenizer.json and tokenizer_config.json; or vocab.txt, or vocab.json and merges.txt, with
/// added_tokens.json, special_tokens_map.json and tokenizer_config.json. CLIP's is always written as separate files,
/// which old and new transformers read.
/// load_tokenizer and transformers.AutoTokenizer give the same ids for it.
/// Throws IoError, and what reading json_file throws.
void save_tokenizer(const std::filesystem::path& dir, const TokenizerSpec& spec);

/// Throws Corrupt when an id of an added token contradicts the vocabulary, leaves a gap, or a special
/// token is missing.
std::unique_ptr<Tokenizer> make_tokenizer(TokenizerSpec spec);

/// JSON with sorted keys: the project's Json looks keys up one by one, too slow for a vocabulary.
using SortedJson = nlohmann::json;

/// Throws NotFound, IoError, or Corrupt when the file is not JSON.
SortedJson read_sorted_json(const std::filesystem::path& path);
/// The start of `value` as text, for messages.
std::string excerpt(const SortedJson& value);

/// Fills a vocabulary from a JSON object of tokens and ids. Throws Corrupt, naming `where` and the token.
void read_vocabulary_object(const SortedJson& object, std::string_view where, Vocabulary& vocabulary);

/// One line "left right" of a list of merges. Nothing when it is not that.
std::optional<Merge> parse_merge(std::string_view line);

/// tokenizer.json as transformers >= 5 writes it. Throws Corrupt.
TokenizerSpec read_tokenizer_json(const std::filesystem::path& path);

/// vocab.txt, vocab.json + merges.txt or CLIP's list of merges; nothing when the directory has none.
std::optional<TokenizerSpec> read_vocabulary_files(const std::filesystem::path& model_dir);

}  // namespace vitrine::text
