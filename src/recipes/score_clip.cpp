#include "recipes/score_clip.h"

#include "base/error.h"
#include "copywriting/copy_model.h"
#include "eval/retrieval.h"
#include "imagery/clip_scorer.h"
#include "io/picture.h"
#include "recipes/json_lines.h"

namespace vitrine::recipes {
namespace {

constexpr std::string_view kVerb = "score clip";
constexpr size_t kRowsAtOnce = 32;
constexpr int64_t kPixelsAtOnce = 16'000'000;  // memory: three bytes each

/// A picture that cannot be read is a fault of its row.
io::Picture read_row_picture(const std::filesystem::path& path, const std::string& where) {
  try {
    return io::read_picture(path);
  } catch (const NotFound& e) {
    throw InvalidInput(concat(where, ": image: ", e.what()));
  } catch (const Corrupt& e) {
    throw InvalidInput(concat(where, ": image: ", e.what()));
  }
}

std::filesystem::path folder_of(const std::string& input) {
  return input == "-" ? std::filesystem::path() : std::filesystem::path(input).parent_path();
}

}  // namespace

ClipLineScorer::ClipLineScorer(std::unique_ptr<imagery::PairScorer> scorer, std::filesystem::path folder)
    : scorer_(std::move(scorer)), folder_(std::move(folder)) {}

std::vector<Json> ClipLineScorer::take(const Json& row, int64_t number, const std::string& where) {
  std::string text = text_of_field(row, "text", where);
  io::Picture picture = read_row_picture(folder_ / text_of_field(row, "image", where), where);
  ids_.push_back(row_id(row, number));
  texts_.push_back(std::move(text));
  num_pixels_ += picture.width * picture.height;
  pictures_.push_back(std::move(picture));
  return pictures_.size() < kRowsAtOnce && num_pixels_ < kPixelsAtOnce ? std::vector<Json>{} : finish();
}

std::vector<Json> ClipLineScorer::finish() {
  const auto cosines = scorer_->score(pictures_, texts_);
  std::vector<Json> lines;
  for (size_t i = 0; i < cosines.size(); ++i) lines.push_back({{"id", ids_[i]}, {"score", eval::clip_score(cosines[i])}});
  ids_.clear();
  texts_.clear();
  pictures_.clear();
  num_pixels_ = 0;
  return lines;
}

bool run_score_clip(const ScoreRun& run, const std::string& device) {
  check_score_run(kVerb, run);
  imagery::ClipScorerConfig config{.device = device};
  if (!run.dtype.empty()) config.dtype = run.dtype;
  ClipLineScorer scorer(imagery::load_clip_scorer(copywriting::find_model(run.model), config), folder_of(run.input));
  return score_lines(kVerb, run, scorer);
}

}  // namespace vitrine::recipes
