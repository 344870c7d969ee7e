#include "generation/sampler.h"

#include <algorithm>
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

/// The ids with a probability of at least `least` and above 0.
void keep_at_least(const std::vector<float>& probs, double least, std::vector<int32_t>& kept) {
  kept.clear();
  const float bound = std::max(static_cast<float>(least), std::numeric_limits<float>::denorm_min());
  for (size_t id = 0; id < probs.size(); ++id) {
    if (probs[id] >= bound) kept.push_back(static_cast<int32_t>(id));
  }
}

/// The last id, by falling probability, that is needed to reach `target`: a quickselect that weighs the halves.
int32_t border_of_mass(std::vector<int32_t>& ranked, const std::vector<float>& probs, double target) {
  const MoreProbable before{probs};
  auto first = ranked.begin(), last = ranked.end();
  double reached = 0;
  while (last - first > 1) {
    const auto middle = first + (last - first) / 2;
    std::nth_element(first, middle, last, before);
    const double upper = mass(probs, {&*first, static_cast<size_t>(middle - first)});
    if (reached + upper >= target) {
      last = middle;
    } else {
      reached += upper;
      first = middle;
    }
  }
  return *first;
}

/// Leaves in scratch.kept the nucleus: the smallest set of most probable ids that holds top_p of the mass 1.
void keep_nucleus(double top_p, SamplerScratch& scratch) {
  // Ids below (1 - top_p) / V hold less than 1 - top_p together, so the nucleus lies in the others.
  keep_at_least(scratch.probs, (1 - top_p) / static_cast<double>(scratch.probs.size()) * (1 - 1e-6), scratch.kept);
  VITRINE_REQUIRE(!scratch.kept.empty(), "[sample] logits: NaN or infinity");
  scratch.ranked = scratch.kept;
  const int32_t border = border_of_mass(scratch.ranked, scratch.probs, top_p);
  const MoreProbable before{scratch.probs};
  std::erase_if(scratch.kept, [&](int32_t id) { return before(border, id); });
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
    keep_at_least(scratch.probs, 0, scratch.kept);
  }
  VITRINE_REQUIRE(!scratch.kept.empty(), "[sample] logits: NaN or infinity");
  return draw(scratch, uniform);
}

}  // namespace vitrine::generation
