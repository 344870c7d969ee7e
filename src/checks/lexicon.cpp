#include "checks/lexicon.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::string_view kTextFiles[] = {"placeholders.tsv", "functional.tsv", "material.tsv", "claims.tsv"};
constexpr std::u32string_view kOpenQuotes = U"“‘「《\"", kCloseQuotes = U"”’」》\"";
constexpr size_t kLongestTitle = 64;  // code points between a term and a quotation mark of its title

std::u32string folded(std::string_view utf8) { return fold(text::to_utf32(utf8)); }

Term term_of(const RuleRow& row) {
  Term term;
  term.text = folded(row.at("term"));
  term.type = row.at("type");
  term.level = parse_level(row.at("level"));
  for (const std::string& value : split(row.at("supported_by"), ';')) term.supported_by.push_back(folded(value));
  VITRINE_REQUIRE(row.at("unless").empty() || row.at("unless") == "quoted", "unless: expected quoted or nothing, got ", row.at("unless"));
  term.unless_quoted = row.at("unless") == "quoted";
  term.note = row.at("note");
  return term;
}

/// Whether [begin, end) lies in a pair of quotation marks that holds more than it.
bool in_quoted_title(std::u32string_view text, size_t begin, size_t end) {
  const size_t from = begin - std::min(begin, kLongestTitle);
  text = text.substr(from, end - from + kLongestTitle);
  begin -= from;
  end -= from;
  const size_t open = text.find_last_of(kOpenQuotes, begin);
  const size_t close = text.find_first_of(kCloseQuotes, end);
  if (open == text.npos || close == text.npos) return false;
  const auto inside = text.substr(open + 1, close - open - 1);
  return inside.find_first_of(U"，。！？；“”") == inside.npos && inside.size() > end - begin;
}

}  // namespace

char32_t fold(char32_t c) noexcept {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
  return c >= U'A' && c <= U'Z' ? c + 32 : c;
}

std::u32string fold(std::u32string_view text) {
  std::u32string result(text);
  for (char32_t& c : result) c = fold(c);
  return result;
}

bool is_whole_word(std::u32string_view folded, size_t begin, size_t end) noexcept {
  const auto is_digit = [](char32_t c) { return c >= U'0' && c <= U'9'; };
  const auto is_letter = [](char32_t c) { return c >= U'a' && c <= U'z'; };
  const auto belong = [&](char32_t a, char32_t b) {
    return (is_digit(a) && is_digit(b)) || (is_letter(a) && is_letter(b));
  };
  if (begin > 0 && belong(folded[begin - 1], folded[begin])) return false;
  if (end < folded.size() && belong(folded[end - 1], folded[end])) return false;
  return begin < 2 || !is_digit(folded[begin]) || folded[begin - 1] != U'.' ||
         !is_digit(folded[begin - 2]);
}

Lexicon Lexicon::load(const std::filesystem::path& dir) {
  std::vector<std::filesystem::path> files;
  for (const auto name : kTextFiles) files.push_back(dir / name);
  return load_files(files);
}

Lexicon Lexicon::load_files(std::span<const std::filesystem::path> files) {
  Lexicon lexicon;
  for (const auto& file : files) lexicon.read(file);
  lexicon.index();
  return lexicon;
}

void Lexicon::read(const std::filesystem::path& file) {
  const RuleFile rules = read_rule_file(file);
  version_ = std::max(version_, rules.version);
  for (const RuleRow& row : rules.rows) {
    try {
      terms_.push_back(term_of(row));
      terms_.back().place = concat(file.string(), " line ", row.line);
    } catch (const InvalidInput& e) {
      throw InvalidInput(concat("[Lexicon] ", file.string(), " line ", row.line, ": ", e.what()));
    }
  }
}

void Lexicon::index() {
  std::set<std::pair<std::u32string, std::string>> seen;
  for (uint32_t id = 0; id < terms_.size(); ++id) {
    const Term& term = terms_[id];
    VITRINE_REQUIRE(seen.emplace(term.text, term.type).second, "[Lexicon] ", term.place,
                    ", field term: expected a term once in a type, got '", text::to_utf8(term.text),
                    "' twice in type ", term.type);
    const auto [place, is_new] = by_text_.emplace(term.text, static_cast<uint32_t>(same_text_.size()));
    if (is_new) {
      automaton_.add(term.text, place->second);
      same_text_.emplace_back();
    }
    same_text_[place->second].push_back(id);
    longest_ = std::max(longest_, term.text.size());
  }
  automaton_.build();
}

std::vector<TermHit> Lexicon::find(std::u32string_view text) const {
  const std::u32string folded = fold(text);
  auto matches = automaton_.scan(folded);
  std::erase_if(matches, [&](const auto& m) { return !is_whole_word(folded, m.begin, m.end); });
  std::sort(matches.begin(), matches.end(), [](const auto& a, const auto& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
  std::map<std::string_view, size_t> taken;  // end of the last hit of each type
  std::vector<TermHit> hits;
  for (const auto& match : matches) {
    for (const uint32_t id : same_text_[match.id]) {
      const Term& term = terms_[id];
      size_t& end = taken[term.type];
      if (match.begin < end) continue;
      end = match.end;
      const bool exempt = term.level == Level::pass || (term.unless_quoted && in_quoted_title(text, match.begin, match.end));
      if (!exempt) hits.push_back({match.begin, match.end, &term});
    }
  }
  return hits;
}

const Term* Lexicon::exact(std::u32string_view folded_text) const {
  const auto found = by_text_.find(folded_text);
  return found == by_text_.end() ? nullptr : &terms_[same_text_[found->second].front()];
}

const Term* Lexicon::longest_prefix(std::u32string_view folded_text, std::string_view type) const {
  for (size_t size = std::min(longest_, folded_text.size()); size > 0; --size) {
    const auto found = by_text_.find(folded_text.substr(0, size));
    if (found == by_text_.end()) continue;
    for (const uint32_t id : same_text_[found->second]) {
      if (terms_[id].type == type) return &terms_[id];
    }
  }
  return nullptr;
}

}  // namespace vitrine::checks
