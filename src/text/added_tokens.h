// text/added_tokens.h - whole tokens that are cut out of a text before the model splits the rest.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/byte_trie.h"

namespace vitrine::text {

/// Flags as in tokenizer.json and added_tokens_decoder.
struct AddedToken {
  std::string content;
  bool special = false;
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space behind it
  bool single_word = false;  // only between non-word characters
  bool normalized = false;   // looked for in the normalised text, not in the text as it is
  int32_t id = -1;
};

/// One part of a text: an added token, or text between two of them.
struct Piece {
  std::string_view text;
  int32_t id = -1;  // -1 = not an added token
};

/// Finds tokens leftmost first, the longest of those that start at the same place.
class AddedTokenSplitter {
 public:
  AddedTokenSplitter() = default;
  /// `contents[i]` is the text to look for for `tokens[i]` (the normalised content where that differs).
  AddedTokenSplitter(std::span<const AddedToken> tokens, std::span<const std::string> contents);

  /// The pieces cover `text` in order; none is empty. `text` is valid UTF-8.
  void split(std::string_view text, std::vector<Piece>& pieces) const;
  bool empty() const noexcept { return trie_.empty(); }

 private:
  bool stands_alone(std::string_view text, size_t begin, size_t end) const;

  ByteTrie trie_;                   // content -> index in tokens_
  std::vector<AddedToken> tokens_;
};

}  // namespace vitrine::text
