// tests/support/law_cases.h - the rows of
// tests/cases/{absolute,evasions,exemptions,categories,citations}.txt.
//
// text <TAB> product and context <TAB> hits <TAB> exemptions. The second cell is "-" or parts
// joined by blanks: category=茶 title=… brand=… attr=型号:X1 doc=survey/scope/valid_from/valid_to
// style=douyin field=title company. Hits: "ABS-02 最好 block; …", an evasion with "!" behind the
// level, or "-". Exemptions that must have been tried: "EX-5-1 yes; EX-6-6 no".
#pragma once
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "checks/absolute_terms.h"
#include "checks/category_rules.h"
#include "checks/quoted_sources.h"
#include "checks/tsv_rules.h"
#include "data/product.h"
#include "text/utf8.h"

namespace vitrine::test {

struct LawCase {
  std::string where, text, hits, exemptions;
  data::Product product = {};
  checks::CheckContext context = {};
};

inline void read_part(const std::string& part, LawCase& row) {
  const size_t equals = part.find('=');
  const std::string name = part.substr(0, equals);
  const std::string value = equals == part.npos ? "" : part.substr(equals + 1);
  if (name == "category") row.product.category_path.push_back(value);
  if (name == "title") row.product.title_raw = value;
  if (name == "brand") row.product.brand = value;
  if (name == "style") row.context.style = value;
  if (name == "field") row.context.field = value;
  if (name == "company") row.context.company_info = true;
  if (name == "attr") {
    const auto pair = checks::split(value, ':');
    data::add_attribute(row.product, pair.at(0), pair.at(1));
  }
  if (name == "doc") {
    auto cells = checks::split(value, '/');
    cells.resize(4);
    Json& docs = row.product.extra["docs"];
    docs.push_back({{"id", concat("d", docs.size() + 1)},
                    {"type", cells[0]},
                    {"scope", cells[1]},
                    {"valid_from", cells[2]},
                    {"valid_to", cells[3]}});
  }
}

inline std::vector<LawCase> read_law_cases(const std::string& name) {
  const auto file = std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/cases" / name;
  std::vector<LawCase> rows;
  int64_t line_number = 0;
  for (const std::string& line : checks::split(read_file(file), '\n')) {
    ++line_number;
    if (line.empty() || line.front() == '#') continue;
    auto cells = checks::split(line, '\t');
    VITRINE_REQUIRE(cells.size() >= 3, name, " line ", line_number, ": expected 3 cells, got ",
                    line);
    cells.resize(4);
    LawCase row{.where = concat(name, " line ", line_number, ": ", cells[0]),
                .text = cells[0],
                .hits = cells[2],
                .exemptions = cells[3]};
    row.context.today = "2026-11-24";
    if (cells[1] != "-") {
      for (const std::string& part : checks::split(cells[1], ' ')) read_part(part, row);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The three finders over the project's own rules.
struct LawFinders {
  checks::RuleSet rules =
      checks::RuleSet::load(std::filesystem::path(VITRINE_SOURCE_DIR) / "rules/checks");
  checks::AbsoluteTerms absolute = checks::AbsoluteTerms::load(rules);
  checks::CategoryRules category = checks::CategoryRules::load(rules);
  checks::QuotedSources quoted = checks::QuotedSources::load(rules);

  std::vector<checks::RuleHit> find(std::u32string_view text, const data::Product& product,
                                    const checks::CheckContext& context) const {
    const auto normalized = checks::normalize_for_checks(text);
    const checks::Evidence evidence(product, context.today);
    std::vector<checks::RuleHit> hits;
    absolute.find(normalized, evidence, context, hits);
    category.find(normalized, evidence, context, hits);
    quoted.find(normalized, evidence, context, hits);
    std::stable_sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.rule->id < b.rule->id;
    });
    return hits;
  }
  std::vector<checks::RuleHit> find(const LawCase& row) const {
    return find(text::to_utf32(row.text), row.product, row.context);
  }
};

inline std::string written(const checks::RuleHit& hit) {
  return concat(hit.rule->id, " ", hit.term, " ", checks::to_string(hit.level),
                hit.evasion ? "!" : "");
}

inline std::string written(const std::vector<checks::RuleHit>& hits) {
  std::string result;
  for (const auto& hit : hits) result += (result.empty() ? "" : "; ") + written(hit);
  return result.empty() ? "-" : result;
}

}  // namespace vitrine::test
