// Texts a second of find_claims on the first development texts, one thread.
#include <benchmark/benchmark.h>

#include "base/file.h"
#include "base/resource.h"
#include "checks/claims.h"
#include "checks/tsv_rules.h"
#include "data/advertisegen.h"

namespace vitrine::checks {
namespace {

std::vector<data::Product> read_rows() {
  std::vector<data::Product> products;
  for (const auto& line : split(read_file(resource_path("data/advertisegen/dev.jsonl")), '\n')) {
    const Json json = parse_json(line, "dev.jsonl");
    products.push_back(data::product_from_content(json["content"].get<std::string>()));
    products.back().summary = json["summary"];
  }
  return products;
}

void find_claims_of_dev_texts(benchmark::State& state) {
  const auto products = read_rows();
  const ClaimFinder& finder = ClaimFinder::shipped();
  size_t row = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(finder.find_claims(products[row].summary, products[row]));
    row = (row + 1) % products.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_claims_of_dev_texts);

}  // namespace
}  // namespace vitrine::checks
