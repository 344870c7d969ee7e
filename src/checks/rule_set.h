// checks/rule_set.h - the rules of rules/checks: what each is, on which law it rests, what it may do.
//
// laws.tsv and rules.tsv hold one row a law and a rule; the word lists beside them name rules by id.
// docs/formats/rules_checks.md describes the files.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checks/level.h"

namespace vitrine::checks {

/// verified: primary text read on checked_at; practice: working lexicon of the trade under a
/// verified article; unverified: second-hand, may only warn.
enum class RuleStatus { verified, practice, unverified };
std::string_view to_string(RuleStatus status);

struct Law {
  std::string id;    // AD, G-ABS, …
  std::string name;  // as a hit cites it: 广告法
  std::string document;
  std::string effective_from;  // YYYY-MM-DD; empty = not known
  std::string checked_at;      // the same; empty = its text was not read
  RuleStatus status = RuleStatus::unverified;
  std::string source;
};

struct Rule {
  std::string id;     // ABS-07
  std::string title;  // Chinese
  std::string test;   // claims | numbers | lexicon | category | citation | length | sentence
  std::string type;   // of the claims it judges; may be empty
  Level level = Level::block;  // in force: of an unverified rule at most warn, unless the shop raised it
  Level stated_level = Level::block;  // as the row says
  const Law* law = nullptr;
  std::string article;  // 9(3)
  std::string penalty;
  std::string effective_from;  // YYYY-MM-DD, of the row or else of the law; empty = in force
  std::string checked_at;
  RuleStatus status = RuleStatus::unverified;
  std::string evidence_required;  // Chinese; may be empty
  std::string rewrite;            // default wording instead of a hit, or the sentence to append
  std::string note;
};

/// Immutable after load (raise aside), safe for any number of threads; rules keep their addresses.
class RuleSet {
 public:
  /// Reads laws.tsv and rules.tsv of `dir` and hashes all its .tsv files.
  /// Throws NotFound, or InvalidInput naming file, line, field and value.
  static RuleSet load(const std::filesystem::path& dir);
  /// The shipped folder (resource "rules/checks"), read once.
  static const RuleSet& shipped();

  /// The shop's own settings: an unverified rule gets the level that its row states.
  /// Throws InvalidInput for an unknown id or a rule that is not unverified.
  void raise(std::string_view rule_id);

  const Rule* find(std::string_view id) const;  // null = there is none
  /// Throws InvalidInput, naming `where` and the id.
  const Rule& at(std::string_view id, std::string_view where) const;
  /// The rule of test "claims" or "numbers" that judges claims of a type. Throws as at.
  const Rule& of_type(std::string_view type, std::string_view where) const;

  const std::vector<const Rule*>& rules() const { return in_order_; }  // in order of the file
  const std::string& version() const { return version_; }              // 2026.11.2
  const std::string& sha256() const { return sha256_; }  // over names and contents of all .tsv files
  const std::filesystem::path& dir() const { return dir_; }

 private:
  void read_laws();
  void read_rules();

  std::filesystem::path dir_;
  std::string version_, sha256_;
  std::map<std::string, Law, std::less<>> laws_;
  std::map<std::string, Rule, std::less<>> rules_;
  std::vector<const Rule*> in_order_;
};

/// Whether the rule is in force on a day (YYYY-MM-DD); empty = on any.
bool applies(const Rule& rule, std::string_view today);
/// Whether it was last checked more than 180 days before.
bool is_stale(const Rule& rule, std::string_view today);

}  // namespace vitrine::checks
