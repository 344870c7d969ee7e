#include "generation/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "base/error.h"
#include "kernels/rows.h"

namespace vitrine::generation {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();
constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr float kSmallest = std::numeric_limits<float>::denorm_min();

/// Orders ids by falling probability, equal ones by rising id.
struct MoreProbable {
  const std::vector<float>& probs;
  bool operator()(int32_t a, int32_t b) const {
    const float pa = probs[static_cast<size_t>(a)], pb = probs[static_cast<size_t>(b)];
    return pa != pb ? pa > pb : a < b;
  }
};

std::span<const int32_t> kept_ids(const SamplerScratch& scratch) {
  return std::span(scratch.kept).first(scratch.num_kept);
}

double mass(const SamplerScratch& scratch) {
  double sum = 0;
  for (const int32_t id : kept_ids(scratch))
    sum += static_cast<double>(scratch.probs[static_cast<size_t>(id)]);
  return sum;
}

/// Collects into scratch.kept the k largest logits and few others, ascending by id; needs
/// scratch.maxima. The k-th largest of the block maxima is a bound that at least k logits reach and
/// few others do. Returns the bound.
float collect_largest(const kernels::KernelTable& table, std::span<const float> logits, size_t k,
                      SamplerScratch& scratch) {
  float least = kMasked;
  if (k <= scratch.maxima.size()) {
    std::nth_element(scratch.maxima.begin(),
                     scratch.maxima.begin() + static_cast<std::ptrdiff_t>(k - 1),
                     scratch.maxima.end(), std::greater<>());
    least = scratch.maxima[k - 1];
  }
  scratch.num_kept = table.collect_at_least(logits.data(), logits.size(), std::max(least, kLowest),
                                            scratch.kept.data());
  return least;
}

/// Fills scratch.maxima and makes room in scratch.kept.
void find_maxima(const kernels::KernelTable& table, std::span<const float> logits,
                 SamplerScratch& scratch) {
  scratch.kept.resize(logits.size());
  scratch.maxima.resize((logits.size() + kernels::kMaxBlock - 1) / kernels::kMaxBlock);
  table.block_max(logits.data(), logits.size(), scratch.maxima.data());
}

/// Keeps the k largest logits (equal ones at the border all) with exp((logit - max) / temperature).
void keep_top_k(const kernels::KernelTable& table, std::span<const float> logits,
                const SamplingConfig& config, float max, SamplerScratch& scratch) {
  const auto k = static_cast<size_t>(config.top_k);
  float least = collect_largest(table, logits, k, scratch);
  const auto begin = scratch.kept.begin();
  if (scratch.num_kept > k) {
    scratch.border.assign(begin, begin + static_cast<std::ptrdiff_t>(scratch.num_kept));
    const auto larger = [&](int32_t a, int32_t b) {
      return logits[static_cast<size_t>(a)] > logits[static_cast<size_t>(b)];
    };
    std::nth_element(scratch.border.begin(),
                     scratch.border.begin() + static_cast<std::ptrdiff_t>(k - 1),
                     scratch.border.end(), larger);
    least = logits[static_cast<size_t>(scratch.border[k - 1])];
    const auto end =
        std::remove_if(begin, begin + static_cast<std::ptrdiff_t>(scratch.num_kept),
                       [&](int32_t id) { return logits[static_cast<size_t>(id)] < least; });
    scratch.num_kept = static_cast<size_t>(end - begin);
  }
  const double scale = 1 / config.temperature;
  for (const int32_t id : kept_ids(scratch)) {
    const auto i = static_cast<size_t>(id);
    scratch.probs[i] = static_cast<float>(std::exp(static_cast<double>(logits[i] - max) * scale));
  }
  scratch.sum = mass(scratch);
  VITRINE_REQUIRE(std::isfinite(scratch.sum), "[sample] logits: NaN or infinity");
}

/// Keeps all that can be in a nucleus of top_p: what is left out holds less than 1 - top_p of the
/// mass together.
void keep_likely(const kernels::KernelTable& table, std::span<const float> logits,
                 const SamplingConfig& config, float max, SamplerScratch& scratch) {
  scratch.sum = kernels::exp_sum(table, logits, max, config.temperature, scratch.probs);
  VITRINE_REQUIRE(std::isfinite(scratch.sum), "[sample] logits: NaN or infinity");
  const double least = config.top_p < 1 ? 0.999 * (1 - config.top_p) * scratch.sum /
                                              static_cast<double>(logits.size())
                                        : 0;
  scratch.num_kept =
      table.collect_at_least(scratch.probs.data(), logits.size(),
                             std::max(static_cast<float>(least), kSmallest), scratch.kept.data());
}

/// Probabilities whose first 13 bits (exponent and 4 bits more) agree; the bucket of 1 is the
/// highest.
size_t bucket_of(float prob) { return std::bit_cast<uint32_t>(prob) >> 19; }
constexpr size_t kBuckets = (0x3f800000u >> 19) + 1;

/// Leaves in scratch.kept the nucleus: the smallest set of most probable ids that holds
/// `mass_wanted`. One pass weighs the buckets; only the bucket that holds the border is sorted.
void keep_nucleus(double mass_wanted, SamplerScratch& scratch) {
  const std::vector<float>& probs = scratch.probs;
  const auto bucket_of_id = [&](int32_t id) {
    return std::min(bucket_of(probs[static_cast<size_t>(id)]), kBuckets - 1);
  };
  scratch.bucket_mass.assign(kBuckets, 0);
  for (const int32_t id : kept_ids(scratch))
    scratch.bucket_mass[bucket_of_id(id)] += static_cast<double>(probs[static_cast<size_t>(id)]);
  size_t bucket = kBuckets - 1;
  double reached = 0;
  while (bucket > 0 && reached + scratch.bucket_mass[bucket] < mass_wanted)
    reached += scratch.bucket_mass[bucket--];
  scratch.border.clear();
  for (const int32_t id : kept_ids(scratch)) {
    if (bucket_of_id(id) == bucket) scratch.border.push_back(id);
  }
  const MoreProbable before{probs};
  std::sort(scratch.border.begin(), scratch.border.end(), before);
  int32_t last = scratch.border.back();
  for (const int32_t id : scratch.border) {
    reached += static_cast<double>(probs[static_cast<size_t>(id)]);
    if (reached < mass_wanted) continue;
    last = id;
    break;
  }
  const auto begin = scratch.kept.begin();
  const auto end = std::remove_if(begin, begin + static_cast<std::ptrdiff_t>(scratch.num_kept),
                                  [&](int32_t id) { return before(last, id); });
  scratch.num_kept = static_cast<size_t>(end - begin);
}

/// The most probable token has probability 1 here.
void keep_at_least(double min_p, SamplerScratch& scratch) {
  const auto begin = scratch.kept.begin();
  const auto end =
      std::remove_if(begin, begin + static_cast<std::ptrdiff_t>(scratch.num_kept), [&](int32_t id) {
        return static_cast<double>(scratch.probs[static_cast<size_t>(id)]) < min_p;
      });
  scratch.num_kept = static_cast<size_t>(end - begin);
}

int32_t draw(const SamplerScratch& scratch, double uniform) {
  double left = uniform * mass(scratch);
  for (const int32_t id : kept_ids(scratch)) {
    left -= static_cast<double>(scratch.probs[static_cast<size_t>(id)]);
    if (left < 0) return id;
  }
  return kept_ids(scratch).back();
}

}  // namespace

void validate(const SamplingConfig& config) {
  check_config(config, "sampling");
  VITRINE_REQUIRE(config.min_new_tokens <= config.max_new_tokens, "sampling: min_new_tokens ",
                  config.min_new_tokens, " is more than max_new_tokens ", config.max_new_tokens);
}

void apply_repetition_penalty(std::span<float> logits, std::span<const int32_t> tokens,
                              double penalty, SamplerScratch& scratch) {
  if (penalty == 1) return;
  std::vector<int32_t>& once = scratch.once;
  once.assign(tokens.begin(), tokens.end());
  std::sort(once.begin(), once.end());
  once.erase(std::unique(once.begin(), once.end()), once.end());
  const auto p = static_cast<float>(penalty);
  for (const int32_t token : once) {
    float& logit = logits[static_cast<size_t>(token)];
    logit = logit > 0 ? logit / p : logit * p;
  }
}

void forbid_repeated_ngrams(std::span<float> logits, std::span<const int32_t> tokens,
                            int ngram_size) {
  const auto n = static_cast<size_t>(ngram_size);
  if (n == 0 || tokens.size() + 1 < n) return;
  const auto tail = tokens.last(n - 1);
  for (size_t begin = 0; begin + n <= tokens.size(); ++begin) {
    if (std::equal(tail.begin(), tail.end(), tokens.begin() + static_cast<std::ptrdiff_t>(begin))) {
      logits[static_cast<size_t>(tokens[begin + n - 1])] = kMasked;
    }
  }
}

std::optional<int32_t> sample(const kernels::KernelTable& table, std::span<const float> logits,
                              const SamplingConfig& config, double uniform,
                              SamplerScratch& scratch) {
  if (config.temperature == 0) {
    const int32_t best = kernels::argmax(table, logits);
    return best < 0 ? std::nullopt : std::optional(best);
  }
  scratch.probs.resize(logits.size());
  find_maxima(table, logits, scratch);
  const float max = *std::max_element(scratch.maxima.begin(), scratch.maxima.end());
  if (max == kMasked) return std::nullopt;
  const bool top_k = config.top_k > 0 && static_cast<size_t>(config.top_k) < logits.size();
  (top_k ? keep_top_k : keep_likely)(table, logits, config, max, scratch);
  VITRINE_REQUIRE(scratch.num_kept > 0, "[sample] logits: NaN or infinity");
  if (config.top_p < 1) keep_nucleus(config.top_p * scratch.sum, scratch);
  if (config.min_p > 0) keep_at_least(config.min_p, scratch);
  return draw(scratch, uniform);
}

std::span<const int32_t> largest(const kernels::KernelTable& table, std::span<const float> logits,
                                 size_t count, SamplerScratch& scratch) {
  if (count == 0) return {};
  find_maxima(table, logits, scratch);
  collect_largest(table, logits, count, scratch);
  const size_t num = std::min(count, scratch.num_kept);
  const auto begin = scratch.kept.begin();
  std::partial_sort(
      begin, begin + static_cast<std::ptrdiff_t>(num),
      begin + static_cast<std::ptrdiff_t>(scratch.num_kept), [&](int32_t a, int32_t b) {
        const float la = logits[static_cast<size_t>(a)], lb = logits[static_cast<size_t>(b)];
        return la != lb ? la > lb : a < b;
      });
  return std::span(scratch.kept).first(num);
}

}  // namespace vitrine::generation
