// Texts a second of the whole engine on texts of 110 characters, one thread, beside the automaton of its
// terms alone: what any matcher of these lists needs at least.
#include <benchmark/benchmark.h>

#include "base/file.h"
#include "base/resource.h"
#include "checks/aho_corasick.h"
#include "checks/checker.h"
#include "checks/tsv_rules.h"
#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr size_t kLength = 110;  // code points of each text
constexpr size_t kTexts = 500;

struct Row {
  std::string text;
  data::Product product;
};

/// The shipped training texts cut or repeated to kLength code points.
std::vector<Row> read_rows() {
  std::vector<Row> rows;
  for (const auto& line : split(read_file(resource_path("data/advertisegen/train.jsonl")), '\n')) {
    if (rows.size() == kTexts) break;
    const Json json = parse_json(line, "train.jsonl");
    std::u32string text = text::to_utf32(json["summary"].get<std::string>());
    while (text.size() < kLength) text += std::u32string(text);
    text.resize(kLength);
    rows.push_back({text::to_utf8(text), data::product_from_content(json["content"].get<std::string>())});
  }
  return rows;
}

void check_texts(benchmark::State& state) {
  const auto rows = read_rows();
  const Checker& checker = Checker::shipped();
  size_t row = 0;
  for (auto _ : state) {
    const Evidence evidence(rows[row].product);
    benchmark::DoNotOptimize(checker.check(rows[row].text, evidence, {.platform = "taobao"}));
    row = (row + 1) % rows.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(check_texts);

void scan_terms_alone(benchmark::State& state) {
  const auto rows = read_rows();
  AhoCorasick automaton;
  uint32_t id = 0;
  for (const auto& term : Checker::shipped().blocking_terms()) automaton.add(text::to_utf32(term), id++);
  automaton.build();
  size_t row = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(automaton.scan(text::to_utf32(rows[row].text)));
    row = (row + 1) % rows.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(scan_terms_alone);

}  // namespace
}  // namespace vitrine::checks
