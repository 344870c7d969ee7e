// checks/lengths.h - how long a text is in the ways that platforms count, and their limits.
//
// copy_checks section 8; limits are rows of rules/checks/lengths.tsv,
// docs/formats/lengths_and_styles.md.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "checks/rule_hit.h"
#include "checks/rule_set.h"

namespace vitrine::checks {

/// One text, counted in every way. Sums over its grapheme clusters.
struct Lengths {
  int64_t code_points = 0;  // after NFC
  int64_t weighted = 0;    // after NFC: East Asian Wide, Fullwidth, Ambiguous 2, else 1; an emoji 2
  int64_t utf8_bytes = 0;  // of the text as it is
  int64_t gb18030_bytes = 0;  // of the text as it is: ASCII 1, the characters of GBK 2, others 4
  int64_t lines = 0;          // that hold more than spaces

  bool operator==(const Lengths&) const = default;
};

/// Throws InvalidInput when `utf8` is not valid UTF-8.
Lengths measure_lengths(std::string_view utf8);
/// Any code points are taken; a lone surrogate counts as three UTF-8 bytes.
Lengths measure_lengths(std::u32string_view text);

/// {"code_points","weighted","utf8_bytes","gb18030_bytes"}, as a verdict prints it.
Json to_json(const Lengths& lengths);

enum class LengthUnit { code_points, weighted, utf8_bytes, gb18030_bytes, lines };
std::string_view to_string(LengthUnit unit);
int64_t length_in(const Lengths& lengths, LengthUnit unit);

/// What a platform allows for a field.
struct Limit {
  const Rule* rule = nullptr;
  std::string platform, field;  // doudian, title
  LengthUnit unit = LengthUnit::code_points;
  std::optional<int64_t> min, max;  // in `unit`
  bool no_emoji = false;
  std::optional<int64_t> max_tags;
  std::string checked_at, source, note;  // of the numbers
  RuleStatus status = RuleStatus::unverified;
};

/// Where the #tags of a note begin: a sign followed by neither space nor punctuation; #tag[话题]#
/// is one.
std::vector<size_t> tag_places(std::u32string_view text);

/// Most code points of `text`, whole clusters only, that hold at most `most` units.
size_t prefix_within(std::u32string_view text, LengthUnit unit, int64_t most);

/// Immutable after load, thread-safe. The rule set must outlive it.
class LengthRules {
 public:
  /// Reads lengths.tsv of the rule set's folder, then `shop`, a file of the same shape whose rows
  /// replace those of the same platform and field. Throws NotFound, or InvalidInput naming file,
  /// line, field and value.
  static LengthRules load(const RuleSet& rules, const std::filesystem::path& shop = {});

  /// null = no limit is known.
  const Limit* find_limit(std::string_view platform, std::string_view field) const;
  const std::vector<Limit>& limits() const { return limits_; }
  std::vector<std::string> platforms() const;  // each once, in order of the file

  /// Appends a hit for each way in which the text breaks the limit of the context's platform and
  /// field: over the maximum [first cluster beyond it, end), under the minimum the whole text, each
  /// emoji where there may be none (repair: remove it), too many tags [the first of these, end).
  /// Nothing without a platform or a known limit. Throws InvalidInput when `utf8` is not valid
  /// UTF-8.
  void find(std::string_view utf8, const CheckContext& context, std::vector<RuleHit>& hits) const;

 private:
  void read(const RuleSet& rules, const std::filesystem::path& file);

  std::vector<Limit> limits_;
};

}  // namespace vitrine::checks
