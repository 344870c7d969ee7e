// Claims put into clean texts, and how many of them the checks find: tests/data/checks/insertions.tsv and
// carriers.txt, which nobody who wrote the word lists had seen.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "checks/checker.h"
#include "checks/tsv_rules.h"
#include "data/advertisegen.h"
#include "text/utf8.h"

namespace vitrine::checks {
namespace {

struct Insertion {
  std::string type, term, fragment;
};

std::filesystem::path file(const std::string& name) {
  return std::filesystem::path(VITRINE_SOURCE_DIR) / "tests/data/checks" / name;
}

std::vector<Insertion> insertions() {
  std::vector<Insertion> rows;
  for (const RuleRow& row : read_rule_file(file("insertions.tsv")).rows) {
    rows.push_back({row.at("type"), row.at("term"), row.at("fragment")});
  }
  return rows;
}

std::vector<std::string> carriers() {
  std::vector<std::string> lines;
  for (const auto& line : split(read_file(file("carriers.txt")), '\n')) {
    if (!line.empty() && line.front() != '#') lines.push_back(line);
  }
  return lines;
}

/// The fragment behind the carrier's first clause.
std::string with_fragment(const std::string& carrier, const std::string& fragment) {
  const size_t comma = carrier.find("，");
  return carrier.substr(0, comma) + "，" + fragment + carrier.substr(comma);
}

CheckReport check(const std::string& text) {
  static const Evidence evidence(data::product_from_content("风格#清新"));
  return Checker::shipped().check(text, evidence, {.today = "2026-11-24"});
}

bool is_found(const std::string& text, const std::string& term) {
  const size_t begin = text::count_code_points(text.substr(0, text.find(term)));
  const size_t end = begin + text::count_code_points(term);
  const auto report = check(text);
  return std::any_of(report.hits.begin(), report.hits.end(), [&](const RuleHit& hit) {
    return hit.level >= Level::needs_proof && hit.begin < end && begin < hit.end;
  });
}

struct Count {
  int all = 0, found = 0, unknown = 0, unknown_found = 0;
  void add(bool is_found, bool is_unknown) {
    all += 1;
    found += is_found;
    unknown += is_unknown;
    unknown_found += is_unknown && is_found;
  }
};

void print(const std::string& name, const Count& c) {
  std::printf("%-22s found %3d of %3d (%.1f %%), in no list %3d, of these found %3d\n", name.c_str(),
              c.found, c.all, 100.0 * c.found / c.all, c.unknown, c.unknown_found);
}

/// The misses of every second row were read while lists and patterns were made; those of the others
/// were not: they are the measure.
TEST(ClaimRecall, AtLeast95PercentOfTheInsertionsAreFound) {
  std::set<std::string> known;
  for (const Term& term : Checker::shipped().claims().lexicon().terms()) {
    known.insert(text::to_utf8(term.text));
  }
  std::map<std::string, Count> by_type, unread_by_type;
  Count total, unread;
  const auto texts = carriers();
  size_t number = 0;
  for (const Insertion& insertion : insertions()) {
    const bool was_read = number % 2 == 0;
    const auto text = with_fragment(texts[number++ % texts.size()], insertion.fragment);
    const bool found = is_found(text, insertion.term);
    const bool unknown = !known.contains(text::to_utf8(fold(text::to_utf32(insertion.term))));
    for (Count* count : {&by_type[insertion.type], &total}) count->add(found, unknown);
    if (was_read) continue;
    for (Count* count : {&unread_by_type[insertion.type], &unread}) count->add(found, unknown);
  }
  for (const auto& [type, count] : by_type) print(type, count);
  print("all", total);
  for (const auto& [type, count] : unread_by_type) print("unread " + type, count);
  print("unread", unread);
  EXPECT_GE(total.all, 500);
  EXPECT_GE(total.found, 0.95 * total.all);
  EXPECT_GE(total.unknown, 0.3 * total.all);
}

TEST(ClaimRecall, TheCarriersHoldNoClaim) {
  int blocked = 0;
  for (const auto& text : carriers()) {
    const auto report = check(text);
    blocked += report.verdict() >= Level::needs_proof;
    for (const auto& hit : report.hits) {
      if (hit.level >= Level::needs_proof) std::printf("%s %s: %s\n", hit.rule->id.c_str(), hit.term.c_str(), text.c_str());
    }
  }
  EXPECT_LE(blocked, 4);
}

}  // namespace
}  // namespace vitrine::checks
