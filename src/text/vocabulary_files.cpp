// Reads the separate vocabulary files: vocab.txt, vocab.json + merges.txt, CLIP's list of merges.
#include <algorithm>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "text/byte_level.h"
#include "text/tokenizer_spec.h"
#include "text/utf8.h"

namespace vitrine::text {
namespace {

constexpr size_t kMaxVocabularyBytes = size_t{64} << 20;  // unpacked
namespace fs = std::filesystem;

constexpr std::string_view kClipFile = "bpe_simple_vocab_16e6.txt.gz";
constexpr size_t kClipMerges = 49152 - 256 - 2;  // the file lists more; the vocabulary was cut to 49,152 + 256

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw Corrupt(concat("[load_tokenizer] ", path.string(), ": ", what));
}

/// Lines without their LF (and CR before it); a last line without LF counts too.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string read_text(const fs::path& path) {
  std::string text = read_file(path);
  if (!is_valid_utf8(text)) fail(path, "not valid UTF-8");
  return text;
}

/// "left right" lines; a first line "#version" is a comment.
std::vector<Merge> parse_merges(const std::vector<std::string>& lines, size_t begin, size_t end, const fs::path& path) {
  std::vector<Merge> merges;
  for (size_t i = begin; i < end; ++i) {
    const std::string& line = lines[i];
    if (line.empty() || (i == 0 && line.starts_with("#version"))) continue;
    auto parts = parse_merge(line);
    if (!parts) fail(path, concat("line ", i + 1, ": expected two parts, got '", line.substr(0, 80), "'"));
    merges.push_back(std::move(*parts));
  }
  return merges;
}

TokenizerSpec read_vocab_txt(const fs::path& path) {
  TokenizerSpec spec;
  spec.kind = TokenizerKind::WordPiece;
  spec.where = path.string();
  const auto lines = lines_of(read_text(path));
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) fail(path, concat("line ", i + 1, " is empty"));
    spec.vocabulary.add(lines[i], static_cast<int32_t>(i), path.string());
  }
  return spec;
}

TokenizerSpec read_vocab_and_merges(const fs::path& vocab, const fs::path& merges) {
  TokenizerSpec spec;
  spec.where = merges.string();
  read_vocabulary_object(read_sorted_json(vocab), vocab.string(), spec.vocabulary);
  const auto lines = lines_of(read_text(merges));
  spec.merges = parse_merges(lines, 0, lines.size(), merges);
  const bool word_ends = std::any_of(spec.merges.begin(), spec.merges.end(), [](const Merge& m) { return m.second.ends_with("</w>"); });
  spec.kind = word_ends || spec.vocabulary.find("!</w>") ? TokenizerKind::ClipBpe : TokenizerKind::ByteBpe;
  return spec;
}

TokenizerSpec read_clip_merges(const fs::path& path) {
  TokenizerSpec spec;
  spec.kind = TokenizerKind::ClipBpe;
  spec.where = path.string();
  const std::string text = read_file_unpacked(path, kMaxVocabularyBytes);
  if (!is_valid_utf8(text)) fail(path, "not valid UTF-8");
  const auto lines = lines_of(text);
  if (lines.size() < kClipMerges + 1) fail(path, concat("expected at least ", kClipMerges + 1, " lines, got ", lines.size()));
  spec.merges = parse_merges(lines, 1, kClipMerges + 1, path);
  int32_t next = 0;
  const auto add = [&](std::string token) { spec.vocabulary.add(std::move(token), next++, path.string()); };
  for (const std::string& symbol : byte_symbols_in_order()) add(symbol);
  for (const std::string& symbol : byte_symbols_in_order()) add(symbol + "</w>");
  for (const auto& [left, right] : spec.merges) add(left + right);
  add("<|startoftext|>");
  add("<|endoftext|>");
  return spec;
}

std::optional<TokenizerSpec> read_bpe_files(const fs::path& dir) {
  const bool has_vocab = fs::exists(dir / "vocab.json");
  const bool has_merges = fs::exists(dir / "merges.txt");
  if (has_vocab != has_merges) {
    throw NotFound(concat("[load_tokenizer] ", dir.string(), ": has ", has_vocab ? "vocab.json" : "merges.txt", " but no ",
                          has_vocab ? "merges.txt" : "vocab.json"));
  }
  if (!has_vocab) return std::nullopt;
  return read_vocab_and_merges(dir / "vocab.json", dir / "merges.txt");
}

}  // namespace

SortedJson read_sorted_json(const fs::path& path) {
  try {
    return SortedJson::parse(read_file(path));
  } catch (const SortedJson::exception& e) {
    fail(path, concat("not JSON: ", e.what()));
  }
}

std::string excerpt(const SortedJson& value) { return value.dump(-1, ' ', false, SortedJson::error_handler_t::replace).substr(0, 120); }

void read_vocabulary_object(const SortedJson& object, std::string_view where, Vocabulary& vocabulary) {
  const auto bad = [&](std::string_view what) { throw Corrupt(concat("[load_tokenizer] ", where, ": ", what)); };
  if (!object.is_object()) bad("expected an object of tokens and ids");
  for (const auto& [token, id] : object.items()) {
    const bool is_id = id.is_number_integer() && id.get<int64_t>() >= 0 && id.get<int64_t>() < (int64_t{1} << 24);
    if (!is_id) bad(concat("token '", token, "': expected an id, got ", excerpt(id)));
    vocabulary.add(token, id.get<int32_t>(), where);
  }
}

std::optional<Merge> parse_merge(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == 0 || space == std::string_view::npos || space + 1 == line.size()) return std::nullopt;
  if (line.find(' ', space + 1) != std::string_view::npos) return std::nullopt;
  return Merge(line.substr(0, space), line.substr(space + 1));
}

std::optional<TokenizerSpec> read_vocabulary_files(const fs::path& dir) {
  std::optional<TokenizerSpec> spec;
  if (fs::exists(dir / "vocab.txt")) {
    spec = read_vocab_txt(dir / "vocab.txt");
    if (fs::exists(dir / "vocab.json")) fail(dir / "vocab.json", "stands beside vocab.txt: which tokenizer is meant?");
  } else if (fs::exists(dir / "tokenizer.json") && fs::exists(dir / "vocab.json") != fs::exists(dir / "merges.txt")) {
    return std::nullopt;
  } else {
    spec = read_bpe_files(dir);
  }
  if (!spec && fs::exists(dir / kClipFile)) spec = read_clip_merges(dir / kClipFile);
  if (spec && spec->kind == TokenizerKind::ClipBpe) {
    spec->bpe.end_of_word_suffix = "</w>";
    spec->bpe.unk_token = "<|endoftext|>";
  }
  return spec;
}

}  // namespace vitrine::text
