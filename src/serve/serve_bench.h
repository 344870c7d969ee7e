// serve/serve_bench.h - `vitrine bench serve`: what one user and many see of a running server, over HTTP.
//
// Requests of the last two parts arrive by themselves (open loop, a Poisson process of one seed),
// whatever became of those before. Rates of tokens are differences of the server's own counters in
// /metrics: drawn (all that the decoder produced), written (of texts), delivered (of candidates that
// were given out).
#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/config.h"

namespace vitrine::serve {

struct ServeBenchConfig {
  std::string products = "examples/shop.csv";
  std::string url, name = "admin";
  std::string model = "copy-mini";
  int n = 8;
  int length = 110;
  int starts = 3;
  int requests = 40;
  int users = 16;
  int seconds = 30;
  double sustained = 0.8;

  void describe(FieldVisitor& v) {
    v.field("products", products, "importable table whose products are written about");
    v.field("url", url, "http://HOST:PORT of a running server, with an account whose password is $VITRINE_ADMIN_PASSWORD; empty = one is started, with a data folder of its own");
    v.field("name", name, "account to sign in with");
    v.field("model", model, "copy model of the server that is started, and of the decoder beside it");
    v.field("n", n, "candidates of a request", 1, 64);
    v.field("length", length, "code points of a candidate", 20, 400);
    v.field("starts", starts, "starts of the server that are timed", 1, 100);
    v.field("requests", requests, "requests of one user that are timed", 1, 100000);
    v.field("users", users, "users at once", 1, 48);
    v.field("seconds", seconds, "length of each part with many users", 2, 3600);
    v.field("sustained", sustained, "share of the highest rate of requests that the last part offers", 0.05, 1);
  }
};

struct ServeBenchHooks {
  std::vector<std::string> program;  // of `vitrine serve`, without the verb
  std::vector<std::string> options;  // of it, such as --threads
  /// Decoded tokens a second of `bench write` at the server's batch; called while the server is idle.
  std::function<double(int batch)> decoder_tokens_per_s;
};

/// Prints one JSON object a line (kind serve) to `out` and a table to stderr, with progress. Throws
/// UsageError or InvalidInput for settings, NotFound, IoError when the server does not answer as
/// promised, Cancelled on Ctrl-C. What it started has ended when it returns.
void bench_serve(const ServeBenchConfig& config, const ServeBenchHooks& hooks, std::ostream& out);

}  // namespace vitrine::serve
