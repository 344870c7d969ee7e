#include "generation/ranker.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stopwatch.h"
#include "generation/dtypes.h"
#include "generation/gpt2_network.h"
#include "models/ranker/weights.h"

namespace vitrine::generation {
namespace {

/// Rows of one pass at most; texts go on in the next.
constexpr size_t kMaxPassRows = 256;

/// How many ids stand up to the last one that is not padding.
size_t length_without_padding(std::span<const int32_t> ids, int64_t pad_token_id) {
  size_t length = ids.size();
  while (length > 0 && ids[length - 1] == pad_token_id) --length;
  return length == 0 ? 1 : length;
}

}  // namespace

class Ranker::Impl {
 public:
  Impl(const std::filesystem::path& model_dir, const RankerConfig& config, kernels::WeightType type)
      : Impl(model_dir, models::read_ranker_config(model_dir), config, type) {}

  const Gpt2Network& network() const { return network_; }

  std::vector<double> score(std::span<const std::vector<int32_t>> texts) {
    rows_.clear();  // a call before may have been interrupted
    last_tokens_.clear();
    caches_.clear();
    std::vector<double> scores(texts.size());
    for (size_t text_idx = 0; text_idx < texts.size(); ++text_idx) {
      const std::span<const int32_t> ids(texts[text_idx]);
      add(ids.first(length_without_padding(ids, network_.config().pad_token_id)), text_idx, scores);
    }
    run_pass(scores);
    caches_.clear();
    return scores;
  }

 private:
  struct LastToken {
    size_t row_idx, text_idx;
  };

  Impl(const std::filesystem::path& model_dir, const models::Gpt2Config& model_config,
       const RankerConfig& config, kernels::WeightType type)
      : Impl(model_dir, model_config, config, type, PackedCache(model_dir, config.dtype)) {}

  Impl(const std::filesystem::path& model_dir, const models::Gpt2Config& model_config,
       const RankerConfig& config, kernels::WeightType type, PackedCache cache)
      : Impl(models::load_ranker_weights(model_dir, model_config, cache.is_there()), model_config,
             config, type, cache) {}

  Impl(models::Gpt2Weights weights, const models::Gpt2Config& model_config,
       const RankerConfig& config, kernels::WeightType type, PackedCache& cache)
      : pool_(config.threads),
        head_(weights.float32("score.weight")),
        network_(std::move(weights), model_config, cache, type,
                 default_kv_type(type, static_cast<size_t>(model_config.head_size())), pool_,
                 /*logits=*/false),
        pages_(network_.kv_shape()),
        hidden_(head_.size()) {}

  /// Puts the tokens of a text into passes; runs those that are full.
  void add(std::span<const int32_t> ids, size_t text_idx, std::vector<double>& scores) {
    caches_.push_back(std::make_unique<KvCache>(pages_));
    caches_.back()->grow_to(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      if (rows_.size() == kMaxPassRows) run_pass(scores);
      rows_.push_back({.token = ids[i], .cache = caches_.back().get(), .idx = i});
    }
    last_tokens_.push_back({rows_.size() - 1, text_idx});
  }

  void run_pass(std::vector<double>& scores) {
    if (rows_.empty()) return;
    throw_if_interrupted("scoring stopped");
    network_.forward(rows_);
    for (const LastToken& last : last_tokens_) {
      scores[last.text_idx] = head_of(last.row_idx, last.text_idx);
    }
    rows_.clear();
    last_tokens_.clear();
    caches_.erase(caches_.begin(), caches_.end() - 1);  // the last text may go on
  }

  double head_of(size_t row_idx, size_t text_idx) {
    network_.hidden(row_idx, hidden_);
    double score = 0;
    for (size_t c = 0; c < head_.size(); ++c) {
      score += static_cast<double>(hidden_[c]) * static_cast<double>(head_[c]);
    }
    VITRINE_REQUIRE(std::isfinite(score), "[Ranker] text ", text_idx,
                    ": the model gives a score that is not finite");
    return score;
  }

  ThreadPool pool_;
  std::vector<float> head_;  // [C]
  Gpt2Network network_;
  KvPagePool pages_;
  std::vector<float> hidden_;                     // [C]
  std::vector<std::unique_ptr<KvCache>> caches_;  // of the texts in the pass
  std::vector<TokenRow> rows_;
  std::vector<LastToken> last_tokens_;  // of the texts that end in the pass
};

Ranker Ranker::load(const std::filesystem::path& model_dir, const RankerConfig& config) {
  const kernels::WeightType type = weight_type(config.dtype, "Ranker");
  const auto start = SteadyClock::now();
  Ranker ranker(std::make_unique<Impl>(model_dir, config, type));
  log_debug("[Ranker::load] ", model_dir.string(), ": ", ranker.config().n_layer,
            " layers of width ", ranker.config().n_embd, "; packed as ", config.dtype, ", ",
            ranker.impl_->network().weight_bytes() >> 20, " MiB, in ", seconds_since(start), " s");
  return ranker;
}

void Ranker::check(std::span<const int32_t> input_ids, const std::string& where) const {
  VITRINE_REQUIRE(!input_ids.empty(), where, ": no tokens");
  for (const int32_t id : input_ids) {
    VITRINE_REQUIRE(id >= 0 && id < config().vocab_size, where, ": token ", id,
                    " is outside the vocabulary of ", config().vocab_size);
  }
  VITRINE_REQUIRE(input_ids.size() <= static_cast<size_t>(config().n_positions), where, ": ",
                  input_ids.size(), " tokens are more than the model's n_positions ",
                  config().n_positions);
}

std::vector<double> Ranker::score(std::span<const std::vector<int32_t>> texts) {
  for (size_t i = 0; i < texts.size(); ++i) check(texts[i], concat("[Ranker] text ", i));
  return impl_->score(texts);
}

Ranker::Ranker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ranker::~Ranker() = default;
Ranker::Ranker(Ranker&&) noexcept = default;
Ranker& Ranker::operator=(Ranker&&) noexcept = default;

const models::Gpt2Config& Ranker::config() const { return impl_->network().config(); }

}  // namespace vitrine::generation
