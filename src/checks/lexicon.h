// checks/lexicon.h - the word lists of rules/checks/*.tsv and where their terms stand in a text.
//
// A file has lines "# version…", "# source…", a header row and rows
//   term  type  level  supported_by  unless  note
// Columns go by name. docs/formats/rules_checks.md describes them.
#pragma once
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/aho_corasick.h"
#include "checks/level.h"

namespace vitrine::checks {

struct Term {
  std::u32string text;  // folded
  std::string type;     // function, material, absolute, …
  Level level = Level::block;
  std::vector<std::u32string> supported_by;  // attribute values that prove it, folded
  bool unless_quoted = false;                // no hit inside a longer quoted title
  std::string note;
  std::string place;  // file and line of its row
};

struct TermHit {
  size_t begin, end;  // code points of the text, half-open
  const Term* term;   // lives as long as the lexicon
};

/// One character for one: full width becomes half width, A-Z becomes a-z. Offsets stay as they are.
char32_t fold(char32_t c) noexcept;
std::u32string fold(std::u32string_view text);

/// Whether [begin, end) of a folded text cuts no word in Latin letters and no number: 3c is no part
/// of 3cm, 5g none of 15g, 0.5g or 5gb; rtx begins rtx4090. REQUIRES: begin < end.
bool is_whole_word(std::u32string_view folded, size_t begin, size_t end) noexcept;

/// Immutable after loading; safe for any number of threads. Movable: terms keep their addresses.
class Lexicon {
 public:
  /// The lists that are searched in running text: functional, material, claims, placeholders.
  static Lexicon load(const std::filesystem::path& dir);
  /// Throws NotFound, or InvalidInput naming file, row, column and value; a term may stand once in a type.
  static Lexicon load_files(std::span<const std::filesystem::path> files);

  /// Hits in order of begin, whole words only (is_whole_word); within one type the leftmost, then
  /// longest wins. Exceptions (level pass) are left out.
  std::vector<TermHit> find(std::u32string_view text) const;
  /// The term that equals `folded` exactly, or null.
  const Term* exact(std::u32string_view folded) const;
  /// The longest term of `type` at the start of `folded`, or null.
  const Term* longest_prefix(std::u32string_view folded, std::string_view type) const;

  const std::vector<Term>& terms() const { return terms_; }
  const std::string& version() const { return version_; }

 private:
  void read(const std::filesystem::path& file);
  void index();

  std::vector<Term> terms_;
  std::map<std::u32string, uint32_t, std::less<>> by_text_;  // place in same_text_
  std::vector<std::vector<uint32_t>> same_text_;             // ids of all terms that share a pattern
  AhoCorasick automaton_;
  size_t longest_ = 0;  // code points
  std::string version_;
};

}  // namespace vitrine::checks
