#include "nn/fused_ops.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "kernels/aligned_buffer.h"
#include "kernels/train/loops.h"
#include "nn/parallel.h"
#include "nn/plain_ops.h"

namespace vitrine::nn::fused {
namespace {

namespace loops = kernels::train;
constexpr int64_t kRowBlock = 32;  // rows whose sums are made together

template <typename T>
T* pointer(const at::Tensor& x) {
  return x.defined() ? static_cast<T*>(x.mutable_data_ptr()) : nullptr;
}
float* floats(const at::Tensor& x) { return pointer<float>(x); }
size_t size(int64_t n) { return static_cast<size_t>(n); }

/// Calls body with a value of the stored type: float or uint16_t.
template <typename Body>
void for_type(const at::Tensor& x, const Body& body) {
  if (x.scalar_type() == at::kFloat) return body(float{});
  if (x.scalar_type() == at::kBFloat16) return body(uint16_t{});
  throw InternalError("[fused_ops] activations are float32 or bfloat16");
}

loops::DropoutTask task_of(const Dropout& dropout) {
  return {dropout.key, dropout.on() ? dropout.threshold() : 0, dropout.scale()};
}

/// body(begin, end) over row blocks, in parallel.
template <typename Body>
void for_row_blocks(int64_t rows, const Body& body) {
  const int64_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) body(block, block * kRowBlock, std::min(rows, (block + 1) * kRowBlock));
  });
}

/// Column sums: body(begin, end, partial) adds to partial[columns] of its block; targets receive the
/// sums over the blocks. The targets lie behind each other in partial; an undefined one is dropped.
template <typename Body>
void with_column_sums(int64_t rows, std::initializer_list<at::Tensor> targets, int64_t columns, const Body& body) {
  const int64_t blocks = (rows + kRowBlock - 1) / kRowBlock, width = columns * static_cast<int64_t>(targets.size());
  std::vector<float> partial(size(blocks * width));
  for_row_blocks(rows, [&](int64_t block, int64_t begin, int64_t end) { body(begin, end, partial.data() + block * width); });
  int64_t first = 0;
  for (const at::Tensor& target : targets) {
    float* sum = floats(target);
    if (sum != nullptr) {
      parallel_for(0, columns, 1024, [&](int64_t begin, int64_t end) {
        for (int64_t block = 0; block < blocks; ++block) {
          const float* part = partial.data() + block * width + first;
          for (int64_t n = begin; n < end; ++n) sum[n] += part[n];
        }
      });
    }
    first += columns;
  }
}

int64_t length_of(std::span<const int32_t> cu_seqlens, int64_t document) {
  return cu_seqlens[size(document + 1)] - cu_seqlens[size(document)];
}

/// Document numbers, longest first: the threads end at nearly the same time.
std::vector<int64_t> longest_first(std::span<const int32_t> cu_seqlens) {
  std::vector<int64_t> documents(cu_seqlens.size() - 1);
  std::iota(documents.begin(), documents.end(), int64_t{0});
  std::stable_sort(documents.begin(), documents.end(),
                   [&](int64_t a, int64_t b) { return length_of(cu_seqlens, a) > length_of(cu_seqlens, b); });
  return documents;
}

/// One task for each document and head: body(task, first token, head, HS, scratch).
template <typename T, typename Body>
void for_documents_and_heads(const at::Tensor& qkv, const AttentionShape& shape, const Body& body) {
  const int64_t C = qkv.size(1) / 3, HS = C / shape.num_heads;
  const std::vector<int64_t> documents = longest_first(shape.cu_seqlens);
  const int64_t count = static_cast<int64_t>(documents.size()) * shape.num_heads;
  const int64_t longest = length_of(shape.cu_seqlens, documents.front());
  parallel_tasks(count, [&](const NextTask& next) {
    thread_local kernels::AlignedBuffer<float> scratch;  // kept: fresh pages would cost more than the work on short documents
    scratch.reserve(loops::attention_scratch(size(longest), size(HS)));
    for (int64_t i = next(); i < count; i = next()) {
      const int64_t d = documents[size(i / shape.num_heads)], head = i % shape.num_heads;
      const int64_t start = shape.cu_seqlens[size(d)];
      const T* row = pointer<T>(qkv) + start * 3 * C + head * HS;
      loops::AttentionTask<T> task{};
      task.q = row, task.k = row + C, task.v = row + 2 * C;
      task.qkv_stride = size(3 * C), task.out_stride = size(C);
      task.length = size(length_of(shape.cu_seqlens, d)), task.head_size = size(HS);
      task.scale = static_cast<float>(shape.scale);
      task.dropout = task_of(plain::attention_dropout(shape.dropout, start, head));
      body(task, start, head, HS, scratch.data());
    }
  });
}

}  // namespace

bool supports(int64_t width, int64_t head_size, int64_t mlp_width) {
  return width % 16 == 0 && head_size % 16 == 0 && mlp_width % 16 == 0;
}

void residual_norm(const at::Tensor& x_in, const at::Tensor& branch, const Dropout& dropout, const at::Tensor& x_out,
                   const Norm& norm, const at::Tensor& y, const NormStats& stats) {
  for_type(y, [&]<typename T>(T) {
    const loops::ResidualNormTask<T> task{floats(x_in), pointer<T>(branch), floats(x_out), floats(norm.weight), floats(norm.bias),
                                          static_cast<float>(norm.epsilon), pointer<T>(y), floats(stats.mean), floats(stats.rstd),
                                          task_of(dropout), size(y.size(1))};
    for_row_blocks(y.size(0), [&](int64_t, int64_t begin, int64_t end) { loops::loops<T>().residual_norm(task, size(begin), size(end)); });
  });
}

void residual_norm_backward(const at::Tensor& dy, const at::Tensor& x, const NormStats& stats, const Norm& norm,
                            const at::Tensor& dx, const Dropout& dropout, const at::Tensor& d_branch,
                            const NormGradients& gradients) {
  const int64_t C = dy.size(1);
  for_type(dy, [&]<typename T>(T) {
    with_column_sums(dy.size(0), {gradients.d_weight, gradients.d_bias, gradients.d_branch_bias}, C,
                     [&](int64_t begin, int64_t end, float* sums) {
                       const loops::ResidualNormBackwardTask<T> task{
                           pointer<T>(dy), floats(x), floats(stats.mean), floats(stats.rstd), floats(norm.weight), floats(dx),
                           pointer<T>(d_branch), sums, sums + C, sums + 2 * C, task_of(dropout), size(C)};
                       loops::loops<T>().residual_norm_backward(task, size(begin), size(end));
                     });
  });
}

void gelu(const at::Tensor& x, const at::Tensor& out) {
  const int64_t columns = x.size(1);
  for_type(x, [&]<typename T>(T) {
    for_row_blocks(x.size(0), [&](int64_t, int64_t begin, int64_t end) {
      loops::loops<T>().gelu(pointer<T>(x) + begin * columns, pointer<T>(out) + begin * columns, size((end - begin) * columns));
    });
  });
}

void gelu_backward(const at::Tensor& x, const at::Tensor& d, const at::Tensor& d_bias) {
  const int64_t columns = x.size(1);
  for_type(x, [&]<typename T>(T) {
    with_column_sums(x.size(0), {d_bias}, columns, [&](int64_t begin, int64_t end, float* sums) {
      loops::loops<T>().gelu_backward(pointer<T>(x) + begin * columns, pointer<T>(d) + begin * columns, size(end - begin),
                                      size(columns), sums);
    });
  });
}

void add_column_sums(const at::Tensor& x, const at::Tensor& sum) {
  const int64_t columns = x.size(1);
  for_type(x, [&]<typename T>(T) {
    with_column_sums(x.size(0), {sum}, columns, [&](int64_t begin, int64_t end, float* sums) {
      loops::loops<T>().column_sum(pointer<T>(x) + begin * columns, size(end - begin), size(columns), sums);
    });
  });
}

void add_to(const at::Tensor& x, const at::Tensor& sum) {
  for_type(x, [&]<typename T>(T) {
    parallel_for(0, x.numel(), 1 << 15, [&](int64_t begin, int64_t end) {
      loops::loops<T>().accumulate(pointer<T>(x) + begin, floats(sum) + begin, size(end - begin));
    });
  });
}

void packed_attention(const at::Tensor& qkv, const AttentionShape& shape, const at::Tensor& out, const at::Tensor& lse) {
  const int64_t T_total = qkv.size(0), C = qkv.size(1) / 3;
  for_type(qkv, [&]<typename T>(T) {
    for_documents_and_heads<T>(qkv, shape, [&](loops::AttentionTask<T>& task, int64_t start, int64_t head, int64_t HS, float* scratch) {
      task.out = pointer<T>(out) + start * C + head * HS;
      task.lse = floats(lse) + head * T_total + start;
      loops::loops<T>().attention(task, scratch);
    });
  });
}

void packed_attention_backward(const at::Tensor& qkv, const at::Tensor& d_out, const at::Tensor& lse,
                               const AttentionShape& shape, const at::Tensor& d_qkv) {
  const int64_t T_total = qkv.size(0), C = qkv.size(1) / 3;
  for_type(qkv, [&]<typename T>(T) {
    for_documents_and_heads<T>(qkv, shape, [&](loops::AttentionTask<T>& task, int64_t start, int64_t head, int64_t HS, float* scratch) {
      T* row = pointer<T>(d_qkv) + start * 3 * C + head * HS;
      task.dq = row, task.dk = row + C, task.dv = row + 2 * C;
      task.d_out = pointer<T>(d_out) + start * C + head * HS;
      task.lse = floats(lse) + head * T_total + start;
      loops::loops<T>().attention_backward(task, scratch);
    });
  });
}

CrossEntropySum cross_entropy(const at::Tensor& logits, std::span<const int64_t> labels, double label_smoothing,
                              double gradient_scale) {
  const int64_t rows = logits.size(0);
  std::vector<CrossEntropySum> sums(size((rows + kRowBlock - 1) / kRowBlock));
  for_type(logits, [&]<typename T>(T) {
    for_row_blocks(rows, [&](int64_t block, int64_t begin, int64_t end) {
      loops::CrossEntropyTask<T> task{pointer<T>(logits), labels.data(), size(logits.size(1)), static_cast<float>(label_smoothing),
                                      static_cast<float>(gradient_scale), 0, 0};
      loops::loops<T>().cross_entropy(task, size(begin), size(end));
      sums[size(block)] = {task.nll, task.objective};
    });
  });
  CrossEntropySum total;
  for (const CrossEntropySum& sum : sums) total.nll += sum.nll, total.objective += sum.objective;
  return total;
}

double squared_norm(const at::Tensor& x) {
  constexpr int64_t kChunk = 1 << 15;
  const int64_t numel = x.numel(), chunks = (numel + kChunk - 1) / kChunk;
  std::vector<float> partial(size(chunks));
  parallel_for(0, chunks, 1, [&](int64_t first, int64_t last) {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      const int64_t begin = chunk * kChunk;
      partial[size(chunk)] = loops::loops<float>().squared_sum(floats(x) + begin, size(std::min(numel - begin, kChunk)));
    }
  });
  double sum = 0;
  for (const float part : partial) sum += static_cast<double>(part);
  return sum;
}

void adamw(const at::Tensor& w, const at::Tensor& g, const at::Tensor& m, const at::Tensor& v, const at::Tensor& copy,
           const AdamWFactors& f) {
  parallel_for(0, w.numel() / 16, 1 << 11, [&](int64_t first, int64_t last) {
    const int64_t begin = 16 * first;
    loops::loops<float>().adamw({floats(w) + begin, floats(g) + begin, floats(m) + begin, floats(v) + begin,
                                 pointer<uint16_t>(copy) + begin, size(16 * (last - first)), f.clip, f.decay, f.beta1, f.beta2,
                                 f.step_size, f.inv_sqrt_correction2, f.epsilon});
  });
}

void apply_dropout(const at::Tensor& x, const Dropout& dropout) {
  if (!dropout.on()) return;
  parallel_for(0, x.numel(), 1 << 15, [&](int64_t begin, int64_t end) {
    loops::loops<float>().dropout(floats(x) + begin, size(begin), size(end - begin), task_of(dropout));
  });
}

}  // namespace vitrine::nn::fused
