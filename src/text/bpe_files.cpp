// save_bpe_tokenizer: the files of a GPT-2 tokenizer, as both loaders read them.
#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "text/bpe_trainer.h"

namespace vitrine::text {
namespace {

struct Role {
  const char* key;
  const std::string& content;
};

std::array<Role, 7> roles_of(const SpecialTokens& special) {
  return {Role{"bos_token", special.bos}, {"eos_token", special.eos}, {"pad_token", special.pad}, {"unk_token", special.unk},
          {"cls_token", special.cls},     {"sep_token", special.sep}, {"mask_token", special.mask}};
}

/// Written by hand: the project's Json looks keys up one by one, too slow for a vocabulary.
std::string vocabulary_text(const BpeVocabulary& vocabulary) {
  std::string text = "{";
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    text += concat(id == 0 ? "\n" : ",\n", dump_line(vocabulary.tokens[id]), ": ", id);
  }
  return text + "\n}\n";
}

std::string merges_text(const BpeVocabulary& vocabulary) {
  std::string text = "#version: 0.2\n";
  for (const auto& [left, right] : vocabulary.merges) text += left + " " + right + "\n";
  return text;
}

std::vector<AddedToken> with_ids(const BpeVocabulary& vocabulary, std::span<const AddedToken> added) {
  std::unordered_map<std::string_view, int32_t> known;
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) known.emplace(vocabulary.tokens[id], static_cast<int32_t>(id));
  std::set<std::string_view> seen;
  std::vector<AddedToken> tokens(added.begin(), added.end());
  auto next = static_cast<int32_t>(vocabulary.tokens.size());
  for (AddedToken& token : tokens) {
    VITRINE_REQUIRE(seen.insert(token.content).second, "[save_bpe_tokenizer] added token '", token.content, "' is there twice");
    const auto found = known.find(token.content);
    token.id = found == known.end() ? next++ : found->second;
  }
  return tokens;
}

Json decoder_object(std::vector<AddedToken> tokens) {
  std::sort(tokens.begin(), tokens.end(), [](const AddedToken& a, const AddedToken& b) { return a.id < b.id; });
  Json object = Json::object();
  for (const AddedToken& token : tokens) {
    object[std::to_string(token.id)] = {{"content", token.content},     {"lstrip", token.lstrip},           {"normalized", token.normalized},
                                        {"rstrip", token.rstrip},       {"single_word", token.single_word}, {"special", token.special}};
  }
  return object;
}

Json added_object(const BpeVocabulary& vocabulary, const std::vector<AddedToken>& tokens) {
  Json object = Json::object();
  for (const AddedToken& token : tokens) {
    if (token.id >= static_cast<int32_t>(vocabulary.tokens.size())) object[token.content] = token.id;
  }
  return object;
}

Json special_object(const SpecialTokens& special) {
  Json object = Json::object();
  for (const auto& [key, content] : roles_of(special)) {
    if (!content.empty()) object[key] = content;
  }
  return object;
}

/// Roles without a token are written as null: transformers would add GPT-2's own otherwise.
Json config_object(const std::vector<AddedToken>& tokens, const SpecialTokens& special) {
  Json config = {{"add_prefix_space", false}, {"added_tokens_decoder", decoder_object(tokens)}};
  for (const auto& [key, content] : roles_of(special)) config[key] = content.empty() ? Json() : Json(content);
  config["clean_up_tokenization_spaces"] = false;
  config["errors"] = "replace";
  config["tokenizer_class"] = "GPT2Tokenizer";
  return config;
}

}  // namespace

void save_bpe_tokenizer(const std::filesystem::path& dir, const BpeVocabulary& vocabulary, std::span<const AddedToken> added_tokens,
                        const SpecialTokens& special) {
  const std::vector<AddedToken> tokens = with_ids(vocabulary, added_tokens);
  for (const auto& [key, content] : roles_of(special)) {
    const auto same = [&name = content](const AddedToken& token) { return token.content == name; };
    VITRINE_REQUIRE(content.empty() || std::any_of(tokens.begin(), tokens.end(), same), "[save_bpe_tokenizer] ", key, " '", content,
                    "' is not among the added tokens");
  }
  write_file_atomic(dir / "vocab.json", vocabulary_text(vocabulary));
  write_file_atomic(dir / "merges.txt", merges_text(vocabulary));
  write_file_atomic(dir / "added_tokens.json", dump_pretty(added_object(vocabulary, tokens)));
  write_file_atomic(dir / "special_tokens_map.json", dump_pretty(special_object(special)));
  write_file_atomic(dir / "tokenizer_config.json", dump_pretty(config_object(tokens, special)));
}

}  // namespace vitrine::text
