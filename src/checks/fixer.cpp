#include "checks/fixer.h"

#include <algorithm>

#include "checks/clause_repair.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr int kMaxRounds = 3;
constexpr int kShortestSentence = 4;  // code points of what is left of one
constexpr std::u32string_view kSentenceEnds = U"。！？!?\n";

bool is_to_be_fixed(const RuleHit& hit) {
  if (!hit.repair) return false;
  if (hit.level == Level::block) return true;
  const bool exact = hit.repair->kind == Repair::Kind::replace ||
                     hit.repair->kind == Repair::Kind::append;
  return hit.level == Level::warn && exact && hit.rule->status != RuleStatus::unverified;
}

/// The span of the sentence that holds [begin, end).
Span sentence_around(std::u32string_view text, size_t begin, size_t end) {
  const size_t before = begin == 0 ? text.npos : text.find_last_of(kSentenceEnds, begin - 1);
  const size_t after = text.find_first_of(kSentenceEnds, end == 0 ? 0 : end - 1);
  return {before == text.npos ? 0 : before + 1, after == text.npos ? text.size() : after};
}

/// Spans that stay whole must not overlap: the earliest wins.
void replace_spans(std::u32string& text, std::vector<const RuleHit*> hits,
                   std::vector<FixStep>& steps) {
  std::stable_sort(hits.begin(), hits.end(),
                   [](const auto* a, const auto* b) { return a->begin < b->begin; });
  std::u32string result;
  size_t at = 0;
  for (const RuleHit* hit : hits) {
    if (hit->begin < at || hit->end > text.size()) continue;
    result.append(text, at, hit->begin - at);
    result += text::to_utf32(hit->repair->text);
    steps.push_back({hit->rule->id, hit->term, hit->repair->text});
    at = hit->end;
  }
  text = result + text.substr(at);
}

std::vector<const RuleHit*> of_kind(const CheckReport& report, Repair::Kind kind) {
  std::vector<const RuleHit*> hits;
  for (const RuleHit& hit : report.hits) {
    if (is_to_be_fixed(hit) && hit.repair->kind == kind) hits.push_back(&hit);
  }
  return hits;
}

/// Takes clauses and sentences out; where no sentence would be left, only the clauses of it that were
/// hit. False when nothing would be left then either.
bool drop_parts(std::u32string& text, const CheckReport& report, std::vector<FixStep>& steps) {
  std::vector<Span> clauses, sentences;
  for (const RuleHit* hit : of_kind(report, Repair::Kind::drop_clause)) {
    clauses.emplace_back(hit->begin, std::max(hit->end, hit->begin + 1));
    steps.push_back({hit->rule->id, hit->term, ""});
  }
  sentences = clauses;
  Span last{0, 0};  // the sentence of the hit before, which may be long and hold many
  for (const RuleHit* hit : of_kind(report, Repair::Kind::drop_sentence)) {
    const bool is_same = last.first <= hit->begin && hit->end <= last.second && hit->end > hit->begin;
    if (!is_same) sentences.push_back(last = sentence_around(text, hit->begin, hit->end));
    clauses.emplace_back(hit->begin, hit->end);
    steps.push_back({hit->rule->id, hit->term, ""});
  }
  if (clauses.empty()) return true;
  for (auto* spans : {&sentences, &clauses}) {
    std::sort(spans->begin(), spans->end());
    auto rest = drop_clauses(text, *spans, {.min_sentence = kShortestSentence});
    if (!rest) continue;
    text = std::move(*rest);
    return true;
  }
  return false;
}

void append_sentences(std::u32string& text, const CheckReport& report,
                      std::vector<FixStep>& steps) {
  for (const RuleHit* hit : of_kind(report, Repair::Kind::append)) {
    const std::u32string sentence = text::to_utf32(hit->repair->text);
    if (text.find(sentence) != text.npos) continue;
    const bool open = !text.empty() && kSentenceEnds.find(text.back()) == kSentenceEnds.npos;
    text += (open ? U"。" : U"") + sentence;
    steps.push_back({hit->rule->id, "", hit->repair->text});
  }
}

}  // namespace

std::string with_mandatory_sentences(const CheckReport& report) {
  std::u32string text = text::to_utf32(report.text);
  std::vector<FixStep> steps;
  append_sentences(text, report, steps);
  return text::to_utf8(text);
}

FixedText fix(const Checker& checker, std::string_view text, const Evidence& evidence,
              const CheckContext& context, EvidenceJudge* judge) {
  FixedText fixed{.report = checker.check(text, evidence, context, judge), .steps = {}};
  const auto is_open = [](const RuleHit& hit) { return is_to_be_fixed(hit); };
  while (fixed.rounds < kMaxRounds &&
         std::any_of(fixed.report.hits.begin(), fixed.report.hits.end(), is_open)) {
    ++fixed.rounds;
    std::u32string next = text::to_utf32(fixed.report.text);
    // What replaces moves the spans of what drops: one kind a round, the finer one first.
    const auto replaced = of_kind(fixed.report, Repair::Kind::replace);
    if (!replaced.empty()) {
      replace_spans(next, replaced, fixed.steps);
    } else if (!drop_parts(next, fixed.report, fixed.steps)) {
      fixed.dropped = true;
      return fixed;
    }
    append_sentences(next, fixed.report, fixed.steps);
    const std::string utf8 = text::to_utf8(next);
    if (utf8 == fixed.report.text) break;
    fixed.report = checker.check(utf8, evidence, context, judge);
  }
  fixed.dropped = fixed.report.verdict() == Level::block;
  return fixed;
}

}  // namespace vitrine::checks
