#include "recipes/export_texts.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "checks/checker.h"
#include "checks/html_label.h"
#include "checks/text_label.h"
#include "data/archive.h"
#include "data/normalization.h"
#include "recipes/label_sidecar.h"
#include "store/label_log.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr const char* kVerb = "export";
constexpr const char* kGoogle = "google_merchant";  // platform of every Merchant Center file

/// One text that may go into a cell.
struct Offer {
  std::string text;
  Json candidate;  // index, model, seed: where it came from; null = not known
};

/// Texts by product and field, the best first.
using Offers = std::map<std::pair<std::string, std::string>, std::vector<Offer>>;

Json origin_of(const Json& line, const Json& candidate) {
  Json origin = {{"index", candidate.value("index", 0)}, {"origin", candidate.value("origin", line.value("origin", ""))}};
  for (const char* name : {"seed", "model_sha256", "ruleset"}) {
    if (line.contains(name)) origin[name] = line[name];
  }
  return origin;
}

void add_line(const Json& line, const std::string& field, const std::string& where, Offers& offers) {
  VITRINE_REQUIRE(line.is_object() && line.contains("id") && line["id"].is_string(), "[export] ", where, ": id: expected a text");
  const std::string id = line["id"].get<std::string>();
  auto& texts = offers[{id, line.contains("field") && line["field"].is_string() ? line["field"].get<std::string>() : field}];
  if (!line.contains("candidates")) {
    VITRINE_REQUIRE(line.contains("text") && line["text"].is_string(), "[export] ", where, ": text: expected a text or candidates");
    texts.push_back({line["text"].get<std::string>(), nullptr});
    return;
  }
  VITRINE_REQUIRE(line["candidates"].is_array(), "[export] ", where, ": candidates: expected a list");
  for (const Json& candidate : line["candidates"]) {
    const bool good = candidate.is_object() && candidate.contains("text") && candidate["text"].is_string();
    VITRINE_REQUIRE(good, "[export] ", where, ": candidates: expected objects with a text");
    texts.push_back({candidate["text"].get<std::string>(), origin_of(line, candidate)});
  }
}

std::pair<std::string, std::string> split_argument(const std::string& argument) {
  const size_t equals = argument.find('=');
  const bool named = equals != std::string::npos && argument.find('/') > equals && argument.find('.') > equals;
  return named ? std::pair(argument.substr(0, equals), argument.substr(equals + 1)) : std::pair(std::string("description"), argument);
}

Offers read_offers(const std::vector<std::string>& arguments) {
  Offers offers;
  for (const std::string& argument : arguments) {
    const auto [field, path] = split_argument(argument);
    const std::string bytes = read_file_unpacked(path);
    int64_t row = 0;
    for (size_t at = 0; at < bytes.size();) {
      const size_t end = std::min(bytes.find('\n', at), bytes.size());
      const std::string_view line = std::string_view(bytes).substr(at, end - at);
      const std::string where = concat(path, " row ", ++row);
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) add_line(parse_json(line, where), field, where, offers);
      at = end + 1;
    }
  }
  return offers;
}

checks::TextLength length_in(checks::LengthUnit unit) {
  switch (unit) {
    case checks::LengthUnit::weighted: return [](std::string_view t) { return static_cast<size_t>(checks::measure_lengths(t).weighted); };
    case checks::LengthUnit::utf8_bytes: return [](std::string_view t) { return static_cast<size_t>(checks::measure_lengths(t).utf8_bytes); };
    case checks::LengthUnit::gb18030_bytes: return [](std::string_view t) { return static_cast<size_t>(checks::measure_lengths(t).gb18030_bytes); };
    case checks::LengthUnit::lines: return [](std::string_view t) { return static_cast<size_t>(checks::measure_lengths(t).lines); };
    case checks::LengthUnit::code_points: break;
  }
  return nullptr;
}

/// One source on its way to the output.
class Exporter {
 public:
  Exporter(const std::string& source, const ExportConfig& config, const LabelContext& context)
      : source_(source),
        config_(config),
        context_(context),
        offers_(read_offers(config.texts)),
        labels_in_(read_sidecar(source)),
        file_(data::ShopFile::read(source, config.file)),
        normalizer_(data::AttributeNormalizer::load()),
        today_(to_iso_date(context.clock())),
        label_{.wording = checks::LabelWordings::shipped().allowed(config.wording), .place = checks::parse_label_place(config.place), .max_length = 0, .length = nullptr} {}

  ExportResult run() {
    if (is_for_google() && config_.platform != kGoogle && !config_.platform.empty()) throw UsageError(concat("--platform: a Merchant Center file goes to ", kGoogle, ", got ", config_.platform));
    if (labels_in_ && !labels_in_->problem.empty()) throw Corrupt(concat("[export] ", sidecar_of(source_).string(), ": ", labels_in_->problem));
    if (!config_.output.empty()) require_same_kind(kVerb, file_, source_, config_.output);
    warn_of_source();
    if (!config_.rejects.empty()) write_output(config_.rejects, file_.report().to_jsonl());
    result_.rows_rejected = file_.report().rows_rejected;
    result_.rows = file_.rows().size();
    for (size_t row = 0; row < file_.rows().size(); ++row) export_row(row);
    note_unknown_rows();
    publish();
    return std::move(result_);
  }

 private:
  bool is_for_google() const { return file_.format() == "merchant"; }
  /// Where the file goes; "" = not known.
  std::string platform() const { return is_for_google() ? kGoogle : config_.platform; }

  /// Google cuts a title that is too long.
  bool is_too_long(const std::string& field, const std::string& text) const {
    const checks::Limit* limit = is_for_google() ? checks::Checker::shipped().lengths().find_limit(kGoogle, field) : nullptr;
    return limit != nullptr && limit->max && text::count_code_points(text) > static_cast<size_t>(*limit->max);
  }

  void warn_of_source() const {
    const auto& rows = file_.rows();
    const auto unlicensed = std::count_if(rows.begin(), rows.end(), [](const data::ShopRow& row) { return row.product.source.licence.empty(); });
    if (unlicensed > 0) log_warn("[export] ", source_, ": ", unlicensed, " of ", rows.size(), " records name no licence; --licence says it");
    if (file_.report().rows_rejected == 0) return;
    log_warn("[export] ", source_, ": ", file_.report().rows_rejected, " rows cannot be read; they stay as they are");
    data::log_table(concat("[export] ", source_, ":"), file_.report().table(), true);
  }

  /// Descriptions first: they hold the label of what is too short for one.
  void export_row(size_t row) {
    const std::string& id = file_.rows()[row].product.id;
    for (const bool adjacent : {false, true}) {
      for (auto offer = offers_.lower_bound({id, ""}); offer != offers_.end() && offer->first.first == id; ++offer) {
        if (checks::is_adjacent_field(offer->first.second) == adjacent) export_field(row, offer->first.second, offer->second);
      }
    }
    carry_labels(row, file_.rows()[row].lasting_id);
    seen_.insert(id);
  }

  void export_field(size_t row, const std::string& field, const std::vector<Offer>& offers) {
    Json line = {{"row", file_.rows()[row].row}, {"id", file_.rows()[row].product.id}, {"field", field}};
    if (!file_.has_field(field)) return note(std::move(line), "no_field");
    const std::string before = file_.text(row, field);
    line["column"] = file_.column_of(field);
    line["before_sha256"] = before.empty() ? Json(nullptr) : Json(sha256_hex(before));
    const bool is_filled = !file_.is_blank(row, field) && config_.only_empty && !config_.overwrite;
    if (is_filled || file_.is_fixed(row, field)) return note(std::move(line), "filled");
    if (offers.empty()) return note(std::move(line), "no_text");
    std::string status = "blocked";
    for (const Offer& offer : offers) {
      const auto stored = checked(row, field, offer, line, status);
      if (!stored) continue;
      line["after_sha256"] = sha256_hex(*stored);
      if (!offer.candidate.is_null()) line["candidate"] = offer.candidate;
      add_labels(row, field, *stored, line);
      file_.set(row, field, *stored);
      return note(std::move(line), config_.dry_run ? "would_write" : "written");
    }
    note(std::move(line), status);
  }

  /// The text as it will stand in the file, with its label; nothing, and why in `status`, when it must
  /// not leave.
  std::optional<std::string> checked(size_t row, const std::string& field, const Offer& offer, Json& line, std::string& status) {
    const bool adjacent = checks::is_adjacent_field(field);
    data::Product product = file_.rows()[row].product;
    normalizer_.normalize(product);
    // A description that is too long is cut when it gets its label; all else must fit as it is.
    const bool is_cut = field == "description";
    const checks::CheckContext check{.platform = is_cut ? "" : platform(), .field = field, .today = today_};
    const auto report = checks::Checker::shipped().check(offer.text, checks::Evidence(product, today_), check);
    line["hits"] = checks::hits_json(report);
    if (report.verdict() >= checks::Level::block) {
      status = "blocked";
      return std::nullopt;
    }
    if (adjacent && is_too_long(field, offer.text)) {
      status = "too_long";
      return std::nullopt;
    }
    if (adjacent) {
      if (holds_label(row, "description")) return file_.stored_form(field, offer.text);
      status = "no_description";
      return std::nullopt;
    }
    const auto labelled = with_label(field, offer.text);
    if (!labelled) {
      status = "no_room";
      return std::nullopt;
    }
    return file_.stored_form(field, *labelled);
  }

  std::optional<std::string> with_label(const std::string& field, const std::string& text) const {
    if (checks::LabelWordings::shipped().find_in(text)) return text;
    checks::ExplicitLabel label = label_;
    const checks::Limit* limit = platform().empty() ? nullptr : checks::Checker::shipped().lengths().find_limit(platform(), field);
    if (limit != nullptr && limit->max) {
      label.max_length = static_cast<size_t>(*limit->max);
      label.length = length_in(limit->unit);
    }
    return checks::with_explicit_label(text, label);
  }

  bool holds_label(size_t row, const std::string& field) const {
    if (!file_.has_field(field)) return false;
    const std::string text = file_.text(row, field);
    return checks::LabelWordings::shipped().find_in(file_.is_html(field) ? checks::read_html_page(text).text : text).has_value();
  }

  void add_labels(size_t row, const std::string& field, const std::string& stored, Json& line) {
    const std::string& id = file_.rows()[row].lasting_id;
    const bool adjacent = checks::is_adjacent_field(field);
    line["explicit"] = adjacent ? kExplicitAdjacent : kExplicitPresent;
    if (adjacent) line["described_by"] = id + "/description";
    if (config_.dry_run) return;
    SidecarRow labels;
    labels.id = id;
    labels.field = field;
    labels.explicit_label = adjacent ? kExplicitAdjacent : kExplicitPresent;
    if (adjacent) labels.described_by = id + "/description";
    labels.label.content_producer = labels.label.content_propagator = context_.producer;
    labels.label.produce_id = labels.label.propagate_id = checks::new_produce_id(context_.clock());
    labels.label.reserved_code1 = checks::integrity_value(stored, labels.label.produce_id, context_.key_or_null());
    line["produce_id"] = labels.label.produce_id;
    Json settings = {{"wording", label_.wording}, {"place", config_.place}, {"platform", platform()}};
    if (context_.key) settings["key"] = context_.key->id();
    entries_.push_back({{"kind", "label"},
                        {"produce_id", labels.label.produce_id},
                        {"who", context_.who},
                        {"producer", context_.producer},
                        {"row", id},
                        {"field", field},
                        {"text_sha256", sha256_hex(stored)},
                        {"explicit", labels.explicit_label},
                        {"settings", std::move(settings)}});
    replaced_.insert({id, field});
    labels_.push_back(std::move(labels));
  }

  /// Labels of texts that stay.
  void carry_labels(size_t row, const std::string& id) {
    if (!labels_in_) return;
    for (auto place = labels_in_->places.lower_bound({id, ""}); place != labels_in_->places.end() && place->first.first == id; ++place) {
      const SidecarRow& old = labels_in_->sidecar.rows[place->second];
      if (!file_.has_field(old.field) || replaced_.contains(place->first)) continue;
      const auto check = checks::check_integrity(file_.text(row, old.field), old.label.produce_id, old.label.reserved_code1, context_.key_or_null());
      if (check.integrity == checks::Integrity::changed)
        throw Corrupt(concat("[export] ", source_, " row ", file_.rows()[row].row, ": LBL_CHANGED: the text is not the one that was labelled (", id, "/", old.field, ")"));
      labels_.push_back(old);
    }
  }

  void note_unknown_rows() {
    for (const auto& [place, offers] : offers_) {
      if (!seen_.contains(place.first)) note({{"row", nullptr}, {"id", place.first}, {"field", place.second}}, "no_row");
    }
  }

  void note(Json line, const std::string& status) {
    line["status"] = status;
    ++result_.counts[status];
    lines_ += dump_line(line) + "\n";
  }

  std::string manifest(const std::string& bytes) const {
    const Json head = {{"kind", "export_manifest"},
                       {"source", fs::path(source_).filename().string()},  // without folders: the manifest leaves with the file
                       {"source_sha256", file_.sha256()},
                       {"output", fs::path(config_.output).filename().string()},
                       {"output_sha256", config_.dry_run ? Json(nullptr) : Json(sha256_hex(bytes))},
                       {"format", file_.format()},
                       {"encoding", file_.encoding()},
                       {"licence", licence()},
                       {"ruleset", checks::RuleSet::shipped().version()},
                       {"platform", platform()},
                       {"counts", result_.counts},
                       {"reminder", kPublishReminder}};
    return dump_line(head) + "\n" + lines_;
  }

  Json licence() const {
    std::set<std::string> licences;
    for (const data::ShopRow& row : file_.rows()) licences.insert(row.product.source.licence);
    return licences.size() == 1 && licences.begin()->empty() ? Json(nullptr) : Json(licences);
  }

  std::string sidecar(const std::string& name, const std::string& bytes) {
    Sidecar sidecar;
    sidecar.file = name;
    sidecar.file_sha256 = sha256_hex(bytes);
    sidecar.columns.format = file_.format();
    sidecar.shop_file = config_to_json(config_.file);
    sidecar.rows = std::move(labels_);
    return sidecar_text(sidecar);
  }

  void publish() {
    const std::string bytes = file_.bytes();
    const bool as_archive = config_.output.ends_with(".zip") && !source_.ends_with(".zip");
    const fs::path manifest_path = config_.manifest.empty() ? config_.output + ".manifest.jsonl" : config_.manifest;
    const std::string manifest_text = manifest(bytes);
    if (config_.dry_run) return write_output(manifest_path, manifest_text);
    for (Json& entry : entries_) {
      entry["file"] = config_.output;
      entry["file_sha256"] = sha256_hex(bytes);
    }
    if (!entries_.empty()) store::LabelLog(context_.log, context_.clock).append(std::move(entries_));
    if (as_archive) {
      const std::string name = without_compression_suffix(fs::path(source_)).filename().string();
      const std::string labels = sidecar(name, bytes);
      if (!config_.manifest.empty()) write_output(manifest_path, manifest_text);
      return write_output(config_.output, data::make_archive({{name, bytes}, {name + ".aigc.json", labels}, {name + ".manifest.jsonl", manifest_text}}));
    }
    const std::string labels = sidecar(fs::path(config_.output).filename().string(), bytes);
    write_output(manifest_path, manifest_text);
    write_output(sidecar_of(config_.output), labels);
    write_output(config_.output, bytes);
  }

  std::string source_;
  const ExportConfig& config_;
  const LabelContext& context_;
  Offers offers_;
  std::optional<SidecarReading> labels_in_;
  data::ShopFile file_;
  data::AttributeNormalizer normalizer_;
  std::string today_;
  checks::ExplicitLabel label_;
  std::set<std::string> seen_;  // ids of the file
  std::vector<SidecarRow> labels_;
  std::set<std::pair<std::string, std::string>> replaced_;  // id and field of new texts
  std::vector<Json> entries_;
  std::string lines_;
  ExportResult result_;
};

}  // namespace

ExportResult export_texts(const std::string& source, const ExportConfig& config, const LabelContext& context) {
  check_config(config, kVerb);
  if (!config.dry_run) require_producer(context);
  if (config.output.empty() && !config.dry_run) throw UsageError("[export] --output: missing");
  if (config.output == "-") throw UsageError("[export] --output: expected a file: the labels and the manifest lie beside it");
  if (config.output.empty() && config.manifest.empty()) throw UsageError("[export] --manifest: missing; a dry run writes nothing else");
  std::vector<std::string> inputs = {source, sidecar_of(source).string()};
  for (const std::string& argument : config.texts) inputs.push_back(split_argument(argument).second);
  const std::string labels = config.output.empty() ? "" : sidecar_of(config.output).string();
  check_file_arguments(kVerb, inputs, {{"--output", config.output}, {"--output", labels}, {"--manifest", config.manifest}, {"--rejects", config.rejects}});
  return Exporter(source, config, context).run();
}

void require_same_kind(std::string_view verb, const data::ShopFile& file, const std::string& source, const std::string& output) {
  static const std::map<std::string, std::string> kKinds = {{".csv", "table"}, {".tsv", "table"}, {".xlsx", "xlsx"}, {".xml", "xml"}, {".json", "json"}, {".jsonl", "json"}, {".jsonld", "json"}};
  const auto ending_of = [](const std::string& path) { return without_compression_suffix(path).extension().string(); };
  const std::string ending = ending_of(output), own = ending_of(source);
  const auto stated = kKinds.find(ending);
  if (stated == kKinds.end()) return;
  const bool is_table = file.kind() == "table";
  const bool other_separator = is_table && (own == ".csv" || own == ".tsv");
  if (ending == own || (stated->second == file.kind() && !other_separator)) return;
  throw UsageError(concat("[", verb, "] --output: expected the kind of file that ", source, " is (", is_table ? own.empty() ? "a table" : own : file.kind(), "), got ", output));
}

std::string to_line(const ExportResult& result) {
  static const std::map<std::string, std::string> kNames = {{"written", "已写入"},          {"would_write", "将写入"},         {"filled", "原有内容保留"},
                                                           {"blocked", "检查未通过"},      {"no_room", "放不下标识"}, {"too_long", "超过平台的长度"},         {"no_description", "没有带标识的描述"},
                                                           {"no_field", "文件没有这一列"}, {"no_row", "文件没有这件商品"}, {"no_text", "没有文案"}};
  std::string line = concat("商品 ", result.rows);
  for (const auto& [status, count] : result.counts) line += concat(", ", kNames.at(status), " ", count);
  return line;
}

}  // namespace vitrine::recipes
