// copywriting/tagger_training_set.h - human texts with their mentions as training examples of the
// tagger, drawn anew for every epoch.
//
// A draw keeps its labels true: a value in the text may be spelled otherwise or become another value
// of its key, attributes may go, be spelled otherwise or get another value; what supports what is read
// off the result.
#pragma once
#include <optional>
#include <vector>

#include "base/config.h"
#include "base/random.h"
#include "copywriting/mentions.h"

namespace vitrine::copywriting {

struct TaggerDrawConfig {
  double mark_share = 0.55;
  double short_share = 0.6;
  double bare_share = 0.3;
  double respell_attribute = 0.2;
  double swap_attribute = 0.08;
  double drop_attribute = 0.08;
  double respell_text = 0.2;
  double swap_text = 0.15;

  void describe(FieldVisitor& v) {
    v.field("mark_share", mark_share, "share of examples that ask for the evidence of a span", 0, 1);
    v.field("short_share", short_share, "share of these whose text is a sentence or two", 0, 1);
    v.field("bare_share", bare_share, "share of the others that have no attributes", 0, 1);
    v.field("respell_attribute", respell_attribute, "chance that an attribute's value is spelled otherwise", 0, 1);
    v.field("swap_attribute", swap_attribute, "chance that an attribute gets another value", 0, 1);
    v.field("drop_attribute", drop_attribute, "chance that an attribute is left out", 0, 1);
    v.field("respell_text", respell_text, "chance that a value in the text is spelled otherwise", 0, 1);
    v.field("swap_text", swap_text, "chance that a value in the text becomes another of its key", 0, 1);
  }
};

/// One text as it is asked about.
struct TaggerDraw {
  MentionedText text;               // mentions and attributes as drawn
  std::optional<TextRange> mark;    // the span under suspicion
  std::optional<size_t> mention;    // which mention it is; none = the mark says no value
};

struct TaggerExample {
  std::vector<int32_t> input_ids, token_type_ids, classes;  // classes: nn's kNoLabel (-100) = none
};

class TaggerTrainingSet {
 public:
  /// All but `texts` must outlive the set. positions: tokens of an input at most.
  TaggerTrainingSet(std::vector<MentionedText> texts, const MentionTable& table,
                    const TaggerEncoding& encoding, const TaggerLabels& labels, size_t positions,
                    const TaggerDrawConfig& config);

  /// One example for each text; the same key gives the same ones.
  std::vector<TaggerExample> epoch(RandomKey key) const;

  /// One draw of text `text_idx`. marked: ask for evidence. held_out: spell attributes otherwise by
  /// held-out spellings only, and always where there is one.
  TaggerDraw draw(size_t text_idx, bool marked, bool held_out, RandomStream& random) const;

  TaggerExample encode(const TaggerDraw& draw) const;
  /// What the marked span has to do with attribute `attribute_idx` of the draw.
  Relation relation(const TaggerDraw& draw, size_t attribute_idx) const;

  const std::vector<MentionedText>& texts() const { return texts_; }

 private:
  MentionedText window(const MentionedText& whole, size_t budget, RandomStream& random) const;
  void change_text(MentionedText& text, RandomStream& random) const;
  void change_attributes(TaggerDraw& draw, bool held_out, RandomStream& random) const;
  bool is_supported(const MentionedText& text, TextRange range) const;
  void choose_mark(TaggerDraw& draw, RandomStream& random) const;
  std::optional<std::string> other_value(std::string_view key, std::string_view value,
                                         RandomStream& random) const;
  std::optional<std::string> other_spelling(std::string_view key, std::string_view value,
                                            bool held_out, RandomStream& random) const;
  size_t text_budget(const MentionedText& text) const;
  size_t attribute_budget() const { return positions_ / 2; }

  std::vector<MentionedText> texts_;
  const MentionTable& table_;
  const TaggerEncoding& encoding_;
  const TaggerLabels& labels_;
  size_t positions_;
  TaggerDrawConfig config_;
};

/// Replaces the code points of a mention; later ranges move.
void replace_mention(MentionedText& text, size_t mention_idx, std::u32string_view by);

/// Sentences (。！？ and their runs) as ranges; they cover the text.
std::vector<TextRange> sentence_ranges(std::u32string_view text);

}  // namespace vitrine::copywriting
