#include "generation/encoder.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/stopwatch.h"
#include "generation/bert_network.h"
#include "generation/dtypes.h"

namespace vitrine::generation {
namespace {

/// Rows of one pass at most, unless a single sequence is longer.
constexpr size_t kMaxPassRows = 256;

void require_ids(std::span<const int32_t> ids, int64_t size, const char* what, const char* range,
                 size_t input_idx) {
  for (const int32_t id : ids) {
    VITRINE_REQUIRE(id >= 0 && id < size, "[Encoder] input ", input_idx, ": ", what, " ", id,
                    " is outside the ", range, " of ", size);
  }
}

void check(const EncoderInput& input, size_t input_idx, const models::BertConfig& config) {
  const size_t T = input.input_ids.size();
  VITRINE_REQUIRE(T > 0, "[Encoder] input ", input_idx, ": no tokens");
  VITRINE_REQUIRE(T <= static_cast<size_t>(config.max_position_embeddings), "[Encoder] input ",
                  input_idx, ": ", T, " tokens are more than the model's max_position_embeddings ",
                  config.max_position_embeddings);
  VITRINE_REQUIRE(input.token_type_ids.empty() || input.token_type_ids.size() == T,
                  "[Encoder] input ", input_idx, ": expected ", T, " token_type_ids, got ",
                  input.token_type_ids.size());
  require_ids(input.input_ids, config.vocab_size, "token", "vocabulary", input_idx);
  require_ids(input.token_type_ids, config.type_vocab_size, "token type", "type_vocab_size",
              input_idx);
}

}  // namespace

class Encoder::Impl {
 public:
  Impl(const std::filesystem::path& model_dir, const EncoderConfig& config,
       kernels::WeightType type)
      : Impl(model_dir, models::read_bert_config(model_dir), config, type) {}

  const BertNetwork& network() const { return network_; }

  std::vector<std::vector<float>> logits(std::span<const EncoderInput> inputs) {
    VITRINE_REQUIRE(network_.has_head(), "[Encoder::logits] the model has no classifier");
    const auto N = static_cast<size_t>(network_.config().num_labels());
    return run(inputs, N, [&](size_t rows) {
      logits_.resize(std::max(logits_.size(), rows * N));
      network_.logits(logits_.data());
      return std::span<const float>(logits_).first(rows * N);
    });
  }

  std::vector<std::vector<float>> hidden_states(std::span<const EncoderInput> inputs) {
    const auto C = static_cast<size_t>(network_.config().hidden_size);
    return run(inputs, C, [&](size_t) { return network_.hidden_states(); });
  }

 private:
  Impl(const std::filesystem::path& model_dir, const models::BertConfig& model_config,
       const EncoderConfig& config, kernels::WeightType type)
      : Impl(model_dir, model_config, config, type, PackedCache(model_dir, config.dtype)) {}

  Impl(const std::filesystem::path& model_dir, const models::BertConfig& model_config,
       const EncoderConfig& config, kernels::WeightType type, PackedCache cache)
      : pool_(config.threads),
        network_(models::load_bert_weights(model_dir, model_config, cache.is_there()), model_config,
                 cache, type, pool_) {}

  /// Runs all inputs in passes; values_of(rows) gives `width` values a row of the last pass.
  template <typename ValuesOf>
  std::vector<std::vector<float>> run(std::span<const EncoderInput> inputs, size_t width,
                                      ValuesOf values_of) {
    for (size_t i = 0; i < inputs.size(); ++i) check(inputs[i], i, network_.config());
    std::vector<std::vector<float>> results;
    for (size_t next = 0; next < inputs.size();) {
      throw_if_interrupted("encoding stopped");
      next = run_pass(inputs, next);
      std::span<const float> values = values_of(pass_rows_);
      for (const BertSequence& sequence : sequences_) {
        const size_t count = sequence.input_ids.size() * width;
        results.emplace_back(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
        values = values.subspan(count);
      }
    }
    return results;
  }

  /// One pass over as many inputs from `first` on as fit; returns the first that did not.
  size_t run_pass(std::span<const EncoderInput> inputs, size_t first) {
    sequences_.clear();
    pass_rows_ = 0;
    size_t next = first;
    for (; next < inputs.size(); ++next) {
      const EncoderInput& input = inputs[next];
      if (next > first && pass_rows_ + input.input_ids.size() > kMaxPassRows) break;
      sequences_.push_back({input.input_ids, input.token_type_ids});
      pass_rows_ += input.input_ids.size();
    }
    network_.forward(sequences_);
    return next;
  }

  ThreadPool pool_;
  BertNetwork network_;
  std::vector<BertSequence> sequences_;  // of the pass
  size_t pass_rows_ = 0;
  std::vector<float> logits_;
};

Encoder Encoder::load(const std::filesystem::path& model_dir, const EncoderConfig& config) {
  const kernels::WeightType type = weight_type(config.dtype, "Encoder");
  const auto start = SteadyClock::now();
  Encoder encoder(std::make_unique<Impl>(model_dir, config, type));
  const auto& shape = encoder.config();
  log_debug("[Encoder::load] ", model_dir.string(), ": ", shape.num_hidden_layers,
            " layers of width ", shape.hidden_size, ", ", shape.num_attention_heads,
            " heads, vocabulary ", shape.vocab_size, "; packed as ", config.dtype, ", ",
            encoder.weight_bytes() >> 20, " MiB, in ", seconds_since(start), " s");
  return encoder;
}

Encoder::Encoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Encoder::~Encoder() = default;
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;

const models::BertConfig& Encoder::config() const { return impl_->network().config(); }
bool Encoder::has_head() const { return impl_->network().has_head(); }
size_t Encoder::weight_bytes() const { return impl_->network().weight_bytes(); }
std::vector<std::vector<float>> Encoder::logits(std::span<const EncoderInput> inputs) {
  return impl_->logits(inputs);
}
std::vector<std::vector<float>> Encoder::hidden_states(std::span<const EncoderInput> inputs) {
  return impl_->hidden_states(inputs);
}

}  // namespace vitrine::generation
