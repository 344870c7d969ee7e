// copywriting/style_rules.h - what a platform's style is by rule: rules/styles/*.tsv.
//
// styles.tsv (one row a style), phrases.tsv (openings, closings), words.tsv (tone, habits);
// docs/formats/style_rules.md. Nothing here is learned from data.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "copywriting/template_pattern.h"

namespace vitrine::copywriting {

/// An opening or a closing. {主体}: the noun; {要点}: the first point that the text says.
struct StylePhrase {
  std::string text;
  TemplatePattern pattern;
  std::vector<std::string> keys;  // of the points that may fill {要点}
};

/// A word and what the style says for it.
struct StyleWord {
  std::u32string word;
  std::vector<std::u32string> replacements;  // none = it goes
};

struct Style {
  std::string name;
  bool transforms = false;                // no: texts stay as they are
  size_t min_length = 0, max_length = 0;  // code points of the whole post
  int max_body = 0;                       // most code points that a writer is asked for
  size_t emoji_min = 0, emoji_max = 0;
  bool emoji_before_lines = false;        // else behind the last sentence
  std::vector<std::u32string> emoji;
  size_t tags_min = 0, tags_max = 0;      // fixed ones counted
  std::vector<std::u32string> fixed_tags;
  bool line_breaks = false;               // a line a sentence
  std::vector<StylePhrase> openings, closings;
  std::vector<StyleWord> tone, habits;    // longer words first
};

/// Immutable once loaded, thread-safe.
class StyleRules {
 public:
  /// Reads the three files of `folder`. Throws NotFound, or InvalidInput naming file, line, field
  /// and value.
  static StyleRules load(const std::filesystem::path& folder);
  /// rules/styles, loaded once.
  static const StyleRules& shipped();

  /// Throws InvalidInput for a style without a row.
  const Style& at(std::string_view name) const;
  const std::string& version() const { return version_; }

  /// Every fixed text with its place ("xiaohongshu opening"), for checks of its words.
  std::vector<std::pair<std::string, std::string>> fixed_texts() const;

 private:
  std::map<std::string, Style, std::less<>> styles_;
  std::string version_;
};

}  // namespace vitrine::copywriting
