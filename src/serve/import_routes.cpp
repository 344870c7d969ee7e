// Uploaded tables: how they would be read, and columns mapped by hand.
#include <algorithm>

#include "data/column_mapping.h"
#include "serve/factors.h"
#include "serve/operations.h"
#include "serve/request_parts.h"
#include "serve/service.h"
#include "serve/upload_reader.h"
#include "serve/wire.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

namespace fs = std::filesystem;

constexpr auto kKeepPreviews = std::chrono::hours(24);

/// The endings of a name that say how a file is read: ".csv", ".jsonl.gz".
std::string reading_suffix(const std::string& file_name) {
  constexpr std::string_view kEndings[] = {".jsonl", ".json", ".csv", ".tsv", ".txt", ".xlsx", ".xml", ".zip", ".gz", ".zst"};
  fs::path name(file_name);
  std::string suffix;
  for (int endings = 0; endings < 2; ++endings) {
    const std::string ending = name.extension().string();
    if (std::find(std::begin(kEndings), std::end(kEndings), ending) == std::end(kEndings)) break;
    suffix = ending + suffix;
    name = name.stem();
  }
  return suffix;
}

TargetByHeader mapping_of(const store::Document& document) {
  return document.empty() ? TargetByHeader() : parse_json(document, "mapping of columns").get<TargetByHeader>();
}

UploadForm form_of(const Service& service, const store::Import& import) {
  return {.path = service.uploads() / import.stored_as, .file_name = import.file, .sheet = import.sheet,
          .map = mapping_of(import.mapping), .licence = ""};
}

/// What was mapped before for files of this header.
TargetByHeader remembered(Service& service, const std::string& shop_id, const UploadForm& form) {
  const auto headers = headers_of_upload(form);
  auto loan = service.database.borrow();
  return mapping_of(store::Imports(*loan, shop_id).mapping_for(data::header_fingerprint(headers)));
}

void remove_old_previews(Service& service, const std::string& shop_id) {
  auto loan = service.database.borrow();
  const auto old = store::Imports(*loan, shop_id).remove_previews(store::utc_now() - kKeepPreviews);
  std::error_code ignored;  // it may have gone before
  for (const std::string& file : old) fs::remove(service.uploads() / file, ignored);
}

/// Throws Refusal (impossible).
void require_plain_name(const std::string& file_name) {
  const bool is_plain = std::none_of(file_name.begin(), file_name.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
  if (!is_plain) throw Refusal("impossible", "the file's name holds control characters");
}

HttpResponse add_import(Service& service, Call& call) {
  const Upload& upload = *call.request.upload;
  require_plain_name(upload.file_name());
  remove_old_previews(service, call.shop_id());
  const std::string id = store::new_id("imp");
  const std::string stored_as = id + reading_suffix(upload.file_name());
  const int64_t size_bytes = upload.size_bytes();
  call.request.upload->keep_as(service.uploads() / stored_as);
  UploadForm form{.path = service.uploads() / stored_as, .file_name = upload.file_name(), .sheet = "", .map = {}, .licence = ""};
  try {
    form.map = remembered(service, call.shop_id(), form);
    UploadPreview preview = preview_upload(form, service.normalizer);
    store::Import& import = preview.import;
    import.id = id;
    import.user_id = call.user().id;
    import.stored_as = stored_as;
    import.size_bytes = size_bytes;
    import.created_at = store::utc_now();
    auto loan = service.database.borrow();
    store::Imports(*loan, call.shop_id()).add(import, preview.findings);
    return json_response(to_json(import), 201);
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove(form.path, ignored);
    throw;
  }
}

store::Import find_import(Service& service, const Call& call) {
  auto loan = service.database.borrow();
  return need(store::Imports(*loan, call.shop_id()).find(call.id()));
}

HttpResponse get_import(Service& service, Call& call) {
  return json_response(to_json(find_import(service, call)));
}

struct ImportPatch {
  TargetByHeader map;
  std::optional<std::string> sheet;
};
ImportPatch read_import_patch(const Json& json) {
  BodyReader body(json);
  ImportPatch patch;
  if (body.has("sheet")) patch.sheet = body.text("sheet", {.min = 0, .max = 200});
  BodyReader map = body.object("map");
  const Json targets = json.value("map", Json::object());
  for (const auto& [header, target] : targets.items()) patch.map[header] = read_word(map, header, kImportTargets);
  if (json.empty()) body.fault("", "expected at least one field");
  map.finish();
  body.finish();
  return patch;
}

HttpResponse change_import(Service& service, Call& call) {
  const ImportPatch patch = read_import_patch(call.body);
  const store::Import before = find_import(service, call);
  UploadForm form = form_of(service, before);
  if (patch.sheet) form.sheet = *patch.sheet;
  for (const auto& [header, target] : patch.map) form.map[header] = target;
  UploadPreview preview = preview_upload(form, service.normalizer);
  store::Import& import = preview.import;
  import.id = before.id;
  import.user_id = before.user_id;
  import.stored_as = before.stored_as;
  import.size_bytes = before.size_bytes;
  import.created_at = before.created_at;
  auto loan = service.database.borrow();
  store::Transaction transaction(*loan);
  store::Imports imports(*loan, call.shop_id());
  if (!imports.change(import, preview.findings)) throw Refusal("imported_already");
  if (!patch.map.empty()) imports.remember_mapping(import.header_sha256, import.mapping, store::utc_now());
  transaction.commit();
  return json_response(to_json(import));
}

HttpResponse list_findings(Service& service, Call& call) {
  auto loan = service.database.borrow();
  store::Imports imports(*loan, call.shop_id());
  const std::string file = need(imports.find(call.id())).file;
  return json_response(page_json(imports.findings(call.id(), query_page(call.request)),
                                 [&](const store::Finding& finding) { return to_json(finding, file); }));
}

constexpr Operation kOperations[] = {
    {"addImport", "POST", "/api/v1/imports", Access::writer, BodyKind::upload, add_import},
    {"getImport", "GET", "/api/v1/imports/{id}", Access::writer, BodyKind::none, get_import},
    {"changeImport", "PATCH", "/api/v1/imports/{id}", Access::writer, BodyKind::json, change_import},
    {"listFindings", "GET", "/api/v1/imports/{id}/findings", Access::writer, BodyKind::none, list_findings},
};

}  // namespace

std::span<const Operation> import_operations() { return kOperations; }

}  // namespace vitrine::serve
