// recipes/curate_images.h - the funnel that turns records of pictures into a training set: filters
// in order, each counted.
//
// schema, readable, size, detail, dedupe, leakage, reviews, favorites, sales, normalize, tf_idf,
// clip. What is kept is a pure function of the records, the pictures and the config.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/picture_record.h"
#include "data/statistics.h"
#include "imagery/pair_scorer.h"
#include "imagery/picture_detail.h"
#include "recipes/curate_images_config.h"
#include "recipes/funnel_report.h"

namespace vitrine::recipes {

/// What the pixels of a record's main picture say.
struct PictureMeasures {
  int64_t width = 0, height = 0;  // pixels
  uint64_t hash = 0;              // perceptual
  imagery::PictureTraits traits;
  imagery::PictureDetail detail;
};

struct PictureRow {
  data::PictureRecord record;
  std::string sha256;                        // of the main picture's bytes; empty = they could not be read
  std::string format;                        // jpeg, png, webp, gif; empty = unreadable
  std::optional<PictureMeasures> measures;   // nothing = unreadable
  std::string problem;                       // why it is unreadable: IMG_UNREADABLE, TOO_LARGE, …
  std::vector<std::string> words, words_en;  // of the caption
  std::vector<std::string> unknown_words;    // of the product, which captions do not have
  std::optional<double> clip_score;          // cosine
};

struct RejectedPicture {
  PictureRow row;
  std::string filter, reason;
};

struct CuratedPictures {
  std::vector<PictureRow> kept;           // in input order
  std::vector<RejectedPicture> rejected;  // by filter, then input order
  std::vector<FilterReport> filters;      // in order
};

struct CurateImagesTools {
  std::vector<data::PictureRecord> held_out;     // what training must not see
  data::AttributeStatistics statistics;          // for tf_idf
  imagery::PairScorer* clip = nullptr;           // nothing: the clip filter is off
  int threads = 1;
};

/// Reads every picture once (twice with a scorer). Throws InvalidInput for a bad config, Cancelled on
/// Ctrl-C; a picture that cannot be read is a row with a problem.
CuratedPictures curate_pictures(std::vector<data::PictureRecord> records, const CurateImagesConfig& config, const CurateImagesTools& tools);

/// One row of docs/formats/picture_sets.md a line.
std::string kept_jsonl(const CuratedPictures& set);
/// The same with "filter" and "reason".
std::string rejects_jsonl(const CuratedPictures& set);
Json row_json(const PictureRow& row);

struct CaptionTokens {
  std::string model;         // whose tokenizer counted
  int64_t max_tokens = 0;
  std::vector<double> tokens;                              // one a kept row
  std::vector<std::pair<std::string, std::string>> cut;    // id, the words cut
};

/// The page, in Chinese, with small pictures beside the thresholds. Reads those pictures again.
std::string funnel_html(const CuratedPictures& set, const std::optional<CaptionTokens>& tokens);

}  // namespace vitrine::recipes
