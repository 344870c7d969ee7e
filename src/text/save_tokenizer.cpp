// save_tokenizer: the files of a tokenizer, as load_tokenizer and transformers read them.
#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer_spec.h"

namespace vitrine::text {
namespace {
namespace fs = std::filesystem;

/// One token a line.
std::string vocab_txt(const Vocabulary& vocabulary) {
  std::string text;
  for (int32_t id = 0; id < vocabulary.size(); ++id) text += vocabulary.token(id) + "\n";
  return text;
}

/// Written by hand: the project's Json looks keys up one by one, too slow for a vocabulary.
std::string vocab_json(const Vocabulary& vocabulary) {
  std::string text = "{";
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    if (!vocabulary.contains(id)) continue;
    text += concat(text.size() == 1 ? "\n" : ",\n", dump_line(vocabulary.token(id)), ": ", id);
  }
  return text + "\n}\n";
}

std::string merges_txt(const std::vector<Merge>& merges) {
  std::string text = "#version: 0.2\n";
  for (const auto& [left, right] : merges) text += left + " " + right + "\n";
  return text;
}

std::vector<AddedToken> by_id(std::vector<AddedToken> tokens) {
  std::sort(tokens.begin(), tokens.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  return tokens;
}

/// Any kind of JSON object with the token's content and flags.
template <typename AnyJson>
AnyJson token_object(const AddedToken& token) {
  return {{"content", token.content},   {"lstrip", token.lstrip},           {"normalized", token.normalized},
          {"rstrip", token.rstrip},     {"single_word", token.single_word}, {"special", token.special}};
}

Json decoder_object(const std::vector<AddedToken>& tokens) {
  Json object = Json::object();
  for (const AddedToken& token : by_id(tokens)) object[std::to_string(token.id)] = token_object<Json>(token);
  return object;
}

/// Tokens that the vocabulary's own file does not hold.
Json added_object(const TokenizerSpec& spec) {
  Json object = Json::object();
  for (const AddedToken& token : spec.added) {
    if (!spec.vocabulary.contains(token.id)) object[token.content] = token.id;
  }
  return object;
}

Json special_object(const SpecialNames& special) {
  Json object = Json::object();
  for (size_t role = 0; role < special.size(); ++role) {
    if (special[role]) object[std::string(kSpecialRoles[role])] = *special[role];
  }
  return object;
}

/// The settings that only one kind has.
void put_settings(Json& config, const TokenizerSpec& spec) {
  switch (spec.kind) {
    case TokenizerKind::WordPiece:
      config["do_lower_case"] = spec.bert.lowercase;
      config["strip_accents"] = spec.bert.strip_accents ? Json(*spec.bert.strip_accents) : Json();
      config["tokenize_chinese_chars"] = spec.bert.handle_chinese_chars;
      config["tokenizer_class"] = "BertTokenizer";
      return;
    case TokenizerKind::ByteBpe:
      config["errors"] = "replace";
      config["tokenizer_class"] = "GPT2Tokenizer";
      return;
    case TokenizerKind::ClipBpe:
      config["do_lower_case"] = true;
      config["errors"] = "replace";
      config["tokenizer_class"] = "CLIPTokenizer";
      return;
  }
}

/// Roles without a token are written as null: transformers would add its own otherwise.
Json config_object(const TokenizerSpec& spec) {
  Json config = Json::object();
  if (spec.kind == TokenizerKind::ByteBpe) config["add_prefix_space"] = spec.add_prefix_space;
  config["added_tokens_decoder"] = decoder_object(spec.added);
  for (size_t role = 0; role < spec.special.size(); ++role) {
    config[std::string(kSpecialRoles[role])] = spec.special[role] ? Json(*spec.special[role]) : Json();
  }
  config["clean_up_tokenization_spaces"] = false;
  if (spec.model_max_length > 0) config["model_max_length"] = spec.model_max_length;
  put_settings(config, spec);
  return config;
}

std::array<std::string, kSpecialRoles.size()> contents_of(const SpecialTokens& special) {
  return {special.bos, special.eos, special.pad, special.unk, special.cls, special.sep, special.mask};
}

/// The tokenizer.json that was read, with the added tokens of `spec`.
std::string tokenizer_json(const TokenizerSpec& spec) {
  SortedJson json = read_sorted_json(spec.json_file);
  SortedJson added = SortedJson::array();
  for (const AddedToken& token : by_id(spec.added)) {
    added.push_back(token_object<SortedJson>(token));
    added.back()["id"] = token.id;
  }
  json["added_tokens"] = std::move(added);
  return json.dump(1) + "\n";
}

/// The tokenizer_config.json beside it, with the roles of `spec`: its class decides how transformers reads tokenizer.json.
Json config_beside_json(const TokenizerSpec& spec) {
  const fs::path path = spec.json_file.parent_path() / "tokenizer_config.json";
  if (!fs::exists(path)) return config_object(spec);
  Json config = read_json_file(path);
  for (size_t role = 0; role < spec.special.size(); ++role) {
    if (spec.special[role]) config[std::string(kSpecialRoles[role])] = *spec.special[role];
  }
  if (config.contains("added_tokens_decoder")) config["added_tokens_decoder"] = decoder_object(spec.added);
  return config;
}

void save_separate_files(const fs::path& dir, const TokenizerSpec& spec) {
  if (spec.kind == TokenizerKind::WordPiece) {
    write_file_atomic(dir / "vocab.txt", vocab_txt(spec.vocabulary));
  } else {
    write_file_atomic(dir / "vocab.json", vocab_json(spec.vocabulary));
    write_file_atomic(dir / "merges.txt", merges_txt(spec.merges));
  }
  write_file_atomic(dir / "added_tokens.json", dump_pretty(added_object(spec)));
  write_file_atomic(dir / "special_tokens_map.json", dump_pretty(special_object(spec.special)));
  write_file_atomic(dir / "tokenizer_config.json", dump_pretty(config_object(spec)));
}

}  // namespace

void save_tokenizer(const fs::path& dir, const TokenizerSpec& spec) {
  if (spec.json_file.empty() || spec.kind == TokenizerKind::ClipBpe) return save_separate_files(dir, spec);
  write_file_atomic(dir / "tokenizer.json", tokenizer_json(spec));
  write_file_atomic(dir / "tokenizer_config.json", dump_pretty(config_beside_json(spec)));
}

void save_bpe_tokenizer(const fs::path& dir, const BpeVocabulary& vocabulary, std::span<const AddedToken> added_tokens,
                        const SpecialTokens& special) {
  TokenizerSpec spec;
  spec.kind = TokenizerKind::ByteBpe;
  spec.where = dir.string();
  spec.merges = vocabulary.merges;
  for (const std::string& token : vocabulary.tokens) spec.vocabulary.add(token, spec.vocabulary.size(), spec.where);
  std::set<std::string_view> seen;
  for (const AddedToken& token : added_tokens) {
    VITRINE_REQUIRE(seen.insert(token.content).second, "[save_bpe_tokenizer] added token '", token.content, "' is there twice");
    add_token(spec, token);
  }
  const auto contents = contents_of(special);
  for (size_t role = 0; role < contents.size(); ++role) {
    if (contents[role].empty()) continue;
    VITRINE_REQUIRE(seen.contains(contents[role]), "[save_bpe_tokenizer] ", kSpecialRoles[role], " '", contents[role],
                    "' is not among the added tokens");
    spec.special[role] = contents[role];
  }
  save_tokenizer(dir, spec);
}

}  // namespace vitrine::text
