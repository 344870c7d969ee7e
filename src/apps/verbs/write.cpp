// vitrine write - the main job: products in, copy candidates out.
#include <cstdio>
#include <iostream>
#include <memory>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/error.h"
#include "base/log.h"
#include "recipes/run_write.h"

namespace vitrine::apps {
namespace {

struct WriteVerb {
  CommonOptions common;
  recipes::WriteConfig config;
  recipes::WriteRun run;
  int num_candidates = 0;
  std::unique_ptr<ConfigOptions> options;
};

}  // namespace

void register_write(CLI::App& app, int& exit_code) {
  auto state = std::make_shared<WriteVerb>();
  auto& verb = *app.add_subcommand("write", "attributes in, checked and ordered copy candidates out");
  verb.add_option("PRODUCTS", state->run.input, "product records or any importable table; - is standard input");
  verb.add_option("--attributes", state->run.attributes, "one product: '类型#裙*风格#简约'");
  verb.add_option("-n", state->num_candidates, "candidates of each product")->check(CLI::Range(1, 1000));
  verb.add_option("--points", state->run.points_file, "plans (JSONL of `points`) to follow");
  verb.add_option("--pin", state->run.pins, "key that is never dropped (again for more)");
  verb.add_option("--order", state->run.order, "keys in the order wanted, separated by commas")->delimiter(',');
  verb.add_option("--format", state->run.format, "table | jsonl")->check(CLI::IsMember({"table", "jsonl"}));
  verb.add_option("--output", state->run.output, "file for the result; it appears whole");
  verb.add_option("--rejects", state->run.rejects, "file for the rows that were rejected");
  state->options = std::make_unique<ConfigOptions>(verb, state->config);
  add_common_options(verb, state->common);
  verb.callback([state, &exit_code] {
    if (state->common.engine != "native") throw UsageError("[write] --engine: only native writes, got '" + state->common.engine + "'");
    if (state->common.device != "cpu") throw UsageError("[write] --device: only cpu writes, got '" + state->common.device + "'");
    if (state->options->resolve(state->common)) return;
    if (state->num_candidates > 0) state->config.num_return_sequences = state->num_candidates;
    state->run.threads = state->common.threads;
    state->run.dtype = state->common.dtype;
    exit_code = recipes::run_write(state->config, state->run) ? kDone : kSomeRejected;
  });
}

}  // namespace vitrine::apps
