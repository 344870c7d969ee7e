// data/preference_rows.h - one row of a preference file, whatever its dialect, as a list of two or
// more texts. Internal to the room.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "data/preferences.h"

namespace vitrine::data {

/// What the rows of a file are. The last five hold no preference.
enum class PreferenceKind {
  ranked_list,         // own: prompt, candidates, order
  pair,                // own pairs and TRL standard: prompt, chosen, rejected as texts
  trl_conversational,  // the same as lists of messages
  trl_unpaired,        // prompt, completion, label
  llama_factory,       // instruction, input, chosen, rejected
  llama_factory_pair,  // older: output = [better, worse]
  llama_factory_kto,   // instruction, input, output, kto_tag
  prompt_completion,
  prompt_only,
  alpaca,
  share_gpt,
  messages
};
std::string_view to_string(PreferenceKind kind);
bool holds_preference(PreferenceKind kind);

/// By the names of its fields (null counts as absent); nothing when it is none of these.
std::optional<PreferenceKind> kind_of_row(const Json& row);

/// Columns by which our rows of foreign dialects name the list they belong to.
inline constexpr std::string_view kGroupColumn = "vitrine_group";
inline constexpr std::string_view kListsColumn = "vitrine_lists";

/// Whether a foreign row has a field of this name for itself: unknown fields of such names travel
/// in the list only.
bool is_row_field(std::string_view name);

struct PreferenceRow {
  RankedList list;           // of an unpaired row its one text
  bool label = true;         // of an unpaired row: whether the text is good
  std::string group, lists;  // of rows that we wrote
};

inline bool is_unpaired(PreferenceKind kind) {
  return kind == PreferenceKind::trl_unpaired || kind == PreferenceKind::llama_factory_kto;
}

/// Fills `out`. default_source: of a row that names none. Returns the first problem, with the row's
/// own name of the field.
std::optional<FieldProblem> read_preference_row(const Json& row, PreferenceKind kind,
                                                std::string_view default_source,
                                                PreferenceRow& out);

}  // namespace vitrine::data
