#include "copywriting/catalogue.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "base/error.h"
#include "text/lcs.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

double rouge_l(size_t common, size_t length_a, size_t length_b) {
  return common == 0 ? 0
                     : 2.0 * static_cast<double>(common) / static_cast<double>(length_a + length_b);
}

}  // namespace

CatalogueIndex::CatalogueIndex(const CatalogueConfig& config)
    : config_(config), index_(config.lsh) {
  check_config(config, "catalogue");
}

size_t CatalogueIndex::add(std::string product_id, std::string_view text) {
  std::u32string wide = text::metric_code_points(text);
  const auto [group, is_new] =
      group_of_.try_emplace(std::move(product_id), static_cast<uint32_t>(products_.size()));
  if (is_new) products_.push_back(group->first);
  for (const char32_t c : wide) numbers_.try_emplace(c, static_cast<uint32_t>(numbers_.size()));
  index_.add(text);
  symbols_.push_back(numbered(wide));
  texts_.push_back(std::move(wide));
  groups_.push_back(group->second);
  return texts_.size() - 1;
}

/// A character that no text has gets the number behind the last.
std::vector<uint32_t> CatalogueIndex::numbered(std::u32string_view text) const {
  std::vector<uint32_t> symbols;
  symbols.reserve(text.size());
  for (const char32_t c : text) {
    const auto number = numbers_.find(c);
    symbols.push_back(number == numbers_.end() ? static_cast<uint32_t>(numbers_.size())
                                               : number->second);
  }
  return symbols;
}

std::optional<CatalogueIndex::Match> CatalogueIndex::nearest(std::string_view text,
                                                             std::string_view product_id) const {
  const auto own = group_of_.find(std::string(product_id));
  const std::vector<uint32_t> symbols = numbered(text::metric_code_points(text));
  const text::LcsPattern pattern(symbols, static_cast<uint32_t>(numbers_.size() + 1));
  std::optional<Match> best;
  for (const uint32_t index : index_.candidates(text)) {
    if (own != group_of_.end() && groups_[index] == own->second) continue;
    const double rouge =
        rouge_l(pattern.length_with(symbols_[index]), symbols.size(), symbols_[index].size());
    if (!best || rouge > best->rouge_l) best = Match{index, rouge};
  }
  return best;
}

std::optional<CatalogueIndex::Match> CatalogueIndex::too_like(std::string_view text,
                                                              std::string_view product_id) const {
  const auto match = nearest(text, product_id);
  return match && match->rouge_l >= config_.limit ? match : std::nullopt;
}

std::vector<CatalogueIndex::Pair> CatalogueIndex::pairs() const {
  std::vector<Pair> pairs;
  for (size_t second = 0; second < texts_.size(); ++second) {
    const auto& symbols = symbols_[second];
    const text::LcsPattern pattern(symbols, static_cast<uint32_t>(numbers_.size()));
    for (const uint32_t first : index_.candidates(text::to_utf8(texts_[second]))) {
      if (first >= second) break;
      const size_t a = symbols_[first].size(), b = symbols.size();
      if (groups_[first] == groups_[second] || rouge_l(std::min(a, b), a, b) < config_.limit)
        continue;
      const double rouge = rouge_l(pattern.length_with(symbols_[first]), a, b);
      if (rouge >= config_.limit) pairs.push_back({first, second, rouge});
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
  for (size_t i = 0; i + n <= second.size(); ++i)
    wanted.insert(std::u32string_view(second).substr(i, n));
  std::vector<std::string> shared;
  for (size_t i = 0; i + n <= first.size(); ++i) {
    const std::u32string_view gram = std::u32string_view(first).substr(i, n);
    if (wanted.erase(gram) == 1) shared.push_back(text::to_utf8(gram));
  }
  return shared;
}

}  // namespace vitrine::copywriting
