// recipes/picture_workflow.h - pictures in an export without explicit label (办法 art. 9): what
// differs from texts in recipes/label_workflow.h is the first step and the last. The steps between
// are the same.
//
// A master is a picture that the log knows as one that was labelled: its pixels' hash stands in a
// label's entry. So no labelled picture can ever be taken for one, and no picture from outside.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "recipes/label_picture.h"
#include "recipes/label_settings.h"

namespace vitrine::recipes {

/// The first step. `ids`: ProduceIDs of what was labelled from this master; empty = all of them.
/// The request's master_sha256 is that of the pixels. Throws InvalidInput (LBL_NO_MASTER: it
/// carries a label, or the log does not know it; an id that is not of this master; no purpose),
/// what reading throws, what LabelLog throws.
Json request_picture_export(const std::string& master, const std::vector<std::string>& ids,
                            const std::string& purpose, const LabelContext& context);

/// The last step: the master's pixels with implicit label, DigitalSourceType and record, without
/// the explicit label. Throws InvalidInput when the request is not approved, Corrupt
/// (LBL_MASTER_CHANGED).
Json export_picture_by_agreement(const std::string& request, const std::filesystem::path& output,
                                 const PictureLabelConfig& config, const LabelContext& context);

/// Whether a request is one for a picture: by its master. Throws NotFound.
bool is_picture_request(const std::string& request, const LabelContext& context);

}  // namespace vitrine::recipes
