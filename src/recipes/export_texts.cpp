#include "recipes/export_texts.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <unordered_set>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/version.h"
#include "checks/checker.h"
#include "checks/html_label.h"
#include "checks/text_label.h"
#include "data/archive.h"
#include "data/normalization.h"
#include "recipes/export_parts.h"
#include "recipes/label_sidecar.h"
#include "recipes/offered_texts.h"
#include "recipes/shop_findings.h"
#include "store/label_log.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr const char* kVerb = "export";
constexpr const char* kGoogle = "google_merchant";  // platform of every Merchant Center file

checks::TextLength length_in(checks::LengthUnit unit) {
  switch (unit) {
    case checks::LengthUnit::weighted:
      return [](std::string_view t) {
        return static_cast<size_t>(checks::measure_lengths(t).weighted);
      };
    case checks::LengthUnit::utf8_bytes:
      return [](std::string_view t) {
        return static_cast<size_t>(checks::measure_lengths(t).utf8_bytes);
      };
    case checks::LengthUnit::gb18030_bytes:
      return [](std::string_view t) {
        return static_cast<size_t>(checks::measure_lengths(t).gb18030_bytes);
      };
    case checks::LengthUnit::lines:
      return
          [](std::string_view t) { return static_cast<size_t>(checks::measure_lengths(t).lines); };
    case checks::LengthUnit::code_points:
      break;
  }
  return nullptr;
}

/// A part ends when it has so many texts or rows: little is done twice after a kill.
constexpr size_t kTextsPerPart = 512, kRowsPerPart = size_t{1} << 16;
constexpr size_t kEntriesAtOnce = 4096;  // of the log of labels

/// One source on its way to the output.
class Exporter {
 public:
  Exporter(const std::string& source, const ExportConfig& config, const LabelContext& context,
           const std::string& work, ShopFindings& findings)
      : source_(source),
        config_(config),
        context_(context),
        findings_(findings),
        work_(work.empty() ? (config.output.empty() ? config.manifest : config.output) : work),
        keeps_work_(!work.empty()),
        offers_(config.texts),
        labels_in_(read_sidecar(source)),
        file_(source, config.file),
        normalizer_(data::AttributeNormalizer::load()),
        today_(to_iso_date(context.clock())),
        label_{.wording = checks::LabelWordings::shipped().allowed(config.wording),
               .place = checks::parse_label_place(config.place),
               .max_length = 0,
               .length = nullptr} {}

  ExportResult run() {
    if (labels_in_ && !labels_in_->problem.empty())
      throw Corrupt(concat("[export] ", sidecar_of(source_).string(), ": ", labels_in_->problem));
    if (!config_.output.empty()) require_same_kind(kVerb, file_, source_, config_.output);
    if (file_.kind() != "json") require_platform_of_file();
    open_parts();
    while (take_over_part() || export_part()) ++num_parts_;
    findings_.finish(file_);
    require_platform_of_file();
    warn_of_source();
    publish();
    if (!keeps_work_) parts_->remove();
    return {totals_.counts, totals_.cells_refused, totals_.products, findings_.rows_rejected()};
  }

 private:
  bool is_for_google() const { return file_.format() == "merchant"; }
  /// Where the file goes; "" = not known.
  std::string platform() const { return is_for_google() ? kGoogle : config_.platform; }

  /// Of JSON the format is known with its first product.
  void require_platform_of_file() const {
    if (is_for_google() && config_.platform != kGoogle && !config_.platform.empty())
      throw UsageError(concat("--platform: a Merchant Center file goes to ", kGoogle, ", got ",
                              config_.platform));
  }

  /// Google cuts a title that is too long.
  bool is_too_long(const std::string& field, const std::string& text) const {
    const checks::Limit* limit =
        is_for_google() ? checks::Checker::shipped().lengths().find_limit(kGoogle, field) : nullptr;
    return limit != nullptr && limit->max &&
           text::count_code_points(text) > static_cast<size_t>(*limit->max);
  }

  /// All that the bytes of a part depend on. The day is no part of it: a run may go on past
  /// midnight.
  Json settings() const {
    Json settings = config_to_json(config_);
    settings["source_sha256"] = file_.sha256();
    settings["texts_sha256"] = offers_.sha256();
    const std::string labels = sidecar_of(source_).string();
    settings["labels_sha256"] = labels_in_ ? sha256_file(labels) : "";
    settings["producer"] = context_.producer;
    settings["who"] = context_.who;
    settings["key"] = context_.key ? context_.key->id() : "";
    settings["ruleset_sha256"] = checks::RuleSet::shipped().sha256();
    settings["program_version"] = program_version();
    return settings;
  }

  void open_parts() {
    const Json now = settings();
    parts_.emplace(work_, now, export_endings(),
                   /*restart=*/!WriteParts::are_there(work_, now), kVerb);
    if (parts_->num_found() > 0)
      log_info("[export] going on from ", parts_->folder().string(),
               ", finished parts: ", parts_->num_found());
  }

  bool next_row() {
    if (interrupted()) throw Cancelled(what_is_kept());
    row_ = file_.next();
    if (!row_) return false;
    findings_.add(file_, *row_);
    if (row_->product && row_->places) note_licence(row_->product->source.licence);
    return true;
  }

  std::string what_is_kept() const {
    if (num_parts_ == 0) return "interrupted: nothing was written; run the same command again";
    return concat("interrupted: the texts of ", totals_.rows, " rows are kept in ",
                  parts_->folder().string(), "; run the same command again to continue");
  }

  void note_licence(const std::string& licence) {
    licences_.insert(licence);
    unlicensed_ += licence.empty();
  }

  /// Passes over the rows of a part that an earlier run has finished.
  bool take_over_part() {
    const auto record = parts_->finished(num_parts_, static_cast<int64_t>(totals_.rows));
    if (!record) return false;
    const ExportTotals before = export_totals_from_json(*record);
    for (size_t row = 0; row < before.rows; ++row) {
      if (!next_row()) throw InternalError("[export] a part of more rows than the source");
      if (row_->places) offers_.take(row_->product->id);
    }
    totals_.add(before);
    return true;
  }

  /// The next rows; false at the end.
  bool export_part() {
    if (!next_row()) return false;
    part_ = {};
    size_t texts = 0;
    parts_->begin(num_parts_, static_cast<int64_t>(totals_.rows));
    do {
      texts += export_row();
      ++part_.rows;
    } while (texts < kTextsPerPart && part_.rows < kRowsPerPart && !interrupted() && next_row());
    parts_->finish(to_json(part_));
    totals_.add(part_);
    return true;
  }

  /// Descriptions first: they hold the label of what is too short for one. Returns how many texts
  /// there were.
  size_t export_row() {
    if (!row_->places) return 0;
    ++part_.products;
    new_texts_.clear();
    normal_.reset();
    auto lines = offers_.take(row_->product->id);
    const auto turn = [](const OfferedLine& line) {
      return std::pair(checks::is_adjacent_field(line.field), std::string_view(line.field));
    };
    std::stable_sort(lines.begin(), lines.end(),
                     [&](const OfferedLine& a, const OfferedLine& b) { return turn(a) < turn(b); });
    for (auto line = lines.begin(); line != lines.end();) {
      const auto end = std::find_if(
          line, lines.end(), [&](const OfferedLine& other) { return other.field != line->field; });
      export_cell({line, end});
      line = end;
    }
    carry_labels();
    return lines.size();
  }

  /// What is offered for one place, a line after the other until one fits.
  void export_cell(std::span<const OfferedLine> lines) {
    bool is_refused = true;
    for (const OfferedLine& line : lines) {
      const ExportStatus status = export_line(line);
      is_refused = is_refused && is_refusal(status);
    }
    part_.cells_refused += is_refused;
  }

  ExportStatus export_line(const OfferedLine& offered) {
    const std::string& field = offered.field;
    Json line = {{"row", row_->row}, {"id", row_->product->id}, {"field", field}};
    if (!file_.has_field(field)) return note(std::move(line), ExportStatus::no_field);
    const std::string before = file_.text(*row_, field);
    line["column"] = file_.column_of(field);
    line["before_sha256"] = before.empty() ? Json(nullptr) : Json(sha256_hex(before));
    const bool is_filled =
        !file_.is_blank(*row_, field) && config_.only_empty && !config_.overwrite;
    if (is_filled || file_.is_fixed(*row_, field))
      return note(std::move(line), ExportStatus::filled);
    if (offered.offers.empty()) return note(std::move(line), ExportStatus::no_text);
    if (new_texts_.contains(field)) {
      if (!offered.offers.front().candidate.is_null())
        line["candidate"] = offered.offers.front().candidate;
      return note(std::move(line), ExportStatus::not_needed);
    }
    return choose(offered, std::move(line));
  }

  /// The first candidate that may leave; the line tells of all of them.
  ExportStatus choose(const OfferedLine& offered, Json line) {
    const auto taken = config_.dry_run ? ExportStatus::would_write : ExportStatus::written;
    Json others = Json::array();
    ExportStatus status = ExportStatus::not_needed;
    bool is_taken = false;
    for (const Offer& offer : offered.offers) {
      Json other = {{"index", others.size() + (is_taken ? 1 : 0)}};
      if (!offer.candidate.is_null()) other["index"] = offer.candidate["index"];
      if (is_taken) {
        other["status"] = to_string(ExportStatus::not_needed);
        others.push_back(std::move(other));
        continue;
      }
      const auto stored = checked(offered.field, offer, other, status);
      line["hits"] = other["hits"];
      if (stored) {
        keep_text(offered.field, *stored, offer, line);
        is_taken = true;
        continue;
      }
      other["status"] = to_string(status);
      others.push_back(std::move(other));
    }
    if (!is_taken) {  // of a line with one text, this one
      if (!offered.offers.back().candidate.is_null())
        line["candidate"] = offered.offers.back().candidate;
      others.erase(others.size() - 1);
    }
    if (!others.empty()) line["others"] = std::move(others);
    return note(std::move(line), is_taken ? taken : status);
  }

  void keep_text(const std::string& field, const std::string& stored, const Offer& offer,
                 Json& line) {
    line["after_sha256"] = sha256_hex(stored);
    if (!offer.candidate.is_null()) line["candidate"] = offer.candidate;
    add_labels(field, stored, line);
    const data::ShopText text = file_.place(*row_, field, stored);
    part_.fields.insert(text.field_idx);
    write_line(ExportForm::texts, Json::array({text.place_idx, text.field_idx, text.stored}));
    new_texts_[field] = stored;
  }

  const data::Product& normal_product() {
    if (!normal_) {
      normal_ = *row_->product;
      normalizer_.normalize(*normal_);
    }
    return *normal_;
  }

  /// The text as it will stand in the file, with its label; nothing, and why in `status`, when it
  /// must not leave. `told` gets what the checks say.
  std::optional<std::string> checked(const std::string& field, const Offer& offer, Json& told,
                                     ExportStatus& status) {
    // A description that is too long is cut when it gets its label; all else must fit as it is. What
    // the label says is no claim.
    const std::string unlabelled = checks::LabelWordings::shipped().without(offer.text);
    const bool is_cut = field == "description";
    const checks::CheckContext check{
        .platform = is_cut ? "" : platform(), .field = field, .today = today_};
    const auto report = checks::Checker::shipped().check(
        unlabelled.empty() ? offer.text : unlabelled, checks::Evidence(normal_product(), today_),
        check);
    told["hits"] = checks::hits_json(report);
    if (report.verdict() >= checks::Level::block) {
      status = ExportStatus::blocked;
      return std::nullopt;
    }
    const bool adjacent = checks::is_adjacent_field(field);
    if (adjacent && is_too_long(field, offer.text)) {
      status = ExportStatus::too_long;
      return std::nullopt;
    }
    if (adjacent && !holds_label("description")) {
      status = ExportStatus::no_description;
      return std::nullopt;
    }
    const auto labelled = adjacent ? offer.text : with_label(field, offer.text);
    std::string stored = labelled ? file_.stored_form(field, *labelled) : "";
    if (labelled && file_.fits(field, stored)) return stored;
    status = labelled ? ExportStatus::too_long : ExportStatus::no_room;
    return std::nullopt;
  }

  std::optional<std::string> with_label(const std::string& field, const std::string& text) const {
    checks::ExplicitLabel label = label_;
    const checks::Limit* limit =
        platform().empty() ? nullptr
                           : checks::Checker::shipped().lengths().find_limit(platform(), field);
    if (limit != nullptr && limit->max) {
      label.max_length = static_cast<size_t>(*limit->max);
      label.length = length_in(limit->unit);
    }
    if (checks::LabelWordings::shipped().find_in(text)) {  // it is not cut: that could take the label
      const size_t length = label.length ? label.length(text) : text::count_code_points(text);
      return label.max_length == 0 || length <= label.max_length ? std::optional(text)
                                                                 : std::nullopt;
    }
    return checks::with_explicit_label(text, label);
  }

  bool holds_label(const std::string& field) const {
    if (!file_.has_field(field)) return false;
    const auto new_text = new_texts_.find(field);
    const std::string text =
        new_text == new_texts_.end() ? file_.text(*row_, field) : new_text->second;
    return checks::LabelWordings::shipped()
        .find_in(file_.is_html(field) ? checks::read_html_page(text).text : text)
        .has_value();
  }

  void add_labels(const std::string& field, const std::string& stored, Json& line) {
    const std::string& id = row_->lasting_id;
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
    labels.label.reserved_code1 =
        checks::integrity_value(stored, labels.label.produce_id, context_.key_or_null());
    line["produce_id"] = labels.label.produce_id;
    Json settings = {
        {"wording", label_.wording}, {"place", config_.place}, {"platform", platform()}};
    if (context_.key) settings["key"] = context_.key->id();
    write_line(ExportForm::log_entries, {{"kind", "label"},
                                         {"produce_id", labels.label.produce_id},
                                         {"who", context_.who},
                                         {"producer", context_.producer},
                                         {"row", id},
                                         {"field", field},
                                         {"text_sha256", sha256_hex(stored)},
                                         {"explicit", labels.explicit_label},
                                         {"settings", std::move(settings)}});
    ++part_.log_entries;
    add_label(labels);
  }

  void add_label(const SidecarRow& label) {
    write_bytes(ExportForm::labels, sidecar_row(label) + "\n");
  }

  /// Labels of texts that stay.
  void carry_labels() {
    if (!labels_in_) return;
    const std::string& id = row_->lasting_id;
    for (auto place = labels_in_->places.lower_bound({id, ""});
         place != labels_in_->places.end() && place->first.first == id; ++place) {
      const SidecarRow& old = labels_in_->sidecar.rows[place->second];
      if (!file_.has_field(old.field) || new_texts_.contains(old.field)) continue;
      const auto check = checks::check_integrity(file_.text(*row_, old.field), old.label.produce_id,
                                                 old.label.reserved_code1, context_.key_or_null());
      if (check.integrity == checks::Integrity::changed)
        throw Corrupt(concat("[export] ", source_, " row ", row_->row,
                             ": LBL_CHANGED: the text is not the one that was labelled (", id, "/",
                             old.field, ")"));
      add_label(old);
    }
  }

  void write_line(ExportForm form, const Json& line) { write_bytes(form, dump_line(line) + "\n"); }
  void write_bytes(ExportForm form, std::string_view bytes) {
    parts_->write(static_cast<size_t>(form), bytes);
  }

  ExportStatus note(Json line, ExportStatus status) {
    line["status"] = to_string(status);
    part_.counts.add(status);
    write_line(ExportForm::manifest, line);
    return status;
  }

  void warn_of_source() const {
    if (unlicensed_ > 0)
      log_warn("[export] ", source_, ": ", unlicensed_, " of ", totals_.products,
               " records name no licence; --licence says it");
    if (findings_.rows_rejected() == 0) return;
    log_warn("[export] ", source_, ": ", findings_.rows_rejected(),
             " rows cannot be read; they stay as they are");
    data::log_table(concat("[export] ", source_, ":"), findings_.table(), true);
  }

  using Sink = std::function<void(std::string_view)>;

  void write_manifest(const std::string& output_sha256, const Sink& out) const {
    const Json head = {
        {"kind", "export_manifest"},
        {"source", fs::path(source_).filename().string()},  // without folders: the manifest leaves
                                                            // with the file
        {"source_sha256", file_.sha256()},
        {"output", fs::path(config_.output).filename().string()},
        {"output_sha256", config_.dry_run ? Json(nullptr) : Json(output_sha256)},
        {"format", file_.format()},
        {"encoding", file_.encoding()},
        {"licence", licence()},
        {"ruleset", checks::RuleSet::shipped().version()},
        {"platform", platform()},
        {"counts", to_json(totals_.counts)},
        {"reminder", kPublishReminder}};
    out(dump_line(head) + "\n");
    for (size_t part = 0; part < num_parts_; ++part)
      copy_bytes(*parts_->open(part, static_cast<size_t>(ExportForm::manifest)), out);
    offers_.for_each_left([&](const OfferedLine& line) {
      out(dump_line({{"row", nullptr},
                     {"id", line.id},
                     {"field", line.field},
                     {"status", to_string(ExportStatus::no_row)}}) +
          "\n");
    });
  }

  static void copy_bytes(ByteReader& reader, const Sink& out) {
    std::array<char, size_t{1} << 16> chunk;
    while (const size_t size = reader.read(chunk)) out({chunk.data(), size});
  }

  Json licence() const {
    return licences_.size() == 1 && licences_.begin()->empty() ? Json(nullptr) : Json(licences_);
  }

  void write_labels(const std::string& name, const std::string& output_sha256,
                    const Sink& out) const {
    Sidecar head;
    head.file = name;
    head.file_sha256 = output_sha256;
    head.columns.format = file_.format();
    head.shop_file = config_to_json(config_.file);
    SidecarWriter writer(head, out);
    PartLines rows(*parts_, num_parts_, ExportForm::labels);
    for (std::string_view row; rows.next(row);) writer.add(row);
    writer.finish();
  }

  /// The file with its texts. Returns its hash.
  std::string write_file(const Sink& out) const {
    PartLines lines(*parts_, num_parts_, ExportForm::texts);
    const auto next = [&]() -> std::optional<data::ShopText> {
      std::string_view line;
      if (!lines.next(line)) return std::nullopt;
      const Json text = parse_json(line, parts_->folder().string());
      return data::ShopText{text.at(0).get<int64_t>(), text.at(1).get<size_t>(),
                            text.at(2).get<std::string>()};
    };
    Sha256 hash;
    file_.write({totals_.fields.begin(), totals_.fields.end()}, next, [&](std::string_view bytes) {
      hash.add(bytes);
      out(bytes);
    });
    return hash.hex();
  }

  /// What an earlier run has logged before it was killed.
  std::unordered_set<std::string> logged_before() const {
    std::unordered_set<std::string> ids;
    if (parts_->num_found() == 0) return ids;
    store::read_label_log(context_.log, [&](const Json& entry) {
      if (entry.contains("produce_id")) ids.insert(entry["produce_id"].get<std::string>());
    });
    return ids;
  }

  void log_labels(const std::string& output_sha256) const {
    if (totals_.log_entries == 0) return;
    const auto before = logged_before();
    store::LabelLog log(context_.log, context_.clock);
    std::vector<Json> entries;
    PartLines lines(*parts_, num_parts_, ExportForm::log_entries);
    for (std::string_view line; lines.next(line);) {
      Json entry = parse_json(line, parts_->folder().string());
      if (before.contains(entry.at("produce_id").get<std::string>())) continue;
      entry["file"] = config_.output;
      entry["file_sha256"] = output_sha256;
      entries.push_back(std::move(entry));
      if (entries.size() == kEntriesAtOnce) log.append(std::exchange(entries, {}));
    }
    log.append(std::move(entries));
  }

  void publish() {
    totals_.counts.add(ExportStatus::no_row, offers_.num_left());
    totals_.cells_refused += offers_.num_left();
    const fs::path manifest =
        config_.manifest.empty() ? config_.output + ".manifest.jsonl" : config_.manifest;
    if (config_.dry_run) {
      write_into(manifest, [&](const Sink& out) { write_manifest("", out); });
    } else if (config_.output.ends_with(".zip") && !source_.ends_with(".zip")) {
      publish_archive(manifest);
    } else {
      publish_file(manifest);
    }
  }

  static void write_into(const fs::path& path, const std::function<void(const Sink&)>& write) {
    OutputFile file(path);
    write([&](std::string_view bytes) { file.write(bytes); });
    file.commit();
  }

  void publish_file(const fs::path& manifest) const {
    OutputFile output(config_.output);
    const std::string sha256 = write_file([&](std::string_view bytes) { output.write(bytes); });
    log_labels(sha256);
    write_into(manifest, [&](const Sink& out) { write_manifest(sha256, out); });
    write_into(sidecar_of(config_.output), [&](const Sink& out) {
      write_labels(fs::path(config_.output).filename().string(), sha256, out);
    });
    output.commit();
  }

  /// The file, its labels and its manifest in one, which is made in memory.
  void publish_archive(const fs::path& manifest) const {
    const std::string name = without_compression_suffix(fs::path(source_)).filename().string();
    std::map<std::string, std::string> entries;
    const auto entry = [&](const std::string& entry_name) {
      return [this, &contents = entries[entry_name]](std::string_view bytes) {
        if (contents.size() + bytes.size() > data::kMaxArchivedTableBytes)
          throw InvalidInput(concat("[export] --output: ", config_.output,
                                    ": an archive is made in memory, of files of at most ",
                                    data::kMaxArchivedTableBytes >> 20, " MiB; name a file like ",
                                    source_, ", with .gz or .zst where it should be packed"));
        contents += bytes;
      };
    };
    const std::string sha256 = write_file(entry(name));
    log_labels(sha256);
    write_labels(name, sha256, entry(name + ".aigc.json"));
    write_manifest(sha256, entry(name + ".manifest.jsonl"));
    if (!config_.manifest.empty()) write_output(manifest, entries[name + ".manifest.jsonl"]);
    write_output(config_.output, data::make_archive(entries));
  }

  std::string source_;
  const ExportConfig& config_;
  const LabelContext& context_;
  ShopFindings& findings_;
  std::string work_;  // what the parts are named after
  bool keeps_work_;
  OfferedTexts offers_;
  std::optional<SidecarReading> labels_in_;
  data::ShopFile file_;
  data::AttributeNormalizer normalizer_;
  std::string today_;
  checks::ExplicitLabel label_;
  std::optional<WriteParts> parts_;
  size_t num_parts_ = 0;        // finished, of this run or an earlier one
  ExportTotals totals_, part_;  // part_: of the part at hand
  std::set<std::string> licences_;
  size_t unlicensed_ = 0;
  // Of the row at hand:
  std::optional<data::ShopRow> row_;
  std::optional<data::Product> normal_;           // its product, normalized
  std::map<std::string, std::string> new_texts_;  // by field, stored forms
};

void require_known_words(const ExportConfig& config) {
  const auto platforms = checks::Checker::shipped().lengths().platforms();
  const bool is_known = config.platform.empty() || std::find(platforms.begin(), platforms.end(),
                                                             config.platform) != platforms.end();
  if (!is_known) {
    std::string known;
    for (const std::string& name : platforms) known += (known.empty() ? "" : ", ") + name;
    throw UsageError(
        concat("[export] --platform: expected one of ", known, ", got ", config.platform));
  }
  try {
    checks::LabelWordings::shipped().allowed(config.wording);
  } catch (const InvalidInput& e) {
    throw UsageError(concat("[export] --wording: ", e.what()));
  }
}

}  // namespace

ExportResult export_texts(const std::string& source, const ExportConfig& config,
                          const LabelContext& context, const std::string& work) {
  check_config(config, kVerb);
  require_known_words(config);
  if (!config.dry_run) require_producer(context);
  if (config.output.empty() && !config.dry_run) throw UsageError("[export] --output: missing");
  if (config.output == "-")
    throw UsageError(
        "[export] --output: expected a file: the labels and the manifest lie beside it");
  if (config.output.empty() && config.manifest.empty())
    throw UsageError("[export] --manifest: missing; a dry run writes nothing else");
  if (config.dry_run) require_free_manifest(kVerb, config.output, config.manifest);
  std::vector<std::string> inputs = {source, sidecar_of(source).string()};
  for (const std::string& argument : config.texts)
    inputs.push_back(OfferedTexts::path_of(argument));
  const std::string labels = config.output.empty() ? "" : sidecar_of(config.output).string();
  check_file_arguments(kVerb, inputs,
                       {{"--output", config.output},
                        {"--output", labels},
                        {"--manifest", config.manifest},
                        {"--rejects", config.rejects}});
  ShopFindings findings(config.rejects);
  try {
    return Exporter(source, config, context, work, findings).run();
  } catch (const data::ImportRefused& refused) {
    findings.refuse(refused);
    throw;
  }
}

void require_free_manifest(std::string_view verb, const std::string& output,
                           const std::string& manifest) {
  const std::string usual = output + ".manifest.jsonl";
  if (!manifest.empty() || !fs::exists(output) || !fs::exists(usual)) return;
  throw UsageError(concat("[", verb, "] --dry-run: ", usual, " tells of the export that made ",
                          output, ": name another file with --manifest"));
}

void require_same_kind(std::string_view verb, const data::ShopFile& file, const std::string& source,
                       const std::string& output) {
  static const std::map<std::string, std::string> kKinds = {
      {".csv", "table"}, {".tsv", "table"},  {".xlsx", "xlsx"},  {".xml", "xml"},
      {".json", "json"}, {".jsonl", "json"}, {".jsonld", "json"}};
  const auto ending_of = [](const std::string& path) {
    return without_compression_suffix(path).extension().string();
  };
  const std::string ending = ending_of(output), own = ending_of(source);
  const auto stated = kKinds.find(ending);
  if (stated == kKinds.end()) return;
  const bool is_table = file.kind() == "table";
  const bool other_separator = is_table && (own == ".csv" || own == ".tsv");
  if (ending == own || (stated->second == file.kind() && !other_separator)) return;
  throw UsageError(concat("[", verb, "] --output: expected the kind of file that ", source, " is (",
                          is_table ? own.empty() ? "a table" : own : file.kind(), "), got ",
                          output));
}

std::string to_line(const ExportResult& result) {
  const std::string counts = result.counts.to_line();
  return concat("商品 ", result.rows, counts.empty() ? "" : ", ", counts);
}

}  // namespace vitrine::recipes
