#include "recipes/picture_workflow.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "imagery/label_carriers.h"
#include "imagery/picture_record.h"
#include "io/picture.h"
#include "io/picture_metadata.h"
#include "recipes/label_workflow.h"
#include "recipes/labelled_file.h"
#include "recipes/verify_picture.h"
#include "store/label_log.h"
#include "store/label_requests.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

struct Master {
  io::Picture picture;
  io::PictureMetadata metadata;
  std::string sha256;  // of the pixels
};

Master read_master(const std::string& file) {
  const std::string bytes = read_file(file);
  Master master{.picture = io::read_picture(bytes, file),
                .metadata = io::read_picture_metadata(bytes, file),
                .sha256 = {}};
  master.sha256 = sha256_hex(pixel_bytes(master.picture));
  const auto record = imagery::read_record(master.metadata, file);
  const bool labelled = !imagery::find_implicit_labels(master.metadata).empty() ||
                        (record && record->contains("label"));
  VITRINE_REQUIRE(
      !labelled, "[label request] LBL_NO_MASTER ", file,
      ": a labelled picture is no master; only its unlabelled original can be exported");
  return master;
}

/// What was labelled from these pixels, and whether all of it was a composite.
struct LabelledFrom {
  std::vector<std::string> produce_ids;
  bool composite = false;
};

LabelledFrom labelled_from(const std::string& sha256, const LabelContext& context) {
  LabelledFrom result;
  store::read_label_log(context.log, [&](const Json& entry) {
    if (entry.value("kind", "") != "label" || entry.value("master_sha256", "") != sha256 ||
        entry.contains("request"))
      return;
    result.produce_ids.push_back(entry.value("produce_id", ""));
    result.composite = result.composite || entry.value("source_type", "").starts_with("composite");
  });
  return result;
}

}  // namespace

Json request_picture_export(const std::string& master, const std::vector<std::string>& ids,
                            const std::string& purpose, const LabelContext& context) {
  const Master read = read_master(master);
  const auto known = labelled_from(read.sha256, context).produce_ids;
  VITRINE_REQUIRE(!known.empty(), "[label request] LBL_NO_MASTER ", master,
                  ": the log knows no picture that was labelled from it");
  for (const std::string& id : ids)
    VITRINE_REQUIRE(std::find(known.begin(), known.end(), id) != known.end(),
                    "[label request] --ids: ", id, " was not labelled from ", master);
  store::LabelRequest request;
  request.id = concat("rq-", to_compact_date(context.clock()), "-", random_hex(4));
  request.ids = ids.empty() ? known : ids;
  request.master = fs::absolute(master).lexically_normal().string();
  request.master_sha256 = read.sha256;
  request.purpose = purpose;
  request.requested_by = context.who;
  store::LabelLog(context.log, context.clock).append({store::request_entry(request)});
  return store::to_json(read_requests(context).at(request.id), context.clock());
}

Json export_picture_by_agreement(const std::string& id, const fs::path& output,
                                 const PictureLabelConfig& config, const LabelContext& context) {
  require_producer(context);
  store::LabelLog log(context.log, context.clock);
  const store::LabelRequest request = read_requests(context).at(id);
  store::require_exportable(request, context.clock());
  check_file_arguments("label export", std::vector<std::string>{request.master},
                       {{"--output", output.string()}});
  const Master master = read_master(request.master);
  if (master.sha256 != request.master_sha256)
    throw Corrupt(concat("[label export] LBL_MASTER_CHANGED ", request.master,
                         ": not the picture that was requested: sha256 of the pixels expected ",
                         request.master_sha256, ", got ", master.sha256));
  PictureRecord record{.composite = labelled_from(master.sha256, context).composite};
  if (const auto fields = imagery::read_record(master.metadata, request.master))
    record.fields = *fields;
  LabelledFile file = make_labelled_file(master.picture, io::format_of(output), record,
                                         &master.metadata, config, context, id);
  const std::string sha256 = sha256_hex(file.bytes);
  file.log_entry["file"] = output.string();
  file.log_entry["file_sha256"] = sha256;
  AtomicFile place(output);
  place.write(file.bytes);
  log.append({file.log_entry,
              store::export_entry(request, context.clock(), context.who, output.string(), sha256)});
  place.commit();
  return store::to_json(read_requests(context).at(id), context.clock());
}

bool is_picture_request(const std::string& request, const LabelContext& context) {
  return is_picture_file(read_requests(context).at(request).master);
}

}  // namespace vitrine::recipes
