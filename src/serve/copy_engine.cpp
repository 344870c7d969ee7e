#include "serve/copy_engine.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "checks/checker.h"
#include "serve/copy_batch.h"

namespace vitrine::serve {
namespace {

copywriting::WriterModels load(const CopyEngineConfig& config) {
  copywriting::WriteConfig names;
  names.model = config.model;
  names.ranker = config.ranker;
  return copywriting::load_writer_models(names, config.decoder);
}

std::string id_of(copywriting::Plan plan, const std::string& field) {
  plan.id.clear();
  return "plan-" + sha256_hex(dump_line(copywriting::to_json(plan)) + field).substr(0, 24);
}

}  // namespace

class CopyEngine::Impl {
 public:
  Impl(copywriting::WriterModels models, std::string name)
      : models_(std::move(models)), name_(std::move(name)), rules_(copywriting::WriterRules::load()), batch_(*models_.copy) {
    checks::Checker::shipped();  // loaded now and not by the first request
    copywriting::StyleRules::shipped();
  }

  copywriting::WrittenProduct write(const CopyRequest& request, const CopyWatch& watch) {
    ++requests_;
    RequestModels models(*this, request.priority, watch.is_cancelled);
    copywriting::CopyWriter writer = writer_for(request, models);
    copywriting::WriteWatch writing;
    if (watch.on_text) writing.on_text = [&](size_t, int index, const std::string& text) { watch.on_text(index, text); };
    if (watch.on_candidate) writing.on_candidate = [&](size_t, const auto& candidate) { watch.on_candidate(candidate); };
    try {
      auto written = std::move(writer.write({&request.product, 1}, writing).front());
      for (const auto& candidate : written.candidates) delivered_ += candidate.tokens;
      return written;
    } catch (const Cancelled&) {
      ++cancelled_;
      throw;
    }
  }

  copywriting::Plan plan(const CopyRequest& request) {
    RequestModels models(*this, request.priority, {});
    copywriting::Plan plan = writer_for(request, models).plan(request.product);
    plan.id = id_of(plan, request.config.field);
    return plan;
  }

  CopyEngineStats stats() const {
    const CopyBatchStats batch = batch_.stats();
    return {.requests = requests_, .cancelled = cancelled_, .copies = batch.copies, .tokens = batch.tokens,
            .drawn = batch.drawn, .delivered = delivered_, .waiting = batch.waiting, .running = batch.running};
  }
  int64_t count_tokens(std::string_view text) const { return static_cast<int64_t>(models_.copy->tokenizer->encode(text).size()); }
  const std::string& name() const { return name_; }
  const std::string& sha256() const { return models_.copy->sha256; }

 private:
  /// The engine's models as one request reaches them.
  class RequestModels : public copywriting::WritingModels {
   public:
    RequestModels(Impl& engine, int priority, std::function<bool()> is_cancelled)
        : engine_(engine), caller_{priority, std::move(is_cancelled)} {}
    const copywriting::CopyModel& copy() const override { return *engine_.models_.copy; }
    const copywriting::RankingModel* ranker() const override {
      return engine_.models_.ranker ? &*engine_.models_.ranker : nullptr;
    }
    void sample(std::vector<copywriting::CopyTask> tasks, const copywriting::CopySamplerConfig& config,
                const copywriting::SampleWatch& watch) override {
      engine_.batch_.sample(std::move(tasks), config, watch, caller_);
    }
    std::vector<double> rank(std::span<const std::vector<int32_t>> texts) override {
      const std::lock_guard lock(engine_.ranker_mutex_);
      return engine_.models_.ranker->ranker().score(texts);
    }

   private:
    Impl& engine_;
    CopyBatch::Caller caller_;
  };

  copywriting::CopyWriter writer_for(const CopyRequest& request, RequestModels& models) const {
    return copywriting::CopyWriter(request.config, {rules_, &models, request.accepted}, request.wishes);
  }

  copywriting::WriterModels models_;
  std::string name_;
  std::shared_ptr<const copywriting::WriterRules> rules_;
  std::mutex ranker_mutex_;  // the ranking model has one caller at a time
  std::atomic<int64_t> requests_ = 0, cancelled_ = 0, delivered_ = 0;
  CopyBatch batch_;  // last: its thread uses the models
};

CopyEngine::CopyEngine(const CopyEngineConfig& config) : CopyEngine(load(config), config.model) {}

CopyEngine::CopyEngine(copywriting::WriterModels models, std::string name) {
  VITRINE_REQUIRE(models.copy, "[CopyEngine] no copy model");
  impl_ = std::make_unique<Impl>(std::move(models), std::move(name));
}

CopyEngine::~CopyEngine() = default;

copywriting::WrittenProduct CopyEngine::write(const CopyRequest& request, const CopyWatch& watch) {
  return impl_->write(request, watch);
}
copywriting::Plan CopyEngine::plan(const CopyRequest& request) const { return impl_->plan(request); }
int64_t CopyEngine::count_tokens(std::string_view text) const { return impl_->count_tokens(text); }
const std::string& CopyEngine::model_name() const { return impl_->name(); }
const std::string& CopyEngine::model_sha256() const { return impl_->sha256(); }
CopyEngineStats CopyEngine::stats() const { return impl_->stats(); }

}  // namespace vitrine::serve
