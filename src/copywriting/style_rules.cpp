#include "copywriting/style_rules.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/resource.h"
#include "checks/tsv_rules.h"
#include "copywriting/prompt.h"
#include "text/graphemes.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMostCodePoints = 100000;

/// A row with what its messages name.
struct Cells {
  const fs::path& file;
  const checks::RuleRow& row;

  template <typename... Parts>
  void require(bool holds, std::string_view field, const Parts&... expected) const {
    VITRINE_REQUIRE(holds, "[StyleRules] ", file.string(), " line ", row.line, ", field ", field,
                    ": expected ", expected..., ", got '", row.at(field), "'");
  }
  size_t number(std::string_view field) const {
    const std::string& cell = row.at(field);
    size_t value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    const bool is_number = error == std::errc() && end == cell.data() + cell.size();
    require(is_number && value <= kMostCodePoints, field, "a number from 0 to ", kMostCodePoints);
    return value;
  }
  bool choice(std::string_view field, std::string_view yes, std::string_view no) const {
    require(row.at(field) == yes || row.at(field) == no, field, yes, " or ", no);
    return row.at(field) == yes;
  }
  std::vector<std::u32string> list(std::string_view field) const {
    std::vector<std::u32string> items;
    for (const auto& item : checks::split(row.at(field), ';')) {
      require(!item.empty(), field, "items that are not empty, parted by ;");
      items.push_back(text::to_utf32(item));
    }
    return items;
  }
};

bool is_one_emoji(const std::u32string& item) {
  return text::grapheme_ends(item).size() == 1 && text::is_emoji(item);
}

Style read_style(const Cells& cells) {
  Style style;
  style.name = cells.row.at("style");
  cells.require(is_copy_style(style.name), "style", "taobao, douyin, xiaohongshu or jd");
  style.transforms = cells.choice("transforms", "yes", "no");
  style.min_length = cells.number("min_length");
  style.max_length = cells.number("max_length");
  style.max_body = static_cast<int>(cells.number("max_body"));
  style.emoji_min = cells.number("emoji_min");
  style.emoji_max = cells.number("emoji_max");
  style.emoji_before_lines = cells.choice("emoji_place", "line", "end");
  style.emoji = cells.list("emoji");
  style.tags_min = cells.number("tags_min");
  style.tags_max = cells.number("tags_max");
  style.fixed_tags = cells.list("fixed_tags");
  style.line_breaks = cells.choice("line_breaks", "yes", "no");
  cells.require(style.min_length <= style.max_length, "min_length", "at most max_length");
  cells.require(style.max_body >= 20 && style.max_body <= static_cast<int>(style.max_length),
                "max_body", "20 to max_length");
  cells.require(style.emoji_min <= style.emoji_max, "emoji_min", "at most emoji_max");
  cells.require(std::all_of(style.emoji.begin(), style.emoji.end(), is_one_emoji), "emoji",
                "one emoji an item");
  cells.require(style.emoji.size() >= style.emoji_max, "emoji", "at least emoji_max of them");
  cells.require(style.tags_min <= style.tags_max, "tags_min", "at most tags_max");
  cells.require(style.fixed_tags.size() <= style.tags_max, "fixed_tags", "at most tags_max");
  return style;
}

bool ends_with_one_of(std::string_view text, std::u32string_view signs) {
  const std::u32string points = text::to_utf32(text);
  return !points.empty() && signs.find(points.back()) != signs.npos;
}

void add_phrase(const Cells& cells, Style& style) {
  StylePhrase phrase;
  phrase.text = cells.row.at("text");
  const bool is_opening = cells.choice("place", "opening", "closing");
  cells.require(ends_with_one_of(phrase.text, is_opening ? U"，：" : U"。～！？"), "text",
                is_opening ? "an opening that ends with ， or ：" : "a closing that ends a sentence");
  phrase.pattern = TemplatePattern::parse(
      phrase.text, concat("[StyleRules] ", cells.file.string(), " line ", cells.row.line, ", field text"));
  const auto& slots = phrase.pattern.slots();
  cells.require(slots == phrase.pattern.required(), "text", "no optional parts");
  const auto is_known = [](const auto& slot) { return slot == "主体" || slot == "要点"; };
  cells.require(std::all_of(slots.begin(), slots.end(), is_known), "text", "slots {主体} and {要点} only");
  phrase.keys = checks::split(cells.row.at("keys"), ';');
  const bool has_point = std::find(slots.begin(), slots.end(), "要点") != slots.end();
  cells.require(has_point == !phrase.keys.empty(), "keys", "keys where the text has {要点}, else none");
  (is_opening ? style.openings : style.closings).push_back(std::move(phrase));
}

void add_word(const Cells& cells, Style& style) {
  const bool is_tone = cells.choice("kind", "tone", "habit");
  StyleWord word{text::to_utf32(cells.row.at("word")), cells.list("replacements")};
  cells.require(!word.word.empty(), "word", "a word");
  cells.require(!is_tone || !word.replacements.empty(), "replacements", "at least one for a tone word");
  auto& words = is_tone ? style.tone : style.habits;
  const auto is_same = [&](const StyleWord& other) { return other.word == word.word; };
  cells.require(std::none_of(words.begin(), words.end(), is_same), "word", "each word once");
  words.push_back(std::move(word));
}

void longer_first(std::vector<StyleWord>& words) {
  std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.word.size() > b.word.size(); });
}

/// Text that stays as it is takes no rule that could not be kept.
void require_consistent(const Style& style, const fs::path& folder) {
  const bool has_rules = style.emoji_max > 0 || style.tags_max > 0 || !style.openings.empty() ||
                         !style.closings.empty() || !style.tone.empty() || !style.habits.empty();
  VITRINE_REQUIRE(style.transforms || !has_rules, "[StyleRules] ", (folder / "styles.tsv").string(),
                  ", style ", style.name,
                  ", field transforms: expected yes for a style with emoji, tags, phrases or words, got 'no'");
}

}  // namespace

StyleRules StyleRules::load(const fs::path& folder) {
  StyleRules rules;
  const fs::path styles = folder / "styles.tsv", phrases = folder / "phrases.tsv", words = folder / "words.tsv";
  const auto file = checks::read_rule_file(styles);
  rules.version_ = file.version;
  VITRINE_REQUIRE(!file.version.empty(), "[StyleRules] ", styles.string(), ": expected a line '# version', got none");
  for (const auto& row : file.rows) {
    const Cells cells{styles, row};
    const Style style = read_style(cells);
    cells.require(rules.styles_.emplace(style.name, style).second, "style", "one row a style");
  }
  for (const auto name : copy_styles()) {
    VITRINE_REQUIRE(rules.styles_.contains(name), "[StyleRules] ", styles.string(), ", field style: expected a row '", name, "', got none");
  }
  const auto for_each_row = [&](const fs::path& path, auto add) {
    for (const auto& row : checks::read_rule_file(path).rows) {
      const Cells cells{path, row};
      const auto style = rules.styles_.find(row.at("style"));
      cells.require(style != rules.styles_.end(), "style", "a style of styles.tsv");
      add(cells, style->second);
    }
  };
  for_each_row(phrases, add_phrase);
  for_each_row(words, add_word);
  for (auto& [name, style] : rules.styles_) {
    longer_first(style.tone);
    longer_first(style.habits);
    require_consistent(style, folder);
  }
  return rules;
}

const StyleRules& StyleRules::shipped() {
  static const StyleRules rules = load(resource_path("rules/styles"));
  return rules;
}

const Style& StyleRules::at(std::string_view name) const {
  const auto found = styles_.find(name);
  VITRINE_REQUIRE(found != styles_.end(), "[StyleRules] style: expected taobao, douyin, xiaohongshu or jd, got '", name, "'");
  return found->second;
}

std::vector<std::pair<std::string, std::string>> StyleRules::fixed_texts() const {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& [name, style] : styles_) {
    for (const auto& phrase : style.openings) texts.emplace_back(name + " opening", phrase.pattern.fixed_text());
    for (const auto& phrase : style.closings) texts.emplace_back(name + " closing", phrase.pattern.fixed_text());
    for (const auto& tag : style.fixed_tags) texts.emplace_back(name + " tag", text::to_utf8(tag));
    for (const auto* words : {&style.tone, &style.habits}) {
      for (const auto& word : *words) {
        for (const auto& replacement : word.replacements) texts.emplace_back(name + " word", text::to_utf8(replacement));
      }
    }
  }
  return texts;
}

}  // namespace vitrine::copywriting
