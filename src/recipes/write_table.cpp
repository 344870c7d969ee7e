#include "recipes/write_table.h"

#include <cstdio>

#include "base/error.h"
#include "checks/rule_set.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

std::string fixed(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// The lines of a text below each other.
std::string indented(const std::string& text) {
  std::string lines;
  for (const char c : text) lines += c == '\n' ? "\n     " : std::string(1, c);
  return lines;
}

std::string origin_in_words(const std::string& origin) {
  if (origin == "template") return "  来源：模板";
  if (origin == "retrieval") return "  来源：检索";
  return origin == "polished" ? "  来源：原文改写" : "";
}

/// 未命中规则 v2026.11.2, or what was hit.
std::string verdict_in_words(const copywriting::Candidate& candidate) {
  if (candidate.report.hits.empty()) return "未命中规则 v" + checks::RuleSet::shipped().version();
  std::string words = "提示：";
  for (const auto& hit : candidate.report.hits) words += "“" + hit.term + "”" + hit.rule->title + "；";
  return words;
}

}  // namespace

std::string to_table(const copywriting::WrittenProduct& written, const data::Product& product) {
  std::string table = "■ " + written.id + "  ";
  for (const auto& attribute : product.attributes) table += attribute.key_raw + "#" + attribute.val_raw + " ";
  table += "\n";
  if (!written.note.empty()) table += "  （" + written.note + "）\n";
  if (!written.error.empty()) table += "  没有可用的文案：" + written.error + "\n";
  int place = 1;
  for (const auto& c : written.candidates) {
    table += concat("  ", place++, ". ", indented(c.text), "\n     ", text::count_code_points(c.text), "字  要点覆盖 ",
                    fixed(100 * c.coverage, "%.0f%%"), c.groups_in_order ? "  顺序合计划" : "  顺序不合计划",
                    origin_in_words(c.origin), "  ", verdict_in_words(c), "\n");
  }
  if (written.dropped > 0) {
    table += concat("  另有 ", written.dropped, " 条未通过检查，已去掉：", copywriting::faults_in_words(written.dropped_faults), "\n");
  }
  return table;
}

}  // namespace vitrine::recipes
