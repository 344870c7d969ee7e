// recipes/arena.h - `vitrine evaluate arena`: blind pairs of texts for people, and what their
// choices say.
//
// Formats: docs/formats/arena.md.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/artefact.h"
#include "base/config.h"
#include "base/json.h"
#include "eval/win_rate.h"
#include "recipes/system_texts.h"

namespace vitrine::recipes {

inline constexpr std::string_view kArenaFiles[] = {"arena.html", "pairs.jsonl", "key.jsonl",
                                                   kManifestName};
inline constexpr ArtefactKind kArenaKind{"arena", kArenaFiles};

struct ArenaConfig {
  std::vector<std::string> outputs = {};
  bool human = false;
  int products = 200;
  double both_orders = 0.2;
  std::string key = {};
  int resamples = 1000;
  int64_t seed = 0;  // the caller's --seed
  std::string output = {};

  void describe(FieldVisitor& v) {
    v.field("outputs", outputs,
            "NAME=FILE: lines of `write`, or {id, text}; the first text of a product is shown");
    v.field("human", human, "the set's own copy is a system too, the first one");
    v.field("products", products, "products that are shown, drawn by --seed", 1, 1000000);
    v.field("both_orders", both_orders,
            "share of the pairs that are asked again with sides changed", 0, 1);
    v.field("key", key, "key.jsonl of the arena: read choices instead of making one");
    v.field("resamples", resamples, "bootstrap resamples over products", 1, 1000000);
    v.field("output", output,
            "folder of the arena; with --key a file for the result, - or none = standard output");
  }
};

/// Two texts as they are shown; who wrote them is known only here and in key.jsonl.
struct ArenaPair {
  std::string product_id, product;  // the attributes, as shown
  std::string system, other;        // the later system, and the one it is compared with
  bool system_left = true;
  std::string left, right;  // texts; equal ones are not shown and count as a tie
  bool is_same() const { return left == right; }
};

/// Drawn products, sides and order by seed alone. First every pair once, in random order, then
/// again those whose sides are changed; pairs with equal texts stand at the end. Systems are
/// compared as eval::comparisons says. Throws InvalidInput when two systems share no product with
/// texts of both.
std::vector<ArenaPair> arena_pairs(const ComparedSystems& compared, const ArenaConfig& config);

/// The files of an arena.
struct ArenaFiles {
  std::string id;  // 12 hex digits of the pairs
  std::string pairs_jsonl = {}, key_jsonl = {}, html = {};
  int64_t shown = 0, same = 0;
};
ArenaFiles arena_files(const std::vector<ArenaPair>& pairs);

/// One page without outside files: texts by `pairs` (the objects of pairs.jsonl), keys 1, 2 and 0,
/// choices kept in the browser and saved as JSONL.
std::string arena_html(const std::string& arena_id, const Json& pairs);

struct ArenaResult {
  std::string arena_id;
  int64_t pairs = 0, same = 0;          // pairs shown; with equal texts
  int64_t answers = 0, unanswered = 0;  // choices read; pairs shown without any
  std::vector<std::string> judges = {};
  std::vector<eval::WinRate> rates = {};
  eval::PositionBias bias = {};
};

/// Choices of one or more people on one arena. Throws InvalidInput or Corrupt naming file, row,
/// field and value: another arena's choice, a pair that the key does not have, a word other than
/// left, right and tie, a second answer of one judge.
ArenaResult read_arena(const std::vector<std::string>& choices, const std::string& key,
                       const eval::BootstrapConfig& config);
Json to_json(const ArenaResult& result);
std::string arena_table(const ArenaResult& result);

/// The verb without --key: reads the set and the outputs, writes the folder; returns the files and
/// the rejected rows.
struct ArenaMade {
  ArenaFiles files;
  int64_t rows_rejected = 0;
};
ArenaMade make_arena(const std::string& set, const ArenaConfig& config);
/// The verb with --key.
ArenaResult run_read_arena(const std::vector<std::string>& choices, const ArenaConfig& config);

}  // namespace vitrine::recipes
