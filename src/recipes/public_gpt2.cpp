#include "recipes/public_gpt2.h"

#include "base/error.h"
#include "base/json.h"
#include "copywriting/plan_guide.h"
#include "copywriting/prompt.h"
#include "models/gpt2/weights.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

enum SpecialRole : size_t { kBos, kEos, kPad };  // in the order of text::kSpecialRoles

/// bos, eos and pad ids are left out: a config of a smaller vocabulary often keeps GPT-2's 50256.
models::Gpt2Config read_config(const fs::path& path) {
  Json json = read_json_file(path);
  if (json.is_object()) {
    for (const char* name : {"bos_token_id", "eos_token_id", "pad_token_id"}) json[name] = nullptr;
  }
  return models::gpt2_config_from_json(json, path.string());
}

class TokenAdder {
 public:
  explicit TokenAdder(PublicGpt2& base) : base_(base), next_(base.tokenizer->vocab_size()) {}

  void add(const std::string& content, bool special, std::vector<int32_t> pieces) {
    if (text::add_token(base_.spec, {.content = content, .special = special}) != next_) return;  // known already
    new_.pieces.push_back(std::move(pieces));
    ++next_;
  }

  void add_control_token(const std::string& content) { add(content, true, {}); }
  void add_value(const std::string& content) { add(content, false, known_pieces(content)); }

  /// Only where the vocabulary has no token of it.
  void add_sign(std::string_view sign) {
    const auto pieces = known_pieces(sign);
    std::string spelt;
    for (const int32_t id : pieces) base_.tokenizer->append_text(spelt, id);
    if (pieces.size() != 1 || spelt != sign) add(std::string(sign), false, pieces);
  }

  models::NewTokens take() { return std::move(new_); }

 private:
  std::vector<int32_t> known_pieces(std::string_view text) const {
    auto pieces = base_.tokenizer->encode(text);
    std::erase_if(pieces, [&](int32_t id) { return base_.tokenizer->special().unk == id; });
    return pieces;
  }

  PublicGpt2& base_;
  int32_t next_;
  models::NewTokens new_;
};

}  // namespace

PublicGpt2 open_public_gpt2(const fs::path& directory) {
  const fs::path config_path = directory / "config.json";
  if (!fs::exists(config_path)) {
    throw Corrupt(concat("[train copy] init: ", directory.string(),
                         ": neither a copy model (vitrine.json) nor a GPT-2 directory (config.json)"));
  }
  PublicGpt2 base{directory, read_config(config_path), text::read_tokenizer_spec(directory), text::load_tokenizer(directory)};
  if (base.spec.kind == text::TokenizerKind::ClipBpe) {
    throw Corrupt(concat("[train copy] init: ", base.spec.where, ": expected WordPiece or byte-level BPE, got CLIP"));
  }
  if (base.config.vocab_size != base.tokenizer->vocab_size()) {
    throw Corrupt(concat("[train copy] init: ", directory.string(), ": TOK_MISMATCH: config.json has vocab_size ", base.config.vocab_size,
                         ", the tokenizer ", base.tokenizer->vocab_size(), " tokens"));
  }
  models::load_gpt2_weights(directory, base.config);
  return base;
}

models::NewTokens add_copy_tokens(PublicGpt2& base, const std::vector<std::string>& keys, const std::vector<std::string>& values,
                                  const fs::path& work) {
  auto& roles = base.spec.special;
  const bool has_eos = roles[kEos].has_value();
  TokenAdder adder(base);
  for (const auto& token : copywriting::control_tokens(keys)) {
    if (token != copywriting::kEndToken || !has_eos) adder.add_control_token(token);
  }
  for (const auto& value : values) adder.add_value(value);
  for (const auto sign : copywriting::kSentenceSigns) adder.add_sign(sign);
  if (!has_eos) roles[kEos] = copywriting::kEndToken;
  for (const auto role : {kBos, kPad}) {
    if (!roles[role]) roles[role] = roles[kEos];
  }
  text::save_tokenizer(work, base.spec);
  return adder.take();
}

}  // namespace vitrine::recipes
