// Brings tokenizer.json, the separate files and the configuration files of a directory together.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "text/tokenizer_spec.h"

namespace vitrine::text {
namespace {
namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw Corrupt(concat("[load_tokenizer] ", path.string(), ": ", what));
}
[[noreturn]] void mismatch(const fs::path& path, std::string_view what) { fail(path, concat("TOK_MISMATCH: ", what)); }

/// An object, empty when the file is not there.
SortedJson read_optional(const fs::path& path) {
  if (!fs::exists(path)) return SortedJson::object();
  SortedJson json = read_sorted_json(path);
  if (!json.is_object()) fail(path, "expected an object");
  return json;
}

std::optional<bool> flag(const SortedJson& object, const char* key, const fs::path& path) {
  if (!object.is_object() || !object.contains(key) || object[key].is_null()) return std::nullopt;
  if (!object[key].is_boolean()) fail(path, concat(key, ": expected true or false, got ", excerpt(object[key])));
  return object[key].get<bool>();
}

/// A special token is a string or an object with content and flags.
std::optional<AddedToken> token_of(const SortedJson& value, std::string_view key, const fs::path& path) {
  if (value.is_null()) return std::nullopt;
  AddedToken token{.content = "", .special = true};
  if (value.is_string()) {
    token.content = value.get<std::string>();
    return token;
  }
  if (!value.is_object() || !value.contains("content") || !value["content"].is_string()) {
    fail(path, concat(key, ": expected a token, got ", excerpt(value)));
  }
  token.content = value["content"].get<std::string>();
  token.special = flag(value, "special", path).value_or(true);
  token.lstrip = flag(value, "lstrip", path).value_or(false);
  token.rstrip = flag(value, "rstrip", path).value_or(false);
  token.single_word = flag(value, "single_word", path).value_or(false);
  token.normalized = flag(value, "normalized", path).value_or(!token.special);
  return token;
}

/// The configuration files of one directory.
struct ConfigFiles {
  explicit ConfigFiles(const fs::path& dir)
      : config_path(dir / "tokenizer_config.json"),
        map_path(dir / "special_tokens_map.json"),
        added_path(dir / "added_tokens.json"),
        config(read_optional(config_path)),
        map(read_optional(map_path)),
        added(read_optional(added_path)) {}

  fs::path config_path, map_path, added_path;
  SortedJson config, map, added;
};

SpecialNames names(const char* bos, const char* eos, const char* pad, const char* unk, const char* cls, const char* sep,
                             const char* mask) {
  const auto name = [](const char* text) { return text == nullptr ? std::nullopt : std::optional<std::string>(text); };
  return {name(bos), name(eos), name(pad), name(unk), name(cls), name(sep), name(mask)};
}

/// What transformers takes when the files say nothing.
SpecialNames default_names(const TokenizerSpec& spec) {
  constexpr const char* kEnd = "<|endoftext|>";
  switch (spec.kind) {
    case TokenizerKind::WordPiece: return names(nullptr, nullptr, "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");
    case TokenizerKind::ClipBpe: return names("<|startoftext|>", kEnd, kEnd, kEnd, nullptr, nullptr, nullptr);
    case TokenizerKind::ByteBpe: break;
  }
  // A vocabulary of one's own need not have GPT-2's only special token.
  if (!spec.vocabulary.find(kEnd)) return {};
  return names(kEnd, kEnd, nullptr, kEnd, nullptr, nullptr, nullptr);
}

/// Roles with the token each file names; special_tokens_map.json counts only without added_tokens_decoder,
/// as in transformers.
struct Roles {
  SpecialNames names;
  std::vector<AddedToken> tokens;  // with their flags, in the order of the roles
};

void take_role(Roles& roles, size_t role, const SortedJson& file, const fs::path& path) {
  const std::string key(kSpecialRoles[role]);
  if (!file.contains(key)) return;
  const auto token = token_of(file[key], key, path);
  roles.names[role] = token ? std::optional(token->content) : std::nullopt;
  if (token) roles.tokens.push_back(*token);
}

Roles read_roles(const ConfigFiles& files, SpecialNames defaults) {
  Roles roles{std::move(defaults), {}};
  for (size_t role = 0; role < kSpecialRoles.size(); ++role) {
    take_role(roles, role, files.config, files.config_path);
    if (!files.config.contains("added_tokens_decoder")) take_role(roles, role, files.map, files.map_path);
  }
  return roles;
}

/// Tokens of "additional_special_tokens" and its newer name.
std::vector<AddedToken> extra_special_tokens(const SortedJson& file, const fs::path& path) {
  std::vector<AddedToken> tokens;
  for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
    if (!file.contains(key) || file[key].is_null()) continue;
    if (!file[key].is_array() && !file[key].is_object()) fail(path, concat(key, ": expected a list"));
    for (const SortedJson& value : file[key]) {
      if (auto token = token_of(value, key, path)) tokens.push_back(*token);
    }
  }
  return tokens;
}

int32_t id_of(std::string_view text, const fs::path& path) {
  int32_t id = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || id > 1'000'000'0) fail(path, concat("added_tokens_decoder: '", text, "' is no id"));
    id = id * 10 + (c - '0');
  }
  if (text.empty()) fail(path, "added_tokens_decoder: '' is no id");
  return id;
}

/// Tokens with their ids, of added_tokens_decoder and added_tokens.json, which must not disagree.
std::map<int32_t, AddedToken> numbered_tokens(const ConfigFiles& files) {
  std::map<int32_t, AddedToken> tokens;
  std::map<std::string, int32_t> ids;
  if (files.config.contains("added_tokens_decoder") && !files.config["added_tokens_decoder"].is_object()) {
    fail(files.config_path, "added_tokens_decoder: expected an object");
  }
  if (files.config.contains("added_tokens_decoder")) {
    for (const auto& [key, value] : files.config["added_tokens_decoder"].items()) {
      auto token = token_of(value, "added_tokens_decoder", files.config_path);
      if (!token) continue;
      token->special = flag(value, "special", files.config_path).value_or(false);
      token->normalized = flag(value, "normalized", files.config_path).value_or(!token->special);
      token->id = id_of(key, files.config_path);
      if (!ids.emplace(token->content, token->id).second) fail(files.config_path, concat("added token '", token->content, "' is there twice"));
      tokens.emplace(token->id, *token);
    }
  }
  for (const auto& [content, value] : files.added.items()) {
    if (!value.is_number_unsigned()) fail(files.added_path, concat("token '", content, "': expected an id, got ", excerpt(value)));
    const auto id = value.get<int32_t>();
    const auto [place, is_new] = ids.emplace(content, id);
    if (place->second != id) mismatch(files.added_path, concat("'", content, "' has id ", id, ", tokenizer_config.json has ", place->second));
    if (is_new && !tokens.emplace(id, AddedToken{.content = content, .normalized = true, .id = id}).second) {
      mismatch(files.added_path, concat("id ", id, " of '", content, "' belongs to '", tokens[id].content, "'"));
    }
  }
  return tokens;
}

void add_numbered_tokens(TokenizerSpec& spec, const ConfigFiles& files, const std::vector<AddedToken>& special) {
  for (auto& [id, token] : numbered_tokens(files)) {
    const bool listed = !files.config.contains("added_tokens_decoder");
    if (listed && std::any_of(special.begin(), special.end(), [&](const AddedToken& s) { return s.content == token.content; })) {
      token.special = true;
      token.normalized = false;
    }
    const int32_t expected = add_token(spec, token);
    if (expected != id) {
      mismatch(files.added.empty() ? files.config_path : files.added_path,
               concat("id of added token '", token.content, "': expected ", expected, ", file has ", id));
    }
  }
}

bool has_token(const TokenizerSpec& spec, const std::string& content) {
  const auto same = [&](const AddedToken& token) { return token.content == content; };
  return spec.vocabulary.find(content) || std::any_of(spec.added.begin(), spec.added.end(), same);
}

void require_known(const TokenizerSpec& spec, const std::string& content, std::string_view role) {
  if (!has_token(spec, content)) {
    throw Corrupt(concat("[load_tokenizer] ", spec.where, ": ", role, " '", content, "' is missing"));
  }
}

/// Added and special tokens of the separate files. Role tokens are found in a text too.
void add_tokens_of_files(TokenizerSpec& spec, const ConfigFiles& files) {
  const Roles roles = read_roles(files, default_names(spec));
  auto extra = extra_special_tokens(files.config, files.config_path);
  if (!files.config.contains("added_tokens_decoder")) {
    for (auto& token : extra_special_tokens(files.map, files.map_path)) extra.push_back(token);
  }
  std::vector<AddedToken> special = roles.tokens;
  special.insert(special.end(), extra.begin(), extra.end());
  add_numbered_tokens(spec, files, special);
  for (AddedToken& token : special) {
    require_known(spec, token.content, "special token");
    add_token(spec, token);
  }
  for (size_t role = 0; role < kSpecialRoles.size(); ++role) {
    if (!roles.names[role]) continue;
    require_known(spec, *roles.names[role], kSpecialRoles[role]);
    add_token(spec, {.content = *roles.names[role], .special = true});
  }
  spec.special = roles.names;
}

void apply_settings(TokenizerSpec& spec, const ConfigFiles& files) {
  const auto setting = [&](const char* key) { return flag(files.config, key, files.config_path); };
  if (spec.kind == TokenizerKind::WordPiece) {
    spec.bert.lowercase = setting("do_lower_case").value_or(true);
    spec.bert.handle_chinese_chars = setting("tokenize_chinese_chars").value_or(true);
    spec.bert.strip_accents = setting("strip_accents");
    if (spec.special[3]) spec.wordpiece.unk_token = *spec.special[3];
  } else if (spec.kind == TokenizerKind::ClipBpe) {
    if (spec.special[3]) spec.bpe.unk_token = *spec.special[3];
  } else {
    spec.add_prefix_space = setting("add_prefix_space").value_or(false);
  }
}

/// Larger numbers mean no limit.
int64_t max_length_of(const ConfigFiles& files) {
  constexpr uint64_t kLimit = uint64_t{1} << 30;
  if (!files.config.contains("model_max_length") || !files.config["model_max_length"].is_number_unsigned()) return 0;
  const auto length = files.config["model_max_length"].get<uint64_t>();
  return length <= kLimit ? static_cast<int64_t>(length) : 0;
}

/// A setting that tokenizer_config.json and tokenizer.json both hold must be the same.
void check_setting(const ConfigFiles& files, const char* key, bool ours) {
  const auto theirs = flag(files.config, key, files.config_path);
  if (theirs && *theirs != ours) {
    mismatch(files.config_path, concat(key, " is ", *theirs ? "true" : "false", ", tokenizer.json has ", ours ? "true" : "false"));
  }
}

void check_settings(const TokenizerSpec& spec, const ConfigFiles& files) {
  if (spec.kind == TokenizerKind::WordPiece) {
    check_setting(files, "do_lower_case", spec.bert.lowercase);
    check_setting(files, "tokenize_chinese_chars", spec.bert.handle_chinese_chars);
    check_setting(files, "strip_accents", spec.bert.strip_accents.value_or(spec.bert.lowercase));
  } else if (spec.kind == TokenizerKind::ByteBpe) {
    check_setting(files, "add_prefix_space", spec.add_prefix_space);
  }
}

/// The model parts of both forms must be equal, token by token and merge by merge.
void compare_forms(const TokenizerSpec& json, const TokenizerSpec& files, const fs::path& dir) {
  const fs::path path = dir / "tokenizer.json";
  if (json.kind != files.kind) mismatch(path, concat("another kind of tokenizer than ", files.where));
  for (int32_t id = 0; id < std::max(json.vocabulary.size(), files.vocabulary.size()); ++id) {
    const bool here = json.vocabulary.contains(id);
    const bool there = files.vocabulary.contains(id);
    if (here != there || (here && json.vocabulary.token(id) != files.vocabulary.token(id))) {
      mismatch(path, concat("id ", id, " is ", here ? concat("'", json.vocabulary.token(id), "'") : "absent", ", ", files.where, " has ",
                            there ? concat("'", files.vocabulary.token(id), "'") : "nothing"));
    }
  }
  if (json.merges == files.merges) return;
  const auto [a, b] = std::mismatch(json.merges.begin(), json.merges.end(), files.merges.begin(), files.merges.end());
  mismatch(path, concat("merge ", a - json.merges.begin() + 1, " differs from ", files.where));
}

/// With tokenizer.json the roles come from tokenizer_config.json; ids of both must agree.
void add_roles_to_json(TokenizerSpec& spec, const ConfigFiles& files) {
  for (auto& [id, token] : numbered_tokens(files)) {
    const auto known = std::find_if(spec.added.begin(), spec.added.end(), [&](const AddedToken& t) { return t.content == token.content; });
    const int32_t ours = known == spec.added.end() ? -1 : known->id;
    if (ours != id) mismatch(files.config_path, concat("id of added token '", token.content, "' is ", id, ", tokenizer.json has ", ours));
  }
  SpecialNames defaults = default_names(spec);
  for (auto& name : defaults) {
    if (name && !has_token(spec, *name)) name.reset();  // the file says what there is
  }
  const Roles roles = read_roles(files, std::move(defaults));
  for (size_t role = 0; role < kSpecialRoles.size(); ++role) {
    if (!roles.names[role]) continue;
    require_known(spec, *roles.names[role], kSpecialRoles[role]);
    add_token(spec, {.content = *roles.names[role], .special = true});
  }
  spec.special = roles.names;
}

}  // namespace

TokenizerSpec read_tokenizer_spec(const fs::path& model_dir) {
  const ConfigFiles files(model_dir);
  auto separate = read_vocabulary_files(model_dir);
  if (separate) add_tokens_of_files(*separate, files);
  if (separate) apply_settings(*separate, files);
  if (separate) separate->model_max_length = max_length_of(files);
  const fs::path json_path = model_dir / "tokenizer.json";
  if (!fs::exists(json_path)) {
    if (!separate) {
      throw NotFound(concat("[load_tokenizer] ", model_dir.string(),
                            ": no tokenizer.json, vocab.txt, vocab.json with merges.txt or bpe_simple_vocab_16e6.txt.gz"));
    }
    return std::move(*separate);
  }
  TokenizerSpec spec = read_tokenizer_json(json_path);
  if (separate) compare_forms(spec, *separate, model_dir);
  check_settings(spec, files);
  add_roles_to_json(spec, files);
  spec.model_max_length = max_length_of(files);
  return spec;
}

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& model_dir) { return make_tokenizer(read_tokenizer_spec(model_dir)); }

}  // namespace vitrine::text
