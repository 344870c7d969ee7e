#include "generation/bert_network.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "generation/dtypes.h"
#include "generation/layers.h"
#include "kernels/rows.h"

namespace vitrine::generation {
namespace {

using kernels::PackedMatrix;

void append(std::vector<float>& values, const std::vector<float>& more) {
  values.insert(values.end(), more.begin(), more.end());
}

}  // namespace

BertNetwork::BertNetwork(models::Weights weights, const models::BertConfig& config,
                         PackedCache& cache, kernels::WeightType type, ThreadPool& pool)
    : weights_(std::move(weights)),
      config_(config),
      pool_(pool),
      table_(kernels::kernel_table()),
      activation_(activation_named(config.hidden_act)),
      C_(static_cast<size_t>(config.hidden_size)),
      NH_(static_cast<size_t>(config.num_attention_heads)),
      HS_(static_cast<size_t>(config.head_size())),
      inner_(static_cast<size_t>(config.intermediate_size)),
      pages_({.n_layer = 1, .n_head = NH_, .head_size = HS_, .type = default_kv_type(type, HS_)}) {
  const auto L = static_cast<size_t>(config.num_hidden_layers);
  for (size_t layer_idx = 0; layer_idx < L; ++layer_idx) layers_.push_back(load_layer(layer_idx));
  embeddings_norm_ = load_norm("embeddings.LayerNorm");
  take_matrices(cache.matrices(matrix_sources(), type, pool));
  if (!weights_.has("classifier.weight")) return;
  head_ = PackedMatrix::from_out_in(
      weights_.float32("classifier.weight"), C_, static_cast<size_t>(config.num_labels()),
      weights_.float32("classifier.bias"), kernels::WeightType::float32, pool_);
}

BertNetwork::Norm BertNetwork::load_norm(const std::string& name) const {
  return {weights_.float32(name + ".weight"), weights_.float32(name + ".bias")};
}

/// In the order of take_matrices.
std::vector<MatrixSource> BertNetwork::matrix_sources() const {
  std::vector<MatrixSource> sources;
  for (size_t layer_idx = 0; layer_idx < layers_.size(); ++layer_idx) {
    const std::string name = concat("encoder.layer.", layer_idx, ".");
    sources.push_back(query_key_value(name + "attention.self."));
    sources.push_back(linear(name + "attention.output.dense", C_, C_));
    sources.push_back(linear(name + "intermediate.dense", C_, inner_));
    sources.push_back(linear(name + "output.dense", inner_, C_));
  }
  return sources;
}

void BertNetwork::take_matrices(std::vector<PackedMatrix> matrices) {
  auto next = matrices.begin();
  for (Layer& layer : layers_) {
    for (PackedMatrix* matrix :
         {&layer.qkv, &layer.attention_output, &layer.intermediate, &layer.output}) {
      *matrix = std::move(*next++);
    }
  }
}

MatrixSource BertNetwork::linear(const std::string& name, size_t K, size_t N) const {
  return {.K = K,
          .N = N,
          .out_in = true,
          .weights = [this, name] { return weights_.float32(name + ".weight"); },
          .bias = [this, name] { return weights_.float32(name + ".bias"); }};
}

/// The three products of attention as one.
MatrixSource BertNetwork::query_key_value(const std::string& self) const {
  return {.K = C_,
          .N = 3 * C_,
          .out_in = true,
          .weights = [this, self] { return joined(self, ".weight"); },
          .bias = [this, self] { return joined(self, ".bias"); }};
}

/// [3 C, C] or [3 C].
std::vector<float> BertNetwork::joined(const std::string& self, const std::string& part) const {
  std::vector<float> values;
  for (const char* name : {"query", "key", "value"})
    append(values, weights_.float32(concat(self, name, part)));
  return values;
}

BertNetwork::Layer BertNetwork::load_layer(size_t layer_idx) const {
  const std::string name = concat("encoder.layer.", layer_idx, ".");
  Layer layer;
  layer.attention_norm = load_norm(name + "attention.output.LayerNorm");
  layer.output_norm = load_norm(name + "output.LayerNorm");
  return layer;
}

size_t BertNetwork::weight_bytes() const {
  size_t bytes = head_.size_bytes();
  for (const Layer& layer : layers_) {
    bytes += layer.qkv.size_bytes() + layer.attention_output.size_bytes() +
             layer.intermediate.size_bytes() + layer.output.size_bytes();
  }
  return bytes;
}

void BertNetwork::reserve(size_t rows) {
  if (hidden_.size() >= rows * C_) return;
  hidden_.resize(rows * C_);
  qkv_.resize(rows * 3 * C_);
  mixed_.resize(rows * C_);
  mlp_.resize(rows * inner_);
}

/// Gives each token its row and each sequence its cache.
void BertNetwork::place(std::span<const BertSequence> sequences) {
  places_.clear();
  rows_.clear();
  for (size_t sequence_idx = 0; sequence_idx < sequences.size(); ++sequence_idx) {
    const size_t T = sequences[sequence_idx].input_ids.size();
    places_.push_back({rows_.size(), T});
    for (size_t token_idx = 0; token_idx < T; ++token_idx) {
      rows_.push_back({sequence_idx, token_idx});
    }
    if (sequence_idx == caches_.size()) caches_.push_back(std::make_unique<KvCache>(pages_));
    caches_[sequence_idx]->grow_to(T);
  }
  reserve(rows_.size());
}

void BertNetwork::embed(std::span<const BertSequence> sequences) {
  const auto& words = weights_.view("embeddings.word_embeddings.weight");
  const auto& types = weights_.view("embeddings.token_type_embeddings.weight");
  const auto& positions = weights_.view("embeddings.position_embeddings.weight");
  const std::span other(mixed_.data(), C_);  // free here
  for (size_t row_idx = 0; row_idx < rows_.size(); ++row_idx) {
    const size_t token_idx = rows_[row_idx].token_idx;
    const BertSequence& sequence = sequences[rows_[row_idx].sequence_idx];
    const std::span hidden(hidden_.data() + row_idx * C_, C_);
    const auto add_row = [&](const io::TensorView& matrix, size_t idx) {
      models::Weights::copy_row(matrix, idx, other);
      for (size_t c = 0; c < C_; ++c) hidden[c] += other[c];
    };
    const int32_t type = sequence.token_type_ids.empty() ? 0 : sequence.token_type_ids[token_idx];
    models::Weights::copy_row(words, static_cast<size_t>(sequence.input_ids[token_idx]), hidden);
    add_row(types, static_cast<size_t>(type));
    add_row(positions, token_idx);
  }
  normalise(embeddings_norm_);
}

void BertNetwork::forward(std::span<const BertSequence> sequences) {
  place(sequences);
  embed(sequences);
  for (const Layer& layer : layers_) run_layer(layer);
}

void BertNetwork::run_layer(const Layer& layer) {
  multiply(layer.qkv, hidden_.data(), qkv_.data());
  store_keys_and_values();
  attend();
  multiply(layer.attention_output, mixed_.data(), hidden_.data(), {.add = true});
  normalise(layer.attention_norm);
  multiply(layer.intermediate, hidden_.data(), mlp_.data(), {.activation = activation_});
  multiply(layer.output, mlp_.data(), hidden_.data(), {.add = true});
  normalise(layer.output_norm);
}

void BertNetwork::multiply(const PackedMatrix& weights, const float* x, float* y,
                           const kernels::MatmulOptions& options) {
  kernels::matmul(table_, pool_, weights, rows_.size(), x, weights.K(), y, weights.N(), scratch_,
                  options);
}

/// hidden = layer norm of hidden, in place.
void BertNetwork::normalise(const Norm& norm) {
  const auto run = [&](size_t begin, size_t end) {
    const std::span part(hidden_.data() + begin * C_, (end - begin) * C_);
    kernels::layer_norm(table_, part, norm.weight, norm.bias, config_.layer_norm_eps, part);
  };
  if (rows_.size() * C_ < kMinThreadedNorm) return run(0, rows_.size());
  pool_.parallel_for(rows_.size(), run);
}

void BertNetwork::store_keys_and_values() {
  const auto run = [&](size_t begin, size_t end) {
    for (size_t row_idx = begin; row_idx < end; ++row_idx) {
      const float* qkv = qkv_.data() + row_idx * 3 * C_;
      KvCache& cache = *caches_[rows_[row_idx].sequence_idx];
      cache.store(table_, 0, rows_[row_idx].token_idx, qkv + C_, qkv + 2 * C_);
    }
  };
  if (rows_.size() * C_ < kMinThreadedStore) return run(0, rows_.size());
  pool_.parallel_for(rows_.size(), run);
}

void BertNetwork::attend() {
  size_t pairs = 0;
  for (const Place& place : places_) pairs += place.tokens * place.tokens;
  const auto run = [&](size_t begin, size_t end) {
    for (size_t idx = begin; idx < end; ++idx) attend_one(idx);
  };
  const size_t count = rows_.size() * NH_;
  if (2 * pairs * C_ < kMinThreadedAttention) return run(0, count);
  pool_.parallel_for(count, run);
}

/// One token and head of the NH * T ones of its sequence: tokens inside, as they all read the keys
/// and values of the head.
void BertNetwork::attend_one(size_t idx) {
  thread_local std::vector<float> scores;
  thread_local std::vector<kernels::KvSpan> spans;
  const size_t sequence_idx = rows_[idx / NH_].sequence_idx;
  const auto [first_row, T] = places_[sequence_idx];
  const size_t own_idx = idx - first_row * NH_;
  const size_t head_idx = own_idx / T, row_idx = first_row + own_idx % T;
  scores.resize(std::max(scores.size(), T + 64));
  spans.clear();
  caches_[sequence_idx]->append_spans(0, head_idx, T, spans);
  const kernels::AttentionTask task{.q = qkv_.data() + row_idx * 3 * C_ + head_idx * HS_,
                                    .out = mixed_.data() + row_idx * C_ + head_idx * HS_,
                                    .scores = scores.data(),
                                    .spans = spans.data(),
                                    .num_spans = spans.size(),
                                    .head_size = HS_,
                                    .scale = 1 / std::sqrt(static_cast<float>(HS_))};
  generation::attend(table_, pages_.shape().type, task);
}

void BertNetwork::logits(float* logits) { multiply(head_, hidden_.data(), logits); }

}  // namespace vitrine::generation
