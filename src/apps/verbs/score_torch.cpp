// score copy --engine torch: log-probabilities by the training module, for comparison with the decoder.
#include <fstream>
#include <iostream>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "base/error.h"
#include "base/json.h"
#include "models/gpt2/module.h"

namespace vitrine::apps {
namespace {

struct Options {
  CommonOptions common;
  std::string texts, model;
};

/// {"id", "input_ids", "labels_from"} -> {"id", "tokens", "logprob"}
Json score_row(models::Gpt2& model, const models::Gpt2PassConfig& pass, const Json& row, const std::string& where) {
  if (!row.contains("input_ids") || !row.contains("labels_from")) {
    throw InvalidInput(concat("[score copy] ", where, ": expected input_ids and labels_from (texts are scored by --engine native)"));
  }
  nn::PackedBatch batch;
  batch.add(row["input_ids"].get<std::vector<int32_t>>(), row["labels_from"].get<int32_t>());
  return {{"id", row.value("id", Json())}, {"tokens", batch.num_labels()}, {"logprob", -model.document_nll(batch, pass)[0]}};
}

void run(const Options& options) {
  set_threads(options.common.threads);
  models::Gpt2 model = models::Gpt2::load(options.model, parse_device(options.common.device));
  models::Gpt2PassConfig pass;
  pass.dtype = options.common.dtype == "bfloat16" ? models::ComputeType::bfloat16 : models::ComputeType::float32;
  std::ifstream file(options.texts);
  if (options.texts != "-" && !file) throw NotFound(concat("[score copy] ", options.texts, ": no such file"));
  std::istream& lines = options.texts == "-" ? std::cin : file;
  std::string line;
  for (int64_t row = 1; std::getline(lines, line); ++row) {
    const std::string where = concat(options.texts, " row ", row);
    std::cout << dump_line(score_row(model, pass, parse_json(line, where), where)) << '\n';
  }
}

}  // namespace

void register_score_torch(CLI::App& app, int&) {
  CLI::App* score = app.add_subcommand("score", "log-probability of given texts");
  score->require_subcommand(1);
  CLI::App* verb = score->add_subcommand("copy", "by a language model");
  auto options = std::make_shared<Options>();
  add_common_options(*verb, options->common);
  verb->add_option("texts", options->texts, "JSONL, or - for standard input")->required();
  verb->add_option("--model", options->model, "model directory")->required();
  verb->callback([options] { run(*options); });
}

}  // namespace vitrine::apps
