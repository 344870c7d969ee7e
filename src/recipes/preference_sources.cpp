#include "recipes/preference_sources.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/shuffled.h"
#include "copywriting/corruptions.h"
#include "data/advertisegen.h"

namespace vitrine::recipes {
namespace {

using data::PreferencePair;

data::AttributeStatistics statistics_of(std::span<const data::Product> products) {
  data::AttributeStatistics statistics;
  for (const auto& product : products) statistics.add(product);
  return statistics;
}

/// With the keys that the copy model knows: what the ranking model learns from is what it scores.
std::string prompt_of(const data::Product& product) { return data::canonical_content(product); }

/// Which products are held out. Rows that share an id or a prompt, by whatever chain, are on one side: a ranking model must
/// not be measured on a prompt that it has learned from.
class Sides {
 public:
  Sides(const PairSources& sources, double share) : share_(share) {
    for (const auto& product : sources.products) {
      join(product.id, prompt_of(product));
      join(product.id, data::raw_content(product));  // as picks name it
    }
    for (const auto& pair : sources.given) join(pair.product_id, pair.prompt);
  }
  bool is_held_out(const std::string& prompt) const { return data::split_position(root("prompt " + prompt), "pairs") < share_; }

 private:
  void join(const std::string& id, const std::string& prompt) {
    const std::string a = root("id " + id), b = root("prompt " + prompt);
    if (a != b) parent_[std::min(a, b)] = std::max(a, b);  // prompts are roots: "prompt" is behind "id"
  }
  std::string root(std::string name) const {
    for (auto found = parent_.find(name); found != parent_.end(); found = parent_.find(name)) name = found->second;
    return name;
  }

  double share_;
  std::unordered_map<std::string, std::string> parent_;
};

/// The human copies of one side: what a text of another product is taken from.
std::vector<data::Product> humans_of_side(const PairSources& sources, const Sides& sides, bool held_out) {
  std::vector<data::Product> humans;
  for (const auto& human : sources.humans) {
    if (sides.is_held_out(prompt_of(human)) == held_out) humans.push_back(human);
  }
  return humans;
}

class Collector {
 public:
  Collector(const PairSources& sources, const Sides& sides, const copywriting::ValueFrequencies& frequencies, const PairSourcesConfig& config, RandomKey key)
      : sources_(sources), sides_(sides), frequencies_(frequencies), config_(config), key_(key),
        training_humans_(humans_of_side(sources, sides, false)), held_out_humans_(humans_of_side(sources, sides, true)),
        training_(statistics_of(sources.products), training_humans_), held_out_(statistics_of(sources.products), held_out_humans_) {
    for (size_t i = 0; i < sources.humans.size(); ++i) human_of_[sources.humans[i].id] = i;
  }

  std::vector<PreferencePair> collect() {
    const auto wanted = [&](double share) { return static_cast<size_t>(std::lround(share * config_.ranker_pairs)); };
    add_human(wanted(config_.human_pairs_share));
    add_rule(wanted(config_.rule_pairs_share));
    add_synthetic(wanted(1 - config_.human_pairs_share - config_.rule_pairs_share));
    pairs_.insert(pairs_.end(), sources_.given.begin(), sources_.given.end());
    return std::move(pairs_);
  }

 private:
  void add(const data::Product& product, const std::string& chosen, const std::string& rejected, const char* source,
           std::string_view type, double weight) {
    if (chosen == rejected) return;
    pairs_.push_back({product.id, prompt_of(product), chosen, rejected, source, std::string(type), weight});
  }

  const data::Product* human(const data::Product& product) const {
    const auto found = human_of_.find(product.id);
    return found == human_of_.end() ? nullptr : &sources_.humans[found->second];
  }

  /// One pair a product, against any text that the model wrote after an open plan, as a person wrote. A text under the
  /// planner's plan says more values than people do: over it the human one would teach to say few.
  void add_human(size_t wanted) {
    const size_t before = pairs_.size();
    for (const size_t i : shuffled_indices(sources_.products.size(), key_.fold_in("human"))) {
      if (pairs_.size() - before >= wanted) return;
      const auto* person = human(sources_.products[i]);
      const auto& samples = sources_.ordered[i].samples;
      std::vector<size_t> open;
      for (size_t s = 0; person != nullptr && s < samples.size(); ++s) {
        if (!samples[s].sample.planned) open.push_back(s);
      }
      if (open.empty()) continue;
      const size_t s = open[key_.fold_in("human text").below(open.size(), i)];
      add(sources_.products[i], person->summary, samples[s].sample.text, "human", "", config_.human_weight);
    }
  }

  /// Two texts of a product far enough apart: the first of a random two, one pair a product, then a second one, …
  void add_rule(size_t wanted) {
    const size_t before = pairs_.size();
    for (uint64_t pass = 0; pass < 4; ++pass) {
      for (const size_t i : shuffled_indices(sources_.products.size(), key_.fold_in("rule").fold_in(pass))) {
        if (pairs_.size() - before >= wanted) return;
        add_rule_pair(i, key_.fold_in("rule texts").fold_in(pass).fold_in(i));
      }
    }
  }

  void add_rule_pair(size_t i, RandomKey key) {
    const auto& samples = sources_.ordered[i].samples;
    if (samples.size() < 2) return;
    size_t better = key.below(samples.size(), 0), worse = key.below(samples.size() - 1, 1);
    if (worse >= better) ++worse;
    const auto value = [&](size_t place) { return std::pair(samples[place].parts.may_leave, samples[place].rules); };
    if (value(better) < value(worse)) std::swap(better, worse);
    const bool both = samples[better].parts.may_leave == samples[worse].parts.may_leave;
    if (both && samples[better].rules - samples[worse].rules < config_.least_rule_gap) return;
    add(sources_.products[i], samples[better].sample.text, samples[worse].sample.text, "rule", "", config_.rule_weight);
  }

  /// A good text of the product: a person's where there is one, every second time; else any sample that may leave. Not the
  /// best one: a judge that learns from synthetic pairs alone must not learn the rules' order through them.
  std::optional<std::string> good_text(size_t i, bool of_person, RandomKey key) const {
    const auto* person = human(sources_.products[i]);
    if (of_person && person != nullptr) return person->summary;
    std::vector<const std::string*> texts;
    for (const auto& one : sources_.ordered[i].samples) {
      if (one.parts.may_leave) texts.push_back(&one.sample.text);
    }
    if (texts.empty()) return std::nullopt;
    return *texts[key.fold_in("good text").below(texts.size(), 0)];
  }

  void add_synthetic(size_t wanted) {
    const auto& rules = copywriting::kCorruptions;
    for (size_t r = 0; r < rules.size(); ++r) {
      const size_t share = wanted / rules.size() + (r < wanted % rules.size());
      const RandomKey key = key_.fold_in(copywriting::to_string(rules[r]));
      const size_t before = pairs_.size();
      for (const size_t i : shuffled_indices(sources_.products.size(), key)) {
        if (pairs_.size() - before >= share) break;
        add_corrupted(rules[r], i, key.fold_in(i));
      }
    }
  }

  void add_corrupted(copywriting::Corruption rule, size_t i, RandomKey key) {
    const auto& product = sources_.products[i];
    // Beside the text of another product, a person's, stands one of a person: what differs is the product.
    const auto text = good_text(i, rule == copywriting::Corruption::other_product || key.bits(0) % 2 == 0, key);
    if (!text) return;
    const std::string point = frequencies_.distinctive_value(product);
    const auto& corruptor = sides_.is_held_out(prompt_of(product)) ? held_out_ : training_;
    const auto worse = corruptor.worse(rule, {.product = product, .text = *text, .distinctive_value = point}, key);
    if (worse) add(product, *text, *worse, "synthetic", copywriting::to_string(rule), config_.synthetic_weight);
  }

  const PairSources& sources_;
  const Sides& sides_;
  const copywriting::ValueFrequencies& frequencies_;
  const PairSourcesConfig& config_;
  RandomKey key_;
  std::unordered_map<std::string, size_t> human_of_;  // place in humans, by product id
  std::vector<data::Product> training_humans_, held_out_humans_;
  copywriting::Corruptor training_, held_out_;  // of each side's texts
  std::vector<PreferencePair> pairs_;
};

}  // namespace

void PairSourcesConfig::validate() const {
  check_config(*this, "pairs");
  VITRINE_REQUIRE(human_pairs_share + rule_pairs_share <= 1, "[pairs] human_pairs_share, rule_pairs_share: expected a sum of at most 1, got ",
                  human_pairs_share + rule_pairs_share);
}

PairSets collect_pairs(const PairSources& sources, const copywriting::ValueFrequencies& frequencies, const PairSourcesConfig& config, RandomKey key) {
  config.validate();
  const Sides sides(sources, config.held_out_share);
  PairSets sets;
  for (auto& pair : Collector(sources, sides, frequencies, config, key).collect()) {
    ++sets.by_source[pair.type.empty() ? pair.source : pair.source + "/" + pair.type];
    (sides.is_held_out(pair.prompt) ? sets.held_out : sets.training).push_back(std::move(pair));
  }
  VITRINE_REQUIRE(!sets.training.empty(), "[pairs] no pair to train on: no human copy, no two different texts of a product, no picks");
  return sets;
}

}  // namespace vitrine::recipes
