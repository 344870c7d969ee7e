#include "checks/clause_repair.h"

#include <algorithm>

#include "base/error.h"
#include "base/resource.h"
#include "checks/tsv_rules.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr std::u32string_view kSentenceMarks = U"。！？；";
constexpr std::u32string_view kMarks = U"，、。！？；：";
constexpr std::u32string_view kClosing = U"”’」》）";

bool is_one_of(char32_t c, std::u32string_view set) { return set.find(c) != set.npos; }

struct Clause {
  std::u32string_view text;  // without its mark
  size_t begin;              // in the whole text
  char32_t mark;             // 0 at the end of a text without a mark
  bool keep = true;
};
using Sentence = std::vector<Clause>;

/// Clauses by sentence; a closing quote behind a mark opens the next clause's text, where it would be lost: it stays with the mark's clause.
std::vector<Sentence> split_sentences(std::u32string_view text) {
  std::vector<Sentence> sentences(1);
  size_t begin = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    const char32_t c = at < text.size() ? text[at] : 0;
    const bool ends_sentence = c == 0 || is_one_of(c, kSentenceMarks);
    if (!ends_sentence && c != U'，') continue;
    if (at > begin || c != 0) sentences.back().push_back({text.substr(begin, at - begin), begin, c});
    begin = at + 1;
    if (ends_sentence && !sentences.back().empty()) sentences.emplace_back();
  }
  if (sentences.back().empty()) sentences.pop_back();
  return sentences;
}

bool starts_with_any(std::u32string_view text, const std::vector<std::u32string>& words) {
  return std::any_of(words.begin(), words.end(), [&](const auto& word) { return text.starts_with(word); });
}

bool holds_any(std::u32string_view text, const std::vector<std::u32string>& words) {
  return std::any_of(words.begin(), words.end(), [&](const auto& word) { return text.find(word) != text.npos; });
}

bool touches(const Clause& clause, const Span& span) {
  return span.first < clause.begin + clause.text.size() && clause.begin < span.second;
}

/// The same code points, in order, without overlaps.
std::vector<Span> merged(std::vector<Span> spans) {
  std::sort(spans.begin(), spans.end());
  std::vector<Span> result;
  for (const Span& span : spans) {
    if (!result.empty() && span.first < result.back().second) {
      result.back().second = std::max(result.back().second, span.second);
    } else {
      result.push_back(span);
    }
  }
  return result;
}

bool ends_with_any(std::u32string_view text, const std::vector<std::u32string>& words) {
  return std::any_of(words.begin(), words.end(), [&](const auto& word) { return text.ends_with(word); });
}

/// Whether a clause can open a sentence whose beginning is gone.
bool can_open(const Clause& clause, const RepairWords& words) {
  if (starts_with_any(clause.text, words.dependent_start) || !holds_any(clause.text, words.topic)) return false;
  return starts_with_any(clause.text, words.opening_verb) || !starts_with_any(clause.text, words.predicate);
}

bool leans_back(const Clause& clause, bool is_first_left, const RepairWords& words) {
  return is_first_left ? !can_open(clause, words) : starts_with_any(clause.text, words.dependent_start);
}

bool leans_forward(const Clause& clause, const RepairWords& words) {
  return holds_any(clause.text, words.forward_opener) || ends_with_any(clause.text, words.open_end);
}

/// Marks clauses that lean on a dropped neighbour; whether any was marked.
bool drop_leaning(Sentence& sentence, const RepairWords& words) {
  bool changed = false, is_first_left = true;
  for (size_t i = 0; i < sentence.size(); ++i) {
    Clause& clause = sentence[i];
    if (!clause.keep) continue;
    const bool lost_before = i > 0 && !sentence[i - 1].keep;
    const bool lost_after = i + 1 < sentence.size() && !sentence[i + 1].keep;
    const bool leans = (lost_before && leans_back(clause, is_first_left, words)) || (lost_after && leans_forward(clause, words)) ||
                       ((lost_before || lost_after) && !holds_any(clause.text, words.predicate));
    clause.keep = !leans;
    changed = changed || leans;
    is_first_left = is_first_left && leans;
  }
  return changed;
}

size_t kept_size(const Sentence& sentence) {
  size_t size = 0;
  for (const Clause& clause : sentence) size += clause.keep ? clause.text.size() + 1 : 0;
  return size;
}

bool lost_any(const Sentence& sentence) {
  return std::any_of(sentence.begin(), sentence.end(), [](const Clause& clause) { return !clause.keep; });
}

void settle(Sentence& sentence, const ClauseRepairConfig& config) {
  while (drop_leaning(sentence, RepairWords::shipped())) {
  }
  if (lost_any(sentence) && kept_size(sentence) < static_cast<size_t>(config.min_sentence)) {
    for (Clause& clause : sentence) clause.keep = false;
  }
}

/// Drops sentences that lean on a dropped one, and those with which the text may not start once its beginning is gone.
void drop_leaning_sentences(std::vector<Sentence>& sentences, const RepairWords& words) {
  bool lost_before = false, lost_start = false, is_first_left = true;
  for (Sentence& sentence : sentences) {
    const std::u32string_view start = sentence.front().text;
    const bool leans = kept_size(sentence) > 0 && sentence.front().keep &&
                       ((lost_before && starts_with_any(start, words.anaphora)) || (is_first_left && lost_start && !starts_well(start)));
    if (leans) {
      for (Clause& clause : sentence) clause.keep = false;
    }
    lost_before = kept_size(sentence) == 0;
    lost_start = lost_start || (is_first_left && lost_before);
    is_first_left = is_first_left && lost_before;
  }
}

/// The kept clauses with their marks; the last one ends as the sentence did, 。 instead of nothing.
void append(std::u32string& out, const Sentence& sentence) {
  const char32_t end = sentence.back().mark == 0 ? U'。' : sentence.back().mark;
  const size_t start = out.size();
  for (const Clause& clause : sentence) {
    if (!clause.keep) continue;
    out += clause.text;
    out += clause.mark;
  }
  if (out.size() > start) out.back() = end;
}

/// A semicolon before a dropped sentence or at the end of the text becomes a full stop.
void close_semicolon(std::u32string& out) {
  if (!out.empty() && out.back() == U'；') out.back() = U'。';
}

std::vector<std::u32string> words_of(const checks::RuleFile& file, std::string_view role) {
  std::vector<std::u32string> words;
  for (const auto& row : file.rows) {
    if (row.at("role") == role) words.push_back(text::to_utf32(row.at("word")));
  }
  return words;
}

}  // namespace

const RepairWords& RepairWords::shipped() {
  static const RepairWords words = [] {
    const auto file = checks::read_rule_file(resource_path("rules/curate/repair.tsv"));
    return RepairWords{.dependent_start = words_of(file, "dependent_start"), .forward_opener = words_of(file, "forward_opener"),
                       .open_end = words_of(file, "open_end"), .bad_text_start = words_of(file, "bad_text_start"),
                       .anaphora = words_of(file, "anaphora"), .predicate = words_of(file, "predicate"),
                       .opening_verb = words_of(file, "opening_verb"), .topic = words_of(file, "topic")};
  }();
  return words;
}

std::optional<std::u32string> drop_clauses(std::u32string_view text, const std::vector<Span>& spans, const ClauseRepairConfig& config) {
  auto sentences = split_sentences(text);
  const std::vector<Span> gone = merged(spans);
  auto next = gone.begin();  // the first that does not end before the clause
  std::u32string out;
  for (Sentence& sentence : sentences) {
    for (Clause& clause : sentence) {
      while (next != gone.end() && next->second <= clause.begin) ++next;
      clause.keep = next == gone.end() || !touches(clause, *next);
    }
    settle(sentence, config);
  }
  drop_leaning_sentences(sentences, RepairWords::shipped());
  for (const Sentence& sentence : sentences) {
    if (kept_size(sentence) == 0) close_semicolon(out);
    append(out, sentence);
  }
  close_semicolon(out);
  if (out.empty()) return std::nullopt;
  return out;
}

bool starts_well(std::u32string_view text) {
  return !text.empty() && !starts_with_any(text, RepairWords::shipped().bad_text_start) && !text::is_punctuation(text.front());
}

namespace {

bool is_latin(char32_t c) { return c > 0x20 && c < 0x7F && (text::is_punctuation(c) == false); }

char32_t full_width(char32_t c) {
  constexpr std::u32string_view kHalf = U",;!?:()~～", kFull = U"，；！？：（）。。";
  const size_t at = kHalf.find(c);
  return at == kHalf.npos ? c : kFull[at];
}

/// Which of two marks that meet stays: the one that ends more.
bool is_stronger(char32_t a, char32_t b) { return is_one_of(a, kSentenceMarks) && !is_one_of(b, kSentenceMarks); }

void put(std::u32string& out, char32_t c) {
  const bool doubled = !out.empty() && is_one_of(c, kMarks) && is_one_of(out.back(), kMarks);
  if (!doubled) {
    out += c;
  } else if (is_stronger(c, out.back())) {
    out.back() = c;
  }
}

}  // namespace

std::u32string normalize_punctuation(std::u32string_view text) {
  std::u32string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const char32_t before = at > 0 ? text[at - 1] : 0, after = at + 1 < text.size() ? text[at + 1] : 0;
    const bool inside_latin = is_latin(before) && is_latin(after);
    if (text::is_space(text[at])) {
      if (inside_latin) out += U' ';
      continue;
    }
    put(out, inside_latin ? text[at] : full_width(text[at]));
  }
  while (!out.empty() && is_one_of(out.back(), U"，、；：")) out.pop_back();
  while (!out.empty() && is_one_of(out.front(), kMarks)) out.erase(0, 1);
  if (!out.empty() && !is_one_of(out.back(), U"。！？…") && !is_one_of(out.back(), kClosing)) out += U'。';
  return out;
}

}  // namespace vitrine::checks
