#include "copywriting/catalogue.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "base/error.h"
#include "text/lcs.h"
#include "text/utf8.h"

namespace vitrine::copywriting {

CatalogueIndex::CatalogueIndex(const CatalogueConfig& config) : config_(config), index_(config.lsh) { check_config(config, "catalogue"); }

size_t CatalogueIndex::add(std::string product_id, std::string_view text) {
  std::u32string wide = text::metric_code_points(text);
  const auto [group, is_new] = group_of_.try_emplace(std::move(product_id), static_cast<uint32_t>(products_.size()));
  if (is_new) products_.push_back(group->first);
  index_.add(text);
  texts_.push_back(std::move(wide));
  groups_.push_back(group->second);
  return texts_.size() - 1;
}

std::optional<CatalogueIndex::Match> CatalogueIndex::nearest(std::string_view text, std::string_view product_id) const {
  return best_of(index_.candidates(text), text::metric_code_points(text), product_id);
}

std::optional<CatalogueIndex::Match> CatalogueIndex::best_of(std::span<const uint32_t> candidates, std::u32string_view text,
                                                             std::string_view product_id) const {
  const auto own = group_of_.find(std::string(product_id));
  std::optional<Match> best;
  for (const uint32_t index : candidates) {
    if (own != group_of_.end() && groups_[index] == own->second) continue;
    const double rouge_l = text::char_rouge_l(text, texts_[index]);
    if (!best || rouge_l > best->rouge_l) best = Match{index, rouge_l};
  }
  return best;
}

std::optional<CatalogueIndex::Match> CatalogueIndex::too_like(std::string_view text, std::string_view product_id) const {
  const auto match = nearest(text, product_id);
  return match && match->rouge_l >= config_.limit ? match : std::nullopt;
}

std::vector<CatalogueIndex::Pair> CatalogueIndex::pairs() const {
  std::vector<Pair> pairs;
  for (size_t second = 0; second < texts_.size(); ++second) {
    for (const uint32_t first : index_.candidates(text::to_utf8(texts_[second]))) {
      if (first >= second) break;
      const size_t a = texts_[first].size(), b = texts_[second].size();
      const double most = a + b == 0 ? 0 : 2.0 * static_cast<double>(std::min(a, b)) / static_cast<double>(a + b);
      if (groups_[first] == groups_[second] || most < config_.limit) continue;
      const double rouge_l = text::char_rouge_l(texts_[second], texts_[first]);
      if (rouge_l >= config_.limit) pairs.push_back({first, second, rouge_l});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
    return std::tuple(-a.rouge_l, a.first, a.second) < std::tuple(-b.rouge_l, b.first, b.second);
  });
  return pairs;
}

std::vector<std::string> shared_ngrams(std::string_view a, std::string_view b, size_t n) {
  VITRINE_REQUIRE(n >= 1, "[shared_ngrams] n: expected >= 1, got 0");
  const std::u32string first = text::metric_code_points(a), second = text::metric_code_points(b);
  std::unordered_set<std::u32string_view> wanted;
  for (size_t i = 0; i + n <= second.size(); ++i) wanted.insert(std::u32string_view(second).substr(i, n));
  std::vector<std::string> shared;
  for (size_t i = 0; i + n <= first.size(); ++i) {
    const std::u32string_view gram = std::u32string_view(first).substr(i, n);
    if (wanted.erase(gram) == 1) shared.push_back(text::to_utf8(gram));
  }
  return shared;
}

}  // namespace vitrine::copywriting
