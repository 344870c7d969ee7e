// recipes/label_workflow.h - the steps of an export without explicit label (办法 art. 9): request,
// agree, approve or refuse, export. Every step is an entry of the log of labels. The text comes
// from its unlabelled master.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "recipes/label_settings.h"
#include "store/label_requests.h"

namespace vitrine::recipes {

/// The agreement that assigns the duty to label (rules/labels/agreement.zh.md) and its version.
struct Agreement {
  std::string text, sha256;
};
Agreement shipped_agreement();

/// All requests as the log tells them. Throws Corrupt (LBL_LOG_BROKEN).
store::LabelRequests read_requests(const LabelContext& context);

/// The first step. `master`: JSONL of unlabelled rows {id, field?, text} or what `write` gave ({id,
/// candidates}; the content id is the product's for the first candidate, ID#k for the k-th). Its
/// path and hash are recorded. Throws InvalidInput for an id that it lacks, for a master that is
/// labelled (a sidecar, a wording in a text, an AIGC field), and without purpose; what LabelLog
/// throws. All steps return the request as it is then.
Json request_export(const std::string& master, const std::vector<std::string>& ids,
                    const std::string& purpose, const LabelContext& context);

/// `accept`: at least 12 digits of the agreement's hash, which prove that it was read. Throws
/// InvalidInput.
Json agree_to_export(const std::string& request, const std::string& accept,
                     const LabelContext& context);
Json approve_export(const std::string& request, const std::string& reason,
                    const LabelContext& context);
Json refuse_export(const std::string& request, const std::string& reason,
                   const LabelContext& context);

/// The last step: the requested texts from the master as JSONL, with their implicit labels in the
/// sidecar. Throws InvalidInput when the request is not approved, Corrupt when the master is
/// another one than was requested.
Json export_by_agreement(const std::string& request, const std::filesystem::path& output,
                         const LabelContext& context);

/// All requests, or one. Throws NotFound, Corrupt for a broken log.
std::vector<Json> export_requests(const std::string& request, const LabelContext& context);

}  // namespace vitrine::recipes
