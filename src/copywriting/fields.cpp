#include "copywriting/fields.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/resource.h"
#include "checks/lexicon.h"
#include "checks/output_faults.h"
#include "checks/tsv_rules.h"
#include "copywriting/subject.h"
#include "text/graphemes.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr size_t kMaxValue =
    12;  // code points of a value that stands in a title unless it is pinned
constexpr uint64_t kDraws = 16;  // tries for a text that differs from those before
constexpr std::u32string_view kListSigns = U"，。；！？、,;/|";
constexpr int64_t kUsualTitle = 60, kUsualShortTitle = 30;
constexpr double kSuffixShare = 0.25;  // of the values in other texts than the first

using Suffixes = std::map<std::string, std::u32string, std::less<>>;

const Suffixes& suffixes() {
  static const Suffixes table = [] {
    Suffixes result;
    for (const auto& row :
         checks::read_rule_file(resource_path("rules/fields/suffixes.tsv")).rows) {
      const std::string& suffix = row.at("suffix");
      result[row.at("key")] = suffix == "none" ? std::u32string() : text::to_utf32(suffix);
    }
    return result;
  }();
  return table;
}

bool is_ascii_word(char32_t c) {
  return (c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}

bool has_emoji(std::u32string_view text) {
  size_t begin = 0;
  for (const size_t end : text::grapheme_ends(text)) {
    if (text::is_emoji(text.substr(begin, end - begin))) return true;
    begin = end;
  }
  return false;
}

/// A value that may stand in a title.
struct Part {
  std::u32string value, suffix;
  bool pinned = false, chosen = false, with_suffix = false;

  std::u32string text() const { return with_suffix ? value + suffix : value; }
};

bool reads_in_title(const std::u32string& value, const std::string& key) {
  if (value.size() > kMaxValue || value.find_first_of(kListSigns) != value.npos) return false;
  const bool says_no =
      value[0] == U'不' || value[0] == U'无' || value[0] == U'没' || value[0] == U'非';
  return !says_no || suffixes().contains(key);  // 无袖 but not 宠物#不可携带
}

std::u32string suffix_of(const std::u32string& value, const std::string& key) {
  const auto found = suffixes().find(key);
  if (found == suffixes().end() || found->second.empty()) return {};
  const bool is_said = value.find_first_of(found->second) != value.npos;  // 西装面料, 民族风
  return is_said ? std::u32string() : found->second;
}

class Title {
 public:
  Title(const data::Product& product, const Plan& plan, const checks::Limit& limit)
      : limit_(limit),
        brand_(text::to_utf32(product.brand)),
        noun_(text::to_utf32(find_subject(product).value)) {
    for (const SellingPoint& point : plan.points) add_part(point);
  }

  bool has_noun() const { return !noun_.empty(); }
  bool has_emoji_inside() const { return limit_.no_emoji && has_emoji(brand_ + noun_); }

  void shuffle(RandomStream& random) {
    random.shuffle(parts_);
    for (Part& part : parts_)
      part.with_suffix = part.with_suffix || random.uniform() < kSuffixShare;
  }

  /// Chooses as many parts as fit, then lengthens values up to the minimum. False when the fixed
  /// parts do not fit.
  bool fill() {
    for (Part& part : parts_) part.chosen = part.pinned;
    if (!fits()) return false;
    for (Part& part : parts_) try_part(part);
    for (Part& part : parts_) {
      if (!is_too_short()) break;
      if (!part.chosen || part.with_suffix || part.suffix.empty()) continue;
      part.with_suffix = true;
      if (!fits() || repeats() > 0) part.with_suffix = false;
    }
    return true;
  }

  bool is_too_short() const { return limit_.min && length() < *limit_.min; }
  int64_t length() const { return checks::length_in(checks::measure_lengths(text()), limit_.unit); }

  std::u32string text() const {
    std::u32string title = brand_;
    for (const Part& part : parts_) {
      if (part.chosen) append(title, part.text());
    }
    append(title, noun_);
    return title;
  }

 private:
  void add_part(const SellingPoint& point) {
    Part part;
    part.value = text::to_utf32(point.value);
    part.pinned = point.pinned;
    if (part.value.empty() || part.value == noun_ || point.key == "类型") return;
    if (!part.pinned && !reads_in_title(part.value, point.key)) return;
    if (limit_.no_emoji && !part.pinned && has_emoji(part.value)) return;
    part.suffix = suffix_of(part.value, point.key);
    part.with_suffix = part.value.size() == 1 && !part.suffix.empty();
    const bool bare = part.value.size() == 1 && part.suffix.empty();
    if (!bare || part.pinned) parts_.push_back(std::move(part));
  }

  void try_part(Part& part) {
    if (part.chosen) return;
    part.chosen = true;
    if (fits() && repeats() == 0) return;
    part.with_suffix = part.value.size() == 1 && part.with_suffix;
    part.chosen = fits() && repeats() == 0;
  }

  /// Pairs of characters that stand twice, beyond those that brand, noun and pinned values bring.
  int repeats() const {
    std::u32string fixed = brand_;
    for (const Part& part : parts_) {
      if (part.pinned) append(fixed, part.value);
    }
    append(fixed, noun_);
    return checks::count_repeated_ngrams(checks::fold(text()), 2) -
           checks::count_repeated_ngrams(checks::fold(fixed), 2);
  }

  bool fits() const { return !limit_.max || length() <= *limit_.max; }

  static void append(std::u32string& title, const std::u32string& part) {
    if (!title.empty() && !part.empty() && is_ascii_word(title.back()) && is_ascii_word(part[0])) {
      title += U' ';
    }
    title += part;
  }

  const checks::Limit& limit_;
  std::u32string brand_, noun_;
  std::vector<Part> parts_;
};

std::string shortfall(const Title& title, const checks::Limit& limit) {
  return concat("too_short: ", title.length(), " ", to_string(limit.unit), " of at least ",
                limit.min.value_or(0), ", the product has no more attributes that read in a title");
}

void protect_first(std::vector<checks::TextSpan>& spans, std::u32string_view text,
                   std::string_view word) {
  const auto found = checks::spans_of(text, text::to_utf32(word));
  if (!found.empty()) spans.push_back(found.front());
}

}  // namespace

checks::Limit limit_for(const checks::LengthRules& rules, std::string_view platform,
                        std::string_view field) {
  const checks::Limit* known = rules.find_limit(platform, field);
  if (known != nullptr) return *known;
  checks::Limit usual;
  usual.platform = platform;
  usual.field = field;
  usual.unit = field == "title" ? checks::LengthUnit::weighted : checks::LengthUnit::code_points;
  if (field == "title") usual.max = kUsualTitle;
  if (field == "short_title") usual.max = kUsualShortTitle;
  VITRINE_REQUIRE(usual.max || field == "description", "[limit_for] field: expected title, ",
                  "short_title, description or one that lengths.tsv lists for the platform, got '",
                  field, "' of '", platform, "'");
  return usual;
}

FieldTexts write_titles(const data::Product& product, const Plan& plan, const checks::Limit& limit,
                        RandomKey key, int n) {
  FieldTexts result;
  const Title start(product, plan, limit);
  if (!start.has_noun()) result.refusal = "no_subject";
  if (start.has_emoji_inside()) result.refusal = "emoji: in the brand or the commodity name";
  std::set<std::u32string> seen;
  for (int i = 0; i < n && result.refusal.empty(); ++i) {
    for (uint64_t draw = 0; draw < kDraws; ++draw) {
      Title title = start;
      RandomStream random(key.fold_in(static_cast<uint64_t>(i)).fold_in(draw));
      if (i > 0) title.shuffle(random);
      const bool fits = title.fill();
      if (!fits && i == 0) result.refusal = "too_long: brand, pinned points and commodity name";
      if (fits && i == 0 && title.is_too_short()) result.refusal = shortfall(title, limit);
      if (!fits || title.is_too_short()) continue;
      if (!seen.insert(title.text()).second) continue;
      result.texts.push_back(text::to_utf8(title.text()));
      break;
    }
  }
  return result;
}

std::optional<checks::CutText> fit_text(std::string_view utf8, const data::Product& product,
                                        const Plan& plan, const checks::Limit& limit,
                                        int64_t reserved) {
  const std::u32string text = text::to_utf32(utf8);
  checks::CutRequest request{.limit = limit, .reserved = reserved};
  protect_first(request.protected_spans, text, product.brand);
  protect_first(request.protected_spans, text, find_subject(product).value);
  for (const SellingPoint& point : plan.points) {
    if (point.pinned) protect_first(request.protected_spans, text, point.value);
  }
  for (const data::Attribute& attribute : product.attributes) {
    for (const auto& span : checks::spans_of(text, text::to_utf32(attribute.val))) {
      request.atoms.push_back(span);
    }
  }
  return checks::cut_to_limit(utf8, request);
}

}  // namespace vitrine::copywriting
