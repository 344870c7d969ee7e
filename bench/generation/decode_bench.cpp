// Tokens per second of the decoder at several batch sizes, beside the machine's measured limits.
//
//   decode_bench MODEL_DIR [threads]        a model directory
//   decode_bench random:V,C,L,NH [threads]  random weights of that shape, in a temporary folder
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <string>

#include "base/error.h"
#include "base/thread_pool.h"
#include "generation/decoder.h"
#include "kernels/matmul.h"
#include "support/random_gpt2.h"
#include "support/temporary_directory.h"

namespace vitrine::generation {
namespace {

constexpr int kPromptTokens = 48;
constexpr int kNewTokens = 80;
constexpr int kRounds = 5;

template <typename Body>
double seconds(Body body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Bytes per second of reading a weight matrix far larger than the caches: one row times it.
double measure_bandwidth(ThreadPool& pool) {
  constexpr size_t K = 4096, N = 16384;  // 256 MiB
  const std::vector<float> weights(K * N, 0.5f), x(K, 1.0f);
  const auto packed = kernels::PackedMatrix::from_in_out(weights, K, N, {}, kernels::WeightType::float32, pool);
  std::vector<float> y(N);
  kernels::MatmulScratch scratch;
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    best = std::min(best, seconds([&] { kernels::matmul(kernels::kernel_table(), pool, packed, 1, x.data(), K, y.data(), N, scratch); }));
  }
  return static_cast<double>(packed.size_bytes()) / best;
}

/// Floating-point operations per second of a product that stays in the caches.
double measure_flops(ThreadPool& pool, kernels::WeightType type) {
  constexpr size_t M = 64, K = 256, N = 1024;
  const std::vector<float> weights(K * N, 0.5f), x(M * K, 1.0f);
  const auto packed = kernels::PackedMatrix::from_in_out(weights, K, N, {}, type, pool);
  std::vector<float> y(M * N);
  kernels::MatmulScratch scratch;
  double best = 1e9;
  for (int i = 0; i < 50; ++i) {
    best = std::min(best, seconds([&] { kernels::matmul(kernels::kernel_table(), pool, packed, M, x.data(), K, y.data(), N, scratch); }));
  }
  return 2.0 * M * K * N / best;
}

Request make_request(const models::Gpt2Config& config, int batch) {
  Request request;
  for (int i = 0; i < kPromptTokens; ++i) request.prompt.push_back(static_cast<int32_t>((i * 37 + 11) % config.vocab_size));
  for (int i = 0; i < batch; ++i) request.keys.push_back(RandomKey(7).fold_in(static_cast<uint64_t>(i)));
  request.sampling.max_new_tokens = kNewTokens;
  return request;
}

/// Lower bound of a step from reading the weights once and from its products.
double least_step_s(const Decoder& decoder, int batch, const std::string& dtype, double bandwidth, double flops) {
  const double weights = static_cast<double>(decoder.weight_bytes()) / (dtype == "float32" ? 4 : 2);
  return std::max(static_cast<double>(decoder.weight_bytes()) / bandwidth, 2 * weights * batch / flops);
}

void run(const std::filesystem::path& dir, const std::string& dtype, int threads, double bandwidth, double flops) {
  double load_s = 0;
  std::unique_ptr<Decoder> decoder;
  load_s = seconds([&] { decoder = std::make_unique<Decoder>(Decoder::load(dir, {.threads = threads, .dtype = dtype, .max_batch = 128})); });
  std::fprintf(stderr, "%s: loaded in %.2f s, %.1f MiB read a step\n", dtype.c_str(), load_s, static_cast<double>(decoder->weight_bytes()) / 1048576);
  for (const int batch : {1, 8, 32}) {
    const Request request = make_request(decoder->config(), batch);
    decoder->generate({&request, 1});
    std::vector<double> walls;
    DecoderStats best;
    const std::clock_t cpu_start = std::clock();
    for (int round = 0; round < kRounds; ++round) {
      walls.push_back(seconds([&] { decoder->generate({&request, 1}); }));
      if (walls.back() == *std::min_element(walls.begin(), walls.end())) best = decoder->stats();
    }
    const double cpu_s = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC / kRounds;
    std::sort(walls.begin(), walls.end());
    const double step_s = best.step_s / static_cast<double>(best.steps);
    std::printf("{\"kind\":\"write\",\"dtype\":\"%s\",\"isa\":\"%s\",\"threads\":%d,\"batch\":%d,\"new_tokens\":%d,\"median_s\":%.4f,\"min_s\":%.4f,\"cpu_s\":%.4f,"
                "\"tokens_per_s\":%.1f,\"prefill_ms\":%.2f,\"step_ms\":%.3f,\"draw_ms\":%.3f,\"limit_fraction\":%.2f}\n",
                dtype.c_str(), kernels::kernel_table().name, threads, batch, kNewTokens, walls[walls.size() / 2], walls[0], cpu_s,
                batch * kNewTokens / walls[0], best.prefill_s * 1e3, step_s * 1e3, best.draw_s / static_cast<double>(best.steps) * 1e3,
                least_step_s(*decoder, batch, dtype, bandwidth, flops) / step_s);
  }
}

models::Gpt2Config parse_random(const std::string& shape) {
  long long V = 0, C = 0, L = 0, NH = 0;
  VITRINE_REQUIRE(std::sscanf(shape.c_str(), "random:%lld,%lld,%lld,%lld", &V, &C, &L, &NH) == 4, "[decode_bench] expected random:V,C,L,NH, got ", shape);
  models::Gpt2Config config{.vocab_size = V, .n_positions = 512, .n_embd = C, .n_layer = L, .n_head = NH};
  models::validate(config, shape);
  return config;
}

int bench(int argc, char** argv) {
  VITRINE_REQUIRE(argc >= 2, "[decode_bench] usage: decode_bench MODEL_DIR|random:V,C,L,NH [threads]");
  const std::string model = argv[1];
  const int threads = ThreadPool(argc > 2 ? std::atoi(argv[2]) : 0).num_threads();
  const test::TemporaryDirectory temporary;
  std::filesystem::path dir = model;
  if (model.starts_with("random:")) {
    dir = temporary.path();
    test::write_random_gpt2(dir, parse_random(model), 0.1f);
  }
  ThreadPool pool(threads);
  const double bandwidth = measure_bandwidth(pool);
  for (const std::string dtype : {"float32", "bfloat16"}) {
    const double flops = measure_flops(pool, dtype == "float32" ? kernels::WeightType::float32 : kernels::WeightType::bfloat16);
    std::fprintf(stderr, "limits: %.1f GB/s, %.0f GFLOP/s in %s\n", bandwidth / 1e9, flops / 1e9, dtype.c_str());
    run(dir, dtype, threads, bandwidth, flops);
  }
  return 0;
}

}  // namespace
}  // namespace vitrine::generation

int main(int argc, char** argv) {
  try {
    return vitrine::generation::bench(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
