#include "generation/gpt2_network.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/memory.h"
#include "base/stopwatch.h"
#include "generation/layers.h"
#include "kernels/rows.h"

namespace vitrine::generation {
namespace {

using kernels::PackedMatrix;

float attention_scale(const models::Gpt2Config& config, size_t layer_idx) {
  double scale = 1;
  if (config.scale_attn_weights) scale /= std::sqrt(static_cast<double>(config.head_size()));
  if (config.scale_attn_by_inverse_layer_idx) scale /= static_cast<double>(layer_idx + 1);
  return static_cast<float>(scale);
}

}  // namespace

Gpt2Network::Gpt2Network(models::Gpt2Weights weights, const models::Gpt2Config& config,
                         PackedCache& cache, kernels::WeightType type, KvType kv_type,
                         ThreadPool& pool, bool logits)
    : weights_(std::move(weights)),
      config_(config),
      kv_type_(kv_type),
      pool_(pool),
      table_(kernels::kernel_table()),
      activation_(activation_named(config.activation_function)),
      C_(static_cast<size_t>(config.n_embd)),
      inner_(static_cast<size_t>(config.mlp_width())) {
  const auto head_size = static_cast<size_t>(config.head_size());
  VITRINE_REQUIRE(kv_type != KvType::int8 || head_size <= kernels::kMaxInt8HeadSize,
                  "[Gpt2Network] heads of ", head_size, " numbers: int8 caches hold at most ",
                  kernels::kMaxInt8HeadSize);
  for (size_t layer_idx = 0; layer_idx < static_cast<size_t>(config.n_layer); ++layer_idx)
    layers_.push_back(load_layer(layer_idx));
  ln_f_weight_ = weights_.float32("ln_f.weight");
  ln_f_bias_ = weights_.float32("ln_f.bias");
  auto sources = layer_sources();
  if (logits) sources.push_back(head_source());
  take_matrices(cache.matrices(sources, type, pool));
}

void Gpt2Network::add_linear(std::vector<MatrixSource>& sources, const std::string& name, size_t K,
                             size_t N) const {
  sources.push_back({.K = K,
                     .N = N,
                     .out_in = false,
                     .weights = [this, name] { return weights_.float32(name + ".weight"); },
                     .bias = [this, name] { return weights_.float32(name + ".bias"); }});
}

/// The first `vocab_size` rows; the rest of a padded vocabulary is left out.
MatrixSource Gpt2Network::head_source() const {
  const auto V = static_cast<size_t>(config_.vocab_size);
  const auto rows = [this, V] {
    auto values = weights_.float32(config_.tie_word_embeddings ? "wte.weight" : "lm_head.weight");
    values.resize(V * C_);
    return values;
  };
  return {.K = C_, .N = V, .out_in = true, .weights = rows, .bias = {}};
}

/// In the order of take_matrices.
std::vector<MatrixSource> Gpt2Network::layer_sources() const {
  std::vector<MatrixSource> sources;
  for (size_t layer_idx = 0; layer_idx < layers_.size(); ++layer_idx) {
    const std::string h = concat("h.", layer_idx, ".");
    add_linear(sources, h + "attn.c_attn", C_, 3 * C_);
    add_linear(sources, h + "attn.c_proj", C_, C_);
    add_linear(sources, h + "mlp.c_fc", C_, inner_);
    add_linear(sources, h + "mlp.c_proj", inner_, C_);
  }
  return sources;
}

void Gpt2Network::take_matrices(std::vector<PackedMatrix> matrices) {
  auto next = matrices.begin();
  for (Layer& layer : layers_) {
    for (PackedMatrix* matrix : {&layer.c_attn, &layer.attn_c_proj, &layer.c_fc, &layer.mlp_c_proj})
      *matrix = std::move(*next++);
  }
  if (next != matrices.end()) head_ = std::move(*next);
}

Gpt2Network::Layer Gpt2Network::load_layer(size_t layer_idx) const {
  const std::string h = concat("h.", layer_idx, ".");
  Layer layer;
  layer.ln_1_weight = weights_.float32(h + "ln_1.weight");
  layer.ln_1_bias = weights_.float32(h + "ln_1.bias");
  layer.ln_2_weight = weights_.float32(h + "ln_2.weight");
  layer.ln_2_bias = weights_.float32(h + "ln_2.bias");
  return layer;
}

KvShape Gpt2Network::kv_shape() const {
  return {layers_.size(), static_cast<size_t>(config_.n_head),
          static_cast<size_t>(config_.head_size()), kv_type_};
}

size_t Gpt2Network::weight_bytes() const {
  size_t bytes = head_.size_bytes();
  for (const Layer& layer : layers_) {
    bytes += layer.c_attn.size_bytes() + layer.attn_c_proj.size_bytes() + layer.c_fc.size_bytes() +
             layer.mlp_c_proj.size_bytes();
  }
  return bytes;
}

size_t Gpt2Network::num_layer_weights() const {
  return layers_.size() * (4 * C_ * C_ + 2 * C_ * inner_);
}

void Gpt2Network::reserve(size_t rows) {
  if (hidden_.size() >= rows * C_) return;
  hidden_.resize(rows * C_);
  normal_.resize(rows * C_);
  qkv_.resize(rows * 3 * C_);
  mixed_.resize(rows * C_);
  mlp_.resize(rows * inner_);
}

void Gpt2Network::multiply(const PackedMatrix& weights, size_t rows, const float* x, float* y,
                           const kernels::MatmulOptions& options) {
  const Stopwatch watch(&weights == &head_ ? times_.logits : times_.projections);
  kernels::matmul(table_, pool_, weights, rows, x, weights.K(), y, weights.N(), scratch_, options);
}

/// normal = layer norm of x, rows of C values.
void Gpt2Network::normalise(std::span<const float> weight, std::span<const float> bias,
                            std::span<const float> x, std::span<float> normal) {
  const Stopwatch watch(times_.rest);
  const auto run = [&](size_t begin, size_t end) {
    kernels::layer_norm(table_, x.subspan(begin * C_, (end - begin) * C_), weight, bias,
                        config_.layer_norm_epsilon, normal.subspan(begin * C_, (end - begin) * C_));
  };
  if (x.size() < kMinThreadedNorm) return run(0, x.size() / C_);
  pool_.parallel_for(x.size() / C_, run);
}

void Gpt2Network::embed(std::span<const TokenRow> rows) {
  const Stopwatch watch(times_.rest);
  const auto& wte = weights_.view("wte.weight");
  const auto& wpe = weights_.view("wpe.weight");
  for (size_t row_idx = 0; row_idx < rows.size(); ++row_idx) {
    const std::span hidden(hidden_.data() + row_idx * C_, C_);
    const std::span position(mixed_.data(), C_);  // free here
    models::Gpt2Weights::copy_row(wte, static_cast<size_t>(rows[row_idx].token), hidden);
    models::Gpt2Weights::copy_row(wpe, rows[row_idx].idx, position);
    for (size_t c = 0; c < C_; ++c) hidden[c] += position[c];
  }
  release_embeddings(rows.size());
}

/// Each row read brings some pages of the mapped file; without this all of it would be resident in
/// the end.
void Gpt2Network::release_embeddings(size_t rows) {
  constexpr size_t kRowsKept = 128;
  rows_since_release_ += rows;
  if (rows_since_release_ < kRowsKept) return;
  release_pages(weights_.view("wte.weight").bytes);
  rows_since_release_ = 0;
}

void Gpt2Network::forward(std::span<const TokenRow> rows) {
  reserve(rows.size());
  embed(rows);
  for (size_t layer_idx = 0; layer_idx < layers_.size(); ++layer_idx) run_layer(layer_idx, rows);
}

void Gpt2Network::run_layer(size_t layer_idx, std::span<const TokenRow> rows) {
  const Layer& layer = layers_[layer_idx];
  const size_t M = rows.size();
  const std::span hidden(hidden_.data(), M * C_), normal(normal_.data(), M * C_);
  normalise(layer.ln_1_weight, layer.ln_1_bias, hidden, normal);
  multiply(layer.c_attn, M, normal_.data(), qkv_.data());
  attend(layer_idx, rows);
  multiply(layer.attn_c_proj, M, mixed_.data(), hidden_.data(), {.add = true});
  normalise(layer.ln_2_weight, layer.ln_2_bias, hidden, normal);
  multiply(layer.c_fc, M, normal_.data(), mlp_.data(), {.activation = activation_});
  multiply(layer.mlp_c_proj, M, mlp_.data(), hidden_.data(), {.add = true});
}

void Gpt2Network::store_keys_and_values(size_t layer_idx, std::span<const TokenRow> rows) {
  const auto run = [&](size_t begin, size_t end) {
    for (size_t row_idx = begin; row_idx < end; ++row_idx) {
      const float* qkv = qkv_.data() + row_idx * 3 * C_;
      rows[row_idx].cache->store(table_, layer_idx, rows[row_idx].idx, qkv + C_, qkv + 2 * C_);
    }
  };
  if (rows.size() * C_ < kMinThreadedStore) return run(0, rows.size());
  pool_.parallel_for(rows.size(), run);
}

void Gpt2Network::attend(size_t layer_idx, std::span<const TokenRow> rows) {
  const Stopwatch watch(times_.attention);
  store_keys_and_values(layer_idx, rows);
  size_t seen = 0;
  for (const TokenRow& row : rows) seen += row.idx + 1;
  // Rows outside, heads inside: the heads of a page lie one behind the other. Rows are dealt out
  // like cards, as later rows of a prompt see more tokens.
  const auto NH = static_cast<size_t>(config_.n_head),
             threads = static_cast<size_t>(pool_.num_threads());
  row_order_.clear();
  for (size_t first = 0; first < threads; ++first) {
    for (size_t row_idx = first; row_idx < rows.size(); row_idx += threads)
      row_order_.push_back(row_idx);
  }
  const auto run = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      attend_row(layer_idx, i % NH, rows[row_order_[i / NH]], row_order_[i / NH]);
  };
  const size_t count = rows.size() * NH;
  if (2 * seen * C_ < kMinThreadedAttention) return run(0, count);
  pool_.parallel_for(count, run);
}

void Gpt2Network::attend_row(size_t layer_idx, size_t head_idx, const TokenRow& row,
                             size_t row_idx) {
  thread_local std::vector<float> scores;
  thread_local std::vector<kernels::KvSpan> spans;
  scores.resize(std::max(scores.size(), row.idx + 1 + 64));
  spans.clear();
  row.cache->append_spans(layer_idx, head_idx, row.idx + 1, spans);
  const auto HS = static_cast<size_t>(config_.head_size());
  const kernels::AttentionTask task{qkv_.data() + row_idx * 3 * C_ + head_idx * HS,
                                    mixed_.data() + row_idx * C_ + head_idx * HS,
                                    scores.data(),
                                    spans.data(),
                                    spans.size(),
                                    HS,
                                    attention_scale(config_, layer_idx),
                                    row.cache->pool().head_bytes()};
  generation::attend(table_, kv_type_, task);
}

void Gpt2Network::logits(std::span<const size_t> row_idxs, float* logits) {
  for (size_t i = 0; i < row_idxs.size(); ++i) {
    normalise(ln_f_weight_, ln_f_bias_, std::span(hidden_.data() + row_idxs[i] * C_, C_),
              std::span(normal_.data() + i * C_, C_));
  }
  multiply(head_, row_idxs.size(), normal_.data(), logits);
}

void Gpt2Network::hidden(size_t row_idx, std::span<float> hidden) {
  normalise(ln_f_weight_, ln_f_bias_, std::span(hidden_.data() + row_idx * C_, C_), hidden);
}

}  // namespace vitrine::generation
