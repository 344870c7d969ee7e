// Texts a second of the law's finders on training texts of about 110 characters, one thread, beside
// the automaton alone.
#include <benchmark/benchmark.h>

#include "base/file.h"
#include "base/resource.h"
#include "checks/absolute_terms.h"
#include "checks/category_rules.h"
#include "checks/quoted_sources.h"
#include "checks/tsv_rules.h"
#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

struct Rows {
  std::vector<std::u32string> texts;
  std::vector<Evidence> evidence;
};

const Rows& rows() {
  static const Rows result = [] {
    Rows read;
    for (const auto& line :
         split(read_file(resource_path("data/advertisegen/train.jsonl")), '\n')) {
      const Json json = parse_json(line, "train.jsonl");
      std::u32string text = text::to_utf32(json["summary"].get<std::string>());
      if (text.size() < 95 || text.size() > 125) continue;
      read.texts.push_back(std::move(text));
      read.evidence.emplace_back(data::product_from_content(json["content"].get<std::string>()));
    }
    return read;
  }();
  return result;
}

/// Calls `check` for one text after the other.
template <typename Check>
void run(benchmark::State& state, Check check) {
  size_t row = 0;
  for (auto _ : state) {
    check(rows().texts[row], rows().evidence[row]);
    row = (row + 1) % rows().texts.size();
  }
  state.SetItemsProcessed(state.iterations());
}

void automaton_alone(benchmark::State& state) {
  AhoCorasick automaton;
  const auto terms = AbsoluteTerms::load(RuleSet::shipped()).blocking_terms();
  for (uint32_t id = 0; id < terms.size(); ++id) automaton.add(folded_term(terms[id]), id);
  automaton.build();
  run(state,
      [&](const auto& text, const Evidence&) { benchmark::DoNotOptimize(automaton.scan(text)); });
}
BENCHMARK(automaton_alone);

void normalize(benchmark::State& state) {
  run(state, [](const auto& text, const Evidence&) {
    benchmark::DoNotOptimize(normalize_for_checks(text));
  });
}
BENCHMARK(normalize);

template <typename Finder>
void normalize_and_find(benchmark::State& state) {
  const auto finder = Finder::load(RuleSet::shipped());
  const CheckContext context{.today = "2026-11-24"};
  run(state, [&](const auto& text, const Evidence& evidence) {
    std::vector<RuleHit> hits;
    finder.find(normalize_for_checks(text), evidence, context, hits);
    benchmark::DoNotOptimize(hits);
  });
}
BENCHMARK(normalize_and_find<AbsoluteTerms>);
BENCHMARK(normalize_and_find<CategoryRules>);
BENCHMARK(normalize_and_find<QuotedSources>);

void normalize_and_find_all(benchmark::State& state) {
  const auto absolute = AbsoluteTerms::load(RuleSet::shipped());
  const auto category = CategoryRules::load(RuleSet::shipped());
  const auto quoted = QuotedSources::load(RuleSet::shipped());
  const CheckContext context{.today = "2026-11-24"};
  run(state, [&](const auto& text, const Evidence& evidence) {
    const NormalizedText normalized = normalize_for_checks(text);
    std::vector<RuleHit> hits;
    absolute.find(normalized, evidence, context, hits);
    category.find(normalized, evidence, context, hits);
    quoted.find(normalized, evidence, context, hits);
    benchmark::DoNotOptimize(hits);
  });
}
BENCHMARK(normalize_and_find_all);

void load_all(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(AbsoluteTerms::load(RuleSet::shipped()));
    benchmark::DoNotOptimize(CategoryRules::load(RuleSet::shipped()));
    benchmark::DoNotOptimize(QuotedSources::load(RuleSet::shipped()));
  }
}
BENCHMARK(load_all);

}  // namespace
}  // namespace vitrine::checks
