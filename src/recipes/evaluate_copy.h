// recipes/evaluate_copy.h - human copy, generators without learning and any systems, on every copy metric side by side.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/artefact.h"
#include "base/config.h"
#include "data/import.h"
#include "eval/copy_metrics.h"
#include "recipes/evaluate_model.h"
#include "recipes/gate_rates.h"

namespace vitrine::recipes {

inline constexpr std::string_view kCopyEvaluationFiles[] = {"metrics.json", "report.html", "outputs.jsonl", kManifestName};
inline constexpr ArtefactKind kCopyEvaluationKind{"copy_evaluation", kCopyEvaluationFiles};

struct EvaluateCopyConfig {
  std::string train;          // train rows; empty = the shipped ones
  std::string synonyms;       // TSV of other spellings; empty = none
  bool anchors = true;        // show values joined, template and retrieval
  bool allow_leakage = false;
  int resamples = 1000;
  int64_t seed = 0;
  int side_by_side = 20;
  bool gate = true;

  void describe(FieldVisitor& v) {
    v.field("train", train, "train rows for document frequencies, retrieval and leakage; empty = data/advertisegen/train.jsonl");
    v.field("synonyms", synonyms, "other spellings of values, TSV; empty = literal only");
    v.field("anchors", anchors, "rows without learning: values joined, template, retrieval");
    v.field("allow_leakage", allow_leakage, "go on when the set shares rows or texts with the train rows");
    v.field("resamples", resamples, "bootstrap resamples", 1, 1000000);
    v.field("gate", gate, "of each model what the checks stop, best of 1, 4, 8 and 16");
    v.field("side_by_side", side_by_side, "products whose texts are shown beside each other", 0, 1000);
  }
  void validate() const { check_config(*this, "evaluate_copy"); }
};

/// A file of the evaluation, for the report.
struct DataFile {
  std::string path, sha256;  // of the unpacked bytes
};

/// The table of another evaluation, for the page of this one.
struct AttachedEvaluation {
  struct System {
    std::string name;
    eval::MetricValues values;  // of all rows; NaN where there is none
  };
  std::string title;
  size_t num_rows = 0;
  std::vector<System> systems;
};

/// What is compared. Systems come in the order of the report; the human row and the anchors are added before them.
struct EvaluateCopyInput {
  std::vector<data::Product> set, train;
  DataFile set_file, train_file;
  eval::SynonymTable synonyms;
  std::vector<eval::SystemOutputs> systems;
  std::vector<ModelFit> fits;  // of the models among them
  std::vector<GateRates> gates;  // of the models; their texts are systems too
  std::optional<eval::Leakage> leakage;  // what was found before; none = it is looked for
};

/// All numbers of an evaluation.
struct CopyEvaluation {
  EvaluateCopyConfig config;
  DataFile set_file, train_file;
  size_t num_train = 0, num_rows = 0, num_inputs = 0, num_single = 0;
  int64_t rows_rejected = 0;  // of the set and the train rows, by the import
  eval::Leakage leakage;
  double rare_df = 0, rare_df_by_use = 0;
  std::vector<data::Product> products;
  std::vector<eval::SystemOutputs> systems;   // as scored, human and anchors first
  std::vector<eval::SystemReport> reports;    // one for each system
  std::vector<ModelFit> fits;                 // one for each model
  std::vector<GateRates> gates;               // of the models; their texts are systems too
  std::vector<AttachedEvaluation> attached;
  const eval::SystemReport* find(std::string_view name) const;  // null when there is none
};

/// The system of a gate's texts: "copy-mini best of 4".
std::string best_of_name(const GateRates& gate, const GateRate& rate);

inline constexpr const char* kHumanName = "human";
inline constexpr const char* kJoinedName = "values joined";
inline constexpr const char* kTemplateName = "template (anchor)";
inline constexpr const char* kRetrievalName = "retrieval (anchor)";

/// Checks leakage, then scores. Throws InvalidInput for leakage without config.allow_leakage (naming the first shared
/// product), for a system whose texts and products differ in number, or two systems of one name.
CopyEvaluation evaluate_copy(EvaluateCopyInput input, const EvaluateCopyConfig& config);

/// A target of the metric's definition, for one system.
struct Target {
  std::string name;
  bool met = false;
  std::string detail;  // both numbers
};
/// BLEU above both floors with disjoint intervals, coverage, distinct-4, repetition and the distinctive point.
/// Empty without the human row and the anchors.
std::vector<Target> targets_of(const CopyEvaluation& evaluation, const eval::SystemReport& report);

Json metrics_json(const CopyEvaluation& evaluation);          // the same bytes for the same input
std::string report_html(const CopyEvaluation& evaluation);    // one self-contained page
std::string terminal_table(const CopyEvaluation& evaluation); // metrics down, systems across

/// Writes metrics.json, report.html, outputs.jsonl (every scored text with its SHA-256) and vitrine.json: a folder that
/// appears whole. `place` is of require_artefact_place. Throws IoError.
void write_evaluation(const CopyEvaluation& evaluation, const std::filesystem::path& place);

/// The whole verb: reads SET, the train rows (anything import reads), outputs (NAME=FILE), synonyms and other evaluations
/// (TITLE=DIR), lets the models write, evaluates, writes. Rejected rows are logged by code. Throws UsageError (artefact.h) before any work.
CopyEvaluation run_evaluate_copy(const std::string& set, const std::vector<std::string>& outputs,
                                 const std::vector<EvaluateModelConfig>& models, const std::vector<std::string>& attached,
                                 const std::string& output, const EvaluateCopyConfig& config);

}  // namespace vitrine::recipes
