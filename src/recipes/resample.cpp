#include "recipes/resample.h"

#include "base/error.h"
#include "base/random.h"

namespace vitrine::recipes {
namespace {

bool is_better(const imagery::Inspection& one, const imagery::Inspection& other) {
  if (one.findings.size() != other.findings.size()) return one.findings.size() < other.findings.size();
  return one.score > other.score;
}

/// The pictures of one request, from round to round.
class Rounds {
 public:
  Rounds(const ResampleRequest& request, const DrawPictures& draw, const InspectPictures& inspect)
      : request_(request), draw_(draw), inspect_(inspect), pictures_(static_cast<size_t>(request.count)) {}

  std::vector<Resampled> run() {
    std::vector<size_t> open(pictures_.size());
    for (size_t i = 0; i < open.size(); ++i) open[i] = i;
    for (int attempt = 1; attempt <= request_.attempts && !open.empty(); ++attempt) open = round(attempt, open);
    return std::move(pictures_);
  }

 private:
  /// Draws the open pictures; returns those that are still open.
  std::vector<size_t> round(int attempt, const std::vector<size_t>& open) {
    std::vector<PictureSeed> seeds;
    for (const size_t i : open) seeds.push_back({attempt_seed(request_.seed, attempt), request_.first_index + static_cast<int64_t>(i)});
    std::vector<DrawnPicture> drawn = draw_(seeds);
    std::vector<imagery::Inspection> inspections(drawn.size());
    if (inspect_) inspections = inspect_(drawn);
    std::vector<size_t> still_open;
    for (size_t k = 0; k < open.size(); ++k) {
      if (!inspections[k].accepted()) still_open.push_back(open[k]);
      take(pictures_[open[k]], attempt, seeds[k], std::move(drawn[k]), std::move(inspections[k]));
    }
    return still_open;
  }

  static void take(Resampled& picture, int attempt, const PictureSeed& seed, DrawnPicture drawn, imagery::Inspection inspection) {
    if (attempt == 1) picture.first_findings = inspection.findings;
    picture.attempts = attempt;
    if (attempt > 1 && !is_better(inspection, picture.inspection)) return;
    picture.kept_attempt = attempt;
    picture.seed = seed;
    picture.drawn = std::move(drawn);
    picture.inspection = std::move(inspection);
  }

  const ResampleRequest& request_;
  const DrawPictures& draw_;
  const InspectPictures& inspect_;
  std::vector<Resampled> pictures_;
};

}  // namespace

std::vector<PictureSeed> seeds_in_row(uint64_t seed, int64_t first, int64_t count) {
  std::vector<PictureSeed> seeds;
  for (int64_t i = first; i < first + count; ++i) seeds.push_back({seed, i});
  return seeds;
}

uint64_t attempt_seed(uint64_t seed, int attempt) {
  return attempt == 1 ? seed : RandomKey(seed).fold_in("attempt").bits(static_cast<uint64_t>(attempt)) >> 1;
}

std::vector<Resampled> draw_until_accepted(const ResampleRequest& request, const DrawPictures& draw, const InspectPictures& inspect) {
  VITRINE_REQUIRE(request.count >= 1 && request.attempts >= 1, "[draw_until_accepted] expected at least one picture and attempt, got ", request.count, " and ",
                  request.attempts);
  return Rounds(request, draw, inspect).run();
}

}  // namespace vitrine::recipes
