#include "checks/rule_set.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/resource.h"
#include "base/utc_time.h"
#include "checks/tsv_rules.h"

namespace vitrine::checks {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kStatusNames{"verified", "practice", "unverified"};
constexpr auto kStale = std::chrono::days(180);

/// Reads cells of a row; its messages name file, line, field and value.
class Cells {
 public:
  Cells(const fs::path& file, const RuleRow& row) : file_(file), row_(row) {}

  std::string text(std::string_view field) const {
    const std::string& value = row_.at(field);
    if (value.empty()) fail(field, value, "a value");
    return value;
  }
  std::string optional(std::string_view field) const { return row_.at(field); }
  std::string date(std::string_view field) const {
    const std::string& value = row_.at(field);
    if (!value.empty() && !parse_iso_date(value)) fail(field, value, "YYYY-MM-DD or nothing");
    return value;
  }
  RuleStatus status() const {
    const std::string& value = row_.at("status");
    for (size_t i = 0; i < kStatusNames.size(); ++i) {
      if (kStatusNames[i] == value) return static_cast<RuleStatus>(i);
    }
    fail("status", value, "verified, practice or unverified");
  }
  Level level() const {
    try {
      return parse_level(row_.at("level"));
    } catch (const InvalidInput&) {
      fail("level", row_.at("level"), "pass, harmless, warn, needs_proof or block");
    }
  }
  [[noreturn]] void fail(std::string_view field, std::string_view value,
                         std::string_view expected) const {
    throw InvalidInput(concat("[RuleSet] ", file_.string(), " line ", row_.line, ", field ", field,
                              ": expected ", expected, ", got '", value, "'"));
  }

 private:
  const fs::path& file_;
  const RuleRow& row_;
};

const std::set<std::string_view>& tests() {
  static const std::set<std::string_view> names{"claims",   "numbers", "lexicon", "category",
                                                "citation", "length",  "sentence"};
  return names;
}

Rule rule_of(const Cells& cells, const std::map<std::string, Law, std::less<>>& laws) {
  Rule rule;
  rule.id = cells.text("rule_id");
  rule.title = cells.text("title");
  rule.test = cells.text("test");
  if (!tests().contains(rule.test)) {
    cells.fail("test", rule.test,
               "claims, numbers, lexicon, category, citation, length or sentence");
  }
  rule.type = cells.optional("type");
  rule.stated_level = cells.level();
  const auto law = laws.find(cells.text("law"));
  if (law == laws.end()) cells.fail("law", cells.text("law"), "a law of laws.tsv");
  rule.law = &law->second;
  rule.article = cells.optional("article");
  rule.penalty = cells.optional("penalty");
  rule.effective_from = cells.date("effective_from");
  if (rule.effective_from.empty()) rule.effective_from = rule.law->effective_from;
  rule.status = cells.status();
  rule.checked_at = cells.date("checked_at");
  if (rule.status != RuleStatus::unverified && rule.checked_at.empty()) {
    cells.fail("checked_at", "", "the day on which the text was read");
  }
  rule.level = rule.status == RuleStatus::unverified ? std::min(rule.stated_level, Level::warn)
                                                     : rule.stated_level;
  rule.evidence_required = cells.optional("evidence_required");
  rule.rewrite = cells.optional("rewrite");
  rule.note = cells.optional("note");
  return rule;
}

std::string hash_of(const fs::path& dir) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(dir)) {
    if (entry.path().extension() == ".tsv") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Sha256 hash;
  for (const auto& file : files) hash.add(concat(file.filename().string(), "\n", read_file(file)));
  return hash.hex();
}

}  // namespace

std::string_view to_string(RuleStatus status) {
  return kStatusNames[static_cast<size_t>(status)];
}

RuleSet RuleSet::load(const fs::path& dir) {
  RuleSet set;
  set.dir_ = dir;
  set.read_laws();
  set.read_rules();
  set.sha256_ = hash_of(dir);
  return set;
}

const RuleSet& RuleSet::shipped() {
  static const RuleSet set = load(resource_path("rules/checks"));
  return set;
}

void RuleSet::read_laws() {
  const fs::path file = dir_ / "laws.tsv";
  for (const RuleRow& row : read_rule_file(file).rows) {
    const Cells cells(file, row);
    Law law{.id = cells.text("law"),
            .name = cells.text("name"),
            .document = cells.optional("document"),
            .effective_from = cells.date("effective_from"),
            .checked_at = cells.date("checked_at"),
            .status = cells.status(),
            .source = cells.optional("source")};
    const std::string id = law.id;
    if (!laws_.emplace(id, std::move(law)).second) cells.fail("law", id, "one row a law");
  }
}

void RuleSet::read_rules() {
  const fs::path file = dir_ / "rules.tsv";
  const RuleFile rows = read_rule_file(file);
  version_ = rows.version;
  VITRINE_REQUIRE(!version_.empty(), "[RuleSet] ", file.string(),
                  " line 1, field version: expected '# version<TAB>YYYY.MM.N', got nothing");
  for (const RuleRow& row : rows.rows) {
    const Cells cells(file, row);
    Rule rule = rule_of(cells, laws_);
    const std::string id = rule.id;
    const auto [place, is_new] = rules_.emplace(id, std::move(rule));
    if (!is_new) cells.fail("rule_id", id, "one row a rule");
    in_order_.push_back(&place->second);
  }
}

void RuleSet::raise(std::string_view rule_id) {
  const auto found = rules_.find(rule_id);
  VITRINE_REQUIRE(found != rules_.end(), "[RuleSet] raise: expected a rule of ", dir_.string(),
                  "/rules.tsv, got '", rule_id, "'");
  VITRINE_REQUIRE(found->second.status == RuleStatus::unverified, "[RuleSet] raise: expected an ",
                  "unverified rule, got ", rule_id, " (", to_string(found->second.status), ")");
  found->second.level = found->second.stated_level;
}

const Rule* RuleSet::find(std::string_view id) const {
  const auto found = rules_.find(id);
  return found == rules_.end() ? nullptr : &found->second;
}

const Rule& RuleSet::at(std::string_view id, std::string_view where) const {
  const Rule* rule = find(id);
  VITRINE_REQUIRE(rule != nullptr, "[RuleSet] ", where, ": expected a rule of ",
                  (dir_ / "rules.tsv").string(), ", got '", id, "'");
  return *rule;
}

const Rule& RuleSet::of_type(std::string_view type, std::string_view where) const {
  for (const Rule* rule : in_order_) {
    if (!type.empty() && rule->type == type) return *rule;
  }
  throw InvalidInput(concat("[RuleSet] ", where, ": expected a claim type of ",
                            (dir_ / "rules.tsv").string(), ", got '", type, "'"));
}

bool applies(const Rule& rule, std::string_view today) {
  return today.empty() || rule.effective_from <= today;
}

bool is_stale(const Rule& rule, std::string_view today) {
  const auto checked = parse_iso_date(rule.checked_at), now = parse_iso_date(today);
  return checked && now && *now - *checked > kStale;
}

}  // namespace vitrine::checks
