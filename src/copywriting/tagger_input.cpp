#include "copywriting/tagger_input.h"

#include <algorithm>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr int32_t kTextType = 0, kAttributeType = 1, kMarkedType = 2;

int32_t require_token(const text::Tokenizer& tokenizer, const char* token) {
  const auto id = tokenizer.token_to_id(token);
  VITRINE_REQUIRE(id.has_value(), "[TaggerEncoding] the tokenizer has no token ", token);
  return *id;
}

bool is_word_character(char32_t c) {
  return !text::is_cjk_ideograph(c) && !text::is_space(c) && !text::is_punctuation(c);
}

/// Code points of a WordPiece token without its ##; 0 for [UNK] and other bracketed names.
size_t token_length(const std::string& token) {
  if (token.size() > 2 && token.front() == '[' && token.back() == ']') return 0;
  return text::count_code_points(token) - (token.size() > 2 && token.starts_with("##") ? 2 : 0);
}

}  // namespace

TaggerEncoding::TaggerEncoding(const text::Tokenizer& tokenizer)
    : tokenizer_(tokenizer),
      cls_(require_token(tokenizer, "[CLS]")),
      sep_(require_token(tokenizer, "[SEP]")),
      mark_begin_(require_token(tokenizer, "[unused1]")),
      mark_end_(require_token(tokenizer, "[unused2]")) {}

const std::vector<int32_t>& TaggerEncoding::ids_of_character(char32_t c) const {
  const auto found = characters_.find(c);
  if (found != characters_.end()) return found->second;
  return characters_.emplace(c, tokenizer_.encode(text::to_utf8(c))).first->second;
}

void TaggerEncoding::append_word(std::u32string_view text, TextRange word,
                                 std::vector<TaggerToken>& tokens) const {
  const auto ids = tokenizer_.encode(text::to_utf8(text.substr(word.begin, word.end - word.begin)));
  std::vector<size_t> lengths;
  size_t sum = 0;
  for (const int32_t id : ids) sum += lengths.emplace_back(token_length(tokenizer_.id_to_token(id)));
  size_t at = word.begin;
  for (size_t i = 0; i < ids.size(); ++i) {
    // Accents that fell away or an unknown word: the token stands for the whole word.
    const bool known = sum == word.end - word.begin && lengths[i] > 0;
    tokens.push_back({ids[i], known ? TextRange{at, at + lengths[i]} : word});
    at += lengths[i];
  }
}

std::vector<TaggerToken> TaggerEncoding::tokens(std::u32string_view text) const {
  std::vector<TaggerToken> tokens;
  for (size_t at = 0; at < text.size();) {
    if (!is_word_character(text[at])) {
      for (const int32_t id : ids_of_character(text[at])) tokens.push_back({id, {at, at + 1}});
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && is_word_character(text[end])) ++end;
    append_word(text, {at, end}, tokens);
    at = end;
  }
  return tokens;
}

std::vector<int32_t> TaggerEncoding::attribute_tokens(const TaggerAttribute& attribute) const {
  std::vector<int32_t> ids;
  for (const std::string& part : {attribute.key, std::string("："), attribute.val}) {
    for (const TaggerToken& token : tokens(text::to_utf32(part))) ids.push_back(token.id);
  }
  ids.push_back(sep_);
  return ids;
}

TaggerInput TaggerEncoding::assemble(const std::vector<TaggerToken>& text,
                                     std::optional<TextRange> mark,
                                     const std::vector<std::vector<int32_t>>& attributes) const {
  TaggerInput input;
  const auto add = [&](int32_t id, bool marked) {
    input.input_ids.push_back(id);
    input.token_type_ids.push_back(marked ? kMarkedType : kTextType);
  };
  add(cls_, false);
  for (size_t i = 0; i < text.size(); ++i) {
    if (mark && mark->begin == i) add(mark_begin_, true);
    input.text_positions.push_back(input.input_ids.size());
    add(text[i].id, mark && mark->begin <= i && i < mark->end);
    if (mark && mark->end == i + 1) add(mark_end_, true);
  }
  add(sep_, false);
  for (const auto& attribute : attributes) {
    input.attribute_positions.push_back(input.input_ids.size());
    input.input_ids.insert(input.input_ids.end(), attribute.begin(), attribute.end());
  }
  input.token_type_ids.resize(input.input_ids.size(), kAttributeType);
  return input;
}

std::optional<TextRange> tokens_of(const std::vector<TaggerToken>& tokens, TextRange range) {
  const auto meets = [&](const TaggerToken& token) {
    return token.range.begin < range.end && range.begin < token.range.end;
  };
  const auto first = std::find_if(tokens.begin(), tokens.end(), meets);
  if (first == tokens.end()) return std::nullopt;
  const auto behind = std::find_if_not(first, tokens.end(), meets);
  return TextRange{static_cast<size_t>(first - tokens.begin()),
                   static_cast<size_t>(behind - tokens.begin())};
}

TaggerLabels::TaggerLabels(std::vector<std::string> keys) : keys_(std::move(keys)) {}

TaggerLabels TaggerLabels::from_names(const std::vector<std::string>& names,
                                      std::string_view where) {
  std::vector<std::string> keys;
  for (size_t i = 1; i + 1 < names.size(); i += 2) {
    if (names[i].size() > 2) keys.push_back(names[i].substr(2));
  }
  TaggerLabels labels(std::move(keys));
  if (labels.names() == names) return labels;
  throw Corrupt(concat("[TaggerLabels] ", where,
                       ": id2label: expected O, B-key and I-key of each key, SUPPORTS"));
}

std::vector<std::string> TaggerLabels::names() const {
  std::vector<std::string> names{std::string(kOutside)};
  for (const auto& key : keys_) {
    names.push_back("B-" + key);
    names.push_back("I-" + key);
  }
  names.emplace_back(kSupports);
  return names;
}

std::optional<size_t> TaggerLabels::key_index(std::string_view key) const {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) return std::nullopt;
  return static_cast<size_t>(found - keys_.begin());
}

}  // namespace vitrine::copywriting
