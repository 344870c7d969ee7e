// recipes/evaluate_gate.h - `vitrine evaluate gate`: may a copy model take the place of the one that serves?
//
// Both write for the same products, and five criteria decide: a judge that had no part in training prefers the new
// model, nothing banned leaves, and unsupported claims, coverage and distinct-4 are not worse. What is finished lies in
// OUTPUT.run, stage by stage; the same command after an interruption goes on there.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/artefact.h"
#include "base/config.h"
#include "base/json.h"
#include "copywriting/write_config.h"
#include "eval/bootstrap.h"

namespace vitrine::recipes {

inline constexpr std::string_view kGateFiles[] = {"gate.json", "outputs.jsonl", kManifestName};
inline constexpr ArtefactKind kGateKind{"copy_gate", kGateFiles};

/// Each model's products are written in this many stages.
inline constexpr int kGateParts = 8;

struct EvaluateGateConfig {
  std::string judge = copywriting::kEmbeddedRanker;
  int products = 200;
  int num_return_sequences = 4;
  int resamples = 1000;

  void describe(FieldVisitor& v) {
    v.field("judge", judge, "ranking model that neither model was trained with: a folder, or a name in models/");
    v.field("products", products, "products that both write for, drawn by their ids", 1, 1e6);
    v.field("num_return_sequences", num_return_sequences, "candidates of each product, of which the best is compared (-n)", 1, 1000);
    v.field("resamples", resamples, "bootstrap resamples over products", 1, 1000000);
  }
  void validate() const { check_config(*this, "evaluate gate"); }
};

struct EvaluateGateRun {
  std::string set;             // products: anything `import` reads
  std::string model, against;  // copy models, folders or names: the new one, the one that serves
  std::string output;
  std::string dtype;  // one of generation::weight_dtypes(); empty = that of write
  int threads = 0;
  int64_t seed = 0;

  void describe(FieldVisitor& v) {
    v.field("model", model, "copy model that is to serve: a folder, or a name in models/");
    v.field("against", against, "copy model that serves now");
    v.field("output", output, "folder for gate.json and outputs.jsonl");
  }
};

/// What one model wrote for one product.
struct GateText {
  std::string text;          // the best that the checks let leave; empty = none
  double coverage = 0;       // 0 without a text
  bool banned = false;       // the text holds what a rule of the law or the shop blocks
  bool unsupported = false;  // the first draft, before the checks: a claim or number without evidence
};

struct GateMeasure {
  double value = 0;
  eval::Interval interval;
  int64_t n = 0;  // products
};

/// One criterion.
struct GateRow {
  std::string metric;                     // win_rate | banned | unsupported | coverage | distinct_4
  std::optional<GateMeasure> before;      // nothing for the win rate, which is over both
  GateMeasure after;
  std::optional<GateMeasure> difference;  // after - before, both on the same draws of products
  bool passed = false;
};

/// The criteria. `scores`: the judge's, NaN for a text that is not there or that it cannot read. Of two texts the higher
/// score wins; a product for which one model alone has a text is won by that model, one that neither has is left out.
/// Passed: the win rate's interval lies above 0.5; no banned text of the new model; the interval of the difference
/// reaches 0 or the better side of it for the other three.
/// REQUIRES: as many of each, at least one product that counts.
std::vector<GateRow> gate_rows(std::span<const GateText> before, std::span<const GateText> after, std::span<const double> scores_before,
                               std::span<const double> scores_after, const eval::BootstrapConfig& config);

bool gate_passed(std::span<const GateRow> rows);

/// A table for the terminal, Chinese.
std::string gate_table(std::span<const GateRow> rows);

struct GateOutcome {
  std::vector<GateRow> rows;
  int64_t rows_rejected = 0;  // of the set, by the import
};

/// The whole verb; writes gate.json, outputs.jsonl (every compared text with its SHA-256) and vitrine.json, a folder that
/// appears whole. Throws UsageError before any work (output, the same model twice, a working folder of other settings),
/// NotFound, Corrupt, InvalidInput, IoError, Busy, Cancelled (state saved).
GateOutcome run_evaluate_gate(const EvaluateGateRun& run, const EvaluateGateConfig& config);

}  // namespace vitrine::recipes
