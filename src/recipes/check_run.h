// recipes/check_run.h - `vitrine check`: texts and their evidence in, verdicts out.
#pragma once
#include <string>
#include <vector>

#include "base/config.h"
#include "checks/lengths.h"

namespace vitrine::recipes {

struct CheckRun {
  std::string input;     // JSONL; - = standard input; .gz, .zst
  std::string evidence;  // product records or any importable table; empty = the rows hold it
  std::string platform;
  std::string field = "description";
  std::string style;
  std::string format = "auto";
  std::string fail_on;
  std::vector<std::string> raise;
  std::string lengths;
  std::string tagger;
  std::string output;
  std::string rejects;
  bool rules = false;
  bool fix = false;
  bool company_info = false;
  bool normalize = true;
  int threads = 0;

  void describe(FieldVisitor& v) {
    v.field("evidence", evidence, "products that the rows name by id, or id of the product");
    v.field("fix", fix, "repair and rewrite, at most 3 times; a text that still blocks is dropped");
    v.field("platform", platform, "where the text will stand: taobao, pdd, douyin, …");
    v.field("field", field, "title | short_title | description",
            {"title", "short_title", "description"});
    v.field("style", style, "taobao | douyin | xiaohongshu | jd | empty",
            {"", "taobao", "douyin", "xiaohongshu", "jd"});
    v.field("format", format, "table | jsonl; auto = table on a terminal",
            {"auto", "table", "jsonl"});
    v.field("fail_on", fail_on, "exit 1 when a verdict reaches block | needs_proof | warn",
            {"", "block", "needs_proof", "warn"});
    v.field("rules", rules, "list the rules and stop");
    v.field("raise", raise, "ids of unverified rules that may do what they state");
    v.field("tagger", tagger, "second look at unsupported materials, functions and looks: a model of `train tagger`");
    v.field("lengths", lengths, "the shop's own limits, a file like rules/checks/lengths.tsv");
    v.field("company_info", company_info, "the texts are about the firm and sell nothing");
    v.field("normalize", normalize, "normalise the attributes first");
    v.field("output", output, "file for the verdicts; it appears whole");
    v.field("rejects", rejects, "file for the rows that cannot be checked");
  }
};

struct CheckOutcome {
  bool some_rejected = false;
  bool failed = false;  // a verdict reached fail_on
};

/// One object of copy_checks section 2 a row, in input order (with --fix also `fixed`: the new text
/// and its steps), or the same to read. Rows hold `text` or `summary`, and `content`, `product` or an
/// id that the evidence has (`product_id` before `id`); text_id is the row's id, else its number.
/// Memory: the evidence, and a batch of rows.
/// Throws UsageError, NotFound, InvalidInput (a broken rule file), Corrupt (EMPTY_FILE), IoError,
/// Cancelled.
CheckOutcome run_check(const CheckRun& run);

/// Throws UsageError, listing the names, when `platform` is none of lengths.tsv. "" is none and fine.
void require_platform(const checks::LengthRules& lengths, const std::string& platform);

/// All rules: id, title, level, law and article, dates, status; with hints on what is stale or not
/// yet in force. today: YYYY-MM-DD.
std::string rules_table(std::string_view today, const std::string& format);

}  // namespace vitrine::recipes
