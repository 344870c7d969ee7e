// vitrine verify FILES… | text FILES… | ledger LEDGER --evidence PRODUCTS
#include <iostream>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/compressed.h"
#include "recipes/verify_ledger.h"
#include "recipes/verify_picture.h"
#include "recipes/verify_text.h"

namespace vitrine::apps {
namespace {

/// Files of texts, or any files: pictures are known by how they begin, else by their names.
struct VerifyFilesVerb {
  VerifyFilesVerb(CLI::App& app, bool pictures_too) : pictures(pictures_too), options(app) {}
  bool pictures;
  CommonOptions common;
  recipes::TextFileConfig file;
  recipes::LabelOptions labels;
  std::vector<std::string> files;
  VerbOptions options;

  Json report(const std::string& name, const recipes::LabelContext& context) const {
    return pictures && recipes::is_picture_file(name)
               ? recipes::verify_picture_file(name, context)
               : recipes::verify_text_file(name, file, context);
  }
};

int verify_files(VerifyFilesVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.files.empty(), "FILES");
  const auto context = recipes::open_labels(verb.labels, system_utc_clock());
  std::vector<Json> reports;
  std::string lines;
  bool all_pass = true;
  for (const std::string& file : verb.files) {
    reports.push_back(verb.report(file, context));
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

std::shared_ptr<VerifyFilesVerb> add_files(CLI::App& command, bool pictures, const char* files) {
  auto verb = std::make_shared<VerifyFilesVerb>(command, pictures);
  command.add_option("FILES", verb->files, files);
  verb->options.add(verb->file);
  verb->options.add(verb->labels);
  verb->options.add_common(verb->common, {});
  return verb;
}

void add_text(CLI::App& verify, int& exit_code) {
  CLI::App* command = verify.add_subcommand(
      "text", "whether files of texts carry their labels: one JSON object a file");
  const auto verb =
      add_files(*command, false, "JSONL, CSV, TSV, txt or HTML, with FILE.aigc.json beside them");
  command->callback([verb, &exit_code] { exit_code = verify_files(*verb); });
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
  verify->require_subcommand(0, 1);
  const auto verb = add_files(*verify, true, "pictures (PNG, JPEG, WebP) and files of texts");
  verify->callback([verb, verify, &exit_code] {
    if (verify->get_subcommands().empty()) exit_code = verify_files(*verb);
  });
  add_text(*verify, exit_code);
  add_ledger(*verify, exit_code);
}

}  // namespace vitrine::apps
