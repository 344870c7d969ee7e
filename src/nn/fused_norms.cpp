#include "nn/fused_norms.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/picture/loops.h"
#include "nn/parallel.h"

namespace vitrine::nn::fused {
namespace {

namespace loops = kernels::picture;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kChunkValues = 1 << 16;  // whose sums are made together
constexpr int64_t kRowBlock = 32;

size_t size(int64_t n) { return static_cast<size_t>(n); }

bool has_type(const at::Tensor& x) { return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.numel() > 0; }

/// Calls body with a value of the stored type: float or uint16_t.
template <typename Body>
void for_type(const at::Tensor& x, const Body& body) {
  if (x.scalar_type() == at::kFloat) return body(float{});
  body(uint16_t{});
}

template <typename T>
T* pointer(const at::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

std::vector<float> floats_of(const at::Tensor& x) {
  const at::Tensor values = x.to(at::kFloat).contiguous();
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

// ---- group norm

/// Pictures [B][rows][C] cut into chunks of rows.
struct Chunks {
  int64_t B, rows, C, rows_per_chunk, per_picture;

  explicit Chunks(const at::Tensor& x) : B(x.size(0)), rows(x.size(2) * x.size(3)), C(x.size(1)) {
    rows_per_chunk = std::clamp<int64_t>(kChunkValues / C, 1, rows);
    per_picture = (rows + rows_per_chunk - 1) / rows_per_chunk;
  }
  int64_t count() const { return B * per_picture; }
  int64_t begin(int64_t chunk) const { return chunk % per_picture * rows_per_chunk; }
  int64_t length(int64_t chunk) const { return std::min(rows - begin(chunk), rows_per_chunk); }
  int64_t picture(int64_t chunk) const { return chunk / per_picture; }
  /// Of the first value of a chunk.
  int64_t offset(int64_t chunk) const { return (picture(chunk) * rows + begin(chunk)) * C; }
};

template <typename Body>
void for_chunks(const Chunks& chunks, const Body& body) {
  parallel_for(0, chunks.count(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t chunk = begin; chunk < end; ++chunk) body(chunk);
  });
}

/// sums [B][2][C] over the chunks of each picture; fill(chunk, sums) writes those of one.
template <typename Fill>
std::vector<double> sum_chunks(const Chunks& chunks, const Fill& fill) {
  const size_t width = size(2 * chunks.C);
  std::vector<float> parts(size(chunks.count()) * width);
  for_chunks(chunks, [&](int64_t chunk) { fill(chunk, parts.data() + size(chunk) * width); });
  std::vector<double> sums(size(chunks.B) * width);
  for (int64_t chunk = 0; chunk < chunks.count(); ++chunk) {
    double* sum = sums.data() + size(chunks.picture(chunk)) * width;
    for (size_t i = 0; i < width; ++i) sum[i] += static_cast<double>(parts[size(chunk) * width + i]);
  }
  return sums;
}

/// Mean and 1 / standard deviation of each picture's groups.
struct GroupStats {
  std::vector<double> mean, rstd;  // [B][groups]
};

/// sums [B][2][C] of x - shifts and its square, shifts [B][C].
GroupStats stats_of(const Chunks& chunks, const std::vector<double>& sums, const std::vector<float>& shifts, const GroupNormOptions& options) {
  const int64_t groups = options.num_groups, width = chunks.C / groups;
  const auto rows = static_cast<double>(chunks.rows);
  GroupStats stats;
  for (int64_t b = 0; b < chunks.B; ++b) {
    for (int64_t g = 0; g < groups; ++g) {
      std::vector<double> means;
      double mean = 0, squares = 0;
      for (int64_t c = g * width; c < (g + 1) * width; ++c) {
        const double sum = sums[size(2 * b * chunks.C + c)], square = sums[size((2 * b + 1) * chunks.C + c)];
        means.push_back(static_cast<double>(shifts[size(b * chunks.C + c)]) + sum / rows);
        mean += means.back() / static_cast<double>(width);
        squares += square - sum * sum / rows;
      }
      for (const double channel_mean : means) squares += rows * (channel_mean - mean) * (channel_mean - mean);
      stats.mean.push_back(mean);
      stats.rstd.push_back(1 / std::sqrt(std::max(squares, 0.0) / (rows * static_cast<double>(width)) + options.epsilon));
    }
  }
  return stats;
}

/// [B][C] that make x * factors + offsets of the norm with its weight and bias.
struct Affine {
  std::vector<float> factors, offsets;
};
Affine affine_of(const Chunks& chunks, const GroupStats& stats, const std::vector<float>& weight, const std::vector<float>& bias) {
  const int64_t groups = static_cast<int64_t>(stats.mean.size()) / chunks.B, width = chunks.C / groups;
  Affine affine;
  for (int64_t b = 0; b < chunks.B; ++b) {
    for (int64_t c = 0; c < chunks.C; ++c) {
      const size_t group = size(b * groups + c / width);
      const double factor = stats.rstd[group] * static_cast<double>(weight[size(c)]);
      affine.factors.push_back(static_cast<float>(factor));
      affine.offsets.push_back(static_cast<float>(static_cast<double>(bias[size(c)]) - stats.mean[group] * factor));
    }
  }
  return affine;
}

template <typename T>
std::vector<float> first_rows(const at::Tensor& x) {
  const at::Tensor rows = x.select(3, 0).select(2, 0);
  return floats_of(rows);
}

template <typename T>
loops::ChannelTask<T> channel_task(const at::Tensor& x, const at::Tensor& y, const Chunks& chunks, int64_t chunk, const Affine& affine, bool silu) {
  const int64_t channel = chunks.picture(chunk) * chunks.C;
  T* to = y.defined() ? pointer<T>(y) + chunks.offset(chunk) : nullptr;
  return {pointer<T>(x) + chunks.offset(chunk), to, size(chunks.length(chunk)), size(chunks.C), affine.factors.data() + channel,
          affine.offsets.data() + channel, silu};
}

template <typename T>
GroupStats measure(const at::Tensor& x, const GroupNormOptions& options) {
  const Chunks chunks(x);
  const std::vector<float> shifts = first_rows<T>(x);
  const auto sums = sum_chunks(chunks, [&](int64_t chunk, float* part) {
    loops::loops<T>().channel_sums(pointer<T>(x) + chunks.offset(chunk), size(chunks.length(chunk)), size(chunks.C),
                                   shifts.data() + chunks.picture(chunk) * chunks.C, part);
  });
  return stats_of(chunks, sums, shifts, options);
}

struct NormResult {
  at::Tensor y;
  GroupStats stats;
};
NormResult norm_groups(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const GroupNormOptions& options) {
  NormResult result{at::empty_like(x), {}};
  for_type(x, [&]<typename T>(T) {
    result.stats = measure<T>(x, options);
    const Chunks chunks(x);
    const Affine affine = affine_of(chunks, result.stats, floats_of(weight), floats_of(bias));
    for_chunks(chunks, [&](int64_t chunk) { loops::loops<T>().scale_channels(channel_task<T>(x, result.y, chunks, chunk, affine, options.silu)); });
  });
  return result;
}

/// What dx needs beside the factors, and the gradients of weight and bias.
struct BackwardTerms {
  std::vector<float> x_factors, constants;  // [B][C]
  std::vector<float> d_weight, d_bias;      // [C]
};
/// sums [B][2][C] of dn and dn * (x - mean). With M values in a group:
///   dx = rstd (w dn - mean(w dn) - normal mean(w dn normal)),  normal = (x - mean) rstd
BackwardTerms backward_terms(const Chunks& chunks, const GroupStats& stats, const std::vector<double>& sums, const std::vector<float>& weight) {
  const int64_t groups = static_cast<int64_t>(stats.mean.size()) / chunks.B, width = chunks.C / groups;
  const double values = static_cast<double>(chunks.rows) * static_cast<double>(width);
  BackwardTerms terms{{}, {}, std::vector<float>(weight.size()), std::vector<float>(weight.size())};
  for (int64_t b = 0; b < chunks.B; ++b) {
    for (int64_t g = 0; g < groups; ++g) {
      const double mean = stats.mean[size(b * groups + g)], rstd = stats.rstd[size(b * groups + g)];
      double mean_d = 0, mean_product = 0;
      for (int64_t c = g * width; c < (g + 1) * width; ++c) {
        const double w = static_cast<double>(weight[size(c)]), d = sums[size(2 * b * chunks.C + c)], product = sums[size((2 * b + 1) * chunks.C + c)] * rstd;
        mean_d += w * d / values;
        mean_product += w * product / values;
        terms.d_bias[size(c)] += static_cast<float>(d);
        terms.d_weight[size(c)] += static_cast<float>(product);
      }
      const double x_factor = -rstd * rstd * mean_product;
      for (int64_t c = 0; c < width; ++c) {
        terms.x_factors.push_back(static_cast<float>(x_factor));
        terms.constants.push_back(static_cast<float>(-x_factor * mean - rstd * mean_d));
      }
    }
  }
  return terms;
}

std::vector<float> channel_means(const Chunks& chunks, const GroupStats& stats) {
  std::vector<float> means;
  for (const double mean : stats.mean) means.insert(means.end(), size(chunks.C * chunks.B) / stats.mean.size(), static_cast<float>(mean));
  return means;
}

at::Tensor vector_tensor(const std::vector<float>& values, at::ScalarType dtype) { return at::tensor(values, at::kFloat).to(dtype); }

struct NormGradient {
  at::Tensor dx, d_weight, d_bias;
};
template <typename T>
NormGradient norm_groups_backward(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& weight, const at::Tensor& bias, const GroupStats& stats,
                                  bool silu) {
  const Chunks chunks(x);
  const std::vector<float> weights = floats_of(weight), means = channel_means(chunks, stats);
  const Affine affine = affine_of(chunks, stats, weights, floats_of(bias));
  const at::Tensor dx = at::empty_like(x);
  const auto task_of = [&](int64_t chunk) {
    return loops::ChannelBackwardTask<T>{channel_task<T>(x, {}, chunks, chunk, affine, silu), pointer<T>(dy) + chunks.offset(chunk),
                                         pointer<T>(dx) + chunks.offset(chunk), nullptr, nullptr};
  };
  const auto sums = sum_chunks(chunks, [&](int64_t chunk, float* part) {
    loops::loops<T>().channel_backward_sums(task_of(chunk), means.data() + chunks.picture(chunk) * chunks.C, part);
  });
  const BackwardTerms terms = backward_terms(chunks, stats, sums, weights);
  for_chunks(chunks, [&](int64_t chunk) {
    loops::ChannelBackwardTask<T> task = task_of(chunk);
    task.x_factors = terms.x_factors.data() + chunks.picture(chunk) * chunks.C;
    task.constants = terms.constants.data() + chunks.picture(chunk) * chunks.C;
    loops::loops<T>().channel_backward(task);
  });
  return {dx, vector_tensor(terms.d_weight, weight.scalar_type()), vector_tensor(terms.d_bias, bias.scalar_type())};
}

at::Tensor as_tensor(const std::vector<double>& values) { return at::tensor(values, at::kDouble); }
std::vector<double> as_vector(const at::Tensor& x) { return {x.const_data_ptr<double>(), x.const_data_ptr<double>() + x.numel()}; }

class GroupNormFunction : public torch::autograd::Function<GroupNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, int64_t num_groups,
                            double epsilon, bool silu) {
    const NormResult result = norm_groups(x, weight, bias, {num_groups, epsilon, silu});
    context->save_for_backward({x, weight, bias, as_tensor(result.stats.mean), as_tensor(result.stats.rstd)});
    context->saved_data["silu"] = silu;
    return result.y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const GroupStats stats{as_vector(saved[3]), as_vector(saved[4])};
    NormGradient made;
    for_type(x, [&]<typename T>(T) { made = norm_groups_backward<T>(x, dy, saved[1], saved[2], stats, context->saved_data["silu"].toBool()); });
    return {made.dx, made.d_weight, made.d_bias, {}, {}, {}};
  }
};

// ---- norm of rows

/// body(block, first row, rows) over blocks of rows.
template <typename Body>
void for_row_blocks(int64_t rows, const Body& body) {
  parallel_for(0, (rows + kRowBlock - 1) / kRowBlock, 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) body(block, block * kRowBlock, std::min(rows - block * kRowBlock, kRowBlock));
  });
}

struct RowNorm {
  at::Tensor y, mean, rstd;
};
RowNorm norm_rows(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
  const int64_t C = x.size(-1), rows = x.numel() / C;
  const RowNorm result{at::empty_like(x), at::empty({rows}, at::kFloat), at::empty({rows}, at::kFloat)};
  const std::vector<float> w = floats_of(weight), b = floats_of(bias);
  for_type(x, [&]<typename T>(T) {
    for_row_blocks(rows, [&](int64_t, int64_t row, int64_t count) {
      loops::loops<T>().layer_norm({pointer<T>(x) + row * C, pointer<T>(result.y) + row * C, size(count), size(C), w.data(), b.data(),
                                    static_cast<float>(epsilon), pointer<float>(result.mean) + row, pointer<float>(result.rstd) + row});
    });
  });
  return result;
}

NormGradient norm_rows_backward(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& weight, const at::Tensor& mean, const at::Tensor& rstd) {
  const int64_t C = x.size(-1), rows = x.numel() / C;
  const std::vector<float> w = floats_of(weight);
  const at::Tensor dx = at::empty_like(x), parts = at::zeros({(rows + kRowBlock - 1) / kRowBlock, 2, C}, at::kFloat);
  for_type(x, [&]<typename T>(T) {
    for_row_blocks(rows, [&](int64_t block, int64_t row, int64_t count) {
      const loops::LayerNormTask<T> forward{pointer<T>(x) + row * C, nullptr, size(count), size(C), w.data(), nullptr, 0, pointer<float>(mean) + row,
                                            pointer<float>(rstd) + row};
      loops::loops<T>().layer_norm_backward({forward, pointer<T>(dy) + row * C, pointer<T>(dx) + row * C, pointer<float>(parts) + block * 2 * C});
    });
  });
  const at::Tensor sums = parts.sum(0).to(weight.scalar_type());
  return {dx, sums[0], sums[1]};
}

class LayerNormFunction : public torch::autograd::Function<LayerNormFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
    const RowNorm result = norm_rows(x, weight, bias, epsilon);
    context->save_for_backward({x, weight, result.mean, result.rstd});
    return result.y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const NormGradient made = norm_rows_backward(saved[0], gradients[0].contiguous(), saved[1], saved[2], saved[3]);
    return {made.dx, made.d_weight, made.d_bias, {}};
  }
};

// ---- gate

at::Tensor gate(const at::Tensor& x) {
  auto shape = x.sizes().vec();
  const int64_t N = shape.back() / 2, rows = x.numel() / shape.back();
  shape.back() = N;
  at::Tensor y = at::empty(shape, x.options());
  for_type(x, [&]<typename T>(T) {
    for_row_blocks(rows, [&](int64_t, int64_t row, int64_t count) {
      loops::loops<T>().geglu(pointer<T>(x) + row * 2 * N, size(count), size(N), pointer<T>(y) + row * N);
    });
  });
  return y;
}

class GegluFunction : public torch::autograd::Function<GegluFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    context->save_for_backward({x});
    return gate(x);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0], dy = gradients[0].contiguous(), dx = at::empty_like(x);
    const int64_t N = x.size(-1) / 2;
    for_type(x, [&]<typename T>(T) {
      for_row_blocks(x.numel() / (2 * N), [&](int64_t, int64_t row, int64_t count) {
        loops::loops<T>().geglu_backward(pointer<T>(x) + row * 2 * N, pointer<T>(dy) + row * N, size(count), size(N), pointer<T>(dx) + row * 2 * N);
      });
    });
    return {dx};
  }
};

}  // namespace

bool group_norm_takes(const at::Tensor& x) { return has_type(x) && x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast); }

at::Tensor group_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const GroupNormOptions& options) {
  return GroupNormFunction::apply(x, weight, bias, options.num_groups, options.epsilon, options.silu);
}

bool takes_rows(const at::Tensor& x) { return has_type(x) && x.is_contiguous(); }

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
  return LayerNormFunction::apply(x, weight, bias, epsilon);
}

at::Tensor geglu(const at::Tensor& x) { return GegluFunction::apply(x); }

}  // namespace vitrine::nn::fused
