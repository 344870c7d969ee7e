// eval/retrieval.h - how well titles find their pictures and pictures their titles in a pool.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace vitrine::eval {

/// Rows of features of one length, not all 0.
struct FeatureRows {
  int64_t num_rows = 0;
  int64_t width = 0;                // E
  std::span<const float> values;    // [num_rows, E]

  std::span<const float> row(int64_t idx) const {
    return values.subspan(static_cast<size_t>(idx * width), static_cast<size_t>(width));
  }
};

/// Throws InvalidInput for lengths that differ and for a row of 0.
double cosine(std::span<const float> a, std::span<const float> b);

/// [A, B] float32: the cosines of all pairs. Throws InvalidInput as cosine does.
std::vector<float> cosines(const FeatureRows& a, const FeatureRows& b);

/// Mean over rows of the cosine of a row to the row of the same place: how near tuned features are to those before.
/// Throws InvalidInput for rows that do not fit together, and for none.
double mean_cosine(const FeatureRows& a, const FeatureRows& b);

/// CLIPScore: 100 * max(cosine, 0) of picture and text, no other factor. Never compared across models.
double clip_score(double cosine);

/// Shares of the queries whose right answer is among the first 1, 5 and 10.
struct Recall {
  double at_1 = 0, at_5 = 0, at_10 = 0;
  double mean() const { return (at_1 + at_5 + at_10) / 3; }
};

struct RetrievalReport {
  int64_t num_texts = 0, num_pictures = 0;  // the pools
  Recall text_to_picture, picture_to_text;
};

/// Of similarities[t * num_pictures + p]; a higher one comes first, and wrong answers that tie with the right one (or
/// are not numbers) come before it.
///   picture_of_text  [num_texts] the right picture of each text; a picture with several texts counts its best one, and
///                    pictures without a text are only in the pool
/// Throws InvalidInput for sizes that do not fit, pictures out of range, and for no texts.
RetrievalReport retrieval(std::span<const float> similarities, std::span<const int64_t> picture_of_text, int64_t num_pictures);

/// Share of recall that was lost against a base, of the mean of both directions' means; below 0 = gained. A base of 0 loses nothing.
double relative_loss(const RetrievalReport& base, const RetrievalReport& tuned);

}  // namespace vitrine::eval
