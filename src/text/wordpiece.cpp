#include "text/wordpiece.h"

#include <array>

#include "base/error.h"
#include "text/code_point_class.h"

namespace vitrine::text {
namespace {

/// The slow way for text with accents or capitals beyond ASCII: NFD, no marks, lower case.
void normalize_letters(std::u32string text, bool strip_accents, bool lowercase, std::string& out) {
  const uint8_t* classes = code_point_classes();
  if (strip_accents) {
    text = decompose(text);
    std::erase_if(text, [&](char32_t c) { return (classes[c] & kNonspacingMark) != 0; });
  }
  std::u32string lower;
  for (const char32_t c : text) {
    lower.clear();
    if (lowercase) {
      append_lower(lower, c);
    } else {
      lower += c;
    }
    for (const char32_t l : lower) append_utf8(out, l);
  }
}

/// Whether NFD and lower case leave every code point but A-Z as it is.
bool is_plain_text(std::string_view text) noexcept {
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at);
    if (c >= 0x80 && !is_plain(c)) return false;
  }
  return true;
}

char lower_ascii(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// clean_text and the spaces around ideographs; `sink(bytes, code point)` takes what is left.
template <typename Sink>
void clean(std::string_view text, const BertNormalizerConfig& config, Sink&& sink) {
  const uint8_t* classes = code_point_classes();
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    const char32_t c = next_code_point(text, at);
    const uint8_t bits = classes[c];
    if (config.clean_text && (bits & (kRemoved | kSpace)) != 0) {
      if ((bits & kRemoved) == 0) sink(" ", U' ');
      continue;
    }
    const bool chinese = config.handle_chinese_chars && (bits & kChinese) != 0;
    if (chinese) sink(" ", U' ');
    sink(text.substr(begin, at - begin), c);
    if (chinese) sink(" ", U' ');
  }
}

}  // namespace

void normalize_bert(std::string_view text, const BertNormalizerConfig& config, std::string& out) {
  const bool strip_accents = config.strip_accents.value_or(config.lowercase);
  out.reserve(out.size() + text.size() * 5 / 3 + 8);
  if ((!strip_accents && !config.lowercase) || is_plain_text(text)) {
    clean(text, config, [&](std::string_view bytes, char32_t) {
      if (bytes.size() == 1) {
        out += config.lowercase ? lower_ascii(bytes[0]) : bytes[0];
      } else {
        out += bytes;
      }
    });
    return;
  }
  std::u32string cleaned;
  clean(text, config, [&](std::string_view, char32_t c) { cleaned += c; });
  normalize_letters(std::move(cleaned), strip_accents, config.lowercase, out);
}

WordPieceModel::WordPieceModel(const Vocabulary& vocabulary, const WordPieceConfig& config, std::string_view where)
    : max_code_points_(static_cast<size_t>(config.max_input_chars_per_word)) {
  const auto unk_id = vocabulary.find(config.unk_token);
  if (!unk_id) throw Corrupt(concat("[load_tokenizer] ", where, ": the unknown token '", config.unk_token, "' is missing"));
  unk_id_ = *unk_id;
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    if (!vocabulary.contains(id)) continue;
    const std::string_view token = vocabulary.token(id);
    if (token.empty()) continue;
    starts_.insert(token, id);
    if (token.size() > config.prefix.size() && token.starts_with(config.prefix)) {
      continued_.insert(token.substr(config.prefix.size()), id);
    }
  }
}

void WordPieceModel::encode(std::string_view normalized, std::vector<int32_t>& ids) const {
  const uint8_t* classes = code_point_classes();
  size_t begin = 0;
  size_t code_points = 0;
  const auto flush = [&](size_t end) {
    if (end > begin) encode_word(normalized.substr(begin, end - begin), code_points, ids);
    code_points = 0;
  };
  for (size_t at = 0; at < normalized.size();) {
    const size_t before = at;
    const uint8_t bits = classes[next_code_point(normalized, at)];
    if ((bits & (kSpace | kBertPunctuation)) == 0) {
      ++code_points;
      continue;
    }
    flush(before);
    if ((bits & kSpace) == 0) encode_word(normalized.substr(before, at - before), 1, ids);
    begin = at;
  }
  flush(normalized.size());
}

void WordPieceModel::encode_word(std::string_view word, size_t code_points, std::vector<int32_t>& ids) const {
  const size_t first = ids.size();
  bool covered = code_points <= max_code_points_;
  for (size_t at = 0; covered && at < word.size();) {
    const int32_t id = (at == 0 ? starts_ : continued_).longest(word, at, at);
    covered = id >= 0;
    if (covered) ids.push_back(id);
  }
  if (covered) return;
  ids.resize(first);
  ids.push_back(unk_id_);
}

namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

void cleanup(std::string& text) {
  if (text.find_first_of(".?!,'n") == std::string::npos) return;  // each rule has one of these
  static constexpr std::array<std::array<std::string_view, 2>, 11> kRules = {{{" .", "."},
                                                                            {" ?", "?"},
                                                                            {" !", "!"},
                                                                            {" ,", ","},
                                                                            {" ' ", "'"},
                                                                            {" n't", "n't"},
                                                                            {" 'm", "'m"},
                                                                            {" do not", " don't"},
                                                                            {" 's", "'s"},
                                                                            {" 've", "'ve"},
                                                                            {" 're", "'re"}}};
  for (const auto& [from, to] : kRules) replace_all(text, from, to);
}

}  // namespace

std::string decode_wordpiece(const std::vector<std::string_view>& tokens, const WordPieceConfig& config) {
  std::string text;
  std::string part;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i == 0) {
      part = tokens[i];
    } else if (tokens[i].starts_with(config.prefix)) {
      part = tokens[i].substr(config.prefix.size());
    } else {
      part = " ";
      part += tokens[i];
    }
    if (config.cleanup) cleanup(part);  // part by part, as the reference does
    text += part;
  }
  return text;
}

}  // namespace vitrine::text
