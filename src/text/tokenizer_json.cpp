// Reads tokenizer.json. What is not known is refused by its name: a tokenizer that is nearly right
// gives wrong ids without a word.
#include <algorithm>

#include "base/error.h"
#include "text/tokenizer_spec.h"

namespace vitrine::text {
namespace {

/// One JSON object of the file with its place, for messages.
struct Node {
  const SortedJson& value;
  std::string where;

  [[noreturn]] void fail(std::string_view what) const { throw Corrupt(concat("[load_tokenizer] ", where, ": ", what)); }
  [[noreturn]] void unknown(std::string_view part) const { fail(concat("unknown ", part, " ", excerpt(value))); }

  bool has(const char* key) const { return value.is_object() && value.contains(key) && !value[key].is_null(); }
  Node at(const char* key) const {
    if (!has(key)) fail(concat("'", key, "' is missing"));
    return {value[key], concat(where, " ", key)};
  }
  std::string type() const { return has("type") ? at("type").text() : value.is_null() ? "null" : "object without type"; }
  std::string text() const {
    if (!value.is_string()) fail(concat("expected a string, got ", excerpt(value)));
    return value.get<std::string>();
  }
  std::string text(const char* key, std::string fallback) const { return has(key) ? at(key).text() : fallback; }
  bool flag(const char* key, bool fallback) const {
    if (!has(key)) return fallback;
    const Node node = at(key);
    if (!node.value.is_boolean()) node.fail(concat("expected true or false, got ", excerpt(node.value)));
    return node.value.get<bool>();
  }
  int32_t number(const char* key) const {
    const Node node = at(key);
    if (!node.value.is_number_integer()) node.fail(concat("expected an integer, got ", excerpt(node.value)));
    const auto number = node.value.get<int64_t>();
    if (number < 0 || number > (1 << 24)) node.fail(concat("expected 0 to 16777216, got ", number));
    return static_cast<int32_t>(number);
  }
};

Merge read_merge(const Node& node, const SortedJson& merge, size_t rank) {
  const auto bad = [&] { node.fail(concat("merge ", rank + 1, ": expected two parts, got ", excerpt(merge))); };
  if (merge.is_array()) {
    if (merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string()) bad();
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  if (!merge.is_string()) bad();
  const auto parts = parse_merge(merge.get<std::string>());
  if (!parts) bad();
  return *parts;
}

void read_wordpiece(const Node& model, TokenizerSpec& spec) {
  spec.kind = TokenizerKind::WordPiece;
  spec.wordpiece.unk_token = model.text("unk_token", "[UNK]");
  spec.wordpiece.prefix = model.text("continuing_subword_prefix", "##");
  if (model.has("max_input_chars_per_word")) spec.wordpiece.max_input_chars_per_word = model.number("max_input_chars_per_word");
}

void read_bpe(const Node& model, TokenizerSpec& spec) {
  spec.kind = TokenizerKind::ByteBpe;
  if (model.has("dropout")) model.at("dropout").unknown("BPE setting dropout");
  if (!model.text("continuing_subword_prefix", "").empty()) model.at("continuing_subword_prefix").unknown("BPE setting");
  if (model.flag("byte_fallback", false)) model.at("byte_fallback").unknown("BPE setting");
  spec.bpe.end_of_word_suffix = model.text("end_of_word_suffix", "");
  if (model.has("unk_token")) spec.bpe.unk_token = model.at("unk_token").text();
  spec.bpe.fuse_unk = model.flag("fuse_unk", false);
  spec.bpe.ignore_merges = model.flag("ignore_merges", false);
  const Node merges = model.at("merges");
  if (!merges.value.is_array()) merges.fail("expected a list");
  for (size_t rank = 0; rank < merges.value.size(); ++rank) spec.merges.push_back(read_merge(merges, merges.value[rank], rank));
}

void read_model(const Node& root, TokenizerSpec& spec) {
  const Node model = root.at("model");
  // Files of early versions leave the type out; merges tell the two apart.
  const std::string type = model.has("type") ? model.type() : model.has("merges") ? "BPE" : "WordPiece";
  if (type == "WordPiece") {
    read_wordpiece(model, spec);
  } else if (type == "BPE") {
    read_bpe(model, spec);
  } else {
    model.fail(concat("unknown model '", type, "'; known are WordPiece and BPE"));
  }
  spec.where = model.where;
  read_vocabulary_object(model.at("vocab").value, concat(model.where, " vocab"), spec.vocabulary);
}

void read_bert_normalizer(const Node& root, TokenizerSpec& spec) {
  if (!root.has("normalizer")) {
    spec.bert = {.clean_text = false, .handle_chinese_chars = false, .strip_accents = false, .lowercase = false};
    return;
  }
  const Node node = root.at("normalizer");
  if (node.type() != "BertNormalizer") node.fail(concat("unknown normalizer '", node.type(), "' of a WordPiece model"));
  spec.bert.clean_text = node.flag("clean_text", true);
  spec.bert.handle_chinese_chars = node.flag("handle_chinese_chars", true);
  spec.bert.lowercase = node.flag("lowercase", true);
  if (node.has("strip_accents")) spec.bert.strip_accents = node.flag("strip_accents", true);
}

const SortedJson& clip_normalizer() {
  static const SortedJson normalizer = SortedJson::parse(
      R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "},{"type":"Lowercase"}]})");
  return normalizer;
}

const SortedJson& clip_split() {
  static const SortedJson split = SortedJson::parse(
      R"({"type":"Split","pattern":{"Regex":"<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},"behavior":"Removed","invert":true})");
  return split;
}

void read_byte_level(const Node& node, TokenizerSpec& spec) {
  if (node.type() != "ByteLevel") node.fail(concat("unknown pre_tokenizer '", node.type(), "' of a BPE model"));
  if (!node.flag("use_regex", true)) node.unknown("pre_tokenizer setting use_regex: false in");
  spec.add_prefix_space = node.flag("add_prefix_space", true);
}

void read_clip_words(const Node& root, TokenizerSpec& spec) {
  const Node words = root.at("pre_tokenizer");
  const Node parts = words.at("pretokenizers");
  if (!parts.value.is_array() || parts.value.size() != 2 || parts.value[0] != clip_split()) words.unknown("pre_tokenizer");
  read_byte_level({parts.value[1], parts.where}, spec);
  if (spec.add_prefix_space) words.unknown("pre_tokenizer setting add_prefix_space: true in");
  const SortedJson& normalizer = root.has("normalizer") ? root.value["normalizer"] : SortedJson();
  if (normalizer != clip_normalizer()) Node{normalizer, concat(root.where, " normalizer")}.unknown("normalizer beside CLIP's words:");
  spec.kind = TokenizerKind::ClipBpe;
}

void read_bpe_words(const Node& root, TokenizerSpec& spec) {
  const Node words = root.at("pre_tokenizer");
  if (words.type() == "Sequence") return read_clip_words(root, spec);
  read_byte_level(words, spec);
  if (root.has("normalizer")) {
    const Node node = root.at("normalizer");
    node.fail(concat("unknown normalizer '", node.type(), "' of a byte-level BPE model"));
  }
  if (!spec.bpe.end_of_word_suffix.empty()) root.at("model").fail("an end_of_word_suffix is known with CLIP's words only");
}

void read_words(const Node& root, TokenizerSpec& spec) {
  if (spec.kind != TokenizerKind::WordPiece) return read_bpe_words(root, spec);
  read_bert_normalizer(root, spec);
  const Node words = root.at("pre_tokenizer");
  if (words.type() != "BertPreTokenizer") words.fail(concat("unknown pre_tokenizer '", words.type(), "' of a WordPiece model"));
}

/// Special tokens are put around a text by the caller, so a post-processor only has to be a known one.
void check_post_processor(const Node& root) {
  if (!root.has("post_processor")) return;
  const Node node = root.at("post_processor");
  static constexpr std::array<std::string_view, 4> kKnown = {"TemplateProcessing", "RobertaProcessing", "BertProcessing", "ByteLevel"};
  if (std::find(kKnown.begin(), kKnown.end(), node.type()) == kKnown.end()) {
    node.fail(concat("unknown post_processor '", node.type(), "'"));
  }
}

void read_decoder(const Node& root, TokenizerSpec& spec) {
  const Node node = root.at("decoder");
  const std::string_view wanted = spec.kind == TokenizerKind::WordPiece ? "WordPiece" : "ByteLevel";
  if (node.type() != wanted) node.fail(concat("unknown decoder '", node.type(), "', expected '", wanted, "'"));
  if (spec.kind != TokenizerKind::WordPiece) return;
  spec.wordpiece.cleanup = node.flag("cleanup", true);
  if (node.text("prefix", "##") != spec.wordpiece.prefix) node.fail("the prefix differs from the model's");
}

void read_added_tokens(const Node& root, TokenizerSpec& spec) {
  if (!root.has("added_tokens")) return;
  const Node list = root.at("added_tokens");
  if (!list.value.is_array()) list.fail("expected a list");
  for (size_t i = 0; i < list.value.size(); ++i) {
    const Node node{list.value[i], concat(list.where, " ", i)};
    AddedToken token{.content = node.at("content").text(),
                     .special = node.flag("special", false),
                     .lstrip = node.flag("lstrip", false),
                     .rstrip = node.flag("rstrip", false),
                     .single_word = node.flag("single_word", false),
                     .normalized = node.flag("normalized", true)};
    const int32_t id = node.number("id");
    const int32_t expected = add_token(spec, std::move(token));
    if (id != expected) node.fail(concat("id of '", node.at("content").text(), "': expected ", expected, ", file has ", id));
  }
}

}  // namespace

TokenizerSpec read_tokenizer_json(const std::filesystem::path& path) {
  const SortedJson json = read_sorted_json(path);
  const Node root{json, path.string()};
  if (!json.is_object()) root.fail("expected an object");
  TokenizerSpec spec;
  spec.json_file = path;
  read_model(root, spec);
  read_words(root, spec);
  check_post_processor(root);
  read_decoder(root, spec);
  read_added_tokens(root, spec);
  return spec;
}

}  // namespace vitrine::text
