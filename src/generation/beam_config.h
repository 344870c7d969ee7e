// generation/beam_config.h - the settings of beam search, named as in the transformers library.
#pragma once
#include "base/config.h"

namespace vitrine::generation {

/// When a group stops that has all its hypotheses.
enum class EarlyStopping {
  no,    // when its best beam, ended now, would not be better than the worst of them
  yes,   // at once
  never  // when its best beam cannot be better at any length
};

struct BeamConfig {
  int num_beams = 4;
  int num_beam_groups = 1;  // divides num_beams
  /// Nats for each beam of an earlier group that takes the same token; above 0 with groups.
  double diversity_penalty = 0;
  double length_penalty = 1;  // score = sum of log probabilities / tokens^length_penalty
  EarlyStopping early_stopping = EarlyStopping::no;

  void describe(FieldVisitor& v) {
    v.field("num_beams", num_beams, "beams of a text", 1, 1000);
    v.field("num_beam_groups", num_beam_groups, "groups of beams that avoid each other's tokens", 1,
            1000);
    v.field("diversity_penalty", diversity_penalty, "nats that a token of an earlier group loses",
            0, 1000);
    v.field("length_penalty", length_penalty, "above 0 favours long texts, below 0 short ones",
            -100, 100);
  }
};

/// Throws InvalidInput, naming the fields: a value out of range, groups that do not divide the
/// beams, groups without a diversity penalty (they would all be equal) or a penalty without groups.
void validate(const BeamConfig& config);

}  // namespace vitrine::generation
