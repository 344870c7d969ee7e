#include "recipes/bench_write.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ostream>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/stopwatch.h"
#include "generation/decoder.h"
#include "generation/dtypes.h"
#include "kernels/isa.h"
#include "kernels/limits.h"

namespace vitrine::recipes {
namespace {

using generation::Decoder;
using generation::DecoderStats;

int parse_batch(const std::string& text) {
  int batch = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), batch);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || batch < 1 || batch > 65536)
    throw UsageError(concat("--batch: expected 1 to 65536, got ", text));
  return batch;
}

std::vector<generation::Request> make_requests(const Decoder& decoder, int batch, int new_tokens,
                                               const BenchWriteConfig& config, uint64_t run) {
  std::vector<generation::Request> requests(static_cast<size_t>(batch));
  for (size_t i = 0; i < requests.size(); ++i) {
    RandomStream random{RandomKey(run).fold_in(i)};
    for (int t = 0; t < config.prompt_tokens; ++t) {
      requests[i].prompt.push_back(
          static_cast<int32_t>(random.below(static_cast<uint64_t>(decoder.config().vocab_size))));
    }
    requests[i].keys = {RandomKey(run).fold_in("draw").fold_in(i)};
    requests[i].sampling = {.temperature = config.temperature,
                            .top_p = config.top_p,
                            .top_k = config.top_k,
                            .max_new_tokens = new_tokens};
  }
  return requests;
}

struct Measured {
  double prefill_s = 0, total_s = 0;  // a run with one new token; with all
  DecoderStats stats;                 // of the latter
};

Measured median_run(std::vector<Measured> runs) {
  const auto decode_s = [](const Measured& m) { return m.total_s - m.prefill_s; };
  std::sort(runs.begin(), runs.end(),
            [&](const auto& a, const auto& b) { return decode_s(a) < decode_s(b); });
  return runs[runs.size() / 2];
}

Measured measure(Decoder& decoder, int batch, const BenchWriteConfig& config) {
  std::vector<Measured> runs;
  decoder.generate(make_requests(decoder, batch, config.new_tokens, config,
                                 0));  // fresh memory is not what is measured
  for (int round = 0; round < config.rounds; ++round) {
    throw_if_interrupted("bench write: nothing is saved");
    Measured& run = runs.emplace_back();
    const auto one = make_requests(decoder, batch, 1, config, static_cast<uint64_t>(2 * round + 1));
    const auto all = make_requests(decoder, batch, config.new_tokens, config,
                                   static_cast<uint64_t>(2 * round + 2));
    auto start = SteadyClock::now();
    decoder.generate(one);
    run.prefill_s = seconds_since(start);
    start = SteadyClock::now();
    decoder.generate(all);
    run.total_s = seconds_since(start);
    run.stats = decoder.stats();
  }
  return median_run(std::move(runs));
}

/// The least seconds of a step: its weights and caches read once, its products at the peak of the
/// type.
double least_step_s(const Decoder& decoder, int batch, const std::string& dtype,
                    const BenchWriteConfig& config, const kernels::MachineLimits& limits) {
  const double context = config.prompt_tokens + config.new_tokens / 2.0;
  const double cache = static_cast<double>(decoder.kv_token_bytes()) * context;
  const double memory =
      (static_cast<double>(decoder.weight_bytes()) + batch * cache) / limits.bytes_per_s;
  const double operations = 2.0 * static_cast<double>(decoder.num_weights()) * batch;
  const double peak = limits.operations_per_s(dtype);
  return std::max(memory, peak > 0 ? operations / peak : 0);
}

Json to_json(const Decoder& decoder, const std::string& dtype, int batch, int threads,
             const BenchWriteConfig& config, const Measured& m,
             const kernels::MachineLimits& limits) {
  const double decode_s = m.total_s - m.prefill_s, steps = config.new_tokens - 1;
  const double step_s = decode_s / steps,
               least_s = least_step_s(decoder, batch, dtype, config, limits);
  const double prefill_peak = limits.operations_per_s(dtype);
  const double prefill_operations =
      2.0 * static_cast<double>(decoder.num_layer_weights()) * batch * config.prompt_tokens;
  const double timed = static_cast<double>(std::max<int64_t>(m.stats.steps, 1));
  const auto& parts = m.stats.passes;
  const Json step_ms{{"projections", 1e3 * parts.projections / timed},
                     {"attention", 1e3 * parts.attention / timed},
                     {"logits", 1e3 * parts.logits / timed},
                     {"sampling", 1e3 * m.stats.draw_s / timed},
                     {"rest", 1e3 * std::max(0.0, step_s - (parts.projections + parts.attention +
                                                            parts.logits + m.stats.draw_s) /
                                                               timed)}};
  return {
      {"kind", "write"},
      {"dtype", dtype},
      {"kv_token_bytes", decoder.kv_token_bytes()},
      {"isa", kernels::kernel_table().name},
      {"threads", threads},
      {"batch", batch},
      {"prompt_tokens", config.prompt_tokens},
      {"new_tokens", config.new_tokens},
      {"tokens_per_s", batch / step_s},
      {"prefill_tokens_per_s", batch * config.prompt_tokens / m.prefill_s},
      {"limit_tokens_per_s", batch / least_s},
      {"limit_fraction", least_s / step_s},
      {"prefill_limit_fraction",
       prefill_peak > 0 ? Json(prefill_operations / prefill_peak / m.prefill_s) : Json(nullptr)},
      {"step_ms", step_ms},
      {"peak_rss_mib", peak_memory_mib()},
      {"weight_mib", static_cast<double>(decoder.weight_bytes()) / 1048576},
      {"limits",
       {{"read_gb_per_s", limits.bytes_per_s / 1e9},
        {"gop_per_s", limits.operations_per_s(dtype) / 1e9}}}};
}

void require_context(const std::filesystem::path& model, const BenchWriteConfig& config) {
  const int64_t n_positions = models::read_gpt2_config(model).n_positions;
  const int64_t wanted = int64_t{config.prompt_tokens} + config.new_tokens;
  if (wanted <= n_positions) return;
  throw UsageError(
      concat("--prompt-tokens, --new-tokens: expected at most the model's n_positions ",
             n_positions, " together, got ", config.prompt_tokens, " + ", config.new_tokens));
}

void print_row(const Json& row) {
  const auto number = [&](const Json& value) { return value.get<double>(); };
  const Json& part = row["step_ms"];
  std::fprintf(stderr, "%-9s %5d %10.0f %6.1f%% %10.0f %9.2f %9.2f %9.2f %9.2f %9.2f %9.0f\n",
               row["dtype"].get<std::string>().c_str(), row["batch"].get<int>(),
               number(row["tokens_per_s"]), 100 * number(row["limit_fraction"]),
               number(row["prefill_tokens_per_s"]), number(part["projections"]),
               number(part["attention"]), number(part["logits"]), number(part["sampling"]),
               number(part["rest"]), number(row["peak_rss_mib"]));
}

}  // namespace

void bench_write(const std::filesystem::path& model, const std::vector<std::string>& dtypes,
                 int threads, const BenchWriteConfig& config, std::ostream& out) {
  check_config(config, "bench write");
  std::vector<int> batches;
  for (const auto& text : config.batch) batches.push_back(parse_batch(text));
  require_context(model, config);
  ThreadPool pool(threads);
  const auto limits = kernels::measure_limits(pool);
  std::fprintf(
      stderr,
      "%d threads, %s; limits: read %.1f GB/s, float32 %.0f, bfloat16 %.0f, int8 %.0f GOP/s\n",
      pool.num_threads(), kernels::kernel_table().name, limits.bytes_per_s / 1e9,
      limits.float32 / 1e9, limits.bfloat16 / 1e9, limits.int8 / 1e9);
  std::fprintf(stderr, "%-9s %5s %10s %7s %10s %9s %9s %9s %9s %9s %9s\n", "dtype", "batch",
               "tokens/s", "limit", "prefill/s", "proj ms", "attn ms", "logits ms", "draw ms",
               "rest ms", "peak MiB");
  for (const auto& dtype : dtypes.empty() ? generation::weight_dtypes() : dtypes) {
    const int largest = *std::max_element(batches.begin(), batches.end());
    reset_peak_memory();  // measuring the limits took more
    auto decoder = Decoder::load(
        model,
        {.threads = threads, .dtype = dtype, .kv_dtype = config.kv_dtype, .max_batch = largest});
    for (const int batch : batches) {
      const Json row = to_json(decoder, dtype, batch, pool.num_threads(), config,
                               measure(decoder, batch, config), limits);
      out << dump_line(row) << std::endl;
      print_row(row);
    }
  }
}

double decoded_tokens_per_s(const std::filesystem::path& model, const std::string& dtype, int threads,
                            int batch, const BenchWriteConfig& config) {
  require_context(model, config);
  auto decoder = Decoder::load(model, {.threads = threads, .dtype = dtype, .kv_dtype = config.kv_dtype, .max_batch = batch});
  const Measured measured = measure(decoder, batch, config);
  return batch * (config.new_tokens - 1) / (measured.total_s - measured.prefill_s);
}

}  // namespace vitrine::recipes
