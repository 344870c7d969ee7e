// vitrine evaluate win-rate SET --judge DIR --outputs A=FILE --outputs B=FILE
// vitrine evaluate arena SET --outputs A=FILE --outputs B=FILE --output DIR
// vitrine evaluate arena CHOICES… --key DIR/key.jsonl
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs/evaluate_ranker.h"
#include "base/error.h"
#include "generation/dtypes.h"
#include "recipes/arena.h"
#include "recipes/evaluate_win_rate.h"

namespace vitrine::apps {
namespace {

struct WinRateVerb {
  explicit WinRateVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::EvaluateWinRateConfig config;
  std::string set;
  VerbOptions options;
};

int evaluate_win_rate(WinRateVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.set.empty(), "SET");
  VerbOptions::require(!verb.config.judge.empty(), "--judge");
  verb.config.seed = verb.common.seed;
  const auto run =
      recipes::run_evaluate_win_rate(verb.set, verb.config, verb.common.dtype, verb.common.threads);
  if (!verb.common.quiet) std::cerr << eval::win_rate_table(run.judged.rates, std::nullopt);
  return run.rows_rejected > 0 ? kSomeRejected : kDone;
}

struct ArenaVerb {
  explicit ArenaVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::ArenaConfig config;
  std::vector<std::string> files;
  VerbOptions options;
};

int make_arena(const ArenaVerb& verb) {
  if (verb.files.size() > 1)
    throw UsageError("evaluate arena: expected one SET, or choices with --key");
  VerbOptions::require(!verb.config.output.empty(), "--output");
  const auto made = recipes::make_arena(verb.files.front(), verb.config);
  if (!verb.common.quiet) {
    std::cerr << "盲评 " << made.files.id << "：" << made.files.shown << " 对，文案相同而不出题 "
              << made.files.same << " 对。请把 arena.html 交给评审，key.jsonl 自己留着。\n";
  }
  return made.rows_rejected > 0 ? kSomeRejected : kDone;
}

int evaluate_arena(ArenaVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.files.empty(), "SET");
  verb.config.seed = verb.common.seed;
  if (verb.config.key.empty()) return make_arena(verb);
  const auto result = recipes::run_read_arena(verb.files, verb.config);
  if (!verb.common.quiet) std::cerr << recipes::arena_table(result);
  return kDone;
}

}  // namespace

void add_evaluate_win_rate(CLI::App& evaluate, int& exit_code) {
  CLI::App* command = evaluate.add_subcommand(
      "win-rate", "how often a ranking model prefers one system's texts to another's");
  auto verb = std::make_shared<WinRateVerb>(*command);
  command->add_option("SET", verb->set,
                      "the products: anything `import` reads; - = standard input");
  verb->options.keep_whole("outputs");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = generation::weight_dtypes()});
  command->callback([verb, &exit_code] { exit_code = evaluate_win_rate(*verb); });
}

void add_evaluate_arena(CLI::App& evaluate, int& exit_code) {
  CLI::App* command = evaluate.add_subcommand(
      "arena", "blind pairs of texts for people as a page; with --key what they chose");
  auto verb = std::make_shared<ArenaVerb>(*command);
  command->add_option(
      "FILES", verb->files,
      "SET: the products; with --key the choices that the page saved, one file a judge");
  verb->options.keep_whole("outputs");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = evaluate_arena(*verb); });
}

}  // namespace vitrine::apps
