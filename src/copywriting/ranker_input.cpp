#include "copywriting/ranker_input.h"

#include <algorithm>
#include <optional>
#include <string>

#include "checks/lexicon.h"
#include "checks/output_faults.h"
#include "copywriting/alignment.h"
#include "copywriting/open_plan.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

/// As places are counted: folded, without white space.
std::u32string folded(std::string_view text) { return checks::fold(text::metric_code_points(text)); }

/// Where the text first says one of the product's values that are `value` when canonical.
std::optional<size_t> place_of(const data::Product& product, std::string_view value, std::u32string_view text) {
  size_t first = text.npos;
  for (const auto& attribute : product.attributes) {
    if (attribute.val != value) continue;
    for (const auto& word : {attribute.val, attribute.val_raw}) {
      if (!word.empty()) first = std::min(first, text.find(folded(word)));
    }
  }
  return first == text.npos ? std::nullopt : std::optional(first);
}

}  // namespace

std::vector<int32_t> ranker_input(const PromptFormat& format, const data::AttributeStatistics& statistics, const data::Product& product, std::string_view text) {
  PromptPlan plan = open_plan_of(format, product);
  const auto rarity = [&](const PromptPoint& point) { return std::pair(statistics.df_any(point.key, point.value), std::string_view(point.value)); };
  if (statistics.n_any() > 0) std::ranges::sort(plan.groups.front(), {}, rarity);
  const Prompt prompt = format.encode(plan);
  const std::u32string signs = folded(text);
  std::vector<int32_t> ids = prompt.header;
  const auto append = [&](const std::vector<int32_t>& more) { ids.insert(ids.end(), more.begin(), more.end()); };
  for (const auto& sentence : split_sentences(text)) {
    append(format.empty_group());
    append(format.encode_sentence(sentence, prompt.slots));
  }
  const auto& points = prompt.groups.front();  // <|group|> (key value)* <|text|>
  ids.push_back(points.front());
  for (size_t i = 0; i < plan.groups.front().size(); ++i) {
    append({points[1 + 2 * i], points[2 + 2 * i]});
    const auto place = place_of(product, plan.groups.front()[i].value, signs);
    ids.push_back(place ? format.length_id(static_cast<int>(*place)) : format.end_id());
  }
  const int repeated = checks::count_repeated_ngrams(signs, 4);
  append({format.other_key_id(), format.length_id(repeated * kLengthStep), points.back()});
  return ids;
}

data::AttributeStatistics ranker_statistics(const std::filesystem::path& directory) {
  const auto file = directory / "statistics.tsv";
  return std::filesystem::exists(file) ? data::AttributeStatistics::load(file) : data::AttributeStatistics();
}

}  // namespace vitrine::copywriting
