// recipes/curate_config.h - the settings of `curate copy`: one switch a filter, thresholds, limits of repair.
#pragma once
#include "base/config.h"

namespace vitrine::recipes {

struct CurateConfig {
  // One switch a filter, in the order in which they run.
  bool schema = true, placeholders = true, length = true, dedupe = true, leakage = true, absolute = true, claims = true, repetition = true,
       quality = true;

  int min_length = 40, max_length = 200;  // code points
  double max_similarity = 0.7;            // Jaccard of character 4-grams, to a kept row or to a row of the held-out set
  int max_repeated_4grams = 3;            // positions
  double min_quality = 0.75;              // 0..1
  bool repair = true;                     // drop clauses instead of rows where what stays is still good copy
  int min_sentence = 10;                  // code points of a sentence that lost clauses
  double min_coverage = 0.4;              // of a repaired row: share of its attribute values that the text still holds
  bool prune_attributes = false;          // a repaired row loses the attributes whose values went with the clauses
  int margin_samples = 20;                // rows listed either side of a threshold

  void describe(FieldVisitor& v) {
    v.field("schema", schema, "filter: attributes and a text are there; punctuation is normalised");
    v.field("placeholders", placeholders, "filter: <UNK>, BRAND and their like");
    v.field("length", length, "filter: length of the text");
    v.field("dedupe", dedupe, "filter: near-equal to a row kept before");
    v.field("leakage", leakage, "filter: near-equal to a row of the held-out set");
    v.field("absolute", absolute, "filter: absolute terms (law)");
    v.field("claims", claims, "filter: functions, materials, brands, numbers, … that the attributes do not support");
    v.field("repetition", repetition, "filter: repeated clauses and character 4-grams");
    v.field("quality", quality, "filter: the text names its product; score of coverage, length, variety and punctuation");
    v.field("min_length", min_length, "code points", 0, 100000);
    v.field("max_length", max_length, "code points", 1, 100000);
    v.field("max_similarity", max_similarity, "Jaccard of character 4-grams", 0, 1);
    v.field("max_repeated_4grams", max_repeated_4grams, "positions", 0, 100000);
    v.field("min_quality", min_quality, "score, 0 to 1", 0, 1);
    v.field("repair", repair, "drop clauses instead of rows where the rest is still good copy");
    v.field("min_sentence", min_sentence, "code points of a sentence that lost clauses", 1, 1000);
    v.field("min_coverage", min_coverage, "share of attribute values a repaired text still holds", 0, 1);
    v.field("prune_attributes", prune_attributes, "take out of a repaired row the attributes whose values its text lost");
    v.field("margin_samples", margin_samples, "rows listed either side of a threshold", 0, 10000);
  }
  /// Throws InvalidInput naming the field.
  void validate() const;
};

}  // namespace vitrine::recipes
