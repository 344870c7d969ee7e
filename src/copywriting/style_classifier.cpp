#include "copywriting/style_classifier.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "checks/lengths.h"
#include "text/graphemes.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr size_t kLongestNgram = 3;
constexpr size_t kLengthStep = 25;  // code points a class
constexpr size_t kMostCounted = 6;  // of emoji, tags and lines

std::string counted(std::string_view name, size_t count, size_t most) { return concat(name, ":", std::min(count, most)); }

size_t add_emoji(std::u32string_view text, std::vector<std::string>& features) {
  size_t begin = 0, count = 0;
  for (const size_t end : text::grapheme_ends(text)) {
    const auto cluster = text.substr(begin, end - begin);
    if (text::is_emoji(cluster)) {
      features.push_back("emoji:" + text::to_utf8(cluster));
      ++count;
    }
    begin = end;
  }
  return count;
}

}  // namespace

std::vector<std::string> style_features(std::string_view utf8) {
  const std::u32string text = text::to_utf32(utf8);
  std::vector<std::string> features;
  for (size_t n = 1; n <= kLongestNgram; ++n) {
    for (size_t at = 0; at + n <= text.size(); ++at) features.push_back(text::to_utf8(std::u32string_view(text).substr(at, n)));
  }
  const size_t emoji = add_emoji(text, features);
  // Names longer than an n-gram, so that no text can spell them.
  features.push_back(counted("emoji count", emoji, kMostCounted));
  features.push_back(counted("tag count", checks::tag_places(text).size(), kMostCounted));
  features.push_back(counted("line count", static_cast<size_t>(std::count(text.begin(), text.end(), U'\n')), kMostCounted));
  features.push_back(counted("length class", text.size() / kLengthStep, text.size()));
  return features;
}

StyleClassifier StyleClassifier::train(std::span<const StyleExample> examples, double smoothing) {
  VITRINE_REQUIRE(smoothing > 0, "[StyleClassifier] smoothing: expected above 0, got ", smoothing);
  std::set<std::string> names;
  for (const auto& example : examples) {
    VITRINE_REQUIRE(!example.text.empty(), "[StyleClassifier] text: expected words, got an empty text of style ", example.style);
    names.insert(example.style);
  }
  VITRINE_REQUIRE(names.size() >= 2, "[StyleClassifier] style: expected texts of at least two styles, got ",
                  names.empty() ? "none" : *names.begin());
  StyleClassifier classifier;
  classifier.styles_.assign(names.begin(), names.end());
  const size_t S = names.size();
  std::vector<double> rows(S, 0), totals(S, 0);
  auto& counts = classifier.log_likelihood_;
  for (const auto& example : examples) {
    const auto s = static_cast<size_t>(std::distance(names.begin(), names.find(example.style)));
    ++rows[s];
    for (const auto& feature : style_features(example.text)) {
      auto& of_feature = counts.try_emplace(feature, S, 0.0).first->second;
      ++of_feature[s];
      ++totals[s];
    }
  }
  for (const double row : rows) classifier.log_prior_.push_back(std::log(row / static_cast<double>(examples.size())));
  for (auto& [feature, of_feature] : counts) {
    for (size_t s = 0; s < S; ++s) {
      of_feature[s] = std::log((of_feature[s] + smoothing) / (totals[s] + smoothing * static_cast<double>(counts.size())));
    }
  }
  return classifier;
}

std::vector<double> StyleClassifier::scores(std::string_view text) const {
  std::vector<double> scores = log_prior_;
  for (const auto& feature : style_features(text)) {
    const auto found = log_likelihood_.find(feature);
    if (found == log_likelihood_.end()) continue;
    for (size_t s = 0; s < scores.size(); ++s) scores[s] += found->second[s];
  }
  return scores;
}

std::string StyleClassifier::predict(std::string_view text) const {
  const auto all = scores(text);
  return styles_[static_cast<size_t>(std::distance(all.begin(), std::max_element(all.begin(), all.end())))];
}

}  // namespace vitrine::copywriting
