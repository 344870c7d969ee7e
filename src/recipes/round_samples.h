// recipes/round_samples.h - the first stage of a round: k texts of each product from the current model.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "copywriting/candidates.h"
#include "data/product.h"

namespace vitrine::recipes {

/// Some of the texts are drawn under the planner's plan (rare points first, each in its sentence): what the model can
/// say when it is told the order. It then learns to choose such an order itself, as texts are mostly learned after open plans.
struct SampleConfig {
  int num_return_sequences = 8;
  int planned_texts = 4;             // of them under the planner's plan; of each kind half at `temperature`, half at the second one
  double temperature = 0.95;
  double second_temperature = 1.1;
  double top_p = 0.95;
  int length = 110;

  void describe(FieldVisitor& v) {
    v.field("num_return_sequences", num_return_sequences, "texts of each product in a round (-n)", 2, 1000);
    v.field("planned_texts", planned_texts, "of them drawn under the planner's plan, the others under open plans", 0, 1000);
    v.field("temperature", temperature, "of the first half of each kind", 0.01, 10);
    v.field("second_temperature", second_temperature, "of the other half", 0.01, 10);
    v.field("top_p", top_p, "nucleus: smallest set of tokens with this probability", 0.01, 1);
    v.field("length", length, "code points wanted", 20, 2000);
  }
  /// Throws InvalidInput.
  void validate() const;
};

/// One text of the model, as it was drawn: nothing is written anew.
struct Sample {
  std::string text;
  int64_t tokens = 0;
  double logprob = 0;  // natural log, of the model that wrote it, without guide
  double temperature = 0;
  bool planned = false;  // drawn under the planner's plan
  bool may_leave = true;
  int hits = 0;                       // of rules that only warn or ask for proof
  std::vector<std::string> blocked;   // faults, and rule:term of what blocks
  double coverage = 0;
};

/// What the checks said of a candidate goes along.
Sample sample_of(const copywriting::Candidate& candidate, double temperature, bool planned);

struct SampledProduct {
  std::string product_id;
  std::vector<Sample> samples;  // in order of drawing; empty when the model does not know the category
};

/// Sequences that the stages of a round decode at once: each weight that was fetched serves more rows than in `write`, where
/// a first text should come soon. No text depends on it.
inline constexpr int kRoundBatch = 128;

struct SampleRun {
  std::filesystem::path model_dir;
  std::filesystem::path output;  // JSONL, one line a product; its parts lie beside it until it is whole
  std::string dtype = "int8";
  int threads = 0;
  int64_t seed = 0;
  int round = 1;
};

/// Draws and checks, part by part: the same call after an interruption goes on, to the same bytes. A product's texts
/// depend on model, settings, seed, round and its id alone. The prompt is an open plan, points in the order of the
/// source, or the planner's. Throws what loading the model throws; InvalidInput for parts of other settings, Cancelled, IoError.
void sample_products(std::span<const data::Product> products, const SampleConfig& config, const SampleRun& run);

/// Reads them again. Throws NotFound, Corrupt naming the line.
std::vector<SampledProduct> read_samples(const std::filesystem::path& path);

}  // namespace vitrine::recipes
