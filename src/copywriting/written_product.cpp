#include "copywriting/written_product.h"

#include "base/error.h"
#include "checks/keyword_plan.h"
#include "checks/rule_set.h"

namespace vitrine::copywriting {
namespace {

checks::KeywordReport keyword_report(const std::string& text, const WriteConfig& config) {
  std::vector<checks::Keyword> plan;
  for (const auto& word : config.keywords) plan.push_back({word, ""});
  return checks::report_keywords(plan, text, config.field);
}

Json json_of(const std::vector<EventNote>& events) {
  Json json = Json::array();
  for (const EventNote& note : events) {
    Json one{{"id", note.id}, {"accepted", !note.clause.empty()}};
    one[note.clause.empty() ? "reason" : "clause"] = note.clause.empty() ? note.reason : note.clause;
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace

std::vector<std::string> reasons_of(const Candidate& candidate) {
  std::vector<std::string> reasons = candidate.faults;
  for (const auto& hit : candidate.report.hits) {
    if (hit.level == checks::Level::block) reasons.push_back(hit.rule->id + ":" + hit.term);
  }
  return reasons;
}

std::string faults_in_words(const std::map<std::string, int>& faults) {
  static const std::map<std::string, std::string, std::less<>> kNames{
      {"bad_utf8", "编码错误"},     {"control_character", "控制字符"}, {"placeholder", "占位符"},        {"cut_off", "句子不完整"},
      {"repeated_clause", "重复分句"}, {"repeated_4gram", "用语重复"},    {"no_product_word", "没有说出商品类型"}};
  std::string words;
  for (const auto& [fault, count] : faults) {
    const auto name = kNames.find(fault);
    const size_t colon = fault.find(':');
    words += concat(words.empty() ? "" : "，",
                    name != kNames.end() ? name->second
                    : colon != fault.npos ? concat("“", fault.substr(colon + 1), "”（", fault.substr(0, colon), "）")
                                          : fault,
                    " ", count);
  }
  return words;
}

Json to_json(const Candidate& c, const WriteConfig& config) {
  Json scores{{"coverage", c.coverage}, {"agreement", c.agreement}};
  if (c.ranker) scores["ranker"] = *c.ranker;
  if (c.style) scores["style"] = *c.style;
  if (c.likeness) scores["dup"] = *c.likeness;
  Json json{{"index", c.index}, {"text", c.text}, {"tokens", c.tokens}, {"logprob", c.logprob},
            {"scores", scores}, {"origin", c.origin}, {"groups_in_order", c.groups_in_order},
            {"verdict", c.faults.empty() ? checks::verdict_name(c.report.verdict()) : "block"},
            {"hits", checks::hits_json(c.report)}, {"claims", checks::claims_json(c.report)}};
  if (!c.faults.empty()) json["faults"] = c.faults;
  if (c.like) json["like"] = *c.like;
  if (!config.keywords.empty()) json["keywords"] = checks::to_json(keyword_report(c.text, config));
  return json;
}

Json to_json(const WrittenProduct& written, const WriteConfig& config, const std::string& model_sha256) {
  Json line{{"id", written.id}, {"plan", to_json(written.plan)}, {"candidates", Json::array()}};
  for (const auto& candidate : written.candidates) line["candidates"].push_back(to_json(candidate, config));
  line["dropped"] = written.dropped;
  line["saved"] = written.saved;
  line["ruleset"] = checks::RuleSet::shipped().version();
  if (written.dropped > 0) line["dropped_faults"] = written.dropped_faults;
  if (!written.events.empty()) line["events"] = json_of(written.events);
  line["origin"] = written.origin;
  if (!written.note.empty()) line["note"] = written.note;
  if (!written.error.empty()) line["error"] = written.error;
  line["likeness"] = written.likeness;
  line["seed"] = config.seed;
  line["model_sha256"] = written.origin == "model" ? Json(model_sha256) : Json(nullptr);
  return line;
}

}  // namespace vitrine::copywriting
