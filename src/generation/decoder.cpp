#include "generation/decoder.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/stopwatch.h"
#include "generation/batch.h"
#include "generation/beam_search.h"
#include "generation/dtypes.h"
#include "generation/packed_cache.h"
#include "generation/prompts.h"
#include "kernels/rows.h"

namespace vitrine::generation {
namespace {

constexpr size_t kScoreRows = 32;  // rows of logits held at once

void require_tokens(std::span<const int32_t> ids, const models::Gpt2Config& config,
                    const std::string& where) {
  VITRINE_REQUIRE(!ids.empty(), "[Decoder] ", where, ": no tokens");
  for (const int32_t id : ids) {
    VITRINE_REQUIRE(id >= 0 && id < config.vocab_size, "[Decoder] ", where, ": token ", id,
                    " is outside the vocabulary of ", config.vocab_size);
  }
}

void require_positions(size_t length, const models::Gpt2Config& config) {
  VITRINE_REQUIRE(length <= static_cast<size_t>(config.n_positions), "[Decoder] ", length,
                  " tokens are more than the model's n_positions ", config.n_positions);
}

void check(const Request& request, size_t request_idx, const models::Gpt2Config& config) {
  const std::string where = concat("request ", request_idx);
  require_tokens(request.prompt, config, where);
  validate(request.sampling);
  const auto max_new_tokens = static_cast<size_t>(request.sampling.max_new_tokens);
  VITRINE_REQUIRE(request.prompt.size() + max_new_tokens <= static_cast<size_t>(config.n_positions),
                  "[Decoder] ", where, ": prompt ", request.prompt.size(), " + max_new_tokens ",
                  max_new_tokens, " = ", request.prompt.size() + max_new_tokens,
                  " are more than the model's n_positions ", config.n_positions);
  VITRINE_REQUIRE(request.eos >= -1 && request.eos < config.vocab_size, "[Decoder] ", where,
                  ": eos ", request.eos, " is outside the vocabulary of ", config.vocab_size);
  if (request.stop_strings != nullptr) {
    VITRINE_REQUIRE(request.stop_strings->vocab_size() == static_cast<size_t>(config.vocab_size),
                    "[Decoder] ", where, ": stop strings know the bytes of ",
                    request.stop_strings->vocab_size(), " tokens, the vocabulary has ",
                    config.vocab_size);
  }
  for (const auto& processor : request.processors) {
    VITRINE_REQUIRE(processor != nullptr, "[Decoder] ", where, ": a processor is null");
  }
}

/// Requests that are there from the start.
class GivenRequests : public RequestQueue {
 public:
  explicit GivenRequests(std::span<const Request> requests)
      : requests_(requests), results_(requests.size()) {}
  std::optional<Request> next() override {
    return next_ < requests_.size() ? std::optional(requests_[next_++]) : std::nullopt;
  }
  void done(size_t request_idx, std::vector<Sequence> sequences) override {
    results_[request_idx] = std::move(sequences);
  }
  std::vector<std::vector<Sequence>> results() { return std::move(results_); }

 private:
  std::span<const Request> requests_;
  size_t next_ = 0;
  std::vector<std::vector<Sequence>> results_;
};

kernels::WeightType weight_type_of(const DecoderConfig& config) {
  return weight_type(config.dtype, "Decoder");
}
KvType kv_type_of(const DecoderConfig& config, const models::Gpt2Config& model) {
  return kv_type(config.kv_dtype, weight_type_of(config), static_cast<size_t>(model.head_size()),
                 "Decoder");
}

}  // namespace

class Decoder::Impl {
 public:
  Impl(const std::filesystem::path& model_dir, const models::Gpt2Config& model_config,
       const DecoderConfig& config)
      : config_(config),
        cache_(model_dir, config.dtype),
        pool_(config.threads),
        network_(models::load_gpt2_weights(model_dir, model_config, {}, cache_.is_there()),
                 model_config, cache_, weight_type_of(config), kv_type_of(config, model_config),
                 pool_),
        pages_(std::make_shared<KvPagePool>(network_.kv_shape())) {}

  const models::Gpt2Config& model_config() const { return network_.config(); }
  const Gpt2Network& network() const { return network_; }
  const DecoderStats& stats() const { return stats_; }
  const std::string& weights_sha256() { return cache_.content_sha256(); }

  std::vector<std::vector<Sequence>> generate(std::span<const Request> requests) {
    for (size_t i = 0; i < requests.size(); ++i) check(requests[i], i, model_config());
    GivenRequests queue(requests);
    generate(queue);
    return queue.results();
  }

  void generate(RequestQueue& queue) {
    Batch batch(network_, pages_, pool_, queue, static_cast<size_t>(config_.max_batch),
                [this](const Request& request, size_t request_idx) {
                  check(request, request_idx, model_config());
                });
    batch.run();
    stats_ = batch.stats();
  }

  std::vector<std::vector<Sequence>> beam_search(std::span<const Request> requests,
                                                 const BeamConfig& config) {
    require_beams(config);
    for (size_t i = 0; i < requests.size(); ++i) check(requests[i], i, model_config());
    GivenRequests queue(requests);
    beam_search(queue, config);
    return queue.results();
  }

  void beam_search(RequestQueue& queue, const BeamConfig& config) {
    require_beams(config);
    BeamSearch search(network_, pages_, pool_, queue, config,
                      static_cast<size_t>(config_.max_batch),
                      [this](const Request& request, size_t request_idx) {
                        check(request, request_idx, model_config());
                      });
    search.run();
    stats_ = search.stats();
  }

  Score score(std::span<const int32_t> ids, size_t labels_from) {
    VITRINE_REQUIRE(labels_from <= ids.size(), "[Decoder::score] labels_from ", labels_from,
                    " is beyond the ", ids.size(), " ids");
    std::vector<bool> labels(ids.size());
    std::fill(labels.begin() + static_cast<std::ptrdiff_t>(labels_from), labels.end(), true);
    return score(ids, labels);
  }

  Score score(std::span<const int32_t> ids, const std::vector<bool>& labels) {
    require_tokens(ids, model_config(), "score");
    require_positions(ids.size(), model_config());
    VITRINE_REQUIRE(labels.size() == ids.size(), "[Decoder::score] expected ", ids.size(),
                    " labels, got ", labels.size());
    if (std::find(labels.begin() + 1, labels.end(), true) == labels.end()) return {0, 0};
    Score score{0, 0};
    KvCache cache(*pages_);
    std::vector<size_t>
        scored;  // rows of a pass; row i tells of id i + 1, the last id of nothing that is asked
    run_prompt(network_, ids.first(ids.size() - 1), 0, cache, rows_,
               [&](size_t first, size_t count) {
                 scored.clear();
                 for (size_t row = 0; row < count; ++row) {
                   if (labels[first + row + 1]) scored.push_back(row);
                 }
                 score.tokens += static_cast<int64_t>(scored.size());
                 for (size_t begin = 0; begin < scored.size(); begin += kScoreRows) {
                   const size_t part = std::min(kScoreRows, scored.size() - begin);
                   score.logprob +=
                       score_rows(ids.subspan(first + 1), std::span(scored).subspan(begin, part));
                 }
               });
    return score;
  }

  std::vector<float> logits_last(std::span<const int32_t> ids) {
    require_tokens(ids, model_config(), "logits_last");
    require_positions(ids.size(), model_config());
    std::vector<float> logits(static_cast<size_t>(model_config().vocab_size));
    KvCache cache(*pages_);
    run_prompt(network_, ids, 0, cache, rows_, [&](size_t, size_t count) {
      const size_t last = count - 1;
      network_.logits(std::span(&last, 1), logits.data());
    });
    return logits;
  }

 private:
  void require_beams(const BeamConfig& config) const {
    validate(config);
    VITRINE_REQUIRE(config.num_beams <= config_.max_batch, "[Decoder] num_beams ", config.num_beams,
                    " is more than max_batch ", config_.max_batch);
  }

  /// The log probability of next_ids[row], from its row of the last pass, for all `rows`, at most
  /// kScoreRows.
  double score_rows(std::span<const int32_t> next_ids, std::span<const size_t> rows) {
    const auto V = static_cast<size_t>(model_config().vocab_size);
    logits_.resize(std::max(logits_.size(), kScoreRows * V));
    network_.logits(rows, logits_.data());
    std::vector<double> logprobs(rows.size());
    pool_.parallel_for(rows.size(), [&](size_t begin, size_t end) {
      std::vector<float> scratch(V);
      for (size_t r = begin; r < end; ++r) {
        const std::span<const float> logits(logits_.data() + r * V, V);
        const double normaliser = kernels::log_sum_exp(kernels::kernel_table(), logits, scratch);
        logprobs[r] =
            static_cast<double>(logits[static_cast<size_t>(next_ids[rows[r]])]) - normaliser;
      }
    });
    return std::accumulate(logprobs.begin(), logprobs.end(), 0.0);
  }

  DecoderConfig config_;
  PackedCache cache_;
  ThreadPool pool_;
  Gpt2Network network_;
  std::shared_ptr<KvPagePool> pages_;
  DecoderStats stats_;
  std::vector<TokenRow> rows_;
  std::vector<float> logits_;
};

Decoder Decoder::load(const std::filesystem::path& model_dir, const DecoderConfig& config) {
  VITRINE_REQUIRE(config.max_batch >= 1 && config.max_batch <= 65536,
                  "[Decoder] max_batch: expected 1 to 65536, got ", config.max_batch);
  const auto start = SteadyClock::now();
  const auto model_config = models::read_gpt2_config(model_dir);
  kv_type_of(config, model_config);  // refuse types before the weights are read
  Decoder decoder(std::make_unique<Impl>(model_dir, model_config, config));
  const auto& shape = decoder.config();
  log_debug("[Decoder::load] ", model_dir.string(), ": ", shape.n_layer, " layers of width ",
            shape.n_embd, ", ", shape.n_head, " heads, vocabulary ", shape.vocab_size, ", ",
            shape.n_positions, " positions; packed as ", config.dtype, ", ",
            decoder.weight_bytes() >> 20, " MiB, in ", seconds_since(start), " s");
  return decoder;
}

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

std::vector<std::vector<Sequence>> Decoder::generate(std::span<const Request> requests) {
  return impl_->generate(requests);
}
void Decoder::generate(RequestQueue& queue) { impl_->generate(queue); }
std::vector<std::vector<Sequence>> Decoder::beam_search(std::span<const Request> requests,
                                                        const BeamConfig& config) {
  return impl_->beam_search(requests, config);
}
void Decoder::beam_search(RequestQueue& queue, const BeamConfig& config) {
  impl_->beam_search(queue, config);
}
Decoder::Score Decoder::score(std::span<const int32_t> ids, size_t labels_from) {
  return impl_->score(ids, labels_from);
}
Decoder::Score Decoder::score(std::span<const int32_t> ids, const std::vector<bool>& labels) {
  return impl_->score(ids, labels);
}
std::vector<float> Decoder::logits_last(std::span<const int32_t> ids) {
  return impl_->logits_last(ids);
}
const models::Gpt2Config& Decoder::config() const { return impl_->model_config(); }
const std::string& Decoder::weights_sha256() { return impl_->weights_sha256(); }
const DecoderStats& Decoder::stats() const { return impl_->stats(); }
size_t Decoder::weight_bytes() const { return impl_->network().weight_bytes(); }
size_t Decoder::kv_token_bytes() const {
  return generation::kv_token_bytes(impl_->network().kv_shape());
}
size_t Decoder::num_weights() const { return impl_->network().num_weights(); }
size_t Decoder::num_layer_weights() const { return impl_->network().num_layer_weights(); }

}  // namespace vitrine::generation
