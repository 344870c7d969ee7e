// recipes/label_text.h - `vitrine label text`: texts leave with an explicit label, an implicit one
// and a line in the log.
//
// There is no way back: nothing here or elsewhere takes a labelled file and gives an unlabelled
// one.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "recipes/label_settings.h"
#include "recipes/text_file.h"

namespace vitrine::recipes {

struct LabelTextConfig {
  TextFileConfig file;
  std::string wording, place = "end";
  int max_length = 0;
  bool as_propagator = false;
  std::string evidence, reviewer;
  std::string output, rejects;

  void describe(FieldVisitor& v) {
    file.describe(v);
    v.field("wording", wording,
            "words of the label, one of rules/labels/wordings.tsv; empty = （本文由AI生成）");
    v.field("place", place, "where the label stands in a text", {"start", "end"});
    v.field(
        "max_length", max_length,
        "code points of text and label together; the text is cut, never the label; 0 = no limit", 0,
        1000000);
    v.field("as_propagator", as_propagator,
            "the files are labelled already: only ContentPropagator, PropagateID and ReservedCode2 "
            "change");
    v.field("evidence", evidence,
            "product records: each file gets a claim ledger FILE.ledger.jsonl");
    v.field("reviewer", reviewer, "who accepted the texts, in the ledger; empty = --who");
    v.field("output", output,
            "file for one input; a folder (existing, or ending in /) for any number");
    v.field("rejects", rejects, "rows that could not be labelled, JSONL; empty = messages only");
  }
};

struct LabelTextResult {
  size_t labelled = 0, kept = 0, rejected = 0;  // texts; kept = had their label already
};

/// Labels files one after the other. Of each the sidecar comes into place first, then the file;
/// both are whole. A file that carries labels leaves with exactly these. Rows that get no label are
/// left out and listed. Throws InvalidInput (LBL_NO_PRODUCER before anything is read; an unknown
/// wording), UsageError (no output, an output that is an input), Corrupt (LBL_CHANGED: a labelled
/// text that was changed, LBL_SEVERAL; a file of which no row is left).
LabelTextResult label_texts(const std::vector<std::string>& inputs, const LabelTextConfig& config,
                            const LabelContext& context);

}  // namespace vitrine::recipes
