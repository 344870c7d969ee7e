#include "recipes/label_workflow.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/resource.h"
#include "checks/implicit_label.h"
#include "checks/text_label.h"
#include "recipes/label_sidecar.h"
#include "store/label_log.h"
#include "store/label_requests.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr size_t kLeastAcceptDigits = 12;

/// One text of a master.
struct MasterText {
  std::string id, field, text;
};

void add_texts(const Json& row, const std::string& id, std::vector<MasterText>& texts) {
  if (row.contains("text")) {
    texts.push_back({id, row.value("field", "description"), row.at("text").get<std::string>()});
    return;
  }
  const Json candidates = row.value("candidates", Json::array());
  for (size_t k = 0; k < candidates.size(); ++k) {
    const std::string text = candidates[k].at("text").get<std::string>();
    if (k == 0) texts.push_back({id, "description", text});
    texts.push_back({concat(id, "#", k + 1), "description", text});
  }
}

void refuse_labelled(const fs::path& master, int64_t line, const Json& row,
                     const std::vector<MasterText>& texts) {
  const bool carries =
      row.contains("AIGC") || std::any_of(texts.begin(), texts.end(), [](const MasterText& t) {
        return checks::LabelWordings::shipped().find_in(t.text).has_value();
      });
  VITRINE_REQUIRE(!carries, "[label request] ", master.string(), " line ", line,
                  ": LBL_NO_MASTER: a labelled text is no master; only its unlabelled original can "
                  "be exported");
}

/// All texts of a master, in order. `bytes` is the unpacked file.
std::vector<MasterText> read_master(const fs::path& master, std::string_view bytes) {
  VITRINE_REQUIRE(!fs::exists(sidecar_of(master)), "[label request] ", master.string(),
                  ": LBL_NO_MASTER: it has a sidecar with labels, so it is no unlabelled original");
  std::vector<MasterText> texts;
  int64_t line_number = 0;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    ++line_number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::string where = concat(master.string(), " line ", line_number);
    const Json row = parse_json(line, where);
    std::vector<MasterText> here;
    try {
      const Json& id = row.at("id");
      add_texts(row, id.is_string() ? id.get<std::string>() : id.dump(), here);
    } catch (const Json::exception& e) {
      throw Corrupt(concat("[label request] ", where,
                           ": expected {id, text} or {id, candidates}: ", e.what()));
    }
    refuse_labelled(master, line_number, row, here);
    texts.insert(texts.end(), here.begin(), here.end());
  }
  return texts;
}

/// The texts of the ids, in order of the master. Throws InvalidInput for an id that it lacks, or a
/// text that comes twice.
std::vector<MasterText> texts_of(const std::vector<MasterText>& all,
                                 const std::vector<std::string>& ids, const fs::path& master) {
  std::vector<MasterText> texts;
  for (const std::string& id : ids) {
    const bool there =
        std::any_of(all.begin(), all.end(), [&](const MasterText& text) { return text.id == id; });
    VITRINE_REQUIRE(there, "[label request] --ids: ", master.string(), " has no text ", id);
  }
  std::set<std::pair<std::string, std::string>> seen;
  for (const MasterText& text : all) {
    if (std::find(ids.begin(), ids.end(), text.id) == ids.end()) continue;
    VITRINE_REQUIRE(seen.emplace(text.id, text.field).second, "[label request] ", master.string(),
                    ": two texts ", text.id, "/", text.field);
    texts.push_back(text);
  }
  return texts;
}

/// A file that this installation labelled is no master, also when its sidecar is away.
void refuse_own_output(const fs::path& master, const std::string& sha256,
                       const LabelContext& context) {
  store::read_label_log(context.log, [&](const Json& entry) {
    const bool own = entry.value("kind", "") == "label" && !entry.contains("request") &&
                     entry.value("file_sha256", "") == sha256;
    VITRINE_REQUIRE(!own, "[label request] ", master.string(),
                    ": LBL_NO_MASTER: the log says that it was labelled as ",
                    entry.value("file", ""));
  });
}

/// Appends the entry that `make` gives for the request as the log has it now.
template <typename Make>
Json step(const std::string& id, const LabelContext& context, Make make) {
  store::LabelLog log(context.log, context.clock);
  log.append({make(read_requests(context).at(id))});
  return store::to_json(read_requests(context).at(id), context.clock());
}

SidecarRow label_master_text(const MasterText& text, const store::LabelRequest& request,
                             const LabelContext& context) {
  SidecarRow row{.id = text.id,
                 .field = text.field,
                 .explicit_label = kExplicitByAgreement,
                 .described_by = {},
                 .request = request.id,
                 .label = {}};
  row.label.content_producer = row.label.content_propagator = context.producer;
  row.label.produce_id = row.label.propagate_id = checks::new_produce_id(context.clock());
  row.label.reserved_code1 =
      checks::integrity_value(text.text, row.label.produce_id, context.key_or_null());
  return row;
}

Json label_entry(const SidecarRow& row, const MasterText& text, const LabelContext& context,
                 const std::string& file, const std::string& sha256) {
  Json settings = Json::object();
  if (context.key) settings["key"] = context.key->id();
  return {{"kind", "label"},
          {"produce_id", row.label.produce_id},
          {"who", context.who},
          {"producer", context.producer},
          {"row", row.id},
          {"field", row.field},
          {"text_sha256", sha256_hex(text.text)},
          {"explicit", row.explicit_label},
          {"request", row.request},
          {"settings", std::move(settings)},
          {"file", file},
          {"file_sha256", sha256}};
}

std::string read_requested_master(const store::LabelRequest& request) {
  std::string bytes = read_file_unpacked(request.master);
  const std::string sha256 = sha256_hex(bytes);
  if (sha256 != request.master_sha256)
    throw Corrupt(concat("[label export] ", request.master,
                         ": LBL_MASTER_CHANGED: not the file that was requested: sha256 expected ",
                         request.master_sha256, ", got ", sha256));
  return bytes;
}

}  // namespace

store::LabelRequests read_requests(const LabelContext& context) {
  store::LabelRequests requests;
  const auto state =
      store::read_label_log(context.log, [&](const Json& entry) { requests.take(entry); });
  if (!state.fault.empty())
    throw Corrupt(concat("[label] ", context.log.string(), ": ", state.fault, " (LBL_LOG_BROKEN)"));
  return requests;
}

Agreement shipped_agreement() {
  Agreement agreement{.text = read_file(resource_path("rules/labels/agreement.zh.md")),
                      .sha256 = {}};
  agreement.sha256 = sha256_hex(agreement.text);
  return agreement;
}

Json request_export(const std::string& master, const std::vector<std::string>& ids,
                    const std::string& purpose, const LabelContext& context) {
  if (master == "-")
    throw UsageError("[label request] MASTER: expected a file that stays, got standard input");
  const std::string bytes = read_file_unpacked(master);
  texts_of(read_master(master, bytes), ids, master);
  refuse_own_output(master, sha256_hex(bytes), context);
  store::LabelRequest request;
  request.id = concat("rq-", to_compact_date(context.clock()), "-", random_hex(4));
  request.ids = ids;
  request.master = fs::absolute(master).lexically_normal().string();
  request.master_sha256 = sha256_hex(bytes);
  request.purpose = purpose;
  request.requested_by = context.who;
  store::LabelLog(context.log, context.clock).append({store::request_entry(request)});
  return store::to_json(read_requests(context).at(request.id), context.clock());
}

Json agree_to_export(const std::string& request, const std::string& accept,
                     const LabelContext& context) {
  const std::string sha256 = shipped_agreement().sha256;
  VITRINE_REQUIRE(accept.size() >= kLeastAcceptDigits && sha256.starts_with(accept),
                  "[label agree] --accept: expected at least ", kLeastAcceptDigits,
                  " digits of the agreement's version (read it by `vitrine label agreement`), got ",
                  accept.empty() ? "nothing" : accept);
  return step(request, context, [&](const store::LabelRequest& r) {
    return store::agree_entry(r, context.clock(), context.who, sha256);
  });
}

Json approve_export(const std::string& request, const std::string& reason,
                    const LabelContext& context) {
  return step(request, context, [&](const store::LabelRequest& r) {
    return store::approve_entry(r, context.clock(), context.who, reason,
                                context.settings.one_person_approval);
  });
}

Json refuse_export(const std::string& request, const std::string& reason,
                   const LabelContext& context) {
  return step(request, context, [&](const store::LabelRequest& r) {
    return store::refuse_entry(r, context.clock(), context.who, reason);
  });
}

Json export_by_agreement(const std::string& id, const fs::path& output,
                         const LabelContext& context) {
  require_producer(context);
  if (output.empty() || output == "-")
    throw UsageError("[label export] --output: expected a file: the implicit labels lie beside it");
  store::LabelLog log(context.log, context.clock);
  const store::LabelRequest request = read_requests(context).at(id);
  store::require_exportable(request, context.clock());
  check_file_arguments("label export", std::vector<std::string>{request.master},
                       {{"--output", output.string()}, {"--output", sidecar_of(output).string()}});
  const auto texts = texts_of(read_master(request.master, read_requested_master(request)),
                              request.ids, request.master);
  std::string rows;
  for (const MasterText& text : texts)
    rows += dump_line({{"id", text.id}, {"field", text.field}, {"text", text.text}}) + "\n";
  const std::string sha256 = sha256_hex(rows);
  Sidecar sidecar{
      .file = output.filename().string(), .file_sha256 = sha256, .columns = {}, .rows = {}};
  sidecar.columns.format = "jsonl";
  std::vector<Json> entries;
  for (const MasterText& text : texts) {
    sidecar.rows.push_back(label_master_text(text, request, context));
    entries.push_back(label_entry(sidecar.rows.back(), text, context, output.string(), sha256));
  }
  entries.push_back(
      store::export_entry(request, context.clock(), context.who, output.string(), sha256));
  OutputFile file(output), sidecar_file(sidecar_of(output));
  file.write(rows);
  sidecar_file.write(sidecar_text(sidecar));
  log.append(std::move(entries));
  sidecar_file.commit();
  file.commit();
  return store::to_json(read_requests(context).at(id), context.clock());
}

std::vector<Json> export_requests(const std::string& request, const LabelContext& context) {
  const auto requests = read_requests(context);
  std::vector<Json> result;
  if (!request.empty()) return {store::to_json(requests.at(request), context.clock())};
  for (const auto& [id, one] : requests.all())
    result.push_back(store::to_json(one, context.clock()));
  return result;
}

}  // namespace vitrine::recipes
