#include "recipes/align_data.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "base/shuffled.h"
#include "checks/checker.h"
#include "checks/output_faults.h"
#include "copywriting/copy_model.h"
#include "copywriting/plan.h"
#include "data/advertisegen.h"
#include "data/feedback.h"
#include "data/normalization.h"
#include "data/picks.h"
#include "data/statistics.h"
#include "recipes/curate_copy.h"
#include "recipes/training_rows.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "align copy";

std::vector<data::Product> drawn(std::vector<data::Product> products, int count, int64_t seed) {
  if (count == 0 || products.size() <= static_cast<size_t>(count)) return products;
  auto order = shuffled_indices(products.size(), RandomKey(static_cast<uint64_t>(seed)).fold_in("products"));
  order.resize(static_cast<size_t>(count));
  std::sort(order.begin(), order.end());
  std::vector<data::Product> kept;
  for (const size_t i : order) kept.push_back(std::move(products[i]));
  return kept;
}

/// As `write` reads products: canonical keys, the source's own wording of the values, a category that the model knows.
void normalize(const data::AttributeNormalizer& normalizer, const data::AttributeStatistics& statistics, data::Product& product) {
  normalizer.normalize(product);
  for (auto& attribute : product.attributes) attribute.val = attribute.val_raw;
  copywriting::give_up_unknown_category(statistics, product);
}

/// A person's copy is the better text only where it may leave itself.
bool passes_the_checks(const data::Product& product) {
  const auto report = checks::Checker::shipped().check(product.summary, checks::Evidence(product, checks::today()), {});
  return report.verdict() < checks::Level::block && checks::output_faults(product.summary, product, {}).empty();
}

/// Pairs whose prompt is no attribute string cannot be learned from; they are counted and the first is named.
void drop_unreadable(const std::string& file, AlignData& data) {
  const auto unreadable = [](const data::PreferencePair& pair) {
    data::Product product;
    return !data::append_content(pair.prompt, product).empty() || product.attributes.empty();
  };
  const auto first = std::find_if(data.given.begin(), data.given.end(), unreadable);
  if (first == data.given.end()) return;
  const std::string prompt = first->prompt, product = first->product_id;
  const auto count = std::erase_if(data.given, unreadable);
  data.rejected += static_cast<int64_t>(count);
  log_warn("[", kVerb, "] ", file, ": ", count, " pairs left out, field prompt: expected attributes as 类型#裙*风格#简约, got '", prompt, "' (product ", product, ")");
}

/// What people chose and clicked.
void add_given(const AlignCopyRun& run, AlignData& data) {
  if (!run.picks.empty()) {
    const auto picks = data::read_picks(run.picks, run.pick_texts);
    data.rejected += picks.report.rows_rejected;
    if (picks.report.rows_rejected > 0) data::log_table(concat("[", kVerb, "] ", run.picks, ":"), picks.report.table(), true);
    for (const auto& list : picks.lists) {
      for (auto& pair : data::pairs_of(list)) data.given.push_back(std::move(pair));
    }
    drop_unreadable(run.picks, data);
  }
  if (run.feedback.empty()) return;
  auto feedback = data::read_feedback_file(run.feedback);
  data.rejected += feedback.report.rows_rejected;
  if (feedback.report.rows_rejected > 0) data::log_table(concat("[", kVerb, "] ", run.feedback, ":"), feedback.report.table(), true);
  std::move(feedback.pairs.begin(), feedback.pairs.end(), std::back_inserter(data.given));
  drop_unreadable(run.feedback, data);
}

std::vector<data::Product> human_copies(const std::vector<data::Product>& products, bool curate) {
  std::vector<data::Product> with_copy;
  for (const auto& product : products) {
    if (!product.summary.empty()) with_copy.push_back(product);
  }
  if (!curate) {
    std::erase_if(with_copy, [](const data::Product& product) { return !passes_the_checks(product); });
    return with_copy;
  }
  std::vector<data::Product> humans;
  for (auto& row : curate_rows(std::move(with_copy), CurateConfig{}).kept) humans.push_back(std::move(row.product));
  return humans;
}

}  // namespace

AlignData read_align_data(const AlignCopyRun& run, const AlignCopyConfig& config) {
  AlignData data;
  auto read = read_training_rows(kVerb, run.products);
  data.rejected = read.report.rows_rejected;
  const auto normalizer = data::AttributeNormalizer::load();
  const auto statistics = data::AttributeStatistics::load(copywriting::find_model(run.model) / "statistics.tsv");
  for (auto& product : read.products) {
    normalize(normalizer, statistics, product);
    data.frequencies.add(product);
  }
  data.products = drawn(std::move(read.products), config.max_products, config.tune.train.seed);
  std::erase_if(data.products, [](const data::Product& product) { return product.attributes.empty(); });
  VITRINE_REQUIRE(!data.products.empty(), "[", kVerb, "] ", run.products, ": no product with attributes");
  data.humans = human_copies(data.products, config.curate);
  add_given(run, data);
  return data;
}

}  // namespace vitrine::recipes
