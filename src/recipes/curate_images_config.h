// recipes/curate_images_config.h - the settings of `curate images`: one switch a filter, thresholds.
#pragma once
#include "base/config.h"

namespace vitrine::recipes {

struct CurateImagesConfig {
  // One switch a filter, in the order in which they run.
  bool schema = true, readable = true, size = true, detail = true, dedupe = true, leakage = true, reviews = true, favorites = true, sales = true,
       normalize = true, tf_idf = true, clip = true;

  int64_t min_side = 128;          // pixels
  double min_spread = 2;           // of PictureDetail
  double min_detail = 0.25;        // of PictureDetail
  int max_hash_distance = 6;       // bits of 64
  int64_t min_reviews = 1, min_favorites = 1, min_sales = 1;
  bool keep_missing = true;        // rows without a signal pass that signal's filter
  double min_tfidf = 0.01;
  double clip_quantile = 0.2;
  int margin_samples = 20;         // rows listed either side of a threshold

  void describe(FieldVisitor& v) {
    v.field("schema", schema, "filter: a picture, and a text, class or attributes to describe it");
    v.field("readable", readable, "filter: the picture can be decoded");
    v.field("size", size, "filter: pixels of the shorter side");
    v.field("detail", detail, "filter: blank pictures and such with next to no detail");
    v.field("dedupe", dedupe, "filter: near-equal to a picture kept before");
    v.field("leakage", leakage, "filter: near-equal to a picture of the held-out set");
    v.field("reviews", reviews, "filter: reviews (评论数)");
    v.field("favorites", favorites, "filter: favourites (收藏数)");
    v.field("sales", sales, "filter: sales (成交)");
    v.field("normalize", normalize, "map attribute keys and values to their canonical names");
    v.field("tf_idf", tf_idf, "take attribute pairs out that are sparse in their category");
    v.field("clip", clip, "filter: cosine of picture and text by the CLIP model, where one is given");
    v.field("min_side", min_side, "pixels of the shorter side", 1, 1 << 20);
    v.field("min_spread", min_spread, "least standard deviation of the colours, L*a*b* units", 0, 200);
    v.field("min_detail", min_detail, "least mean Laplacian of the lightness, L* units", 0, 200);
    v.field("max_hash_distance", max_hash_distance, "bits of 64 in which the hashes of near-equal pictures differ at most", 0, 64);
    v.field("min_reviews", min_reviews, "fewer are dropped", 0);
    v.field("min_favorites", min_favorites, "fewer are dropped", 0);
    v.field("min_sales", min_sales, "fewer are dropped", 0);
    v.field("keep_missing", keep_missing, "a row that has no such signal stays (it is counted apart, never as zero)");
    v.field("min_tfidf", min_tfidf, "pairs with a lower mean TF-IDF in their category are sparse", 0, 1);
    v.field("clip_quantile", clip_quantile, "share of the rows that the CLIP filter may drop: its threshold is this quantile of the scores", 0, 1);
    v.field("margin_samples", margin_samples, "rows shown either side of a threshold", 0, 1000);
  }
  /// Throws InvalidInput naming the field.
  void validate() const { check_config(*this, "[CurateImagesConfig]"); }
};

}  // namespace vitrine::recipes
