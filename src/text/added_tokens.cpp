#include "text/added_tokens.h"

#include <algorithm>

#include "base/error.h"
#include "text/code_point_class.h"

namespace vitrine::text {
namespace {

size_t start_of_last(std::string_view text, size_t end) {
  do {
    --end;
  } while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  return end;
}

bool is_white(std::string_view text, size_t at) { return (code_point_classes()[next_code_point(text, at)] & kSpace) != 0; }

size_t white_before(std::string_view text, size_t begin, size_t limit) {
  while (begin > limit && is_white(text, start_of_last(text, begin))) begin = start_of_last(text, begin);
  return begin;
}

size_t white_behind(std::string_view text, size_t end) {
  while (end < text.size() && is_white(text, end)) next_code_point(text, end);
  return end;
}

bool is_word_at(std::string_view text, size_t at) { return is_word_character(next_code_point(text, at)); }

}  // namespace

AddedTokenSplitter::AddedTokenSplitter(std::span<const AddedToken> tokens, std::span<const std::string> contents)
    : tokens_(tokens.begin(), tokens.end()) {
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (!contents[i].empty()) trie_.insert(contents[i], static_cast<int32_t>(i));
  }
}

bool AddedTokenSplitter::stands_alone(std::string_view text, size_t begin, size_t end) const {
  if (begin > 0 && is_word_at(text, start_of_last(text, begin))) return false;
  return end == text.size() || !is_word_at(text, end);
}

void AddedTokenSplitter::split(std::string_view text, std::vector<Piece>& pieces) const {
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    const int32_t found = trie_.longest(text, at, end);
    if (found < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(found)];
    const size_t next = end;
    if (!token.single_word || stands_alone(text, at, end)) {
      const size_t begin = token.lstrip ? white_before(text, at, done) : std::max(at, done);
      if (token.rstrip) end = white_behind(text, end);
      if (done < begin) pieces.push_back({text.substr(done, begin - done), -1});
      pieces.push_back({text.substr(begin, std::max(end, begin) - begin), token.id});
      done = std::max(end, done);
    }
    at = next;
  }
  if (done < text.size()) pieces.push_back({text.substr(done), -1});
}

}  // namespace vitrine::text
