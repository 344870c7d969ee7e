// copywriting/style_classifier.h - which platform's style a text has, learned from labelled texts.
//
// Multinomial naive Bayes (McCallum and Nigam 1998) over character 1- to 3-grams, each emoji, and
// classes of length, lines, emoji and tags. It judges style and knows nothing of the rules.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vitrine::copywriting {

struct StyleExample {
  std::string text, style;
  std::string group;  // texts of one product; empty = the text itself is its group
};

/// What the classifier sees of a text, with repetitions. Throws InvalidInput for invalid UTF-8.
std::vector<std::string> style_features(std::string_view text);

/// Immutable once trained, thread-safe.
class StyleClassifier {
 public:
  /// smoothing: added to each count. Throws InvalidInput for fewer than two styles, an empty text or
  /// smoothing <= 0.
  static StyleClassifier train(std::span<const StyleExample> examples, double smoothing = 0.5);

  /// The likeliest style; of equally likely ones the first by name. Features that no example had say nothing.
  std::string predict(std::string_view text) const;
  /// Natural log of prior times likelihood, one for each of styles().
  std::vector<double> scores(std::string_view text) const;

  const std::vector<std::string>& styles() const { return styles_; }  // by name

 private:
  std::vector<std::string> styles_;
  std::vector<double> log_prior_;
  std::unordered_map<std::string, std::vector<double>> log_likelihood_;  // by feature, then style
};

}  // namespace vitrine::copywriting
