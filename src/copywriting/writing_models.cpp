#include "copywriting/writing_models.h"

#include <algorithm>
#include <string>
#include <utility>

namespace vitrine::copywriting {

WriterModels load_writer_models(const WriteConfig& config, generation::DecoderConfig decoder) {
  WriterModels models;
  if (!config.baseline.empty()) return models;
  decoder.max_batch = std::max(decoder.max_batch, config.num_beams);
  models.copy = load_copy_model(find_model(config.model), decoder);
  const std::string ranker = config.field == "description" ? config.ranker_name() : "";
  if (!ranker.empty()) models.ranker = RankingModel::load(find_model(ranker), {.threads = decoder.threads});
  return models;
}

void OwnModels::sample(std::vector<CopyTask> tasks, const CopySamplerConfig& config, const SampleWatch& watch) {
  sample_copies(copy_, std::move(tasks), config, watch);
}

std::vector<double> OwnModels::rank(std::span<const std::vector<int32_t>> texts) {
  return ranker_->ranker().score(texts);
}

}  // namespace vitrine::copywriting
