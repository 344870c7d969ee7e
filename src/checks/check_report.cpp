#include "checks/check_report.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

constexpr const char* kReset = "\033[0m";

struct LevelStyle {
  const char* name;    // Chinese
  const char* colour;  // ANSI
};

LevelStyle style_of(Level level) {
  if (level == Level::block) return {"禁止", "\033[4;31m"};
  if (level == Level::needs_proof) return {"需举证", "\033[4;35m"};
  return {"提示", "\033[4;33m"};
}

Json json_of(const RuleHit& hit) {
  Json exemptions = Json::array();
  for (const auto& test : hit.exemption_tested) {
    exemptions.push_back({{"id", test.id}, {"result", test.result}});
  }
  Json json{{"span", {hit.begin, hit.end}},
            {"term", hit.term},
            {"rule_id", hit.rule->id},
            {"level", to_string(hit.level)},
            {"law", hit.rule->law->name},
            {"article", hit.rule->article},
            {"status", to_string(hit.rule->status)},
            {"exemption_tested", std::move(exemptions)},
            {"evidence_required", hit.evidence_required},
            {"evidence_id", hit.evidence_id.empty() ? Json(nullptr) : Json(hit.evidence_id)},
            {"rewrite", nullptr}};
  if (hit.evasion) json["evasion"] = true;
  if (hit.repair) {
    constexpr std::array kKinds{"replace", "drop_clause", "drop_sentence", "append"};
    json["repair"] = kKinds[static_cast<size_t>(hit.repair->kind)];
    const bool has_text =
        hit.repair->kind == Repair::Kind::replace || hit.repair->kind == Repair::Kind::append;
    if (has_text) json["rewrite"] = hit.repair->text;
  }
  return json;
}

Json json_of(const Claim& claim) {
  return {{"span", {claim.begin, claim.end}},
          {"type", claim.type},
          {"value", claim.value},
          {"support", to_string(claim.support)},
          {"evidence", claim.evidence}};
}

std::string message_of(const CheckReport& report) {
  if (report.hits.empty()) return "未命中规则 v" + report.rules->version();
  return concat("命中 ", report.hits.size(), " 条规则 v", report.rules->version());
}

std::string suggestion(const RuleHit& hit) {
  if (!hit.repair) return "";
  switch (hit.repair->kind) {
    case Repair::Kind::replace:
      return hit.repair->text.empty() ? "建议删去" : "建议改为“" + hit.repair->text + "”";
    case Repair::Kind::drop_clause:
      return "建议删去该分句";
    case Repair::Kind::drop_sentence:
      return "建议删去该句";
    case Repair::Kind::append:
      return "须加上“" + hit.repair->text + "”";
  }
  return "";
}

std::string line_of(const RuleHit& hit, size_t number, bool colour) {
  const LevelStyle style = style_of(hit.level);
  std::string line = concat("  ", number, ". ", colour ? style.colour : "", style.name,
                            colour ? kReset : "", hit.begin == hit.end ? " 缺少“" : " “", hit.term, "”  ",
                            hit.rule->id, " ",
                            hit.rule->title);
  if (!hit.rule->article.empty() && hit.rule->law->id != "PROJECT") {
    line += concat("  《", hit.rule->law->name, "》", hit.rule->article);
  }
  if (hit.rule->status == RuleStatus::unverified) line += "（规则未核实）";
  if (hit.evasion) line += "（规避写法）";
  if (!hit.evidence_required.empty()) line += "  需要：" + hit.evidence_required;
  if (!hit.evidence_id.empty()) line += "  依据：" + hit.evidence_id;
  const std::string advice = suggestion(hit);
  return line + (advice.empty() ? "" : "  " + advice) + "\n";
}

/// The highest level of the hits on each code point; of hits on the whole text none.
std::vector<Level> levels_of(const CheckReport& report, size_t size) {
  std::vector<Level> levels(size, Level::pass);
  for (const RuleHit& hit : report.hits) {
    if (hit.end > size || hit.end - hit.begin == size) continue;
    for (size_t at = hit.begin; at < hit.end; ++at) levels[at] = std::max(levels[at], hit.level);
  }
  return levels;
}

/// The text with the spans of its hits marked.
std::string marked(const CheckReport& report, bool colour) {
  const std::u32string text = text::to_utf32(report.text);
  const auto levels = levels_of(report, text.size());
  std::string result;
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    while (end < text.size() && levels[end] == levels[begin]) ++end;
    const std::string span = text::to_utf8(std::u32string_view(text).substr(begin, end - begin));
    if (levels[begin] < Level::warn) {
      result += span;
    } else {
      result += colour ? style_of(levels[begin]).colour + span + kReset : "【" + span + "】";
    }
  }
  return result;
}

}  // namespace

Level CheckReport::verdict() const {
  Level highest = Level::pass;
  for (const RuleHit& hit : hits) highest = std::max(highest, hit.level);
  return highest;
}

std::string_view verdict_name(Level verdict) {
  return verdict < Level::warn ? "no_hit" : to_string(verdict);
}

Json hits_json(const CheckReport& report) {
  Json hits = Json::array();
  for (const RuleHit& hit : report.hits) hits.push_back(json_of(hit));
  return hits;
}

Json claims_json(const CheckReport& report) {
  Json claims = Json::array();
  for (const Claim& claim : report.claims) claims.push_back(json_of(claim));
  return claims;
}

Json to_json(const CheckReport& report, std::string_view text_id) {
  Json json{{"text_id", text_id},
            {"ruleset", report.rules->version()},
            {"ruleset_sha256", report.rules->sha256()},
            {"verdict", verdict_name(report.verdict())},
            {"message", message_of(report)},
            {"hits", hits_json(report)},
            {"claims", claims_json(report)},
            {"lengths", to_json(report.lengths)}};
  return json;
}

std::string to_terminal(const CheckReport& report, std::string_view text_id, bool colour) {
  std::string result = concat("■ ", text_id, "  ", message_of(report), "\n  ",
                              marked(report, colour), "\n");
  size_t number = 0;
  for (const RuleHit& hit : report.hits) result += line_of(hit, ++number, colour);
  return result;
}

}  // namespace vitrine::checks
