#include "recipes/check_run.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/input_file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/resource.h"
#include "base/thread_pool.h"
#include "checks/checker.h"
#include "checks/fixer.h"
#include "copywriting/copy_model.h"
#include "copywriting/tagger_judge.h"
#include "data/advertisegen.h"
#include "data/import_report.h"
#include "data/normalization.h"
#include "data/product_reader.h"
#include "data/text_window.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kBatch = 512;              // rows that are checked at once
constexpr size_t kMaxLineBytes = 4u << 20;  // formats section 1 allows rows of 1 MiB

/// What one row asks for.
struct TextRow {
  std::string id;
  std::string text;
  data::Product product;
};

using Products = std::unordered_map<std::string, data::Product>;

Products read_evidence(const std::string& path, const data::AttributeNormalizer* normalizer) {
  Products products;
  data::ProductReader reader(path);
  while (auto row = reader.next()) {
    if (!row->product) {
      log_warn("[check] --evidence ", data::to_line(row->rejection()));
      continue;
    }
    if (normalizer != nullptr) normalizer->normalize(*row->product);
    const std::string id = row->product->id;
    products.emplace(id, std::move(*row->product));
  }
  return products;
}

/// The beginning of a value, whole code points, as a message shows it.
std::string shown(const std::string& value) {
  constexpr size_t kMost = 40;  // code points
  const std::u32string text = text::to_utf32(value);
  return text.size() <= kMost ? value : text::to_utf8(text.substr(0, kMost)) + "…";
}

/// A field of a row that is not what it must be.
class BadField : public InvalidInput {
 public:
  BadField(const std::string& where, const std::string& bad_field, const std::string& expected,
           const std::string& got)
      : InvalidInput(concat(where, ", field ", bad_field, ": expected ", expected,
                            got.empty() ? "" : ", got " + shown(got))),
        field(bad_field),
        value(got) {}

  std::string field, value;
};

std::string text_field(const Json& row, const char* name, const std::string& where) {
  const Json& value = row[name];
  if (!value.is_string()) throw BadField(where, name, "a text", dump_line(value));
  return value.get<std::string>();
}

std::string id_of(const Json& row, int64_t number) {
  const auto id = row.find("id");
  if (id == row.end()) return std::to_string(number);
  return id->is_string() ? id->get<std::string>() : dump_line(*id);
}

class RowReader {
 public:
  /// products: none = the rows hold their products themselves.
  RowReader(const std::optional<Products>& products, const data::AttributeNormalizer* normalizer)
      : products_(products), normalizer_(normalizer) {}

  /// Throws InvalidInput naming `where` and the field.
  TextRow read(const Json& json, int64_t number, const std::string& where) const {
    VITRINE_REQUIRE(json.is_object(), where, ": expected an object, got ", json.type_name());
    const char* name = json.contains("text") ? "text" : "summary";
    if (!json.contains(name)) throw BadField(where, "text", "it or summary, the row has neither", "");
    TextRow row{.id = id_of(json, number), .text = text_field(json, name, where), .product = {}};
    row.product = product_of(json, row.id, where);
    return row;
  }

 private:
  data::Product product_of(const Json& json, const std::string& id,
                           const std::string& where) const {
    data::Product product;
    if (json.contains("product")) {
      product = data::product_from_json(json["product"], where + ", field product");
    } else if (json.contains("content")) {
      product = data::product_from_content(text_field(json, "content", where));
    } else {
      const bool named = json.contains("product_id");
      if (!products_ && !named) return product;  // nothing is known of it: nothing supports a claim
      const std::string wanted = named ? text_field(json, "product_id", where) : id;
      const auto found = products_ ? products_->find(wanted) : Products::const_iterator{};
      if (products_ && found != products_->end()) return found->second;
      throw BadField(where, named ? "product_id" : "id", "a product of --evidence", "'" + wanted + "'");
    }
    if (normalizer_ != nullptr) normalizer_->normalize(product);
    return product;
  }

  const std::optional<Products>& products_;
  const data::AttributeNormalizer* normalizer_;
};

Json json_of(const checks::FixedText& fixed) {
  Json steps = Json::array();
  for (const auto& step : fixed.steps) {
    steps.push_back({{"rule_id", step.rule_id}, {"before", step.before}, {"after", step.after}});
  }
  return {{"text", fixed.dropped ? Json(nullptr) : Json(fixed.report.text)},
          {"dropped", fixed.dropped},
          {"rounds", fixed.rounds},
          {"verdict", checks::verdict_name(fixed.report.verdict())},
          {"steps", std::move(steps)}};
}

/// The verdict on one row, ready to be written.
struct Judged {
  std::string line;
  checks::Level verdict = checks::Level::pass;
};

class Run {
 public:
  Run(const CheckRun& run, const checks::Checker& checker)
      : run_(run),
        checker_(checker),
        context_{.platform = run.platform,
                 .field = run.field,
                 .style = run.style,
                 .company_info = run.company_info,
                 .today = checks::today()},
        as_table_(run.format == "table" || (run.format == "auto" && is_terminal(run))),
        colour_(as_table_ && is_terminal(run)),
        pool_(run.threads),
        output_(run.output.empty() ? "-" : run.output, OutputFile::Devices::at_once) {
    if (run.normalize) normalizer_ = data::AttributeNormalizer::load();
    if (!run.tagger.empty()) {
      judge_ = std::make_unique<copywriting::TaggerJudge>(copywriting::ClaimTagger::load(
          copywriting::find_model(run.tagger), {.threads = run.threads}));
    }
    if (!run.evidence.empty()) products_ = read_evidence(run.evidence, normalizer());
  }

  CheckOutcome check_all() {
    const InputFile input(run_.input);
    const auto bytes = input.open();
    data::TextWindow window(*bytes);
    data::LineReader lines(window, kMaxLineBytes);
    Progress progress("check", 0, "texts");
    for (std::string_view line; lines.next(line);) {
      throw_if_interrupted("nothing was written");
      if (lines.is_blank()) continue;
      ++rows_;
      take(line, lines.number());
      if (batch_.size() == kBatch) write_batch(progress);
    }
    if (rows_ == 0) throw Corrupt(concat("[check] ", run_.input, ": EMPTY_FILE: no rows"));
    write_batch(progress);
    progress.finish();
    output_.commit();
    if (!run_.rejects.empty()) write_output(run_.rejects, report_.to_jsonl());
    log_info(summary());
    return {.some_rejected = report_.rows_rejected > 0, .failed = has_failed()};
  }

 private:
  static bool is_terminal(const CheckRun& run) {
    return (run.output.empty() || run.output == "-") && isatty(STDOUT_FILENO) != 0;
  }
  const data::AttributeNormalizer* normalizer() const {
    return normalizer_ ? &*normalizer_ : nullptr;
  }

  void take(std::string_view line, int64_t number) {
    const std::string where = concat(run_.input, " row ", number);
    if (line.size() > kMaxLineBytes) {
      return reject(number, "TOO_LARGE",
                    concat(where, ": expected at most ", kMaxLineBytes >> 20, " MiB, got more"));
    }
    try {
      const RowReader reader(products_, normalizer());
      batch_.push_back(reader.read(parse_json(line, where), number, where));
    } catch (const BadField& e) {
      reject(number, "BAD_ROW", e.what(), e.field, e.value);
    } catch (const InvalidInput& e) {
      reject(number, "BAD_ROW", e.what());
    } catch (const Corrupt& e) {  // not JSON, or JSON whose text is no Unicode
      reject(number, "NOT_JSON", e.what());
    }
  }

  /// value: what stands in the field; of a whole row the message instead.
  void reject(int64_t number, const char* code, const std::string& message,
              const std::string& field = "", const std::string& value = "") {
    log_warn("[check] ", message);
    report_.add({run_.input, number, field, code, data::Severity::reject,
                 field.empty() ? message : value});
    ++report_.rows_rejected;
  }

  Judged judge(const TextRow& row) const {
    const checks::Evidence evidence(row.product, context_.today);
    auto report = checker_.check(row.text, evidence, context_, judge_.get());
    Judged judged{.line = {}, .verdict = report.verdict()};
    std::optional<checks::FixedText> fixed;
    if (run_.fix) fixed = checks::fix(checker_, row.text, evidence, context_, judge_.get());
    if (fixed) judged.verdict = fixed->report.verdict();
    if (as_table_) {
      judged.line = checks::to_terminal(report, row.id, colour_);
      if (fixed && fixed->dropped) judged.line += "  改写后仍未通过，已放弃\n";
      if (fixed && !fixed->dropped && fixed->rounds > 0) {
        judged.line += "  改写：" + fixed->report.text + "\n";
      }
      return judged;
    }
    Json json = checks::to_json(report, row.id);
    if (fixed) json["fixed"] = json_of(*fixed);
    judged.line = dump_line(json) + "\n";
    return judged;
  }

  void write_batch(Progress& progress) {
    std::vector<Judged> judged(batch_.size());
    pool_.parallel_for(batch_.size(), [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) judged[i] = judge(batch_[i]);
    });
    for (const Judged& one : judged) {
      output_.write(one.line);
      ++verdicts_[one.verdict];
    }
    progress.advance(batch_.size());
    batch_.clear();
  }

  bool has_failed() const {
    if (run_.fail_on.empty()) return false;
    const auto least = checks::parse_level(run_.fail_on);
    return std::any_of(verdicts_.begin(), verdicts_.end(),
                       [&](const auto& entry) { return entry.first >= least; });
  }

  std::string summary() const {
    std::string line = concat("[check] 规则 v", checker_.rules().version(), "：");
    for (const auto& [level, count] : verdicts_) {
      line += concat(checks::verdict_name(level), " ", count, "  ");
    }
    if (report_.rows_rejected > 0) line += concat("未能检查 ", report_.rows_rejected);
    return line;
  }

  const CheckRun& run_;
  const checks::Checker& checker_;
  checks::CheckContext context_;
  bool as_table_, colour_;
  ThreadPool pool_;
  OutputFile output_;
  std::optional<data::AttributeNormalizer> normalizer_;
  std::unique_ptr<copywriting::TaggerJudge> judge_;  // null = no second look
  std::optional<Products> products_;
  std::vector<TextRow> batch_;
  std::map<checks::Level, int64_t> verdicts_;
  data::ImportReport report_;
  int64_t rows_ = 0;
};

void warn_of_stale_rules(const checks::RuleSet& rules, std::string_view today) {
  const auto& all = rules.rules();
  const auto stale = std::count_if(all.begin(), all.end(),
                                   [&](const auto* rule) { return is_stale(*rule, today); });
  if (stale > 0) {
    log_warn("[check] ", stale, " rules were last compared with their law more than 180 days ago: ",
             "read the law again, then set checked_at");
  }
}

}  // namespace

void require_platform(const checks::LengthRules& lengths, const std::string& platform) {
  const auto known = lengths.platforms();
  if (platform.empty() || std::find(known.begin(), known.end(), platform) != known.end()) return;
  std::string names;
  for (const auto& name : known) names += (names.empty() ? "" : ", ") + name;
  throw UsageError(concat("--platform: expected one of ", names, ", got ", platform));
}

namespace {

/// Every row of a table would be rejected for what the whole file is.
void refuse_tables(const std::string& input) {
  const std::string ending = without_compression_suffix(input).extension().string();
  if (ending != ".csv" && ending != ".tsv" && ending != ".xlsx") return;
  throw UsageError(concat("TEXTS: expected JSON lines with text and product, got the table ", input, "; `vitrine import` makes lines of it"));
}

}  // namespace

CheckOutcome run_check(const CheckRun& run) {
  refuse_tables(run.input);
  check_file_arguments("check", std::array{run.input, run.evidence, run.lengths},
                       {{"--output", run.output}, {"--rejects", run.rejects}});
  checks::RuleSet rules = checks::RuleSet::load(resource_path("rules/checks"));
  for (const auto& id : run.raise) rules.raise(id);
  warn_of_stale_rules(rules, checks::today());
  const checks::Checker checker = checks::Checker::load(rules, run.lengths);
  require_platform(checker.lengths(), run.platform);
  return Run(run, checker).check_all();
}

std::string rules_table(std::string_view today, const std::string& format) {
  const checks::RuleSet rules = checks::RuleSet::load(resource_path("rules/checks"));
  const auto state_of = [&](const checks::Rule& rule) {
    if (!applies(rule, today)) return "not_yet_in_force";
    return is_stale(rule, today) ? "stale" : "in_force";
  };
  std::string table;
  if (format == "jsonl") {
    for (const auto* rule : rules.rules()) {
      table += dump_line({{"rule_id", rule->id}, {"title", rule->title}, {"test", rule->test},
                          {"level", to_string(rule->level)},
                          {"stated_level", to_string(rule->stated_level)},
                          {"law", rule->law->name}, {"article", rule->article},
                          {"penalty", rule->penalty}, {"effective_from", rule->effective_from},
                          {"checked_at", rule->checked_at}, {"status", to_string(rule->status)},
                          {"state", state_of(*rule)}}) + "\n";
    }
    return table;
  }
  table = concat("规则 v", rules.version(), "  sha256 ", rules.sha256(), "\n");
  std::map<std::string_view, int> counts;
  for (const auto* rule : rules.rules()) {
    ++counts[to_string(rule->status)];
    table += concat(rule->id, "  ", to_string(rule->level), "  ", to_string(rule->status), "  ",
                    rule->title, "  《", rule->law->name, "》", rule->article,
                    rule->checked_at.empty() ? "" : "  核对于 " + rule->checked_at,
                    state_of(*rule) == std::string_view("in_force") ? ""
                    : concat("  ", state_of(*rule)), "\n");
  }
  for (const auto& [status, count] : counts) table += concat(status, " ", count, "  ");
  return table + "\n";
}

}  // namespace vitrine::recipes
