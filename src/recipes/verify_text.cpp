#include "recipes/verify_text.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>

#include "base/error.h"
#include "checks/html_label.h"
#include "checks/text_label.h"
#include "recipes/label_sidecar.h"
#include "recipes/verify_export.h"
#include "store/label_log.h"

namespace vitrine::recipes {
namespace {

constexpr size_t kMostProblems = 20;

/// What is known of the labels of one text or of all of a file.
struct Finding {
  std::string explicit_label = "present";  // present | absent | by_agreement; of a file the worst
  size_t count = 1;                        // implicit labels
  bool fields_ok = true;
  checks::IntegrityCheck integrity{.integrity = checks::Integrity::ok};
  std::string produce_id, label;
};

/// Numbers of contents that the log says were exported by agreement.
std::unordered_map<std::string, std::string> agreed_exports(const LabelContext& context) {
  std::unordered_map<std::string, std::string> requests;
  const auto state = store::read_label_log(context.log, [&](const Json& entry) {
    const std::string request = entry.value("request", "");
    if (entry.value("kind", "") == "label" && !request.empty())
      requests[entry.value("produce_id", "")] = request;
  });
  if (!state.fault.empty()) requests.clear();
  return requests;
}

class FileVerifier {
 public:
  FileVerifier(const std::string& name, const TextFileConfig& config, const LabelContext& context)
      : name_(name),
        context_(context),
        sidecar_(read_sidecar(name)),
        file_(TextFile::read(name, columns(config))) {}

  Json run() {
    for (const TextReject& reject : file_.rejects())
      problem(reject.id, reject.field, concat(reject.code, ": ", reject.message));
    if (file_.format() == "html" && !file_.cells().empty()) verify_page();
    if (carrier_ != "meta") verify_rows();
    return report();
  }

 private:
  TextFileConfig columns(const TextFileConfig& config) const {
    return sidecar_ ? sidecar_->sidecar.columns : config;
  }

  void verify_page() {
    const std::string& page = file_.cells().front().text;
    const auto read = checks::read_html_page(page);
    if (read.metas.empty() && !(read.head && read.body && read.body_end)) return;  // a fragment
    carrier_ = "meta";
    Finding finding{.produce_id = {}, .label = {}};
    finding.count = read.metas.size() + (sidecar_ ? 1 : 0);
    if (!checks::LabelWordings::shipped().find_in(read.text)) finding.explicit_label = "absent";
    if (!read.metas.empty()) {
      const auto reading = checks::read_annex_e_text(read.metas.front().content);
      finding.fields_ok = reading.label.has_value();
      if (reading.label)
        take_label(*reading.label, checks::html_content_parts(page, read), finding);
      else
        problem("page", "page", reading.problem);
    }
    take(file_.cells().front(), finding);
  }

  void verify_rows() {
    if (sidecar_) carrier_ = "sidecar";
    for (size_t i = 0; i < file_.cells().size(); ++i) {
      if (!file_.is_rejected(i) && holds_wording(i))
        labelled_.emplace(file_.cells()[i].id, file_.cells()[i].field);
    }
    for (size_t i = 0; i < file_.cells().size(); ++i) {
      if (!file_.is_rejected(i)) take(file_.cells()[i], finding_of(i));
    }
  }

  bool holds_wording(size_t i) const {
    const std::string& text = file_.cells()[i].text;
    return checks::LabelWordings::shipped()
        .find_in(file_.format() == "html" ? checks::read_html_page(text).text : text)
        .has_value();
  }

  Finding finding_of(size_t i) {
    const TextCell& cell = file_.cells()[i];
    Finding finding{.produce_id = {}, .label = {}};
    finding.explicit_label = holds_wording(i) ? "present" : "absent";
    const SidecarRow* row = nullptr;
    finding.count = 0;
    if (sidecar_) {
      const auto [first, last] = sidecar_->places.equal_range({cell.id, cell.field});
      finding.count = static_cast<size_t>(std::distance(first, last));
      if (first != last) row = &sidecar_->sidecar.rows[first->second];
    }
    if (checks::is_adjacent_field(cell.field) && finding.explicit_label == "absent" &&
        has_labelled_description(cell))
      finding.explicit_label = "present";
    if (row == nullptr) return finding;
    if (row->explicit_label == kExplicitByAgreement && finding.explicit_label == "absent")
      settle_agreement(cell, *row, finding);
    finding.fields_ok = !row->label.produce_id.empty();
    const std::string_view content = cell.text;
    if (finding.fields_ok)
      take_label(row->label, std::span(&content, 1), finding);
    else
      problem(cell.id, cell.field, "implicit label: " + sidecar_->problem);
    return finding;
  }

  bool has_labelled_description(const TextCell& cell) const {
    const auto [first, last] = labelled_.equal_range(cell.id);
    return std::any_of(first, last,
                       [](const auto& entry) { return !checks::is_adjacent_field(entry.second); });
  }

  /// The sidecar's word is not enough: the log must hold the export.
  void settle_agreement(const TextCell& cell, const SidecarRow& row, Finding& finding) {
    if (!exports_) exports_ = agreed_exports(context_);
    const auto found = exports_->find(row.label.produce_id);
    const bool known = found != exports_->end() && found->second == row.request;
    if (known)
      finding.explicit_label = "by_agreement";
    else
      problem(cell.id, cell.field,
              "explicit label left out by agreement, which the log of labels does not hold");
  }

  template <typename Content>
  void take_label(const checks::ImplicitLabel& label, const Content& content, Finding& finding) {
    finding.integrity = checks::check_integrity(content, label.produce_id, label.reserved_code1,
                                                context_.key_or_null());
    finding.produce_id = label.produce_id;
    finding.label = label.label;
  }

  void problem(const std::string& id, const std::string& field, const std::string& what) {
    ++problem_count_;
    if (problems_.size() < kMostProblems)
      problems_.push_back({{"id", id}, {"field", field}, {"problem", what}});
  }

  void take(const TextCell& cell, const Finding& finding) {
    if (finding.explicit_label == "absent") problem(cell.id, cell.field, "no explicit label");
    if (finding.count != 1)
      problem(cell.id, cell.field, concat("expected one implicit label, got ", finding.count));
    if (finding.integrity.integrity == checks::Integrity::changed)
      problem(cell.id, cell.field,
              concat("the text is not the one that was labelled",
                     finding.integrity.signature == "invalid" ? " (signature)" : ""));
    if (texts_ == 0) total_ = finding;
    ++texts_;
    if (rank(finding.explicit_label) > rank(total_.explicit_label))
      total_.explicit_label = finding.explicit_label;
    // 0 weighs more than 1, and several more than both.
    if (finding.count > 1 || total_.count == 1)
      total_.count = total_.count > 1 ? std::max(total_.count, finding.count) : finding.count;
    total_.fields_ok = total_.fields_ok && finding.fields_ok;
    const bool worse = finding.integrity.integrity == checks::Integrity::changed ||
                       (finding.integrity.integrity == checks::Integrity::unsigned_ &&
                        total_.integrity.integrity == checks::Integrity::ok);
    if (worse) total_.integrity = finding.integrity;
    if (finding.label != total_.label) total_.label = "mixed";
  }

  static int rank(std::string_view explicit_label) {
    return explicit_label == "absent" ? 2 : explicit_label == "by_agreement" ? 1 : 0;
  }

  Json report() const {
    const bool pass = problem_count_ == 0 && texts_ > 0;
    Json implicit = {{"count", total_.count},
                     {"carrier", total_.count == 0 ? "none" : carrier_},
                     {"fields_ok", total_.count > 0 && total_.fields_ok},
                     {"label", total_.label},
                     {"produce_id", total_.produce_id},
                     {"integrity", checks::to_string(total_.integrity.integrity)},
                     {"signature", total_.integrity.signature}};
    return {{"file", name_},
            {"explicit", total_.explicit_label},
            {"explicit_checks", {{"wording", total_.explicit_label == "present"}}},
            {"implicit", std::move(implicit)},
            {"texts", texts_},
            {"problem_count", problem_count_},
            {"problems", problems_},
            {"result", pass ? "pass" : "fail"}};
  }

  std::string name_;
  const LabelContext& context_;
  std::optional<SidecarReading> sidecar_;
  TextFile file_;
  std::string carrier_ = "none";
  std::multimap<std::string, std::string>
      labelled_;  // id -> field of the texts that hold a wording
  std::optional<std::unordered_map<std::string, std::string>> exports_;
  Finding total_{
      .explicit_label = "absent", .count = 0, .integrity = {}, .produce_id = {}, .label = {}};
  size_t texts_ = 0, problem_count_ = 0;
  Json problems_ = Json::array();
};

}  // namespace

Json verify_text_file(const std::string& file, const TextFileConfig& config,
                      const LabelContext& context) {
  try {
    if (file != "-" && !std::filesystem::exists(file)) throw NotFound(concat("[verify] ", file, ": no such file"));
    if (is_export(file)) return verify_export(file, context);
    return FileVerifier(file, config, context).run();
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& e) {  // one bad file must not hide what the others are
    return {{"file", file}, {"result", "fail"}, {"error", e.what()}};
  }
}

std::string verify_summary(const std::vector<Json>& reports) {
  size_t passed = 0;
  std::string lines;
  for (const Json& report : reports) {
    if (report.at("result") == "pass") {
      ++passed;
      continue;
    }
    std::string why = report.value("error", "");
    if (why.empty() && !report.at("problems").empty()) {
      const Json& first = report.at("problems").front();
      why = concat(first.value("id", ""), "/", first.value("field", ""), ": ",
                   first.value("problem", ""), " (", report.value("problem_count", report.at("problems").size()), ")");
    }
    lines += concat("未通过 ", report.value("file", ""), ": ", why, "\n");
  }
  return concat("标识核验 ", passed, "/", reports.size(), " 个文件通过\n", lines);
}

}  // namespace vitrine::recipes
