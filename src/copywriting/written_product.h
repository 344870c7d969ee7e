// copywriting/written_product.h - what one product got: its plan and its candidates, as `write` and
// the server give them out.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "copywriting/candidates.h"
#include "copywriting/plan.h"
#include "copywriting/write_config.h"

namespace vitrine::copywriting {

/// What became of an event for one product.
struct EventNote {
  std::string id, clause;  // clause: empty = refused
  std::string reason;      // why it was refused
};

/// What one product got.
struct WrittenProduct {
  std::string id;
  Plan plan;
  std::vector<Candidate> candidates;  // best first
  int dropped = 0;          // candidates that still must not leave after all rewrites
  int saved = 0;            // candidates that may leave because decoding turned away from a banned term
  std::map<std::string, int> dropped_faults;  // fault, or rule:term → dropped candidates that had it
  std::string origin;       // model | template | retrieval
  std::string note;         // why not the model, in Chinese; empty otherwise
  std::string error;        // why there is no candidate
  std::vector<EventNote> events;  // one for each event of the file
  double likeness = 0;      // mean pairwise char ROUGE-L of the candidates
};

/// All reasons why a candidate must not leave: its faults, and rule:term of the hits that block.
std::vector<std::string> reasons_of(const Candidate& candidate);

/// 重复分句 2，无依据的“雪纺” 1
std::string faults_in_words(const std::map<std::string, int>& faults);

/// A candidate as the line of commands.md holds it.
Json to_json(const Candidate& candidate, const WriteConfig& config);

/// The line of commands.md.
Json to_json(const WrittenProduct& written, const WriteConfig& config, const std::string& model_sha256);

}  // namespace vitrine::copywriting
