#include "recipes/arena.h"

#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/random.h"
#include "data/advertisegen.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "evaluate arena";

/// A pair with the sides changed.
ArenaPair turned(ArenaPair pair) {
  std::swap(pair.left, pair.right);
  pair.system_left = !pair.system_left;
  return pair;
}

/// Drawn products, the same ones for every comparison as far as both systems have a text.
std::vector<size_t> drawn_products(const ComparedSystems& compared, const ArenaConfig& config,
                                   RandomKey key) {
  std::vector<size_t> order(compared.products.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  RandomStream(key.fold_in("products")).shuffle(order);
  if (order.size() > static_cast<size_t>(config.products))
    order.resize(static_cast<size_t>(config.products));
  return order;
}

ArenaPair pair_of(const ComparedSystems& compared, size_t product, size_t of, size_t over,
                  RandomKey key) {
  ArenaPair pair{.product_id = compared.products[product].id,
                 .product = data::raw_content(compared.products[product]),
                 .system = compared.systems[of].name,
                 .other = compared.systems[over].name,
                 .left = compared.systems[of].texts[product],
                 .right = compared.systems[over].texts[product]};
  return key.uniform(0) < 0.5 ? pair : turned(std::move(pair));
}

Json key_line(const std::string& arena, const ArenaPair& pair, int64_t number) {
  Json line = {{"arena", arena}};
  if (pair.is_same()) {
    line["same"] = true;
  } else {
    line["pair"] = number;
  }
  line.update({{"product_id", pair.product_id}, {"system", pair.system}, {"over", pair.other}});
  if (!pair.is_same()) line["left"] = pair.system_left ? pair.system : pair.other;
  return line;
}

}  // namespace

std::vector<ArenaPair> arena_pairs(const ComparedSystems& compared, const ArenaConfig& config) {
  const RandomKey key = RandomKey(static_cast<uint64_t>(config.seed)).fold_in("arena");
  const auto products = drawn_products(compared, config, key);
  std::vector<ArenaPair> first, again, same;
  for (const auto& [of, over] : eval::comparisons(compared.systems.size())) {
    const auto &system = compared.systems[of], &other = compared.systems[over];
    size_t found = 0;
    for (const size_t product : products) {
      if (system.texts[product].empty() || other.texts[product].empty()) continue;
      ++found;
      const RandomKey draw =
          key.fold_in(compared.products[product].id).fold_in(system.name).fold_in(other.name);
      auto pair = pair_of(compared, product, of, over, draw);
      if (pair.is_same()) {
        same.push_back(std::move(pair));
        continue;
      }
      if (draw.uniform(1) < config.both_orders) again.push_back(turned(pair));
      first.push_back(std::move(pair));
    }
    VITRINE_REQUIRE(found > 0, "[", kVerb, "] ", system.name, " and ", other.name,
                    ": no drawn product for which both have a text");
    warn_of_few(kVerb, concat(system.name, " and ", other.name), found);
  }
  RandomStream(key.fold_in("first")).shuffle(first);
  RandomStream(key.fold_in("again")).shuffle(again);
  first.insert(first.end(), std::make_move_iterator(again.begin()),
               std::make_move_iterator(again.end()));
  first.insert(first.end(), std::make_move_iterator(same.begin()),
               std::make_move_iterator(same.end()));
  return first;
}

ArenaFiles arena_files(const std::vector<ArenaPair>& pairs) {
  Json shown = Json::array();
  for (const auto& pair : pairs) {
    if (!pair.is_same())
      shown.push_back({{"pair", shown.size() + 1},
                       {"product", pair.product},
                       {"left", pair.left},
                       {"right", pair.right}});
  }
  ArenaFiles files;
  files.id = sha256_hex(dump_line(shown)).substr(0, 12);
  files.shown = static_cast<int64_t>(shown.size());
  files.same = static_cast<int64_t>(pairs.size()) - files.shown;
  for (const Json& pair : shown) {
    Json line = {{"arena", files.id}};
    line.update(pair);
    files.pairs_jsonl += dump_line(line) + "\n";
  }
  int64_t number = 0;
  for (const auto& pair : pairs)
    files.key_jsonl += dump_line(key_line(files.id, pair, pair.is_same() ? 0 : ++number)) + "\n";
  files.html = arena_html(files.id, shown);
  return files;
}

ArenaMade make_arena(const std::string& set, const ArenaConfig& config) {
  check_config(config, kVerb);
  const auto inputs = files_of(set, config.outputs);
  check_inputs(kVerb, inputs);
  const auto place = require_artefact_place(kVerb, config.output, kArenaKind, inputs);
  const auto compared = read_compared_systems(kVerb, set, config.outputs, config.human);
  ArenaMade made{arena_files(arena_pairs(compared, config)), compared.rows_rejected};
  ArtefactFolder folder(place, kArenaKind);
  write_file_atomic(folder.path() / "arena.html", made.files.html);
  write_file_atomic(folder.path() / "pairs.jsonl", made.files.pairs_jsonl);
  write_file_atomic(folder.path() / "key.jsonl", made.files.key_jsonl);
  Json manifest = manifest_of(kArenaKind);
  manifest.update({{"verb", kVerb},
                   {"arena", made.files.id},
                   {"set", compared.set_sha256},
                   {"seed", config.seed},
                   {"products", config.products},
                   {"both_orders", config.both_orders},
                   {"pairs", made.files.shown},
                   {"same_texts", made.files.same}});
  write_file_atomic(folder.path() / kManifestName, dump_pretty(manifest));
  folder.commit();
  return made;
}

}  // namespace vitrine::recipes
