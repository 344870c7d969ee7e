#include "generation/sampler.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "kernels/rows.h"

namespace vitrine::generation {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();

/// Orders ids by falling probability, equal ones by rising id.
struct MoreProbable {
  const std::vector<float>& probs;
  bool operator()(int32_t a, int32_t b) const {
    const float pa = probs[static_cast<size_t>(a)], pb = probs[static_cast<size_t>(b)];
    return pa != pb ? pa > pb : a < b;
  }
};

double mass(const std::vector<float>& probs, std::span<const int32_t> ids) {
  double sum = 0;
  for (const int32_t id : ids) sum += static_cast<double>(probs[static_cast<size_t>(id)]);
  return sum;
}

/// The ids with a probability above 0.
void keep_possible(const std::vector<float>& probs, std::vector<int32_t>& kept) {
  kept.clear();
  for (size_t id = 0; id < probs.size(); ++id) {
    if (probs[id] > 0) kept.push_back(static_cast<int32_t>(id));
  }
}

/// Probabilities whose first 13 bits (exponent and 4 bits more) agree; the bucket of 1 is the highest.
size_t bucket_of(float prob) { return std::bit_cast<uint32_t>(prob) >> 19; }
constexpr size_t kBuckets = (0x3f800000u >> 19) + 1;

/// Leaves in scratch.kept the nucleus: the smallest set of most probable ids that holds top_p of the mass 1.
/// One pass weighs the buckets; only the bucket that holds the border is sorted.
void keep_nucleus(double top_p, SamplerScratch& scratch) {
  const std::vector<float>& probs = scratch.probs;
  scratch.bucket_mass.assign(kBuckets, 0);
  for (const float p : probs) scratch.bucket_mass[std::min(bucket_of(p), kBuckets - 1)] += static_cast<double>(p);
  size_t bucket = kBuckets - 1;
  double reached = 0;
  while (bucket > 0 && reached + scratch.bucket_mass[bucket] < top_p) reached += scratch.bucket_mass[bucket--];
  scratch.kept.clear();
  scratch.border.clear();
  for (size_t id = 0; id < probs.size(); ++id) {
    if (bucket_of(probs[id]) >= bucket && probs[id] > 0) scratch.kept.push_back(static_cast<int32_t>(id));
    if (bucket_of(probs[id]) == bucket && probs[id] > 0) scratch.border.push_back(static_cast<int32_t>(id));
  }
  const MoreProbable before{probs};
  std::sort(scratch.border.begin(), scratch.border.end(), before);
  for (const int32_t id : scratch.border) {
    reached += static_cast<double>(probs[static_cast<size_t>(id)]);
    if (reached < top_p) continue;
    std::erase_if(scratch.kept, [&](int32_t other) { return before(id, other); });
    return;
  }
}

int32_t draw(const SamplerScratch& scratch, double uniform) {
  double left = uniform * mass(scratch.probs, scratch.kept);
  for (const int32_t id : scratch.kept) {
    left -= static_cast<double>(scratch.probs[static_cast<size_t>(id)]);
    if (left < 0) return id;
  }
  return scratch.kept.back();
}

}  // namespace

void validate(const SamplingConfig& config) { check_config(config, "sampling"); }

void apply_repetition_penalty(std::span<float> logits, std::span<const int32_t> tokens, double penalty) {
  if (penalty == 1) return;
  std::vector<int32_t> once(tokens.begin(), tokens.end());
  std::sort(once.begin(), once.end());
  once.erase(std::unique(once.begin(), once.end()), once.end());
  const auto p = static_cast<float>(penalty);
  for (const int32_t token : once) {
    float& logit = logits[static_cast<size_t>(token)];
    logit = logit > 0 ? logit / p : logit * p;
  }
}

void forbid_repeated_ngrams(std::span<float> logits, std::span<const int32_t> tokens, int ngram_size) {
  const auto n = static_cast<size_t>(ngram_size);
  if (n == 0 || tokens.size() + 1 < n) return;
  const auto tail = tokens.last(n - 1);
  for (size_t begin = 0; begin + n <= tokens.size(); ++begin) {
    if (std::equal(tail.begin(), tail.end(), tokens.begin() + static_cast<std::ptrdiff_t>(begin))) {
      logits[static_cast<size_t>(tokens[begin + n - 1])] = kMasked;
    }
  }
}

std::optional<int32_t> sample(const kernels::KernelTable& table, std::span<const float> logits, const SamplingConfig& config,
                              double uniform, SamplerScratch& scratch) {
  if (config.temperature == 0) {
    const int32_t best = kernels::argmax(table, logits);
    return best < 0 ? std::nullopt : std::optional(best);
  }
  scratch.probs.assign(logits.begin(), logits.end());
  if (config.top_k > 0 && static_cast<size_t>(config.top_k) < logits.size()) {
    const float least = kernels::kth_largest(logits, static_cast<size_t>(config.top_k), scratch.heap);
    for (float& logit : scratch.probs) logit = logit < least ? kMasked : logit;
  }
  if (!kernels::softmax(table, scratch.probs, config.temperature, scratch.probs)) return std::nullopt;
  if (config.top_p < 1) {
    keep_nucleus(config.top_p, scratch);
  } else {
    keep_possible(scratch.probs, scratch.kept);
  }
  VITRINE_REQUIRE(!scratch.kept.empty(), "[sample] logits: NaN or infinity");
  return draw(scratch, uniform);
}

}  // namespace vitrine::generation
