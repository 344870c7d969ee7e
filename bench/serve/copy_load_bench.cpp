// Requests that arrive by themselves at a stated rate (open loop), whatever became of those before:
// how long each waits for its first text and for its last one, and how much is written in a second.
//
//   copy_load_bench PRODUCTS [--rate 0.5] [--requests 200] [--n 8] [--length 110] [--max-batch 32]
//
// Arrivals are a Poisson process of one seed. Beside the rate of tokens of chosen texts stands that of
// requests; `bench write` at the same batch is the other side of the comparison (docs/serving.md).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/random.h"
#include "data/product_reader.h"
#include "serve/copy_engine.h"

namespace {

using namespace vitrine;
using Clock = std::chrono::steady_clock;

struct Load {
  std::string products, model = copywriting::kEmbeddedModel, dtype = copywriting::kDefaultDtype;
  double rate = 0.5;  // requests a second
  int requests = 200, warm_up = 4, n = 8, length = 110, max_batch = 32, threads = 0;
};

/// One request, in milliseconds from its arrival.
struct Served {
  double first_ms = 0, all_ms = 0;
  int64_t tokens = 0, candidates = 0;
};

double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

std::vector<data::Product> read_products(const std::string& path) {
  data::ProductReader reader(path, {});
  std::vector<data::Product> products;
  while (auto row = reader.next()) {
    if (row->product) products.push_back(std::move(*row->product));
  }
  return products;
}

Served serve_one(serve::CopyEngine& engine, const Load& load, data::Product product, Clock::time_point arrival) {
  serve::CopyRequest request{.product = std::move(product)};
  request.config.num_return_sequences = load.n;
  request.config.length = load.length;
  std::optional<double> first;
  serve::CopyWatch watch;
  watch.on_text = [&](int, const std::string& text) {
    if (!first && !text.empty()) first = ms_since(arrival);
  };
  const auto written = engine.write(request, watch);
  Served served{.first_ms = first.value_or(0), .all_ms = ms_since(arrival)};
  for (const auto& candidate : written.candidates) served.tokens += candidate.tokens;
  served.candidates = static_cast<int64_t>(written.candidates.size());
  return served;
}

/// Nearest rank.
double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<size_t>(rank, 1, values.size()) - 1];
}

Json percentiles(const std::vector<Served>& served, double Served::* field) {
  std::vector<double> values;
  for (const Served& one : served) values.push_back(one.*field);
  return {{"p50", percentile(values, 0.5)}, {"p95", percentile(values, 0.95)}, {"p99", percentile(values, 0.99)}};
}

std::vector<Served> run(serve::CopyEngine& engine, const Load& load, const std::vector<data::Product>& products) {
  std::vector<Served> served(static_cast<size_t>(load.requests));
  std::vector<std::thread> callers;
  const RandomKey key(1);
  double arrival_s = 0;
  const auto start = Clock::now();
  for (size_t i = 0; i < served.size(); ++i) {
    const auto arrival = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(arrival_s));
    std::this_thread::sleep_until(arrival);
    callers.emplace_back([&, i, arrival] { served[i] = serve_one(engine, load, products[i % products.size()], arrival); });
    arrival_s += -std::log1p(-key.uniform(i)) / load.rate;
  }
  for (auto& caller : callers) caller.join();
  return served;
}

Load parse(int argc, char** argv) {
  Load load;
  CLI::App app("open-loop load on the copy engine");
  app.add_option("PRODUCTS", load.products, "product records or any importable table")->required();
  app.add_option("--model", load.model, "copy model");
  app.add_option("--dtype", load.dtype, "of its weights");
  app.add_option("--rate", load.rate, "requests a second")->check(CLI::PositiveNumber);
  app.add_option("--requests", load.requests, "that are measured")->check(CLI::PositiveNumber);
  app.add_option("--warm-up", load.warm_up, "requests before them");
  app.add_option("-n,--num-return-sequences", load.n, "candidates of a request");
  app.add_option("--length", load.length, "code points of a candidate");
  app.add_option("--max-batch", load.max_batch, "sequences in the batch");
  app.add_option("--threads", load.threads, "0 = all cores");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
  return load;
}

}  // namespace

int main(int argc, char** argv) {
  const Load load = parse(argc, argv);
  const auto products = read_products(load.products);
  if (products.empty()) {
    std::cerr << "no products in " << load.products << "\n";
    return 1;
  }
  serve::CopyEngine engine(serve::CopyEngineConfig{
      .model = load.model, .decoder = {.threads = load.threads, .dtype = load.dtype, .max_batch = load.max_batch}});
  for (int i = 0; i < load.warm_up; ++i) serve_one(engine, load, products[static_cast<size_t>(i) % products.size()], Clock::now());
  const auto start = Clock::now();
  const auto served = run(engine, load, products);
  const double seconds = ms_since(start) / 1000;
  int64_t tokens = 0, candidates = 0;
  for (const Served& one : served) tokens += one.tokens, candidates += one.candidates;
  std::cout << dump_line({{"kind", "serve"}, {"rate", load.rate}, {"requests", load.requests}, {"n", load.n}, {"length", load.length},
                          {"max_batch", load.max_batch}, {"dtype", load.dtype}, {"first_text_ms", percentiles(served, &Served::first_ms)},
                          {"all_ms", percentiles(served, &Served::all_ms)}, {"requests_per_s", load.requests / seconds},
                          {"candidates_per_s", static_cast<double>(candidates) / seconds}, {"tokens_per_s", static_cast<double>(tokens) / seconds}})
            << "\n";
}
