#include "recipes/convert_preferences.h"

#include <algorithm>
#include <map>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "checks/checker.h"
#include "data/advertisegen.h"
#include "data/import.h"

namespace vitrine::recipes {
namespace {

using data::PreferenceFormat;

PreferenceFormat format_of(const std::string& name) {
  if (name == "own") return PreferenceFormat::own;
  return name == "trl" ? PreferenceFormat::trl : PreferenceFormat::llama_factory;
}

data::PreferenceFile read(const std::string& input, const ConvertPreferencesConfig& config) {
  try {
    return data::read_preferences(input, config.reader);
  } catch (const data::ImportRefused& refused) {
    data::ImportReport report;
    report.add(refused.entry());
    if (!config.rejects.empty()) write_output(config.rejects, report.to_jsonl());
    throw;
  }
}

std::string hash_of(const data::RankedList& list) { return sha256_hex(dump_line(to_json(list))); }

/// What the checks say of a list: the texts that must not leave as copy.
struct CheckedList {
  data::RankedList list;
  std::vector<size_t> blocked;  // of its candidates
  bool prefers_blocked = false; // one of them stands before another text
};

/// The facts of a prompt: its pairs, or its words when it holds none.
checks::Evidence evidence_of(const std::string& prompt, const std::string& today) {
  data::Product product;
  data::append_content(prompt, product);
  if (product.attributes.empty()) product.title_raw = prompt;
  return checks::Evidence(product, today);
}

CheckedList checked(data::RankedList list, const std::string& today) {
  const checks::Evidence evidence = evidence_of(list.prompt, today);
  CheckedList result;
  for (size_t i = 0; i < list.candidates.size(); ++i) {
    const auto report = checks::Checker::shipped().check(list.candidates[i], evidence, {.platform = "", .field = "description", .today = today});
    if (report.verdict() >= checks::Level::block) result.blocked.push_back(i);
  }
  for (size_t tier = 0; tier + 1 < list.order.size(); ++tier) {
    for (const int text : list.order[tier])
      result.prefers_blocked = result.prefers_blocked || std::find(result.blocked.begin(), result.blocked.end(), static_cast<size_t>(text)) != result.blocked.end();
  }
  result.list = std::move(list);
  return result;
}

/// Leaves out the lists that would teach a blocked text, and reports them.
std::vector<CheckedList> without_blocked(std::vector<CheckedList> lists, const std::string& input, data::ImportReport& report) {
  std::vector<CheckedList> kept;
  for (size_t i = 0; i < lists.size(); ++i) {
    if (!lists[i].prefers_blocked) {
      kept.push_back(std::move(lists[i]));
      continue;
    }
    report.add({input, static_cast<int64_t>(i) + 1, "order", "CHOSEN_BLOCKED", data::Severity::reject, lists[i].list.candidates[lists[i].blocked.front()], lists[i].list.product_id});
    --report.rows_kept;
    ++report.rows_rejected;
  }
  return kept;
}

/// As the field Label of GB 45438 says it: "1" = a model wrote the texts, "2" = it may have. Picks are made among candidates of a model,
/// rules order them; other texts are whoever's.
const char* ai_label(const data::RankedList& list) { return list.source == "pick" || list.source == "rule" ? "1" : "2"; }

Json models_of(const data::RankedList& list, const ConvertPreferencesConfig& config) {
  const auto named = list.extra.find("model_sha256");
  if (named != list.extra.end()) return *named;
  return config.model.empty() ? Json() : Json(config.model);
}

Json manifest_line(const CheckedList& checked, const ConvertPreferencesConfig& config, Json after_sha256) {
  const data::RankedList& list = checked.list;
  return {{"product_id", list.product_id},
          {"source", list.source},
          {"type", list.type},
          {"weight", list.weight},
          {"texts", list.candidates.size()},
          {"pairs", data::pairs_of(list).size()},
          {"ai_generated", ai_label(list)},
          {"model", models_of(list, config)},
          {"blocked", checked.blocked},
          {"prefers_blocked", checked.prefers_blocked},
          {"before_sha256", hash_of(list)},
          {"after_sha256", std::move(after_sha256)}};
}

/// What became of the lists, by what the output says when it is read.
void write_manifest(const std::string& input, const ConvertPreferencesConfig& config, const std::vector<CheckedList>& lists, size_t held_back) {
  const auto written = data::read_preferences(config.output, config.reader).lists;
  std::map<std::string, size_t> sources;
  std::string lines;
  size_t blocked = 0, prefers_blocked = 0;
  bool all_by_models = true;
  for (size_t i = 0; i < lists.size(); ++i) {
    ++sources[lists[i].list.source];
    blocked += lists[i].blocked.size();
    prefers_blocked += lists[i].prefers_blocked;
    all_by_models = all_by_models && ai_label(lists[i].list) == std::string_view("1");
    lines += dump_line(manifest_line(lists[i], config, i < written.size() ? Json(hash_of(written[i])) : Json())) + "\n";
  }
  const Json head = {{"kind", "preference_manifest"},
                     {"source", input},
                     {"output", std::filesystem::path(config.output).filename().string()},
                     {"output_sha256", sha256_hex(read_file_unpacked(config.output))},
                     {"format", config.to},
                     {"lists", lists.size()},
                     {"sources", sources},
                     {"ai_generated", all_by_models ? "1" : "2"},
                     {"model", config.model.empty() ? Json() : Json(config.model)},
                     {"ruleset", checks::RuleSet::shipped().version()},
                     {"blocked_texts", blocked},
                     {"prefers_blocked", prefers_blocked},
                     {"held_back", held_back}};
  write_output(config.manifest, dump_line(head) + "\n" + lines);
}

std::vector<data::RankedList> lists_alone(const std::vector<CheckedList>& checked) {
  std::vector<data::RankedList> lists;
  for (const CheckedList& one : checked) lists.push_back(one.list);
  return lists;
}

}  // namespace

data::ImportReport convert_preferences(const std::string& input,
                                       const ConvertPreferencesConfig& config) {
  const std::vector<std::string> inputs = {input};
  check_file_arguments("convert", inputs,
                       {{"--output", config.output}, {"--rejects", config.rejects}, {"--manifest", config.manifest}});
  if (!config.manifest.empty() && OutputFile::is_device(config.output))
    throw UsageError("[convert] --manifest: --output must be a file, which is read back");
  const PreferenceFormat format = format_of(config.to);
  data::check_preference_output(config.output, format);
  data::PreferenceFile file = read(input, config);
  if (!file.lists.empty()) log_info("[convert] ", input, ": ", file.kind, ", ", file.lists.size(), " lists");
  const std::string today = checks::today();
  std::vector<CheckedList> lists;
  for (data::RankedList& list : file.lists) lists.push_back(checked(std::move(list), today));
  const size_t read_lists = lists.size();
  if (format != PreferenceFormat::own && !config.keep_blocked) lists = without_blocked(std::move(lists), input, file.report);
  if (!config.rejects.empty()) write_output(config.rejects, file.report.to_jsonl());
  data::write_preferences(config.output, lists_alone(lists), format);
  if (!config.manifest.empty()) write_manifest(input, config, lists, read_lists - lists.size());
  return file.report;
}

}  // namespace vitrine::recipes
