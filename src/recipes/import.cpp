#include "recipes/import.h"

#include <memory>
#include <optional>
#include <vector>

#include "base/compressed.h"
#include "base/file_arguments.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "data/id_set.h"
#include "data/near_duplicates.h"
#include "data/normalization.h"
#include "data/product_reader.h"

namespace vitrine::recipes {
namespace {

using data::ImportEntry;
using data::Severity;

constexpr int64_t kRowsBetweenReports = 256;

/// The texts of one field over all files, and whose they are.
struct FieldTexts {
  const char* field;
  data::NearDuplicateScan scan;
};

/// Ids in their bytes and eight more each.
class IdList {
 public:
  void add(std::string_view id) {
    bytes_ += id;
    ends_.push_back(bytes_.size());
  }
  std::string_view at(size_t index) const {
    const uint64_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }

 private:
  std::string bytes_;
  std::vector<uint64_t> ends_;
};

/// One import: the outputs, and what is known over all files.
class ImportJob {
 public:
  explicit ImportJob(const ImportRecipeConfig& config) : config_(config), output_(config.output) {
    if (!config.rejects.empty()) rejects_ = std::make_unique<OutputFile>(config.rejects);
    if (config.normalize) normalizer_.emplace(data::AttributeNormalizer::load());
    if (config.duplicates.empty()) return;
    data::MinhashConfig minhash = data::kScanConfig;
    minhash.min_similarity = config.min_similarity;
    for (const char* field : {"title", "text"}) texts_.push_back({field, data::NearDuplicateScan(minhash)});
  }

  void read(const std::string& file, bool several) {
    try {
      data::ProductReader reader(file, config_.reader);
      read_rows(reader, several);
      reader.remember_mapping();
    } catch (const data::ImportRefused& refused) {
      report(refused.entry());
      if (rejects_) rejects_->commit();
      throw;
    }
  }

  ImportTotals finish() {
    progress_.finish();
    if (rejects_) rejects_->commit();
    if (config_.strict) refuse_if_rejected();
    if (!texts_.empty()) write_near_duplicates();
    output_.commit();
    if (totals_.without_licence > 0) log_warn("[import] ", totals_.without_licence, " records name no licence; --licence says it");
    return std::move(totals_);
  }

 private:
  void read_rows(data::ProductReader& reader, bool several) {
    const size_t reported = report_new(reader, 0);
    while (auto row = reader.next()) {
      if (++totals_.rows_in % kRowsBetweenReports == 0) {
        throw_if_interrupted("nothing was written");
        progress_.reach(reader.fraction());
        progress_.advance(kRowsBetweenReports);
      }
      for (const ImportEntry& finding : row->findings) report(finding);
      if (row->product && several) refuse_repeated_id(*row, data::header_of(reader.columns(), "id"));
      if (row->product) keep(*row->product);
      else ++totals_.rows_rejected;
    }
    report_new(reader, reported);
  }

  size_t report_new(const data::ProductReader& reader, size_t from) {
    const auto& findings = reader.file_findings();
    for (size_t i = from; i < findings.size(); ++i) report(findings[i]);
    return findings.size();
  }

  void refuse_repeated_id(data::ProductRow& row, const std::string& column) {
    const data::Product& product = *row.product;
    if (ids_.insert(product.id)) return;
    report({product.source.file, product.source.row, column, "DUP_ID", Severity::reject, product.id, product.id});
    row.product.reset();
  }

  void keep(data::Product& product) {
    if (normalizer_) {
      for (const data::UnmappedPair& pair : normalizer_->normalize(product)) {
        report({product.source.file, product.source.row, pair.key_raw, pair.code, Severity::warn, pair.val_raw});
      }
    }
    if (!texts_.empty()) {
      row_ids_.add(product.id);
      texts_[0].scan.add(product.title_raw);
      texts_[1].scan.add(product.summary.empty() ? product.description_raw : product.summary);
    }
    ++totals_.rows_kept;
    totals_.without_licence += product.source.licence.empty();
    output_.write(dump_line(to_json(product)) + "\n");
  }

  void write_near_duplicates() {
    OutputFile file(config_.duplicates);
    for (const FieldTexts& texts : texts_) {
      const auto pairs = texts.scan.find();
      log_info("[import] near-duplicates by ", texts.field, ": ", pairs.size());
      for (const data::NearDuplicate& pair : pairs)
        file.write(dump_line({{"id", row_ids_.at(pair.second)}, {"field", texts.field}, {"like", row_ids_.at(pair.first)}, {"similarity", pair.similarity}}) + "\n");
    }
    file.commit();
  }

  void report(const ImportEntry& entry) {
    const ImportEntry shown = data::with_short_value(entry);
    totals_.summary.add(shown);
    if (first_reject_.code.empty() && entry.severity == Severity::reject) first_reject_ = shown;
    if (rejects_) rejects_->write(dump_line(data::to_json(shown)) + "\n");
  }

  void refuse_if_rejected() const {
    if (totals_.rows_rejected == 0) return;
    const ImportEntry& first = first_reject_;
    throw Corrupt(concat("[import] --strict: ", totals_.rows_rejected, " rows rejected, the first is ", first.file, " row ", first.row, ": ", first.code,
                         first.column.empty() ? "" : " in " + first.column));
  }

  const ImportRecipeConfig& config_;
  OutputFile output_;
  std::unique_ptr<OutputFile> rejects_;
  std::optional<data::AttributeNormalizer> normalizer_;
  data::IdSet ids_;  // over several files
  std::vector<FieldTexts> texts_;     // empty = no near-duplicates are looked for
  IdList row_ids_;                    // of their texts
  ImportTotals totals_;
  ImportEntry first_reject_;
  Progress progress_{"import", 0, "rows"};
};

}  // namespace

ImportTotals import_files(std::span<const std::string> files, const ImportRecipeConfig& config) {
  VITRINE_REQUIRE(!files.empty(), "[import] no files");
  check_file_arguments("import", files, {{"--output", config.output}, {"--rejects", config.rejects}, {"--duplicates", config.duplicates}});
  ImportJob job(config);
  for (const std::string& file : files) job.read(file, files.size() > 1);
  return job.finish();
}

}  // namespace vitrine::recipes
