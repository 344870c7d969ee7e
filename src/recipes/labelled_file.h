// recipes/labelled_file.h - the bytes of a labelled picture, made and checked in memory before
// anything is written.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "imagery/explicit_label.h"
#include "imagery/label_carriers.h"
#include "imagery/size_label.h"
#include "io/picture.h"
#include "io/picture_metadata.h"
#include "recipes/label_picture.h"

namespace vitrine::recipes {

/// The pixels as one string: what integrity values are taken over. [H, W, 3], row-major.
std::string_view pixel_bytes(const io::Picture& picture);

/// A file on its way to the disk.
struct LabelledFile {
  std::string bytes;
  std::string produce_id;  // empty = no producer
  int64_t width = 0, height = 0;
  imagery::DrawnLabel label;  // without explicit label: empty
  imagery::SizeLabel size_label = imagery::SizeLabel::concept_picture;  // of a new label
  Json log_entry;             // of kind "label", without file names; null without producer
};

/// Of a master: draws the label, codes the pixels, adds the metadata. `carried` is what the
/// master's own file says (null = it has none). `request`: by that agreement no explicit label is
/// drawn. Throws what write_labelled_picture throws before it writes.
LabelledFile make_labelled_file(const io::Picture& master, io::PictureFormat format,
                                const PictureRecord& record, const io::PictureMetadata* carried,
                                const PictureLabelConfig& config, const LabelContext& context,
                                const std::string& request = {});

/// Of a file whose explicit label is there: adds the implicit one, no pixel is coded again.
/// `pixels` are those of `bytes`. Throws Corrupt, InvalidInput (a packet that cannot be extended).
LabelledFile add_implicit_label(const std::string& bytes, const std::string& name,
                                const io::Picture& pixels, const imagery::DrawnLabel& label,
                                bool composite, const LabelContext& context);

}  // namespace vitrine::recipes
