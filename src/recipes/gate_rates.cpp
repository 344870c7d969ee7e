#include "recipes/gate_rates.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "copywriting/copy_model.h"
#include "recipes/blocked.h"
#include "copywriting/copy_writer.h"

namespace vitrine::recipes {
namespace {

using copywriting::Candidate;

constexpr size_t kProductsPerBatch = 32;

std::vector<Candidate> first_of(const std::vector<Candidate>& candidates, int n) {
  std::vector<Candidate> first;
  for (const Candidate& candidate : candidates) {
    if (candidate.index < n) first.push_back(candidate);
  }
  std::sort(first.begin(), first.end(),
            [](const Candidate& a, const Candidate& b) { return a.index < b.index; });
  return first;
}

/// One text of a product, out of the checks, and its score.
struct Scores {
  double sum = 0;
  int64_t count = 0;
};

GateRate rate_of(int n, size_t products) {
  GateRate rate;
  rate.n = n;
  rate.products = static_cast<int64_t>(products);
  return rate;
}

/// Counts one product for one n.
void count(const copywriting::CopyWriter& writer, const data::Product& product, const copywriting::WrittenProduct& written,
           bool checked, GateRate& rate, Scores& scores) {
  auto candidates = first_of(written.candidates, rate.n);
  if (checked) rate.texts.emplace_back();
  if (candidates.empty()) {
    rate.empty_after += checked;
    return;
  }
  const Candidate best = writer.best_of(std::move(candidates), product, written.plan, checked);
  if (checked) rate.texts.back() = best.text;
  if (checked && best.ranker) {
    scores.sum += *best.ranker;
    ++scores.count;
  }
  const Blocked found = blocked(best);
  (checked ? rate.unsupported_after : rate.unsupported_before) += found.unsupported;
  (checked ? rate.banned_after : rate.banned_before) += found.banned;
}

}  // namespace

GateRates gate_rates(std::span<const data::Product> products, const EvaluateModelConfig& config,
                     const std::vector<int>& ns) {
  const auto model = copywriting::load_copy_model(
      copywriting::find_model(config.write.model),
      {.threads = config.threads,
       .dtype = config.dtype.empty() ? copywriting::kDefaultDtype : config.dtype});
  auto ranker = load_ranker(config);
  GateRates rates;
  rates.name = system_name(config);
  for (const int n : ns) rates.rates.push_back(rate_of(n, products.size()));
  std::vector<Scores> scores(ns.size());
  for (const bool checked : {false, true}) {
    copywriting::WriteConfig write = config.write;
    write.num_return_sequences = ns.back();
    write.check = checked;
    copywriting::CopyWriter writer(write, &model);
    writer.use_ranker(ranker ? &*ranker : nullptr);
    Progress progress(checked ? "evaluate with checks" : "evaluate without checks",
                      products.size(), "products");
    for (size_t begin = 0; begin < products.size(); begin += kProductsPerBatch) {
      throw_if_interrupted("nothing was written");
      const auto batch =
          products.subspan(begin, std::min(kProductsPerBatch, products.size() - begin));
      const auto written = writer.write(batch);
      for (size_t i = 0; i < batch.size(); ++i) {
        for (size_t r = 0; r < ns.size(); ++r) count(writer, batch[i], written[i], checked, rates.rates[r], scores[r]);
        if (!checked) continue;
        rates.candidates += static_cast<int64_t>(written[i].candidates.size()) + written[i].dropped;
        rates.dropped += written[i].dropped;
        rates.saved += written[i].saved;
      }
      progress.advance(batch.size());
    }
  }
  const auto all = static_cast<double>(std::max<size_t>(products.size(), 1));
  for (size_t r = 0; r < ns.size(); ++r) {
    GateRate& rate = rates.rates[r];
    rate.ranker = scores[r].count == 0 ? std::nan("") : scores[r].sum / static_cast<double>(scores[r].count);
    for (double* share : {&rate.unsupported_before, &rate.unsupported_after, &rate.banned_before,
                          &rate.banned_after, &rate.empty_after}) {
      *share /= all;
    }
  }
  return rates;
}

Json to_json(const GateRates& rates) {
  Json json{{"name", rates.name},
            {"candidates", rates.candidates},
            {"dropped", rates.dropped},
            {"saved", rates.saved},
            {"best_of", Json::array()}};
  for (const GateRate& rate : rates.rates) {
    json["best_of"].push_back({{"n", rate.n},
                               {"products", rate.products},
                               {"unsupported_before", rate.unsupported_before},
                               {"unsupported_after", rate.unsupported_after},
                               {"banned_before", rate.banned_before},
                               {"banned_after", rate.banned_after},
                               {"empty_after", rate.empty_after},
                               {"ranker", std::isnan(rate.ranker) ? Json(nullptr) : Json(rate.ranker)}});
  }
  return json;
}

std::string to_table(const GateRates& rates) {
  std::string table = "检查前后（每个商品取 n 条中最好的一条）\n   n  无依据 前    后      禁用语 前    后      无可用\n";
  for (const GateRate& rate : rates.rates) {
    char line[160];
    std::snprintf(line, sizeof line, "%4d  %7.1f%% %6.1f%%   %7.1f%% %6.1f%%   %6.1f%%\n", rate.n,
                  100 * rate.unsupported_before, 100 * rate.unsupported_after,
                  100 * rate.banned_before, 100 * rate.banned_after, 100 * rate.empty_after);
    table += line;
  }
  return table + concat("候选 ", rates.candidates, "，去掉 ", rates.dropped, "，生成时避开禁用词而保住 ",
                        rates.saved, "\n");
}

}  // namespace vitrine::recipes
