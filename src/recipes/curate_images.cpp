#include "recipes/curate_images.h"

#include <chrono>

#include "base/error.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "recipes/curate_images_filters.h"

namespace vitrine::recipes {
namespace {

/// "like <id>" counts as "like another picture".
std::string reason_group(const std::string& reason) { return reason.starts_with("like ") ? "like another picture" : reason; }

std::string sample_text(const PictureRow& row, const PictureDecision& decision) {
  const std::string& text = text_of(row.record);
  return concat(text.empty() ? row.record.label : text, decision.reason.empty() ? "" : " · " + decision.reason);
}

/// Counts the decisions of one filter.
class Tally {
 public:
  void add(FilterReport& report, const PictureRow& row, const PictureDecision& decision) {
    if (decision.score) {
      report.scores.push_back(*decision.score);
      report.margin.push_back({*decision.score, decision.keep, row.record.product.id, sample_text(row, decision)});
    }
    if (!decision.reason.empty()) ++reasons_[reason_group(decision.reason)];
    if (!decision.bucket.empty()) ++buckets_[decision.bucket];
    report.repaired += decision.repaired;
    ++(decision.keep ? report.kept : report.dropped);
  }
  void finish(FilterReport& report, int margin_samples) {
    set_reasons(report, reasons_);
    report.buckets.assign(buckets_.begin(), buckets_.end());
    cut_margin(report, static_cast<size_t>(margin_samples));
  }

 private:
  std::map<std::string, int64_t> reasons_, buckets_;
};

FilterReport run_filter(PictureFilter& filter, std::vector<PictureRow>& rows, std::vector<RejectedPicture>& rejected, int margin_samples) {
  FilterReport report;
  report.filter = filter.name();
  report.enabled = filter.enabled();
  report.rows_in = static_cast<int64_t>(rows.size());
  report.config_sha256 = sha256_hex(dump_line({{"enabled", filter.enabled()}, {"settings", filter.settings()}}));
  if (!report.enabled) {
    report.kept = report.rows_in;
    return report;
  }
  filter.prepare(rows);
  report.score_name = filter.score_name();
  report.thresholds = filter.thresholds();
  std::vector<PictureRow> kept;
  Tally tally;
  for (PictureRow& row : rows) {
    const PictureDecision decision = filter.decide(row);
    tally.add(report, row, decision);
    if (decision.keep) kept.push_back(std::move(row));
    else rejected.push_back({std::move(row), report.filter, decision.reason});
  }
  rows = std::move(kept);
  report.notes = filter.notes();
  tally.finish(report, margin_samples);
  return report;
}

std::vector<PictureRow> rows_of(std::vector<data::PictureRecord> records) {
  std::vector<PictureRow> rows(records.size());
  for (size_t i = 0; i < records.size(); ++i) rows[i].record = std::move(records[i]);
  return rows;
}

}  // namespace

CuratedPictures curate_pictures(std::vector<data::PictureRecord> records, const CurateImagesConfig& config, const CurateImagesTools& tools) {
  config.validate();
  const auto rows_in = static_cast<int64_t>(records.size());
  const imagery::CaptionWords captions = imagery::CaptionWords::load();
  CuratedPictures set{.kept = rows_of(std::move(records)), .rejected = {}, .filters = {}};
  measure_pictures(set.kept, tools.threads);
  for (const auto& filter : make_picture_filters(config, tools, captions)) {
    throw_if_interrupted("curate: nothing is written");
    const auto start = std::chrono::steady_clock::now();
    set.filters.push_back(run_filter(*filter, set.kept, set.rejected, config.margin_samples));
    set.filters.back().seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  for (PictureRow& row : set.kept) write_caption(row, captions);
  check_sums(set.filters, rows_in);
  return set;
}

}  // namespace vitrine::recipes
