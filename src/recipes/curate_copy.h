// recipes/curate_copy.h - the funnel that turns raw rows into training rows: filters in order, each counted.
//
// schema, placeholders, length, dedupe, leakage, absolute, claims, repetition, quality. A filter keeps a row, drops it, or
// repairs it by taking clauses out (checks/clause_repair.h). What is kept is a pure function of the rows and the config.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "data/product.h"
#include "recipes/curate_config.h"
#include "recipes/funnel_report.h"

namespace vitrine::recipes {

/// One change of one row's text.
struct TextRepair {
  std::string filter;
  std::string before, after;
  std::string reason;  // such as "function 透气"
};

struct CuratedRow {
  data::Product product;  // summary = the repaired text
  std::vector<TextRepair> repairs;
  std::vector<std::string> pruned;  // "key#value" of attributes taken out
};

struct RejectedRow {
  data::Product product;  // summary as it came into the filter
  std::string filter;
  std::string reason;
};

struct CuratedSet {
  std::vector<CuratedRow> kept;        // in input order
  std::vector<RejectedRow> rejected;   // by filter, then input order
  std::vector<FilterReport> filters;   // in order
  int64_t held_out_rejected = 0;       // rows of a held-out file that no record could be made of (curate_files)
};

/// Runs the filters over `products`; held_out rows (a dev set) are what training must not see.
/// Throws InvalidInput for a bad config, Cancelled on Ctrl-C.
CuratedSet curate_rows(std::vector<data::Product> products, const CurateConfig& config, const std::vector<data::Product>& held_out = {});

/// {"id","content","summary","repairs":[{filter,before,after,reason}],"pruned":["key#value"]}, one a line; content is the shop's spelling.
std::string kept_jsonl(const CuratedSet& set);
/// {"id","content","summary","filter","reason"}, one a line.
std::string rejects_jsonl(const CuratedSet& set);
/// The array of commands.md with scores, margin samples and reasons beside the counts. seconds are the only field that differs between runs.
Json funnel_json(const CuratedSet& set);
/// The same as a page to read, with before/after examples.
std::string funnel_html(const CuratedSet& set);

}  // namespace vitrine::recipes
