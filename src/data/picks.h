// data/picks.h - what operators picked out of the candidates they were shown, and the preferences
// that follow.
//
// docs/formats/picks.md. Source pick; weight 1, half of it for a pick made in under 2 s.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/import_report.h"
#include "data/preferences.h"

namespace vitrine::data {

struct PickEdit {
  std::string from;  // id of a picked candidate, or its text
  std::string to;    // the text that the operator made of it
};

struct Pick {
  std::string id;
  std::vector<std::string> shown_ids;  // in the order of the screen
  std::vector<std::string> chosen;     // empty = none is good ("none" in JSON)
  std::vector<std::string> order;      // best first, of any of the shown; may be empty
  std::vector<PickEdit> edits;
  std::string reason, user, time;
  std::optional<int64_t> ms;  // from showing to picking
  Json extra = Json::object();
};

/// Fills `pick`. Returns the first problem: MISSING_REQUIRED, BAD_FIELD, BAD_ORDER (an id that was
/// not shown or comes twice, an order that puts a text that was not chosen before a chosen one),
/// EMPTY_TEXT.
std::optional<FieldProblem> read_pick(const Json& json, Pick& pick);
Json to_json(const Pick& pick);

struct CandidateText {
  std::string product_id, prompt, text;
};
using CandidateLookup = std::function<std::optional<CandidateText>(std::string_view id)>;

/// The lists whose pairs are exactly those of the pick: type "choice" (all shown texts; the chosen
/// before the others; no order when none is good), "order" (one for each two neighbours in `order`
/// that the choice does not part), "edit" (the new text before the picked one). `extra` holds
/// pick_id, the choice also the record as `pick`. Returns the first problem: UNKNOWN_CANDIDATE,
/// BAD_FIELD (several products or prompts; an edit of a text that was not picked), PAIR_EQUAL,
/// LIST_ONE_SIDED (one text and no edit).
std::optional<FieldProblem> lists_of(const Pick& pick, const CandidateLookup& lookup,
                                     std::vector<RankedList>& lists);

struct PickFile {
  std::vector<RankedList> lists;  // in the order of the picks
  ImportReport report;            // of the picks; a repeated id is DUP_ID (reject)
};

/// Picks as JSONL with their texts inline (product_id, prompt, candidates: [{id, text}]), or named
/// by id in a second JSONL file of {id, product_id, prompt, text}; empty = none. Throws
/// ImportRefused, Corrupt (a candidates file with a bad row), NotFound, IoError.
PickFile read_picks(const std::filesystem::path& path,
                    const std::filesystem::path& candidates = {});

}  // namespace vitrine::data
