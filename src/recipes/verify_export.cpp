#include "recipes/verify_export.h"

#include <filesystem>
#include <optional>
#include <vector>

#include "base/compressed.h"
#include "base/error.h"
#include "base/interrupt.h"
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
constexpr const char* kNotInFile = "the text is not in the file";

data::ShopFileConfig config_of(const SidecarReading& labels) {
  data::ShopFileConfig config;
  config_from_json(config, labels.sidecar.shop_file, "verify text");
  return config;
}

/// The export's file and its labels, wherever they lie.
struct Exported {
  SidecarReading labels;
  data::ShopFile file;
};

Exported open_archive(const std::string& file) {
  const data::Archive archive(read_file_unpacked(file), file);
  for (const data::ArchiveEntry& entry : archive.entries()) {
    if (!entry.name.ends_with(kSidecarEnding)) continue;
    const std::string inner = entry.name.substr(0, entry.name.size() - kSidecarEnding.size());
    const std::string where = file + "/" + entry.name;
    SidecarReading labels = parse_sidecar(parse_json(archive.read(entry.name), where), where);
    data::ShopFile table = data::ShopFile::in_memory(archive.read(inner), inner, config_of(labels));
    return {std::move(labels), std::move(table)};
  }
  throw NotFound(concat("[verify text] ", file, ": no file with labels (…", kSidecarEnding,
                        ") in this archive"));
}

Exported open_export(const std::string& file) {
  if (file.ends_with(".zip") && !fs::exists(sidecar_of(file))) return open_archive(file);
  SidecarReading labels = *read_sidecar(file);
  data::ShopFile table(file, config_of(labels));
  return {std::move(labels), std::move(table)};
}

class ExportVerifier {
 public:
  ExportVerifier(std::string file, Exported exported, const LabelContext& context)
      : file_(std::move(file)),
        labels_(std::move(exported.labels)),
        context_(context),
        shop_(std::move(exported.file)),
        is_checked_(labels_.sidecar.rows.size()) {}

  Json run() {
    const auto& places = labels_.places;
    while (const auto row = shop_.next()) {
      throw_if_interrupted("nothing was proved");
      if (!row->places) continue;
      for (auto place = places.lower_bound({row->lasting_id, ""});
           place != places.end() && place->first.first == row->lasting_id; ++place) {
        if (is_checked_[place->second]) continue;  // rows of one id: the first one
        is_checked_[place->second] = true;
        check(labels_.sidecar.rows[place->second], *row);
      }
    }
    for (size_t i = 0; i < is_checked_.size(); ++i) {
      if (!is_checked_[i])
        problem(labels_.sidecar.rows[i].id, labels_.sidecar.rows[i].field, kNotInFile);
    }
    if (labels_.sidecar.rows.empty()) problem("", "", "no labelled text");
    const bool pass = problem_count_ == 0;
    const auto& rows = labels_.sidecar.rows;
    const bool absent = absent_ || rows.empty();
    const checks::IntegrityCheck integrity =
        integrity_.value_or(checks::IntegrityCheck{.integrity = checks::Integrity::ok});
    return {{"file", file_},
            {"explicit", absent ? "absent" : "present"},
            {"explicit_checks", {{"wording", !absent}}},
            {"implicit",
             {{"count", rows.empty() ? 0
                        : repeated_  ? 2
                                     : 1},
              {"carrier", "sidecar"},
              {"fields_ok", labels_.problem.empty() && !rows.empty()},
              {"label", rows.empty() ? "" : rows.front().label.label},
              {"produce_id", rows.empty() ? "" : rows.front().label.produce_id},
              {"integrity", checks::to_string(integrity.integrity)},
              {"signature", integrity.signature}}},
            {"texts", rows.size()},
            {"problem_count", problem_count_},
            {"problems", problems_},
            {"result", pass ? "pass" : "fail"}};
  }

 private:
  void problem(const std::string& id, const std::string& field, const std::string& what) {
    ++problem_count_;
    if (problems_.size() < kMostProblems)
      problems_.push_back({{"id", id}, {"field", field}, {"problem", what}});
  }

  bool holds_wording(const std::string& text, const std::string& field) const {
    return checks::LabelWordings::shipped()
        .find_in(shop_.is_html(field) ? checks::read_html_page(text).text : text)
        .has_value();
  }

  std::optional<std::string> text_of(const data::ShopRow& row, const std::string& field) const {
    if (!shop_.has_field(field)) return std::nullopt;
    return shop_.text(row, field);
  }

  void check(const SidecarRow& row, const data::ShopRow& at) {
    const auto text = text_of(at, row.field);
    if (!text || text->empty()) return problem(row.id, row.field, kNotInFile);
    if (labels_.places.count({row.id, row.field}) > 1) {
      repeated_ = true;
      problem(row.id, row.field, "several implicit labels");
    }
    if (!has_explicit(row, at, *text)) {
      absent_ = true;
      problem(row.id, row.field, "no explicit label");
    }
    if (row.label.produce_id.empty())
      return problem(row.id, row.field, "implicit label: " + labels_.problem);
    const auto found = checks::check_integrity(*text, row.label.produce_id,
                                               row.label.reserved_code1, context_.key_or_null());
    if (found.integrity == checks::Integrity::changed)
      problem(row.id, row.field, "the text is not the one that was labelled");
    const bool worse = integrity_ && found.integrity != checks::Integrity::ok &&
                       integrity_->integrity != checks::Integrity::changed;
    if (worse || !integrity_) integrity_ = found;
  }

  /// Its own wording, or that of the description beside a field that is too short.
  bool has_explicit(const SidecarRow& row, const data::ShopRow& at, const std::string& text) const {
    if (holds_wording(text, row.field)) return true;
    if (!checks::is_adjacent_field(row.field) && row.explicit_label != kExplicitAdjacent)
      return false;
    const auto description = text_of(at, "description");
    return description && holds_wording(*description, "description");
  }

  std::string file_;
  SidecarReading labels_;
  const LabelContext& context_;
  data::ShopFile shop_;
  std::vector<bool> is_checked_;  // of each row of the labels, whether its row is in the file
  std::optional<checks::IntegrityCheck> integrity_;  // of the first label, or the worst
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

Json verify_export(const std::string& file, const LabelContext& context) {
  return ExportVerifier(file, open_export(file), context).run();
}

}  // namespace vitrine::recipes
