// recipes/align_report.h - the report of `align copy` as a page to read and a table for the terminal.
#pragma once
#include <string>

#include "base/json.h"

namespace vitrine::recipes {

/// One self-contained page: stages with their times, what the watch saw of each round's model with curves, what was ordered, where
/// the pairs of the ranking model came from. report: what align_copy writes to report.json.
std::string align_report_html(const Json& report);

/// The watch of all rounds, Chinese.
std::string align_table(const Json& report);

}  // namespace vitrine::recipes
