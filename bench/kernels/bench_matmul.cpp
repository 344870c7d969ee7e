// Matrix products of GPT-2 124M beside the machine's limits, measured in the same run.
//
//   bench_matmul [--threads N] [--rows 1,8,32,128,512] [--dtype float32,bfloat16,int8,int4] [--isa scalar,avx2,…]
//                [--shape KxN,…] [--seconds S]
//
// Each line: the fastest and the median product, and of the fastest GOP/s (two a multiply-add), GB/s of packed weights
// and the larger share of the two limits. Weights of a shape are as many copies as fill 192 MB, used in turn, as the
// layers of a model are. Limits are the fastest of many pieces of about a millisecond, so that other programs disturb
// them as little as the products.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "base/stopwatch.h"
#include "base/thread_pool.h"
#include "kernels/matmul.h"
#include "kernels/limits.h"

namespace vitrine::kernels {
namespace {

constexpr size_t kWeightBytes = size_t{192} << 20;  // far more than the caches hold

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::stringstream stream(list);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

const std::map<std::string, WeightType> kTypes = {
    {"float32", WeightType::float32}, {"bfloat16", WeightType::bfloat16}, {"int8", WeightType::int8}, {"int4", WeightType::int4}};

struct Options {
  int threads = 2;
  double seconds = 0.5;  // for each line
  std::vector<std::string> rows = {"1", "8", "32", "128", "512"};
  std::vector<std::string> dtypes = {"float32", "bfloat16", "int8", "int4"};
  std::vector<std::string> isas;
  std::vector<std::string> shapes = {"768x2304", "768x768", "768x3072", "3072x768", "768x50257"};
};

Options parse(int argc, char** argv) {
  Options options;
  for (const Isa isa : supported_isas()) {
    if (isa != Isa::scalar) options.isas.push_back(kernel_table(isa).name);
  }
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i], value = argv[i + 1];
    if (flag == "--threads") options.threads = std::atoi(argv[i + 1]);
    else if (flag == "--seconds") options.seconds = std::atof(argv[i + 1]);
    else if (flag == "--rows") options.rows = split(value);
    else if (flag == "--dtype") options.dtypes = split(value);
    else if (flag == "--isa") options.isas = split(value);
    else if (flag == "--shape") options.shapes = split(value);
    else throw UsageError(concat("[bench_matmul] unknown option ", flag));
  }
  return options;
}

std::vector<float> random_values(size_t count) {
  RandomStream stream{RandomKey(count)};
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(stream.uniform() - 0.5);
  return values;
}

class Bench {
 public:
  Bench(const Options& options, ThreadPool& pool, const MachineLimits& limits) : options_(options), pool_(pool), limits_(limits) {}

  void run_shape(const std::string& shape, const std::string& dtype) {
    size_t K = 0, N = 0;
    VITRINE_REQUIRE(std::sscanf(shape.c_str(), "%zux%zu", &K, &N) == 2, "[bench_matmul] shape: expected KxN, got ", shape);
    const auto first = PackedMatrix::from_in_out(random_values(K * N), K, N, {}, kTypes.at(dtype), pool_);
    std::vector<PackedMatrix> weights;
    for (size_t bytes = 0; bytes < kWeightBytes; bytes += first.size_bytes()) {
      const auto copy = allocate_aligned(first.size_bytes());
      std::copy(first.bytes().begin(), first.bytes().end(), static_cast<std::byte*>(copy.get()));
      weights.push_back(PackedMatrix::from_bytes(K, N, first.type(), {static_cast<std::byte*>(copy.get()), first.size_bytes()}, copy));
    }
    for (const std::string& isa : options_.isas) {
      for (const std::string& rows : options_.rows) {
        const size_t M = std::stoul(rows);
        if (isa == "scalar" && M * K * N > 100'000'000) continue;
        report(dtype, isa, M, weights, time_products(kernel_table(parse_isa(isa)), M, weights));
      }
    }
  }

 private:
  struct Times {
    double fastest_s, median_s;
  };

  Times time_products(const KernelTable& table, size_t M, const std::vector<PackedMatrix>& weights) {
    const size_t K = weights[0].K(), N = weights[0].N();
    const auto x = random_values(M * K);
    std::vector<float> y(M * N);
    MatmulScratch scratch;
    std::vector<double> times;
    const auto start = SteadyClock::now();
    for (size_t i = 0; times.size() < 5 || (times.size() < 2000 && seconds_since(start) < options_.seconds); ++i) {
      const auto product_start = SteadyClock::now();
      matmul(table, pool_, weights[i % weights.size()], M, x.data(), K, y.data(), N, scratch);
      times.push_back(seconds_since(product_start));
    }
    std::sort(times.begin(), times.end());
    return {times[0], times[times.size() / 2]};
  }

  void report(const std::string& dtype, const std::string& isa, size_t M, const std::vector<PackedMatrix>& weights, const Times& times) {
    const double seconds = times.fastest_s;
    const size_t K = weights[0].K(), N = weights[0].N();
    const double operations = 2.0 * static_cast<double>(M) * static_cast<double>(K) * static_cast<double>(N) / seconds;
    const double bytes = static_cast<double>(weights[0].size_bytes()) / seconds;
    const double limit = limits_.operations_per_s(dtype);
    const double arithmetic = limit > 0 ? operations / limit : 0, memory = bytes / limits_.bytes_per_s;
    std::printf("%-8s %-7s M %4zu  %5zu x %5zu  %9.1f us (median %9.1f)  %7.1f GOP/s (%3.0f %%)  %6.1f GB/s (%3.0f %%)  %3.0f %%\n", dtype.c_str(), isa.c_str(), M,
                K, N, seconds * 1e6, times.median_s * 1e6, operations / 1e9, 100 * arithmetic, bytes / 1e9, 100 * memory, 100 * std::max(arithmetic, memory));
    std::fflush(stdout);
  }

  const Options& options_;
  ThreadPool& pool_;
  const MachineLimits& limits_;
};

int bench(int argc, char** argv) {
  const Options options = parse(argc, argv);
  ThreadPool pool(options.threads);
  const MachineLimits limits = measure_limits(pool);
  std::printf("%d threads; limits: read %.1f GB/s, registers: float32 %.0f, bfloat16 %.0f, int8 %.0f GOP/s\n", options.threads,
              limits.bytes_per_s / 1e9, limits.float32 / 1e9,
              limits.bfloat16 / 1e9, limits.int8 / 1e9);
  Bench bench(options, pool, limits);
  for (const std::string& dtype : options.dtypes) {
    for (const std::string& shape : options.shapes) bench.run_shape(shape, dtype);
  }
  return 0;
}

}  // namespace
}  // namespace vitrine::kernels

int main(int argc, char** argv) {
  try {
    return vitrine::kernels::bench(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
