// recipes/ranker_rows.h - preference lines as the ranking model learns from them, and how well it
// orders them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "copywriting/prompt.h"
#include "data/preferences.h"
#include "data/statistics.h"
#include "train/example.h"

namespace vitrine::recipes {

/// One line: a list, or a pair as a list of two texts.
struct RankedRow {
  data::RankedList list;
  std::string where;  // file and row, for messages
};

struct RankedRows {
  std::vector<RankedRow> rows;
  std::string sha256;  // of the unpacked file
};

/// Lines of ranked lists or preference pairs (docs/formats/preferences.md), in any mixture; "-",
/// .gz, .zst. Throws InvalidInput naming file, row, field and value: what ranked_list_from_json
/// refuses; a list in which no text is better than another (LIST_ONE_SIDED); a file without a line.
/// Corrupt: a line that is no JSON. NotFound, IoError.
RankedRows read_ranked_rows(const std::filesystem::path& path);

/// Throws InvalidInput when a product or a prompt of `validation` is in `training` too (LEAK),
/// naming both rows.
void require_no_leak(std::span<const RankedRow> training, std::span<const RankedRow> validation);

/// Moves the rows of the products whose data::split_position is below `share` out of `rows`. A row
/// whose prompt a product that stays has too stays with it.
std::vector<RankedRow> take_held_out(std::vector<RankedRow>& rows, std::string_view split_name,
                                     double share);

/// The judged texts of a row as one group, the best tier first; a reward is minus the number of
/// better tiers. Throws InvalidInput naming the row: a prompt that is no attribute string or has
/// too many values, a text of more tokens than n_positions, texts of different tiers that
/// are the same tokens (PAIR_EQUAL).
train::Example ranked_example(const copywriting::PromptFormat& format,
                              const data::AttributeStatistics& statistics, const RankedRow& row,
                              int64_t n_positions);

/// How many of the pairs are in order, and their mean loss.
struct PairFigures {
  int64_t pairs = 0;
  double right = 0;     // the chosen text has the higher score; a tie is half
  double loss_sum = 0;  // of -log sigmoid(chosen - rejected)

  void add(double lead);
  double accuracy() const { return right / static_cast<double>(pairs); }
  double loss() const { return loss_sum / static_cast<double>(pairs); }
};

/// Of all pairs of the rows, of those of each source, and of each source and type; names in order
/// of first sight.
struct RankerFigures {
  PairFigures all;
  std::vector<std::pair<std::string, PairFigures>> by_source, by_type;

  /// One line each: "synthetic/banned_term: 97.5 % of 120 pairs in order, loss 0.081".
  std::vector<std::string> lines() const;
};

/// scores: of the texts of every row, in the order of ranked_example.
RankerFigures ranker_figures(std::span<const RankedRow> rows, std::span<const double> scores);

/// {"pairs","accuracy","loss","by_source":{…},"by_type":{…}}; null without a pair.
Json to_json(const RankerFigures& figures);

}  // namespace vitrine::recipes
