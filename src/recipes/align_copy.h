// recipes/align_copy.h - rounds of sample -> check -> score -> order -> tune, from a copy model and products to aligned models.
//
// What is finished lies in OUTPUT.run while the loop goes on, stage by stage; the same command after an interruption
// goes on there. At the end it becomes OUTPUT:
//   round-1/, round-2/ …  model directories      ranker/       the ranking model, when the loop trained it
//   ranker-evaluation/  its accuracy               pairs.jsonl, held-out-pairs.jsonl  what it learned from and was measured with
//   report.json, report.html                      round-r.jsonl the ordered texts of each round
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/artefact.h"
#include "base/config.h"
#include "recipes/align_stages.h"
#include "recipes/preference_sources.h"
#include "recipes/round_order.h"
#include "recipes/round_samples.h"
#include "recipes/round_tune.h"
#include "recipes/round_watch.h"

namespace vitrine::recipes {

inline constexpr std::string_view kAlignmentFiles[] = {
    "round-1", "round-2", "round-3", "round-4", "round-5", "round-6", "round-7", "round-8", "ranker", "ranker-evaluation", "report.json", "report.html",
    "round-1.jsonl", "round-2.jsonl", "round-3.jsonl", "round-4.jsonl", "round-5.jsonl", "round-6.jsonl", "round-7.jsonl", "round-8.jsonl",
    "pairs.jsonl", "held-out-pairs.jsonl", kManifestName};
inline constexpr ArtefactKind kAlignmentKind{"alignment", kAlignmentFiles};

struct AlignCopyConfig {
  int rounds = 2;
  bool fresh_samples = true;  // off: every round learns from round 1's texts (two passes over one ranked set)
  int max_products = 0;
  bool curate = true;
  std::string ranker_config = "ranker-mini";
  SampleConfig sample;
  OrderingConfig order;
  PairSourcesConfig pairs;
  TuneConfig tune;
  WatchConfig watch;

  void describe(FieldVisitor& v) {
    v.field("rounds", rounds, "rounds of sampling, ordering and tuning", 1, kMostRounds);
    v.field("fresh_samples", fresh_samples, "each round samples from its own model; off = all rounds learn from the texts of the first");
    v.field("max_products", max_products, "only so many products, drawn by the seed; 0 = all", 0, 1e9);
    v.field("curate", curate, "run the funnel on the human copies first");
    v.field("ranker_config", ranker_config, "settings of the ranking model when none is given: a name in configs/ or a file");
    sample.describe(v);
    order.describe(v);
    pairs.describe(v);
    tune.describe(v);
    watch.describe(v);
  }
  void validate() const;
};

struct AlignCopyRun {
  std::string products;  // folder with train.jsonl, or a file
  std::string model;     // SFT model: folder or name
  std::string ranker;    // ranking model; empty = train one from the first round's texts
  std::string picks;     // pick records; empty = none
  std::string pick_texts;  // the texts that they name by id; empty = they hold them
  std::string feedback;  // click figures of texts; empty = none
  std::string output;
  std::string device = "cpu";
  std::string dtype = "int8";  // of sampling
  int threads = 0;

  void describe(FieldVisitor& v) {
    v.field("model", model, "copy model that the rounds start from: a folder, or a name in models/");
    v.field("ranker", ranker, "ranking model; without it one is trained on the first round's texts");
    v.field("picks", picks, "pick records (JSONL), with the texts that were shown or with --pick-texts");
    v.field("pick_texts", pick_texts, "the texts that the pick records name by id (JSONL)");
    v.field("feedback", feedback, "impressions and clicks of texts (JSONL)");
    v.field("output", output, "folder for the models of the rounds and the report");
  }
};

/// Returns false when rows were rejected. Throws UsageError (an output that holds other files, a working folder of other
/// settings or of a model that has changed since, named), NotFound, Corrupt, InvalidInput (named where), IoError, Busy,
/// Cancelled (state saved), and Error when an alarm of the watch stops the loop: the models so far stay in the working folder.
bool align_copy(const AlignCopyRun& run, const AlignCopyConfig& config);

}  // namespace vitrine::recipes
