// vitrine verify text FILES… | ledger LEDGER --evidence PRODUCTS
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/compressed.h"
#include "recipes/verify_ledger.h"
#include "recipes/verify_text.h"

namespace vitrine::apps {
namespace {

struct VerifyTextVerb {
  explicit VerifyTextVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::TextFileConfig file;
  recipes::LabelOptions labels;
  std::vector<std::string> files;
  VerbOptions options;
};

int verify_text(VerifyTextVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.files.empty(), "FILES");
  const auto context = recipes::open_labels(verb.labels, system_utc_clock());
  std::vector<Json> reports;
  std::string lines;
  bool all_pass = true;
  for (const std::string& file : verb.files) {
    reports.push_back(recipes::verify_text_file(file, verb.file, context));
    lines += dump_line(reports.back()) + "\n";
    all_pass = all_pass && reports.back().at("result") == "pass";
  }
  write_output("-", lines);
  if (!verb.common.quiet) std::cerr << recipes::verify_summary(reports);
  return all_pass ? kDone : kSomeRejected;
}

struct VerifyLedgerVerb {
  explicit VerifyLedgerVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::VerifyLedgerConfig config;
  std::string ledger;
  VerbOptions options;
};

int verify_ledger(VerifyLedgerVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.ledger.empty(), "LEDGER");
  const auto counts = recipes::verify_ledger(verb.ledger, verb.config, system_utc_clock()());
  if (!verb.common.quiet)
    std::cerr << "断言台账: 有据 " << counts.green << ", 无据 " << counts.grey << ", 失据 "
              << counts.red << "\n";
  return counts.red == 0 ? kDone : kSomeRejected;
}

void add_text(CLI::App& verify, int& exit_code) {
  CLI::App* command = verify.add_subcommand(
      "text", "whether files of texts carry their labels: one JSON object a file");
  auto verb = std::make_shared<VerifyTextVerb>(*command);
  command->add_option("FILES", verb->files,
                      "JSONL, CSV, TSV, txt or HTML, with FILE.aigc.json beside them");
  verb->options.add(verb->file);
  verb->options.add(verb->labels);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = verify_text(*verb); });
}

void add_ledger(CLI::App& verify, int& exit_code) {
  CLI::App* command = verify.add_subcommand(
      "ledger", "which claims of accepted texts are still proved by the records");
  auto verb = std::make_shared<VerifyLedgerVerb>(*command);
  command->add_option("LEDGER", verb->ledger, "claim ledger, JSONL; - = standard input");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = verify_ledger(*verb); });
}

}  // namespace

void register_verify(CLI::App& app, int& exit_code) {
  CLI::App* verify = app.add_subcommand("verify", "prove AI labels and claim ledgers; reads only");
  verify->require_subcommand(1);
  add_text(*verify, exit_code);
  add_ledger(*verify, exit_code);
}

}  // namespace vitrine::apps
