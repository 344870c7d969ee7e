#include "recipes/label_text.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "base/compressed.h"
#include "base/error.h"
#include "base/file_arguments.h"
#include "base/hash.h"
#include "base/log.h"
#include "checks/checker.h"
#include "checks/claim_ledger.h"
#include "checks/claims.h"
#include "checks/html_label.h"
#include "checks/rule_set.h"
#include "checks/text_label.h"
#include "data/import.h"
#include "data/normalization.h"
#include "recipes/label_sidecar.h"
#include "store/label_log.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

using Products = std::map<std::string, data::Product, std::less<>>;
constexpr const char* kVerb = "label text";

/// One file on its way from input to output.
class FileLabeller {
 public:
  FileLabeller(const fs::path& input, fs::path output, const LabelTextConfig& config,
               const LabelContext& context, const Products* products)
      : input_(input),
        output_(std::move(output)),
        config_(config),
        context_(context),
        products_(products),
        sidecar_in_(read_sidecar(input)),
        file_(TextFile::read(input, columns())),
        label_{.wording = checks::LabelWordings::shipped().allowed(config.wording),
               .place = checks::parse_label_place(config.place),
               .max_length = static_cast<size_t>(config.max_length),
               .length = nullptr} {}

  LabelTextResult run() {
    if (sidecar_in_ && !sidecar_in_->problem.empty())
      throw Corrupt(
          concat("[label text] ", sidecar_of(input_).string(), ": ", sidecar_in_->problem));
    if (file_.format() == "html" && !file_.cells().empty()) label_page();
    if (!meta_) label_cells();
    result_.rejected = file_.rejects().size();
    if (result_.labelled + result_.kept == 0)
      throw Corrupt(
          concat("[label text] ", input_.string(), ": no text is left to label", first_reject()));
    write();
    return result_;
  }

  const std::vector<TextReject>& rejects() const { return file_.rejects(); }

 private:
  TextFileConfig columns() const {
    return sidecar_in_ ? sidecar_in_->sidecar.columns : config_.file;
  }
  std::string first_reject() const {
    return file_.rejects().empty() ? ""
                                   : concat(" (", file_.rejects().front().code, ": ",
                                            file_.rejects().front().message, ")");
  }

  // Pages that carry their label themselves.
  void label_page() {
    const std::string page = file_.cells().front().text;
    const auto read = checks::read_html_page(page);
    if (!read.head || !read.body || !read.body_end)
      return;  // a fragment: the sidecar has its label
    meta_ = true;
    if (read.metas.size() + (sidecar_in_ ? 1 : 0) > 1)
      throw Corrupt(
          concat("[label text] ", input_.string(), ": LBL_SEVERAL: more than one implicit label"));
    if (sidecar_in_)
      throw Corrupt(concat("[label text] ", input_.string(),
                           ": LBL_SEVERAL: a whole page whose label lies in a sidecar"));
    if (config_.max_length > 0)
      throw UsageError(concat("[label text] --max-length: a page is not cut, ", input_.string()));
    read.metas.empty() ? label_new_page(page, read) : keep_page(page, read);
  }

  void label_new_page(const std::string& page, const checks::HtmlPage& read) {
    if (config_.as_propagator)
      throw Corrupt(concat("[label text] ", input_.string(),
                           ": LBL_NOT_LABELLED: a propagator needs a labelled page"));
    const bool there = checks::LabelWordings::shipped().find_in(read.text).has_value();
    const std::string body = there ? page : checks::with_html_notice(page, read, label_);
    const auto label = new_label(body);
    file_.set_text(0, checks::with_html_meta(body, checks::read_html_page(body), label));
    log_label(file_.cells().front(), label, kExplicitPresent);
    ++result_.labelled;
  }

  void keep_page(const std::string& page, const checks::HtmlPage& read) {
    const auto reading = checks::read_annex_e_text(read.metas.front().content);
    if (!reading.label)
      throw Corrupt(
          concat("[label text] ", input_.string(), ": <meta name=\"AIGC\">: ", reading.problem));
    const auto parts = checks::html_content_parts(page, read);
    require_unchanged(
        file_.cells().front(),
        checks::check_integrity(parts, reading.label->produce_id, reading.label->reserved_code1,
                                context_.key_or_null()));
    ++result_.kept;
    if (!config_.as_propagator) return;
    checks::ImplicitLabel label = *reading.label;
    propagate(label, parts);
    file_.set_text(0, checks::with_html_meta(page, read, label));
  }

  // Rows and fragments.
  void label_cells() {
    find_repeated();
    for (size_t i = 0; i < file_.cells().size(); ++i) label_cell(i);
    settle_adjacent();
    for (size_t i = 0; i < file_.cells().size(); ++i) {
      if (!file_.is_rejected(i)) add_row(i);
    }
  }

  std::pair<std::string, std::string> key(size_t i) const {
    return {file_.cells()[i].id, file_.cells()[i].field};
  }

  void find_repeated() {
    std::map<std::pair<std::string, std::string>, int64_t> seen;
    for (size_t i = 0; i < file_.cells().size(); ++i) {
      const auto [first, is_new] = seen.try_emplace(key(i), file_.cells()[i].line);
      if (!is_new && !file_.is_rejected(i))
        file_.reject(i, "DUP_ID", concat("the same id and field as line ", first->second));
    }
  }

  /// The sidecar's row for a cell; null = not labelled yet.
  const SidecarRow* existing(size_t i) const {
    if (!sidecar_in_) return nullptr;
    const auto [first, last] = sidecar_in_->places.equal_range(key(i));
    if (std::distance(first, last) > 1)
      throw Corrupt(concat("[label text] ", sidecar_of(input_).string(),
                           ": LBL_SEVERAL: two labels of ", key(i).first, "/", key(i).second));
    return first == last ? nullptr : &sidecar_in_->sidecar.rows[first->second];
  }

  void label_cell(size_t i) {
    if (file_.is_rejected(i)) return;
    const TextCell& cell = file_.cells()[i];
    if (const SidecarRow* row = existing(i)) {
      const auto check = checks::check_integrity(cell.text, row->label.produce_id,
                                                 row->label.reserved_code1, context_.key_or_null());
      return require_unchanged(cell, check);
    }
    if (config_.as_propagator)
      return file_.reject(i, "LBL_NOT_LABELLED", "a propagator needs a labelled text");
    if (is_blocked(i)) return;
    if (!checks::is_adjacent_field(cell.field)) set_explicit(i);
  }

  /// With --evidence a text that the checks block is rejected: it must not leave.
  bool is_blocked(size_t i);

  void set_explicit(size_t i) {
    const std::string text = file_.cells()[i].text;
    const bool fragment = file_.format() == "html";
    const auto& wordings = checks::LabelWordings::shipped();
    if (wordings.find_in(fragment ? checks::read_html_page(text).text : text)) {
      const bool fits =
          config_.max_length == 0 || text::count_code_points(text) <= label_.max_length;
      if (!fits)
        file_.reject(
            i, "LBL_NO_ROOM",
            concat("a labelled text of more than ", config_.max_length, " code points is not cut"));
      return;
    }
    auto labelled = checks::with_explicit_label(text, label_);
    if (labelled && !fragment) return file_.set_text(i, std::move(*labelled));
    if (labelled && config_.max_length == 0) return file_.set_text(i, fragment_with_notice(text));
    file_.reject(i, "LBL_NO_ROOM",
                 concat("no clause of the text and the label fit into ", config_.max_length,
                        " code points"));
  }

  std::string fragment_with_notice(const std::string& text) const {
    const std::string notice = concat("<p>", label_.wording, "</p>\n");
    return label_.place == checks::LabelPlace::end ? text + notice : notice + text;
  }

  /// A row that goes may hold the description of another one, so this goes on until nothing
  /// changes.
  void settle_adjacent() {
    for (bool changed = true; changed;) {
      changed = false;
      index_descriptions();
      for (size_t i = 0; i < file_.cells().size(); ++i) {
        const auto& cell = file_.cells()[i];
        if (!checks::is_adjacent_field(cell.field) || file_.is_rejected(i) ||
            existing(i) != nullptr || descriptions_.contains(cell.id))
          continue;
        file_.reject(i, "LBL_NO_DESCRIPTION",
                     concat("no description of ", cell.id, " in this file holds the label for its ",
                            cell.field));
        changed = true;
      }
    }
  }

  void index_descriptions() {
    descriptions_.clear();
    for (size_t i = 0; i < file_.cells().size(); ++i) {
      const auto& cell = file_.cells()[i];
      const SidecarRow* old = existing(i);
      const bool holds = !checks::is_adjacent_field(cell.field) &&
                         (old == nullptr || old->explicit_label == kExplicitPresent);
      if (holds && !file_.is_rejected(i)) descriptions_.try_emplace(cell.id, i);
    }
  }

  void add_row(size_t i) {
    const TextCell& cell = file_.cells()[i];
    SidecarRow row;
    if (const SidecarRow* old = existing(i)) {
      row = *old;
      ++result_.kept;
      const std::string_view content = cell.text;
      if (config_.as_propagator) propagate(row.label, std::span(&content, 1));
    } else {
      const bool adjacent = checks::is_adjacent_field(cell.field);
      row.id = cell.id;
      row.field = cell.field;
      row.explicit_label = adjacent ? kExplicitAdjacent : kExplicitPresent;
      if (adjacent)
        row.described_by = concat(cell.id, "/", file_.cells()[descriptions_.at(cell.id)].field);
      row.label = new_label(cell.text);
      log_label(cell, row.label, row.explicit_label);
      ++result_.labelled;
    }
    sidecar_.rows.push_back(std::move(row));
  }

  checks::ImplicitLabel new_label(std::string_view content) const {
    checks::ImplicitLabel label;
    label.content_producer = label.content_propagator = context_.producer;
    label.produce_id = label.propagate_id = checks::new_produce_id(context_.clock());
    label.reserved_code1 =
        checks::integrity_value(content, label.produce_id, context_.key_or_null());
    return label;
  }

  void propagate(checks::ImplicitLabel& label, std::span<const std::string_view> content) {
    label.content_propagator = context_.producer;
    label.propagate_id = checks::new_produce_id(context_.clock());
    label.reserved_code2 =
        checks::integrity_value(content, label.propagate_id, context_.key_or_null());
    entries_.push_back({{"kind", "propagate"},
                        {"propagate_id", label.propagate_id},
                        {"of", label.produce_id},
                        {"who", context_.who},
                        {"propagator", context_.producer}});
  }

  void require_unchanged(const TextCell& cell, const checks::IntegrityCheck& check) const {
    if (check.integrity != checks::Integrity::changed) return;
    throw Corrupt(concat("[label text] ", input_.string(), " line ", cell.line,
                         ": LBL_CHANGED: the text is not the one that was labelled (", cell.id, "/",
                         cell.field, ")"));
  }

  void log_label(const TextCell& cell, const checks::ImplicitLabel& label,
                 const std::string& explicit_label) {
    Json settings = {
        {"wording", label_.wording}, {"place", config_.place}, {"max_length", config_.max_length}};
    if (context_.key) settings["key"] = context_.key->id();
    entries_.push_back({{"kind", "label"},
                        {"produce_id", label.produce_id},
                        {"who", context_.who},
                        {"producer", context_.producer},
                        {"row", cell.id},
                        {"field", cell.field},
                        {"text_sha256", sha256_hex(cell.text)},
                        {"explicit", explicit_label},
                        {"settings", std::move(settings)}});
  }

  std::string ledger() const;

  /// Labels in the page itself and beside it would be two.
  void refuse_stray_sidecar() const {
    if (!meta_ || !fs::exists(sidecar_of(output_))) return;
    throw InvalidInput(concat("[label text] ", sidecar_of(output_).string(),
                              ": LBL_SEVERAL: it is beside the output, which carries its label "
                              "itself; choose another --output"));
  }

  /// The log is on disk before a labelled file can be seen.
  void write() {
    refuse_stray_sidecar();
    const std::string bytes = file_.bytes(), sha256 = sha256_hex(bytes);
    OutputFile file(output_);
    file.write(bytes);
    std::vector<std::unique_ptr<OutputFile>> beside;  // in place before the file
    const auto add = [&](const fs::path& path, const std::string& text) {
      beside.push_back(std::make_unique<OutputFile>(path));
      beside.back()->write(text);
    };
    if (!meta_) add(sidecar_of(output_), finished_sidecar(sha256));
    if (products_ != nullptr) add(fs::path(output_).concat(".ledger.jsonl"), ledger());
    for (Json& entry : entries_) {
      entry["file"] = output_.string();
      entry["file_sha256"] = sha256;
    }
    if (!entries_.empty()) {
      store::LabelLog(context_.log, context_.clock).append(std::move(entries_));
    }
    for (const auto& one : beside) one->commit();
    file.commit();
  }

  std::string finished_sidecar(const std::string& sha256) {
    sidecar_.file = output_.filename().string();
    sidecar_.file_sha256 = sha256;
    sidecar_.columns = columns();
    sidecar_.columns.format = file_.format();
    return sidecar_text(sidecar_);
  }

  fs::path input_, output_;
  const LabelTextConfig& config_;
  const LabelContext& context_;
  const Products* products_;  // null = no ledger
  std::optional<SidecarReading> sidecar_in_;
  TextFile file_;
  checks::ExplicitLabel label_;
  bool meta_ = false;                           // a whole page: its label is in its head
  std::map<std::string, size_t> descriptions_;  // id -> its first text that holds the label
  Sidecar sidecar_;
  std::vector<Json> entries_;
  LabelTextResult result_;
};

/// The product of a row: of its id, or of the id before "#" (candidate k of a product).
const data::Product* product_of(const Products& products, const std::string& id) {
  auto found = products.find(id);
  if (found == products.end()) found = products.find(id.substr(0, id.rfind('#')));
  return found == products.end() ? nullptr : &found->second;
}

bool FileLabeller::is_blocked(size_t i) {
  if (products_ == nullptr) return false;
  const TextCell& cell = file_.cells()[i];
  const data::Product* product = product_of(*products_, cell.id);
  if (product == nullptr) return false;  // ledger() says so
  const std::string today = to_iso_date(context_.clock());
  const auto report = checks::Checker::shipped().check(
      cell.text, checks::Evidence(*product, today), {.field = cell.field, .today = today});
  std::string blocked;
  for (const auto& hit : report.hits) {
    if (hit.level == checks::Level::block) blocked += concat(" ", hit.rule->id, " ", hit.term, ";");
  }
  if (blocked.empty()) return false;
  file_.reject(i, "CHECK_BLOCKED", "the checks stop this text:" + blocked);
  return true;
}

/// Claims of the text outside its label, by what proves them today.
std::vector<checks::Claim> claims_of(const std::string& text, const data::Product& product,
                                     UtcSeconds now) {
  const checks::Evidence evidence(product, to_iso_date(now));
  auto claims = checks::ClaimFinder::shipped().find(text::to_utf32(text), evidence);
  const auto wording = checks::LabelWordings::shipped().find_in(text);
  if (!wording) return claims;
  const std::u32string label = text::to_utf32(*wording);
  const size_t begin = text::to_utf32(text).find(label);
  if (begin == std::u32string::npos) return claims;
  std::erase_if(claims, [&](const checks::Claim& claim) {
    return claim.begin >= begin && claim.end <= begin + label.size();
  });
  return claims;
}

std::string FileLabeller::ledger() const {
  if (products_ == nullptr) return "";
  const auto& rules = checks::RuleSet::shipped();
  std::vector<checks::LedgerRow> rows;
  for (size_t i = 0; i < file_.cells().size(); ++i) {
    const TextCell& cell = file_.cells()[i];
    if (file_.is_rejected(i)) continue;
    const data::Product* product = product_of(*products_, cell.id);
    if (product == nullptr)
      throw NotFound(concat("[label text] --evidence: no product ", cell.id, ", which ",
                            input_.string(), " line ", cell.line, " names"));
    const checks::Acceptance acceptance{
        .text_id = concat(cell.id, "/", cell.field),
        .reviewer = config_.reviewer.empty() ? context_.who : config_.reviewer,
        .time = context_.clock(),
        .ruleset = rules.version(),
        .ruleset_sha256 = rules.sha256()};
    const auto more = checks::ledger_rows(
        cell.text, claims_of(cell.text, *product, context_.clock()), *product, acceptance);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return checks::ledger_jsonl(rows);
}

bool names_folder(const std::string& output) {
  return output.ends_with('/') || fs::is_directory(output);
}

fs::path output_for(const std::string& input, const std::string& output) {
  if (!names_folder(output)) return output;
  if (input == "-")
    throw UsageError("[label text] --output: standard input needs the name of a file");
  return fs::path(output) / fs::path(input).filename();
}

/// Outputs beside inputs, checked before any work.
std::vector<fs::path> plan_outputs(const std::vector<std::string>& inputs,
                                   const LabelTextConfig& config) {
  if (config.output.empty()) throw UsageError("[label text] --output: missing");
  if (config.output == "-")
    throw UsageError("[label text] --output: expected a file: the implicit labels lie beside it");
  if (inputs.size() > 1 && !names_folder(config.output))
    throw UsageError(
        concat("[label text] --output: several files need a folder, got ", config.output));
  std::vector<fs::path> outputs;
  for (const std::string& input : inputs) {
    const fs::path output = output_for(input, config.output);
    if (std::find(outputs.begin(), outputs.end(), output) != outputs.end())
      throw UsageError(concat("[label text] --output: two inputs would become ", output.string()));
    std::vector<std::string> read = inputs;
    read.push_back(config.evidence);
    for (const std::string& one : inputs) read.push_back(sidecar_of(one).string());
    check_file_arguments(kVerb, read,
                         {{"--output", output.string()},
                          {"--output", sidecar_of(output).string()},
                          {"--rejects", config.rejects}});
    outputs.push_back(output);
  }
  return outputs;
}

Products read_evidence(const std::string& file) {
  const auto normalizer = data::AttributeNormalizer::load();
  Products products;
  for (data::Product& product : data::read_products(file).products) {
    normalizer.normalize(product);
    products.try_emplace(product.id, std::move(product));
  }
  return products;
}

}  // namespace

LabelTextResult label_texts(const std::vector<std::string>& inputs, const LabelTextConfig& config,
                            const LabelContext& context) {
  check_config(config, kVerb);
  require_producer(context);
  const auto outputs = plan_outputs(inputs, config);
  std::optional<Products> products;
  if (!config.evidence.empty()) products = read_evidence(config.evidence);
  LabelTextResult total;
  std::string rejects;
  for (size_t i = 0; i < inputs.size(); ++i) {
    FileLabeller labeller(inputs[i], outputs[i], config, context, products ? &*products : nullptr);
    const LabelTextResult result = labeller.run();
    total.labelled += result.labelled;
    total.kept += result.kept;
    total.rejected += result.rejected;
    for (const TextReject& reject : labeller.rejects()) {
      Json line = {{"file", inputs[i]}};
      line.update(to_json(reject));
      rejects += dump_line(line) + "\n";
      if (config.rejects.empty())
        log_warn("[label text] ", inputs[i], " line ", reject.line, ": ", reject.code, ": ",
                 reject.message);
    }
  }
  if (!config.rejects.empty()) write_output(config.rejects, rejects);
  return total;
}

}  // namespace vitrine::recipes
