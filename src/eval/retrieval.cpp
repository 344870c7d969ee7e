#include "eval/retrieval.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "base/error.h"

namespace vitrine::eval {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double length_of(std::span<const float> row) {
  const double length = std::sqrt(dot(row, row));
  VITRINE_REQUIRE(length > 0, "[cosine] a row of ", row.size(), " features is 0 or not a number");
  return length;
}

std::vector<double> lengths_of(const FeatureRows& rows) {
  std::vector<double> lengths;
  for (int64_t i = 0; i < rows.num_rows; ++i) lengths.push_back(length_of(rows.row(i)));
  return lengths;
}

void require_whole(const FeatureRows& rows) {
  VITRINE_REQUIRE(rows.values.size() == static_cast<size_t>(rows.num_rows * rows.width), "[cosines] expected ", rows.num_rows, " rows of ",
                  rows.width, " features, got ", rows.values.size(), " numbers");
}

/// Collects the places of right answers, the best place being 0.
class Places {
 public:
  void add(int64_t place) {
    ++count_;
    at_1_ += place < 1;
    at_5_ += place < 5;
    at_10_ += place < 10;
  }
  Recall recall() const {
    const auto share = [this](int64_t hits) { return count_ == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(count_); };
    return {share(at_1_), share(at_5_), share(at_10_)};
  }

 private:
  int64_t count_ = 0, at_1_ = 0, at_5_ = 0, at_10_ = 0;
};

/// How many wrong answers are not below `right`.
int64_t place_of(float right, int64_t num_answers, const std::function<std::optional<float>(int64_t)>& wrong) {
  int64_t before = 0;
  for (int64_t i = 0; i < num_answers; ++i) {
    const auto similarity = wrong(i);
    before += similarity && !(*similarity < right);
  }
  return before;
}

}  // namespace

double cosine(std::span<const float> a, std::span<const float> b) {
  VITRINE_REQUIRE(a.size() == b.size(), "[cosine] rows of ", a.size(), " and ", b.size(), " features");
  return dot(a, b) / (length_of(a) * length_of(b));
}

std::vector<float> cosines(const FeatureRows& a, const FeatureRows& b) {
  require_whole(a);
  require_whole(b);
  VITRINE_REQUIRE(a.width == b.width, "[cosines] rows of ", a.width, " and ", b.width, " features");
  const auto a_lengths = lengths_of(a), b_lengths = lengths_of(b);
  std::vector<float> all;
  all.reserve(static_cast<size_t>(a.num_rows * b.num_rows));
  for (int64_t i = 0; i < a.num_rows; ++i) {
    for (int64_t j = 0; j < b.num_rows; ++j) {
      const double length = a_lengths[static_cast<size_t>(i)] * b_lengths[static_cast<size_t>(j)];
      all.push_back(static_cast<float>(dot(a.row(i), b.row(j)) / length));
    }
  }
  return all;
}

double mean_cosine(const FeatureRows& a, const FeatureRows& b) {
  require_whole(a);
  require_whole(b);
  VITRINE_REQUIRE(a.num_rows == b.num_rows && a.num_rows > 0, "[mean_cosine] expected as many rows of both, got ", a.num_rows, " and ",
                  b.num_rows);
  double sum = 0;
  for (int64_t i = 0; i < a.num_rows; ++i) sum += cosine(a.row(i), b.row(i));
  return sum / static_cast<double>(a.num_rows);
}

double clip_score(double cosine) { return 100 * std::max(cosine, 0.0); }

RetrievalReport retrieval(std::span<const float> similarities, std::span<const int64_t> picture_of_text, int64_t num_pictures) {
  const auto num_texts = static_cast<int64_t>(picture_of_text.size());
  VITRINE_REQUIRE(num_texts > 0, "[retrieval] no texts");
  VITRINE_REQUIRE(similarities.size() == static_cast<size_t>(num_texts * num_pictures), "[retrieval] expected ", num_texts, " * ",
                  num_pictures, " similarities, got ", similarities.size());
  const auto similarity = [&](int64_t text, int64_t picture) { return similarities[static_cast<size_t>(text * num_pictures + picture)]; };
  const auto right_picture = [&](int64_t text) { return picture_of_text[static_cast<size_t>(text)]; };
  std::vector<std::optional<float>> best_text(static_cast<size_t>(num_pictures));
  Places of_texts, of_pictures;
  for (int64_t t = 0; t < num_texts; ++t) {
    const int64_t right = right_picture(t);
    VITRINE_REQUIRE(right >= 0 && right < num_pictures, "[retrieval] picture_of_text: expected 0 to ", num_pictures - 1, ", got ", right);
    const float own = similarity(t, right);
    auto& best = best_text[static_cast<size_t>(right)];
    if (!best || own > *best) best = own;
    of_texts.add(place_of(own, num_pictures, [&](int64_t p) { return p == right ? std::nullopt : std::optional(similarity(t, p)); }));
  }
  for (int64_t p = 0; p < num_pictures; ++p) {
    const auto& best = best_text[static_cast<size_t>(p)];
    if (!best) continue;
    of_pictures.add(place_of(*best, num_texts, [&](int64_t t) { return right_picture(t) == p ? std::nullopt : std::optional(similarity(t, p)); }));
  }
  return {num_texts, num_pictures, of_texts.recall(), of_pictures.recall()};
}

double relative_loss(const RetrievalReport& base, const RetrievalReport& tuned) {
  const auto mean = [](const RetrievalReport& report) { return (report.text_to_picture.mean() + report.picture_to_text.mean()) / 2; };
  return mean(base) > 0 ? 1 - mean(tuned) / mean(base) : 0;
}

}  // namespace vitrine::eval
