// The choices that people made in an arena, unblinded.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "recipes/arena.h"
#include "recipes/json_lines.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "evaluate arena";

struct KeyEntry {
  std::string product_id, system, over, left;
};

struct ArenaKey {
  std::string arena;
  std::map<int64_t, KeyEntry> pairs;
  std::vector<KeyEntry> same;
};

int64_t pair_number(const Json& row, const std::string& where) {
  const auto found = row.find("pair");
  VITRINE_REQUIRE(found != row.end() && found->is_number_integer(), where,
                  ": pair: expected a number, got ",
                  found == row.end() ? "nothing" : dump_line(*found).substr(0, 80));
  return found->get<int64_t>();
}

void add_entry(const Json& row, const std::string& where, ArenaKey& key) {
  const std::string arena = text_of_field(row, "arena", where);
  if (key.arena.empty()) key.arena = arena;
  VITRINE_REQUIRE(arena == key.arena, where, ": arena: expected ", key.arena, ", got ", arena);
  KeyEntry entry{text_of_field(row, "product_id", where), text_of_field(row, "system", where),
                 text_of_field(row, "over", where), ""};
  if (row.contains("same") && row["same"] == true) {
    key.same.push_back(std::move(entry));
    return;
  }
  entry.left = text_of_field(row, "left", where);
  VITRINE_REQUIRE(entry.left == entry.system || entry.left == entry.over, where,
                  ": left: expected ", entry.system, " or ", entry.over, ", got ", entry.left);
  const int64_t pair = pair_number(row, where);
  VITRINE_REQUIRE(key.pairs.emplace(pair, std::move(entry)).second, where,
                  ": pair: second line for ", pair);
}

ArenaKey read_key(const std::string& file) {
  ArenaKey key;
  for_each_json_line(
      read_file_unpacked(file), file,
      [&](const Json& row, const std::string& where) { add_entry(row, where, key); });
  if (key.arena.empty()) throw Corrupt(concat("[", kVerb, "] ", file, ": EMPTY_FILE: no pairs"));
  return key;
}

eval::Winner winner_of(const std::string& choice, const KeyEntry& entry, const std::string& where) {
  VITRINE_REQUIRE(choice == "left" || choice == "right" || choice == "tie", where,
                  ": choice: expected left, right or tie, got ", choice);
  if (choice == "tie") return eval::Winner::tie;
  return (choice == "left") == (entry.left == entry.system) ? eval::Winner::a : eval::Winner::b;
}

/// Takes choices row by row.
class Choices {
 public:
  explicit Choices(const ArenaKey& key) : key_(key) {}

  void add(const Json& row, const std::string& where) {
    const std::string arena = text_of_field(row, "arena", where);
    VITRINE_REQUIRE(arena == key_.arena, where, ": arena: the key is of ", key_.arena,
                    ", this choice of ", arena);
    const int64_t pair = pair_number(row, where);
    const auto found = key_.pairs.find(pair);
    VITRINE_REQUIRE(found != key_.pairs.end(), where, ": pair: the key has no pair ", pair);
    const std::string judge = row.contains("judge") ? text_of_field(row, "judge", where) : "";
    VITRINE_REQUIRE(answered_.emplace(judge, pair).second, where, ": pair: second answer of ",
                    judge.empty() ? "a judge without name" : judge, " to pair ", pair);
    const KeyEntry& entry = found->second;
    judgements_.push_back({entry.product_id, entry.system, entry.over, entry.left,
                           winner_of(text_of_field(row, "choice", where), entry, where), judge});
  }

  ArenaResult result(const eval::BootstrapConfig& config) const {
    ArenaResult result{.arena_id = key_.arena,
                       .pairs = static_cast<int64_t>(key_.pairs.size()),
                       .same = static_cast<int64_t>(key_.same.size()),
                       .answers = static_cast<int64_t>(judgements_.size())};
    std::set<std::string> judges;
    std::set<int64_t> pairs;
    for (const auto& [judge, pair] : answered_) judges.insert(judge), pairs.insert(pair);
    result.unanswered = result.pairs - static_cast<int64_t>(pairs.size());
    result.judges.assign(judges.begin(), judges.end());
    auto all = judgements_;
    for (const auto& entry : key_.same)
      all.push_back({entry.product_id, entry.system, entry.over, "", eval::Winner::tie});
    result.rates = eval::win_rates(all, config);
    result.bias = eval::position_bias(all, config);
    return result;
  }

 private:
  const ArenaKey& key_;
  std::set<std::pair<std::string, int64_t>> answered_;  // judge, pair
  std::vector<eval::Judgement> judgements_;
};

}  // namespace

ArenaResult read_arena(const std::vector<std::string>& choices, const std::string& key_file,
                       const eval::BootstrapConfig& config) {
  const ArenaKey key = read_key(key_file);
  Choices all(key);
  for (const auto& file : choices) {
    int64_t rows = 0;
    for_each_json_line(read_file_unpacked(file), file,
                       [&](const Json& row, const std::string& where) {
                         all.add(row, where);
                         ++rows;
                       });
    if (rows == 0) throw Corrupt(concat("[", kVerb, "] ", file, ": EMPTY_FILE: no choices"));
  }
  return all.result(config);
}

Json to_json(const ArenaResult& result) {
  Json json = {{"kind", "arena_result"},    {"arena", result.arena_id},
               {"pairs", result.pairs},     {"same_texts", result.same},
               {"answers", result.answers}, {"unanswered", result.unanswered},
               {"judges", result.judges},   {"win_rates", Json::array()}};
  for (const auto& rate : result.rates) json["win_rates"].push_back(to_json(rate));
  json["position_bias"] = to_json(result.bias);
  return json;
}

std::string arena_table(const ArenaResult& result) {
  return concat("盲评 ", result.arena_id, "：", result.pairs, " 对，回答 ", result.answers,
                " 次，评审 ", result.judges.size(), " 人，未回答 ", result.unanswered,
                " 对；文案相同、直接计平 ", result.same, " 对\n",
                eval::win_rate_table(result.rates, result.bias));
}

ArenaResult run_read_arena(const std::vector<std::string>& choices, const ArenaConfig& config) {
  check_config(config, kVerb);
  if (!config.outputs.empty() || config.human)
    throw UsageError(concat(
        kVerb, ": --outputs and --human make an arena, --key reads its choices: one of both"));
  std::vector<std::string> inputs = choices;
  inputs.push_back(config.key);
  const std::string output = config.output.empty() ? "-" : config.output;
  check_file_arguments(kVerb, inputs, {{"--output", output}});
  const auto result =
      read_arena(choices, config.key,
                 {.resamples = config.resamples, .seed = static_cast<uint64_t>(config.seed)});
  Json json = to_json(result);
  json["bootstrap"] = {
      {"unit", "product"}, {"resamples", config.resamples}, {"level", 0.95}, {"seed", config.seed}};
  OutputFile file(output);
  file.write(dump_pretty(json));
  file.commit();
  return result;
}

}  // namespace vitrine::recipes
