// eval/tagger_metrics.h - precision, recall and F1 of tagged spans and of the attributes named as their
// evidence, micro-averaged, with bootstrap intervals over the texts.
//
// A hit is literal when its span is spelled as an attribute's value (spans: of any attribute; evidence:
// of the attribute named), else non-literal.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "eval/bootstrap.h"

namespace vitrine::eval {

struct TaggerAttributeLabel {
  std::string id, key, val;
};

/// Half-open code-point offsets.
struct TaggerSpanLabel {
  size_t begin = 0, end = 0;
  std::string key;
  std::optional<size_t> attribute_idx;  // the evidence; nothing = no attribute entails it
};

/// A text with its labels, or with what a model says: docs/formats/tagger_sentences.md.
struct TaggerSentence {
  std::string id, text;
  std::vector<TaggerAttributeLabel> attributes;
  std::vector<TaggerSpanLabel> spans;
};

/// Reads JSONL: {"id","attributes":[{"id","key","val"}],"text","spans":[{"begin","end","key","attr"}]}.
/// Throws NotFound, or Corrupt naming file, line and field: offsets outside the text, an `attr` that is
/// no attribute's id.
std::vector<TaggerSentence> read_tagger_sentences(const std::filesystem::path& path);

/// What the tagger said of one sentence.
struct TaggerPrediction {
  std::vector<TaggerSpanLabel> spans;                 // found; attribute_idx is not used
  std::vector<std::optional<size_t>> named;           // for each labelled span of the sentence
};

struct HitCounts {
  int64_t right = 0, said = 0, labelled = 0;

  double precision() const;  // NaN when nothing was said
  double recall() const;     // NaN when nothing is labelled
  double f1() const;         // NaN when neither
};

struct HitScore {
  HitCounts counts;
  Interval precision, recall, f1;
};

struct TaggerScores {
  size_t num_sentences = 0;
  HitScore spans, literal_spans, other_spans;           // exact span and key
  HitScore exact_spans;                                  // exact span, any key
  std::map<std::string, HitCounts> by_key;
  HitScore evidence, literal_evidence, other_evidence;  // attribute named for a labelled span
};

/// sentences and predictions belong together by index. Throws InvalidInput when they differ in number.
TaggerScores score_tagger(std::span<const TaggerSentence> sentences,
                          std::span<const TaggerPrediction> predictions,
                          const BootstrapConfig& config = {});

Json to_json(const TaggerScores& scores);
/// A line for each score: name, precision, recall, F1 with intervals, counts.
std::string table_of(const TaggerScores& scores);

}  // namespace vitrine::eval
