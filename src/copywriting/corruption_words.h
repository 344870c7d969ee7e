// copywriting/corruption_words.h - what rules/corruptions/words.tsv lists, and the claims that a
// text may not make. Internal to the room.
#pragma once
#include <string>
#include <vector>

#include "checks/checker.h"

namespace vitrine::copywriting {

/// Immutable, any thread.
struct CorruptionWords {
  std::vector<std::string> noun, intensifier;             // where a term goes
  std::vector<std::string> attributive, adverb, closing;  // what holds a term
  std::vector<std::string> cloth;                         // what an inline claim goes before
  /// Words that need evidence, and what says them, with {} for the word.
  struct Claims {
    std::vector<std::string> words, frames, inlines;
  };
  Claims function, material, origin;

  /// The function words are those of the checker's lists that block and stand for themselves.
  /// Throws NotFound, or InvalidInput naming file, line and an unknown role.
  static CorruptionWords load(const checks::Checker& checker);
};

}  // namespace vitrine::copywriting
