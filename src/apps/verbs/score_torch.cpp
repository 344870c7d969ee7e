// score copy --engine torch: log-probabilities by the training module, for comparison with the decoder; score clip.
#include <sstream>

#include "apps/command_line.h"
#include "apps/device.h"
#include "apps/verbs.h"
#include "base/compressed.h"
#include "base/error.h"
#include "base/json.h"
#include "copywriting/copy_model.h"
#include "models/gpt2/module.h"
#include "recipes/score_clip.h"

namespace vitrine::apps {
namespace {

struct ScoreTorchVerb {
  explicit ScoreTorchVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  std::string texts, model;
  VerbOptions options;

  void describe(FieldVisitor& v) { v.field("model", model, "model: a folder, or a name in models/"); }
};

/// {"id", "input_ids", "labels_from"} -> {"id", "tokens", "logprob"}
Json score_row(models::Gpt2& model, const models::PassConfig& pass, const Json& row, const std::string& where) {
  if (!row.contains("input_ids") || !row.contains("labels_from")) {
    throw InvalidInput(concat("[score copy] ", where, ": expected input_ids and labels_from (texts are scored by --engine native)"));
  }
  nn::PackedBatch batch;
  batch.add(row["input_ids"].get<std::vector<int32_t>>(), row["labels_from"].get<int32_t>());
  return {{"id", row.value("id", Json())}, {"tokens", batch.num_labels()}, {"logprob", -model.document_nll(batch, pass)[0]}};
}

void run(ScoreTorchVerb& verb) {
  if (verb.options.resolve()) return;
  VerbOptions::require(!verb.texts.empty(), "TEXTS");
  VerbOptions::require(!verb.model.empty(), "--model");
  set_threads(verb.common.threads);
  models::Gpt2 model = models::Gpt2::load(copywriting::find_model(verb.model), parse_device(verb.common.device));
  models::PassConfig pass;
  pass.dtype = verb.common.dtype == "bfloat16" ? models::ComputeType::bfloat16 : models::ComputeType::float32;
  std::istringstream lines(read_file_unpacked(verb.texts));
  std::string line, scores;
  int64_t scored = 0;
  for (int64_t row = 1; std::getline(lines, line); ++row) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = concat(verb.texts, " row ", row);
    scores += dump_line(score_row(model, pass, parse_json(line, where), where)) + "\n";
    ++scored;
  }
  if (scored == 0) throw Corrupt(concat("[score copy] ", verb.texts, ": EMPTY_FILE: no rows"));
  write_output("-", scores);
}

struct ScoreClipVerb {
  explicit ScoreClipVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::ScoreRun run;
  VerbOptions options;
};

int score_clip(ScoreClipVerb& verb) {
  if (verb.options.resolve()) return kDone;
  VerbOptions::require(!verb.run.input.empty(), "PAIRS");
  VerbOptions::require(!verb.run.model.empty(), "--model");
  set_threads(verb.common.threads);
  parse_device(verb.common.device);  // refuses one that is not there
  verb.run.dtype = verb.common.dtype;
  return recipes::run_score_clip(verb.run, verb.common.device) ? kDone : kSomeRejected;
}

void add_score_clip(CLI::App& score, int& exit_code) {
  CLI::App* clip = score.add_subcommand("clip", "how well texts fit their pictures, 0 to 100, one line a row");
  auto verb = std::make_shared<ScoreClipVerb>(*clip);
  clip->add_option("PAIRS", verb->run.input, "JSONL: id, image, text; - = standard input");
  verb->options.add(verb->run);
  verb->options.add_common(verb->common, {.engine = "torch", .dtypes = {"float32", "bfloat16"}, .gpu = true});
  clip->callback([verb, &exit_code] { exit_code = score_clip(*verb); });
}

}  // namespace

void register_score_torch(CLI::App& app, int& exit_code) {
  CLI::App* score = app.add_subcommand("score", "log-probability of given texts, or how well texts fit pictures");
  score->require_subcommand(1);
  CLI::App* copy = score->add_subcommand("copy", "by a language model");
  auto verb = std::make_shared<ScoreTorchVerb>(*copy);
  copy->add_option("TEXTS", verb->texts, "JSONL: id, input_ids, labels_from; - = standard input");
  verb->options.add(*verb);
  verb->options.add_common(verb->common, {.engine = "torch", .dtypes = {"float32", "bfloat16"}, .gpu = true});
  copy->callback([verb] { run(*verb); });
  add_score_clip(*score, exit_code);
}

}  // namespace vitrine::apps
