#include "text/tokenizer.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "text/byte_level.h"
#include "text/clip_words.h"
#include "text/tokenizer_spec.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

/// The parts that all kinds share: added tokens are cut out, a kind encodes what is between them.
class ModelTokenizer : public Tokenizer {
 public:
  explicit ModelTokenizer(TokenizerSpec spec)
      : spec_(std::move(spec)), all_(merged_vocabulary()), special_(find_special()), origins_(find_origins()) {}

  std::vector<int32_t> encode(std::string_view text) const override {
    VITRINE_REQUIRE(is_valid_utf8(text), "[encode] the text is not valid UTF-8: ", text.substr(0, 40));
    std::vector<int32_t> ids;
    ids.reserve(text.size() / 2 + 4);
    std::vector<Piece> raw;
    std::vector<Piece> pieces;
    std::string normalized;
    raw_splitter_.split(text, raw);
    for (const Piece& piece : raw) {
      if (piece.id >= 0) {
        ids.push_back(piece.id);
        continue;
      }
      normalized.clear();
      normalize(piece.text, normalized);
      encode_normalized(normalized, pieces, ids);
    }
    return ids;
  }

  void append_text(std::string& text, int32_t id) const override {
    const std::string& token = all_.token(id);
    switch (origins_[static_cast<size_t>(id)]) {
      case Origin::Special: return;
      case Origin::Added: return append_added_token(text, token);
      case Origin::Model: return append_model_token(text, token);
    }
  }

  int32_t vocab_size() const override { return all_.size(); }
  std::optional<int32_t> token_to_id(std::string_view token) const override { return all_.find(token); }
  std::string id_to_token(int32_t id) const override { return all_.token(id); }
  const Special& special() const override { return special_; }

  std::string sha256() const override {
    std::string all;
    const auto append = [&](std::string_view part) { all += concat(part.size(), ":", part); };  // no part runs into the next
    for (int32_t id = 0; id < all_.size(); ++id) append(all_.contains(id) ? all_.token(id) : "");
    all += "merges";
    for (const auto& [left, right] : spec_.merges) append(left), append(right);
    all += "special";
    for (const AddedToken& token : spec_.added) {
      if (token.special) append(token.content);
    }
    for (const auto& name : spec_.special) append(name.value_or(""));
    return sha256_hex(all);
  }

 protected:
  /// Appends the normalised text to `out`.
  virtual void normalize(std::string_view text, std::string& out) const = 0;
  virtual void encode_piece(std::string_view normalized, std::vector<int32_t>& ids) const = 0;
  /// append_text of a token of the vocabulary, and of one that is cut out of texts whole.
  virtual void append_model_token(std::string& text, std::string_view token) const = 0;
  virtual void append_added_token(std::string& text, std::string_view token) const = 0;

  /// To be called by each kind's constructor, when normalize() is ready.
  void index_added_tokens() {
    std::vector<AddedToken> raw;
    std::vector<AddedToken> normalized;
    for (const AddedToken& token : spec_.added) (token.normalized ? normalized : raw).push_back(token);
    raw_splitter_ = AddedTokenSplitter(raw, contents(raw, false));
    const auto spelt = contents(normalized, true);
    normalized_splitter_ = AddedTokenSplitter(normalized, spelt);
    for (size_t i = 0; i < spelt.size(); ++i) {
      if (spelt[i] != normalized[i].content) spelt_[normalized[i].id] = spelt[i];
    }
  }

  std::vector<std::string_view> tokens_of(std::span<const int32_t> ids) const {
    std::vector<std::string_view> tokens;
    tokens.reserve(ids.size());
    for (const int32_t id : ids) {
      const auto found = spelt_.find(id);
      tokens.emplace_back(found == spelt_.end() ? all_.token(id) : found->second);
    }
    return tokens;
  }

  const TokenizerSpec spec_;

 private:
  enum class Origin : uint8_t { Model, Added, Special };

  void encode_normalized(std::string_view text, std::vector<Piece>& pieces, std::vector<int32_t>& ids) const {
    if (normalized_splitter_.empty()) {
      if (!text.empty()) encode_piece(text, ids);
      return;
    }
    pieces.clear();
    normalized_splitter_.split(text, pieces);
    for (const Piece& piece : pieces) {
      if (piece.id >= 0) {
        ids.push_back(piece.id);
      } else {
        encode_piece(piece.text, ids);
      }
    }
  }

  std::vector<std::string> contents(std::span<const AddedToken> tokens, bool normalized) const {
    std::vector<std::string> result;
    for (const AddedToken& token : tokens) {
      std::string content;
      if (normalized) {
        normalize(token.content, content);
      } else {
        content = token.content;
      }
      result.push_back(std::move(content));
    }
    return result;
  }

  Vocabulary merged_vocabulary() const {
    Vocabulary all;
    for (int32_t id = 0; id < spec_.vocabulary.size(); ++id) {
      if (spec_.vocabulary.contains(id)) all.add(spec_.vocabulary.token(id), id, spec_.where);
    }
    for (const AddedToken& token : spec_.added) {
      if (all.find(token.content) != token.id) all.add(token.content, token.id, concat(spec_.where, " added tokens"));
    }
    return all;
  }

  Special find_special() const {
    std::array<std::optional<int32_t>, kSpecialRoles.size()> ids;
    for (size_t role = 0; role < ids.size(); ++role) {
      const auto& name = spec_.special[role];
      if (!name) continue;
      ids[role] = all_.find(*name);
      if (!ids[role]) {
        throw Corrupt(concat("[load_tokenizer] ", spec_.where, ": ", kSpecialRoles[role], " '", *name, "' is missing"));
      }
    }
    return {ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[6]};
  }

  std::vector<Origin> find_origins() const {
    std::vector<Origin> origins(static_cast<size_t>(all_.size()), Origin::Model);
    for (const AddedToken& token : spec_.added) {
      origins[static_cast<size_t>(token.id)] = token.special ? Origin::Special : Origin::Added;
    }
    for (const auto& name : spec_.special) {
      if (name) origins[static_cast<size_t>(*all_.find(*name))] = Origin::Special;
    }
    return origins;
  }

  const Vocabulary all_;  // model and added tokens
  const Special special_;
  const std::vector<Origin> origins_;  // by id
  AddedTokenSplitter raw_splitter_;         // tokens looked for in the text as it is
  AddedTokenSplitter normalized_splitter_;  // in the normalised text
  std::unordered_map<int32_t, std::string> spelt_;  // added tokens that decode gives in normalised spelling
};

bool is_latin_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// "[unused12]", "<S>": BERT splits at punctuation, so no text gives such a token.
bool is_place_holder(std::string_view token) {
  const uint8_t* classes = code_point_classes();
  size_t code_points = 0;
  bool punctuation = false;
  for (size_t at = 0; at < token.size(); ++code_points) punctuation |= (classes[next_code_point(token, at)] & kBertPunctuation) != 0;
  return punctuation && code_points > 1;
}

class WordPieceTokenizer final : public ModelTokenizer {
 public:
  explicit WordPieceTokenizer(TokenizerSpec spec)
      : ModelTokenizer(std::move(spec)), model_(spec_.vocabulary, spec_.wordpiece, spec_.where) {
    index_added_tokens();
  }
  std::string decode(std::span<const int32_t> ids) const override { return decode_wordpiece(tokens_of(ids), spec_.wordpiece); }

 protected:
  void normalize(std::string_view text, std::string& out) const override { normalize_bert(text, spec_.bert, out); }
  void encode_piece(std::string_view text, std::vector<int32_t>& ids) const override { model_.encode(text, ids); }
  void append_added_token(std::string& text, std::string_view token) const override { text += token; }

  void append_model_token(std::string& text, std::string_view token) const override {
    const auto& prefix = spec_.wordpiece.prefix;
    const bool continues = token.size() > prefix.size() && token.starts_with(prefix);
    if (continues) token.remove_prefix(prefix.size());
    if (is_place_holder(token)) return;
    const bool two_words = !continues && !text.empty() && !token.empty() && is_latin_or_digit(text.back()) && is_latin_or_digit(token.front());
    if (two_words) text += ' ';
    text += token;
  }

 private:
  WordPieceModel model_;
};

class ByteBpeTokenizer : public ModelTokenizer {
 public:
  explicit ByteBpeTokenizer(TokenizerSpec spec)
      : ModelTokenizer(std::move(spec)), model_(spec_.vocabulary, spec_.merges, spec_.bpe, spec_.where) {
    index_added_tokens();
    if (const int missing = model_.missing_bytes(); missing > 0) {
      log_warn(spec_.where, ": the vocabulary lacks ", missing, " of 256 byte symbols; such bytes ",
               spec_.bpe.unk_token ? "become the unknown token" : "are left out");
    }
  }

  std::string decode(std::span<const int32_t> ids) const override {
    std::string bytes;
    for (const std::string_view token : tokens_of(ids)) append_bytes_of_token(bytes, token);
    return replace_invalid_utf8(bytes);
  }

 protected:
  void normalize(std::string_view text, std::string& out) const override { out += text; }
  void append_added_token(std::string& text, std::string_view token) const override { append_bytes_of_token(text, token); }
  void append_model_token(std::string& text, std::string_view token) const override { append_bytes_of_token(text, token); }

  void encode_piece(std::string_view text, std::vector<int32_t>& ids) const override {
    if (spec_.add_prefix_space && !text.starts_with(' ')) return encode_words(concat(" ", text), ids);
    encode_words(text, ids);
  }

  void encode_words(std::string_view text, std::vector<int32_t>& ids) const {
    split_gpt2(text, [&](std::string_view word) { model_.encode_word(word, ids); });
  }

 private:
  BpeModel model_;
};

class ClipTokenizer final : public ByteBpeTokenizer {
 public:
  explicit ClipTokenizer(TokenizerSpec spec) : ByteBpeTokenizer(std::move(spec)) { index_added_tokens(); }

  std::string decode(std::span<const int32_t> ids) const override {
    return strip_word_ends(ByteBpeTokenizer::decode(ids), spec_.bpe.end_of_word_suffix);
  }

 protected:
  void normalize(std::string_view text, std::string& out) const override { normalize_clip(text, out); }

  void append_model_token(std::string& text, std::string_view token) const override {
    const bool ends_word = token.ends_with(spec_.bpe.end_of_word_suffix);
    append_bytes_of_token(text, token.substr(0, token.size() - (ends_word ? spec_.bpe.end_of_word_suffix.size() : 0)));
    if (ends_word) text += ' ';
  }

  void encode_piece(std::string_view text, std::vector<int32_t>& ids) const override {
    split_clip(text, [&](std::string_view word) { encode_words(word, ids); });
  }
};

}  // namespace

int32_t add_token(TokenizerSpec& spec, AddedToken token) {
  int32_t next = spec.vocabulary.size();
  for (const AddedToken& known : spec.added) {
    if (known.content == token.content) return known.id;
    next = std::max(next, known.id + 1);
  }
  token.id = spec.vocabulary.find(token.content).value_or(next);
  spec.added.push_back(std::move(token));
  return spec.added.back().id;
}

std::unique_ptr<Tokenizer> make_tokenizer(TokenizerSpec spec) {
  switch (spec.kind) {
    case TokenizerKind::WordPiece: return std::make_unique<WordPieceTokenizer>(std::move(spec));
    case TokenizerKind::ByteBpe: return std::make_unique<ByteBpeTokenizer>(std::move(spec));
    case TokenizerKind::ClipBpe: return std::make_unique<ClipTokenizer>(std::move(spec));
  }
  throw InternalError("[make_tokenizer] unknown kind");
}

}  // namespace vitrine::text
