#include "recipes/verify_export.h"

#include <filesystem>
#include <map>

#include "base/compressed.h"
#include "base/error.h"
#include "checks/html_label.h"
#include "checks/text_label.h"
#include "data/archive.h"
#include "data/shop_file.h"
#include "recipes/label_sidecar.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostProblems = 20;
constexpr std::string_view kSidecarEnding = ".aigc.json";

/// The export's file and its labels, wherever they lie.
struct Exported {
  std::string name, bytes;
  SidecarReading labels;
};

Exported read_archive(const std::string& file) {
  const data::Archive archive(read_file_unpacked(file), file);
  for (const data::ArchiveEntry& entry : archive.entries()) {
    if (!entry.name.ends_with(kSidecarEnding)) continue;
    const std::string inner = entry.name.substr(0, entry.name.size() - kSidecarEnding.size());
    const std::string where = file + "/" + entry.name;
    return {inner, archive.read(inner), parse_sidecar(parse_json(archive.read(entry.name), where), where)};
  }
  throw NotFound(concat("[verify text] ", file, ": no file with labels (…", kSidecarEnding, ") in this archive"));
}

Exported read_export(const std::string& file) {
  if (file.ends_with(".zip") && !fs::exists(sidecar_of(file))) return read_archive(file);
  return {without_compression_suffix(file).string(), read_file_unpacked(file), *read_sidecar(file)};
}

data::ShopFileConfig config_of(const Exported& exported) {
  data::ShopFileConfig config;
  config_from_json(config, exported.labels.sidecar.shop_file, "verify text");
  return config;
}

class ExportVerifier {
 public:
  ExportVerifier(std::string file, Exported exported, const LabelContext& context)
      : file_(std::move(file)), exported_(std::move(exported)), context_(context), shop_(data::ShopFile::read_from(exported_.bytes, exported_.name, config_of(exported_))) {
    for (size_t row = 0; row < shop_.rows().size(); ++row) rows_.emplace(shop_.rows()[row].lasting_id, row);
  }

  Json run() {
    for (const SidecarRow& row : exported_.labels.sidecar.rows) check(row);
    if (exported_.labels.sidecar.rows.empty()) problem("", "", "no labelled text");
    const bool pass = problem_count_ == 0;
    const auto& rows = exported_.labels.sidecar.rows;
    return {{"file", file_},
            {"explicit", absent_ ? "absent" : "present"},
            {"explicit_checks", {{"wording", !absent_}}},
            {"implicit",
             {{"count", rows.empty() ? 0 : repeated_ ? 2 : 1},
              {"carrier", "sidecar"},
              {"fields_ok", exported_.labels.problem.empty() && !rows.empty()},
              {"label", rows.empty() ? "" : rows.front().label.label},
              {"produce_id", rows.empty() ? "" : rows.front().label.produce_id},
              {"integrity", checks::to_string(integrity_.integrity)},
              {"signature", integrity_.signature}}},
            {"texts", rows.size()},
            {"problem_count", problem_count_},
            {"problems", problems_},
            {"result", pass ? "pass" : "fail"}};
  }

 private:
  void problem(const std::string& id, const std::string& field, const std::string& what) {
    ++problem_count_;
    if (problems_.size() < kMostProblems) problems_.push_back({{"id", id}, {"field", field}, {"problem", what}});
  }

  bool holds_wording(const std::string& text, const std::string& field) const {
    return checks::LabelWordings::shipped().find_in(shop_.is_html(field) ? checks::read_html_page(text).text : text).has_value();
  }

  std::optional<std::string> text_of(const std::string& id, const std::string& field) const {
    const auto row = rows_.find(id);
    if (row == rows_.end() || !shop_.has_field(field)) return std::nullopt;
    return shop_.text(row->second, field);
  }

  void check(const SidecarRow& row) {
    const auto text = text_of(row.id, row.field);
    if (!text || text->empty()) return problem(row.id, row.field, "the text is not in the file");
    if (exported_.labels.places.count({row.id, row.field}) > 1) {
      repeated_ = true;
      problem(row.id, row.field, "several implicit labels");
    }
    if (!has_explicit(row, *text)) {
      absent_ = true;
      problem(row.id, row.field, "no explicit label");
    }
    if (row.label.produce_id.empty()) return problem(row.id, row.field, "implicit label: " + exported_.labels.problem);
    const auto found = checks::check_integrity(*text, row.label.produce_id, row.label.reserved_code1, context_.key_or_null());
    if (found.integrity == checks::Integrity::changed) problem(row.id, row.field, "the text is not the one that was labelled");
    const bool worse = found.integrity != checks::Integrity::ok && integrity_.integrity != checks::Integrity::changed;
    if (worse || &row == &exported_.labels.sidecar.rows.front()) integrity_ = found;
  }

  /// Its own wording, or that of the description beside a field that is too short.
  bool has_explicit(const SidecarRow& row, const std::string& text) const {
    if (holds_wording(text, row.field)) return true;
    if (!checks::is_adjacent_field(row.field) && row.explicit_label != kExplicitAdjacent) return false;
    const auto description = text_of(row.id, "description");
    return description && holds_wording(*description, "description");
  }

  std::string file_;
  Exported exported_;
  const LabelContext& context_;
  data::ShopFile shop_;
  std::map<std::string, size_t> rows_;  // lasting id -> row
  checks::IntegrityCheck integrity_{.integrity = checks::Integrity::ok};
  bool absent_ = false, repeated_ = false;
  size_t problem_count_ = 0;
  Json problems_ = Json::array();
};

}  // namespace

bool is_export(const std::string& file) {
  if (file.ends_with(".zip")) return true;
  const auto labels = read_sidecar(file);
  return labels && labels->sidecar.shop_file.is_object();
}

Json verify_export(const std::string& file, const LabelContext& context) { return ExportVerifier(file, read_export(file), context).run(); }

}  // namespace vitrine::recipes
