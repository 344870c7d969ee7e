// copywriting/corruption_words.h - what rules/corruptions/words.tsv lists, and the claims that a text may not make. Internal to the room.
#pragma once
#include <string>
#include <vector>

#include "checks/checker.h"

namespace vitrine::copywriting {

/// Immutable, any thread.
struct CorruptionWords {
  std::vector<std::string> noun, intensifier;             // where a term goes
  std::vector<std::string> attributive, adverb, closing;  // what holds a term
  std::vector<std::string> function_frame, material_frame, origin_frame;  // with {} for the word
  std::vector<std::string> function, material, origin;                    // words that need evidence

  /// function and material are those words of the checker's lists that block and stand for themselves. Throws NotFound, or
  /// InvalidInput naming file, line and an unknown role.
  static CorruptionWords load(const checks::Checker& checker);
};

}  // namespace vitrine::copywriting
