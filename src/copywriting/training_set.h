// copywriting/training_set.h - curated human copy as training sequences, re-made for every epoch.
//
// Augmentation keeps the prompt true: a sentence that goes takes its points with it, a sentence from
// another product of the category brings its own, a value that becomes a slot does so on both sides.
// In a sequence with an open plan all points are listed first, in random order, and the group before each sentence is
// predicted: the model learns to order and group them itself.
#pragma once
#include <string>
#include <vector>

#include "base/config.h"
#include "base/random.h"
#include "copywriting/prompt.h"
#include "data/product.h"

namespace vitrine::copywriting {

struct AugmentConfig {
  double mix_sentences = 0.3;   // chance that one later sentence comes from another product
  double drop_sentence = 0.2;   // chance that one later sentence is left out
  double shuffle_points = 0.5;  // chance, for each group, that its points are in random order
  double slot_values = 0.2;     // chance that one or two values are slots
  double open_plan = 0;         // chance that all points are listed first, in random order, and the groups are predicted

  void describe(FieldVisitor& v) {
    v.field("mix_sentences", mix_sentences, "chance that a later sentence comes from another product", 0, 1);
    v.field("drop_sentence", drop_sentence, "chance that a later sentence is left out", 0, 1);
    v.field("shuffle_points", shuffle_points, "chance that a group's points are shuffled", 0, 1);
    v.field("slot_values", slot_values, "chance that one or two values become slots", 0, 1);
    v.field("open_plan", open_plan, "chance that all points are listed first and the group of each sentence is predicted, so that the model orders and groups them", 0, 1);
  }
};

struct TrainingSequence {
  std::vector<int32_t> input_ids;  // header, groups and sentences in turn, end token
  std::vector<bool> predicted;     // by position: true in sentences, at the end token, and in the groups after an open plan
};

struct CopyDocument {
  std::string category, audience;
  std::vector<AlignedSentence> sentences;
  std::string style = "taobao";
};

/// The style of a row's copy: its field `style`, else taobao. Throws InvalidInput naming product and value for a
/// style that has no control token.
std::string style_of(const data::Product& product);

/// The plan behind each product's human copy, with the style of its row. Products without copy are left out.
/// other_terms: terms that count as said facts though the record lacks them (alignment.h).
std::vector<CopyDocument> align_products(const std::vector<data::Product>& products,
                                         const std::vector<std::string>& other_terms);

/// Values that get a token of their own: two code points or more, in at least min_products products,
/// without digits and without long Latin names. In code-point order.
std::vector<std::string> value_tokens(const std::vector<data::Product>& products, int min_products);

/// The prompt states the points of each sentence before it.
TrainingSequence planned_sequence(const PromptFormat& format, const CopyDocument& document,
                                  const std::map<std::string, int>& forced_slots = {});

/// The prompt lists `points`, in this order; then each sentence stands behind its group, which is predicted too. Points of a
/// sentence that the list lacks are left out.
///   length  code points that the prompt asks for; 0 = those of the text
///   groups  false: only the sentences are predicted (how fluent they are, whatever they choose to say)
TrainingSequence open_sequence(const PromptFormat& format, const CopyDocument& document,
                               const std::vector<PromptPoint>& points, int length = 0,
                               const std::map<std::string, int>& forced_slots = {}, bool groups = true);

/// All points of the document's sentences, in order of mention.
std::vector<PromptPoint> points_said(const CopyDocument& document);

class CopyTrainingSet {
 public:
  /// `format` must outlive the set.
  CopyTrainingSet(std::vector<CopyDocument> documents, const PromptFormat& format, AugmentConfig config);

  /// Document order, one sequence each, as they are (validation); with open plans in the config a
  /// second one with an open plan.
  std::vector<TrainingSequence> plain() const;
  /// One sequence a document, augmented by draws of `key`.
  std::vector<TrainingSequence> augmented(RandomKey key) const;
  /// Code points of the copies of plain().
  int64_t num_code_points() const;
  const std::vector<CopyDocument>& documents() const { return documents_; }

 private:
  CopyDocument augment(const CopyDocument& document, RandomStream& random) const;
  std::map<std::string, int> draw_slots(const CopyDocument& document, RandomStream& random) const;

  std::vector<CopyDocument> documents_;
  const PromptFormat& format_;
  AugmentConfig config_;
  std::map<std::string, std::vector<const AlignedSentence*>> later_sentences_;  // by category and style
};

}  // namespace vitrine::copywriting
