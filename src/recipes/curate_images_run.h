// recipes/curate_images_run.h - `curate images`: picture sets in, one folder out: kept.jsonl,
// rejects.jsonl, funnel.json, funnel.html, vitrine.json, and the kept pictures in another layout.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/artefact.h"
#include "data/picture_sets.h"
#include "recipes/curate_images.h"

namespace vitrine::recipes {

inline constexpr std::string_view kCuratedPicturesFiles[] = {"kept.jsonl", "rejects.jsonl", "funnel.json", "funnel.html",
                                                             "imagefolder", "webdataset", kManifestName};
inline constexpr ArtefactKind kCuratedPicturesKind{"curated_images", kCuratedPicturesFiles};

struct CurateImagesRunConfig {
  CurateImagesConfig funnel;
  data::PictureSetConfig reader;
  std::string dev;
  std::string statistics;
  std::string clip_model;
  std::string text_encoder;
  std::string export_as = "none";
  std::string output;

  void describe(FieldVisitor& v) {
    funnel.describe(v);
    reader.describe(v);
    v.field("dev", dev, "held-out pictures that training must not see: a set as for the input");
    v.field("statistics", statistics, "statistics.tsv for tf_idf; empty = the shipped train set and the listings themselves");
    v.field("clip_model", clip_model, "CLIP or Chinese-CLIP directory for the filter clip (by vitrine-torch); empty = no such filter");
    v.field("text_encoder", text_encoder, "model directory whose tokenizer counts the tokens of captions; empty = clip_model, if there is one");
    v.field("export_as", export_as, "write the kept pictures, too, as", {"none", "imagefolder", "webdataset"});
    v.field("output", output, "folder for kept.jsonl, rejects.jsonl, funnel.json, funnel.html");
  }
};

/// Loads what clip_model names. Given by programs that have libtorch.
using LoadPairScorer = std::function<std::unique_ptr<imagery::PairScorer>(const std::string& model_dir)>;

/// Reads the sets, runs the funnel with the import as its first line ("import": rows that no record could be made of),
/// and writes the folder, which appears whole or not at all.
///   threads  0 = all cores
/// Throws what read_picture_set and curate_pictures throw; UsageError without output, for an output that holds other
/// files (artefact.h), and for a clip_model where load_scorer is empty.
CuratedPictures curate_picture_sets(std::span<const std::string> sets, const CurateImagesRunConfig& config, int threads,
                                    const LoadPairScorer& load_scorer);

}  // namespace vitrine::recipes
