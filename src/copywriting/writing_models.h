// copywriting/writing_models.h - the models that a CopyWriter writes with, and how it reaches them.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "copywriting/copy_model.h"
#include "copywriting/copy_sampler.h"
#include "copywriting/ranking_model.h"
#include "copywriting/write_config.h"

namespace vitrine::copywriting {

/// The loaded models.
struct WriterModels {
  std::optional<CopyModel> copy;       // none with a baseline
  std::optional<RankingModel> ranker;  // none where the copy model does not write: a baseline, titles
};

/// Those that `config` names. Throws what load_copy_model and RankingModel::load throw.
WriterModels load_writer_models(const WriteConfig& config, generation::DecoderConfig decoder);

/// One writer's way to the models. A writer that has them to itself takes OwnModels; the server's
/// writers share them (serve/copy_engine.h).
class WritingModels {
 public:
  virtual ~WritingModels() = default;
  virtual const CopyModel& copy() const = 0;
  virtual const RankingModel* ranker() const = 0;  // null = none
  /// As sample_copies.
  virtual void sample(std::vector<CopyTask> tasks, const CopySamplerConfig& config,
                      const SampleWatch& watch) = 0;
  /// As Ranker::score. REQUIRES: a ranking model.
  virtual std::vector<double> rank(std::span<const std::vector<int32_t>> texts) = 0;
};

/// Models of one writer. They must outlive it.
class OwnModels : public WritingModels {
 public:
  explicit OwnModels(const CopyModel& copy) : copy_(copy) {}
  /// Null = none.
  void use_ranker(RankingModel* ranker) { ranker_ = ranker; }

  const CopyModel& copy() const override { return copy_; }
  const RankingModel* ranker() const override { return ranker_; }
  void sample(std::vector<CopyTask> tasks, const CopySamplerConfig& config,
              const SampleWatch& watch) override;
  std::vector<double> rank(std::span<const std::vector<int32_t>> texts) override;

 private:
  const CopyModel& copy_;
  RankingModel* ranker_ = nullptr;
};

}  // namespace vitrine::copywriting
