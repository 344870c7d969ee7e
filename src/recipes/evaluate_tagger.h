// recipes/evaluate_tagger.h - a tagger on hand-labelled sentences: spans, and the attributes it names.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"
#include "copywriting/claim_tagger.h"
#include "eval/tagger_metrics.h"

namespace vitrine::recipes {

struct EvaluateTaggerConfig {
  double support_threshold = 0.9;
  int resamples = 1000;

  void describe(FieldVisitor& v) {
    v.field("support_threshold", support_threshold, "least probability that names an attribute", 0, 1);
    v.field("resamples", resamples, "bootstrap resamples", 1, 1000000);
  }
};

/// What the tagger says of each sentence: its spans in the text with all attributes, and the attribute
/// it names for each labelled span.
std::vector<eval::TaggerPrediction> predict(copywriting::ClaimTagger& tagger,
                                            const std::vector<eval::TaggerSentence>& sentences);

/// The verb: reads SET (docs/formats/tagger_sentences.md), loads the model, scores. Throws what
/// read_tagger_sentences and ClaimTagger::load throw.
eval::TaggerScores evaluate_tagger(const std::filesystem::path& set, const std::string& model,
                                   const copywriting::ClaimTaggerConfig& tagger_config,
                                   const eval::BootstrapConfig& bootstrap);

}  // namespace vitrine::recipes
