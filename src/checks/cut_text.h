// checks/cut_text.h - a text made shorter for a field, at sentence, clause or word boundaries.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/lengths.h"

namespace vitrine::checks {

/// Half-open, in code points.
struct TextSpan {
  size_t begin = 0, end = 0;
};

struct CutRequest {
  Limit limit;
  /// Must stay in the text as they are: pinned points, brand, commodity name.
  std::vector<TextSpan> protected_spans = {};
  /// May go as a whole but are never cut inside: attribute values.
  std::vector<TextSpan> atoms = {};
  /// Units of the limit kept free for what is appended later, such as a label's sentence.
  int64_t reserved = 0;
};

struct CutText {
  std::string before, after;
};

/// `utf8` itself when it fits, else what is left when pieces without a protected span are dropped
/// from the end: whole sentences while at least half of the room stays filled, else clauses, else
/// words (text/segment.h) and atoms. A sentence that loses its last clause keeps its end sign.
/// Nothing when the protected spans do not fit, when nothing would be left, or when the text is
/// below the limit's minimum: then the field is not exported. Throws InvalidInput for invalid
/// UTF-8, a span outside the text, or reserved < 0.
std::optional<CutText> cut_to_limit(std::string_view utf8, const CutRequest& request);

/// Where `word` stands in `text` (width and case aside), leftmost, not overlapping; none for an
/// empty word.
std::vector<TextSpan> spans_of(std::u32string_view text, std::u32string_view word);

}  // namespace vitrine::checks
