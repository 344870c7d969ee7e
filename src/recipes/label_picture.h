// recipes/label_picture.h - pictures leave with a visible label, an implicit one, where they come
// from, and a line in the log. `draw` writes through here; `vitrine label FILES` labels pictures
// that are there already.
//
// There is no way back: nothing here or elsewhere takes a labelled file and gives an unlabelled
// one.
#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "imagery/explicit_label.h"
#include "imagery/size_label.h"
#include "io/picture.h"
#include "recipes/label_settings.h"

namespace vitrine::recipes {

/// How labels of pictures look, and how files are written.
struct PictureLabelConfig {
  std::string wording;
  bool may_grow = false;
  int quality = 90;

  void describe(FieldVisitor& v) {
    v.field("wording", wording,
            "words of the label, one of rules/labels/picture_wordings.tsv; empty = AI生成, of "
            "composites AI合成");
    v.field("may_grow", may_grow,
            "a product in every corner: the picture gets a band below for the label");
    v.field("quality", quality, "of JPEG and WebP", 1, 100);
  }
};

/// What a picture is made of.
struct PictureRecord {
  Json fields =
      Json::object();      // docs/formats/picture_metadata.md; `label`, `size_label`, `parents` are added here
  bool composite = false;  // real product pixels kept, only the background generated
  const imagery::ProductMask* mask = nullptr;  // where the product is; null = not known
  std::vector<std::string> parents = {};  // ProduceIDs of labelled pictures that it was made from
  /// By an inspection that knew what was asked. Nothing = not inspected yet: then the picture is inspected on its own before its
  /// size label is set, unless `fields` hold an inspection that refused it.
  std::optional<bool> accepted = {};
};

struct WrittenPicture {
  std::filesystem::path path;
  std::string produce_id;  // empty = nobody is set as producer: no implicit label
  int64_t width = 0, height = 0;
  imagery::DrawnLabel label;
  imagery::SizeLabel size_label = imagery::SizeLabel::concept_picture;
  std::string file_sha256;
};

/// Writes a generated picture that has its final size: explicit label, DigitalSourceType, record
/// with the size label (imagery/size_label.h, measured before the explicit one is drawn) and parameters; the implicit label and a line in the log once a producer is set, else one
/// warning for the program's run. The file is verified in memory, the log is on disk, then it
/// appears whole. By the ending of `path`: PNG, JPEG, WebP. Throws InvalidInput (LBL_TOO_SMALL,
/// LBL_NO_ROOM, LBL_NOT_LEGIBLE: the quality is too low for the label; another wording), IoError,
/// what store::LabelLog throws.
WrittenPicture write_labelled_picture(const std::filesystem::path& path, const io::Picture& master,
                                      const PictureRecord& record, const PictureLabelConfig& config,
                                      const LabelContext& context);

/// Several at once with one look at the log. All files are made in memory first: when one cannot
/// be, none appears.
struct PictureToWrite {
  std::filesystem::path path;
  const io::Picture* master = nullptr;
  PictureRecord record = {};
};
std::vector<WrittenPicture> write_labelled_pictures(std::span<const PictureToWrite> pictures,
                                                    const PictureLabelConfig& config,
                                                    const LabelContext& context);

// ---- pictures that are files already ----

struct LabelPicturesConfig {
  PictureLabelConfig label;
  std::string source = "generated", product_mask;
  bool as_propagator = false;
  std::string output, rejects;

  void describe(FieldVisitor& v) {
    label.describe(v);
    v.field(
        "source", source,
        "generated = the whole picture is, composite = a real product on a generated background",
        {"generated", "composite"});
    v.field("product_mask", product_mask,
            "picture of the same size, white where the product is: the label goes where least of "
            "it is");
    v.field("as_propagator", as_propagator,
            "the pictures are labelled already: only ContentPropagator, PropagateID and "
            "ReservedCode2 change");
    v.field("output", output,
            "file for one picture; a folder (existing, or ending in /) for any number, where a GIF becomes a PNG");
    v.field("rejects", rejects,
            "pictures that could not be labelled, JSONL; empty = messages only");
  }
};

struct LabelPicturesResult {
  size_t labelled = 0, kept = 0, rejected = 0;  // kept = had their implicit label already
};

/// One picture after the other. One that carries a valid implicit label leaves as it is; one whose
/// explicit label this program drew gets the implicit one without a pixel being coded again; others
/// get both, with the metadata they have. Pictures that cannot be labelled are rejected with
/// LBL_SEVERAL, LBL_DAMAGED (a label that cannot be read), LBL_CHANGED, LBL_FORMAT (a labelled
/// picture in another format), LBL_NOT_LABELLED, or the code of the reader. Throws InvalidInput
/// (LBL_NO_PRODUCER, an unknown wording), UsageError; the error of the first picture when each one
/// is rejected; IoError.
LabelPicturesResult label_pictures(const std::vector<std::string>& inputs,
                                   const LabelPicturesConfig& config, const LabelContext& context);

}  // namespace vitrine::recipes
