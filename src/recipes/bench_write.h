// recipes/bench_write.h - `vitrine bench write`: decoded tokens a second on this machine, beside
// its measured limits.
//
// Every sequence has a prompt of its own; end-of-text is ignored, so that lengths are as asked. The
// rate of decoding is batch * (new_tokens - 1) / (time for new_tokens - time for one), as the
// peers' scripts in bench/peers take it.
#pragma once
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/config.h"

namespace vitrine::recipes {

struct BenchWriteConfig {
  std::vector<std::string> batch = {"1", "8", "32", "128"};
  int prompt_tokens = 64;
  int new_tokens = 128;
  int rounds = 3;  // timed runs; the median counts
  int top_k = 40;
  double temperature = 1.0;
  double top_p = 1.0;
  std::string kv_dtype;

  void describe(FieldVisitor& v) {
    v.field("batch", batch, "sequences at once, several separated by commas");
    v.field("prompt_tokens", prompt_tokens, "tokens of each prompt", 1, 100000);
    v.field("new_tokens", new_tokens, "tokens to decode, at least 2", 2, 100000);
    v.field("rounds", rounds, "timed runs, of which the median counts", 1, 1000);
    v.field("top_k", top_k, "only the k likeliest tokens; 0 = off", 0, 1000000);
    v.field("temperature", temperature, "0 = greedy", 0, 10);
    v.field("top_p", top_p, "nucleus; 1 = off", 0.01, 1);
    v.field("kv_dtype", kv_dtype,
            "of keys and values: float32 | bfloat16 | int8; empty = int8 with int8 and int4 "
            "weights, else as the weights",
            {"", "float32", "bfloat16", "int8"});
  }
};

/// model: a directory of weights. dtypes: each is measured; empty = all. threads: 0 = all cores.
/// Prints one JSON object a line (kind write) to `out` and a table with the parts of a step to
/// stderr. Throws UsageError naming the batch, InvalidInput naming another field, what
/// Decoder::load throws, Cancelled.
void bench_write(const std::filesystem::path& model, const std::vector<std::string>& dtypes,
                 int threads, const BenchWriteConfig& config, std::ostream& out);

/// The rate of decoding alone, at one batch. Throws as bench_write.
double decoded_tokens_per_s(const std::filesystem::path& model, const std::string& dtype, int threads,
                            int batch, const BenchWriteConfig& config = {});

}  // namespace vitrine::recipes
