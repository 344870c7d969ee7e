#include "nn/attention.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "kernels/aligned_buffer.h"
#include "kernels/picture/loops.h"
#include "nn/parallel.h"

namespace vitrine::nn {
namespace {

namespace loops = kernels::picture;

size_t size(int64_t n) { return static_cast<size_t>(n); }

void check(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t num_heads, bool causal) {
  VITRINE_REQUIRE(q.dim() == 3 && k.dim() == 3 && k.sizes() == v.sizes() && q.size(0) == k.size(0) && q.size(2) == k.size(2),
                  "[attention] expected q [B, T, C], k and v [B, S, C], got q ", q.sizes(), ", k ", k.sizes(), ", v ", v.sizes());
  VITRINE_REQUIRE(num_heads > 0 && q.size(2) % num_heads == 0, "[attention] width ", q.size(2), " is no multiple of ", num_heads, " heads");
  VITRINE_REQUIRE(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(), "[attention] types differ: q ", q.scalar_type(),
                  ", k ", k.scalar_type(), ", v ", v.scalar_type());
  VITRINE_REQUIRE(!causal || q.size(1) == k.size(1), "[attention] causal: ", q.size(1), " queries, ", k.size(1), " keys");
}

struct Settings {
  int64_t num_heads;
  double scale;
  bool causal;
};

// ---- plain ATen: other devices and types

at::Tensor heads(const at::Tensor& x, int64_t num_heads) {  // [B, NH, T, HS]
  return x.view({x.size(0), x.size(1), num_heads, -1}).transpose(1, 2);
}

at::Tensor plain_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Settings& settings, const at::Tensor& is_token) {
  std::optional<at::Tensor> mask;  // [B, 1, 1 or T, S]
  if (is_token.defined()) {
    at::Tensor seen = is_token.view({q.size(0), 1, 1, -1});
    if (settings.causal) seen = seen.logical_and(at::ones({q.size(1), q.size(1)}, seen.options()).tril());
    mask = seen;
  }
  const at::Tensor out = at::scaled_dot_product_attention(heads(q, settings.num_heads), heads(k, settings.num_heads), heads(v, settings.num_heads),
                                                          mask, /*dropout_p=*/0.0, settings.causal && !mask, settings.scale);
  return out.transpose(1, 2).reshape(q.sizes());
}

// ---- own loops

bool has_loops(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.stride(2) == 1;
}

/// The rows of keys that each picture's queries may see.
std::vector<std::vector<int32_t>> rows_seen(const at::Tensor& is_token) {
  std::vector<std::vector<int32_t>> rows(size(is_token.size(0)));
  const at::Tensor seen = is_token.to(at::kBool).contiguous();
  const bool* flag = seen.const_data_ptr<bool>();
  for (auto& list : rows) {
    for (int64_t s = 0; s < seen.size(1); ++s, ++flag) {
      if (*flag) list.push_back(static_cast<int32_t>(s));
    }
  }
  return rows;
}

/// The heads of one call, picture by picture.
template <typename T>
struct Heads {
  std::vector<loops::AttentionTask<T>> tasks;
  std::vector<std::vector<int32_t>> rows;
};

/// Memory of this thread, kept: fresh pages would cost more than the work on short texts.
float* kept_memory(kernels::AlignedBuffer<float>& memory, size_t count) {
  memory.reserve(count);
  return memory.data();
}
float* packed_memory(size_t count) {
  thread_local kernels::AlignedBuffer<float> memory;
  return kept_memory(memory, count);
}
float* scratch_memory(size_t count) {
  thread_local kernels::AlignedBuffer<float> memory;
  return kept_memory(memory, count);
}

template <typename T>
T* at_head(const at::Tensor& x, int64_t b, int64_t head, int64_t head_size) {
  return static_cast<T*>(x.data_ptr()) + b * x.stride(0) + head * head_size;
}

template <typename T>
Heads<T> heads_of(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& out, const at::Tensor& lse,
                  const Settings& settings, const at::Tensor& is_token) {
  const int64_t B = q.size(0), NH = settings.num_heads, HS = q.size(2) / NH;
  Heads<T> heads;
  if (is_token.defined()) heads.rows = rows_seen(is_token);
  const size_t packed = (loops::attention_packed(size(k.size(1)), size(HS)) + 15) / 16 * 16;
  float* memory = packed_memory(size(B * NH) * 2 * packed);
  for (int64_t b = 0; b < B; ++b) {
    for (int64_t h = 0; h < NH; ++h) {
      loops::AttentionTask<T> task{};
      task.q = at_head<T>(q, b, h, HS), task.k = at_head<T>(k, b, h, HS), task.v = at_head<T>(v, b, h, HS), task.out = at_head<T>(out, b, h, HS);
      task.q_stride = size(q.stride(1)), task.k_stride = size(k.stride(1)), task.v_stride = size(v.stride(1)), task.out_stride = size(out.stride(1));
      task.queries = size(q.size(1)), task.keys = size(k.size(1)), task.head_size = size(HS);
      if (!heads.rows.empty()) task.key_rows = heads.rows[size(b)].data(), task.keys = heads.rows[size(b)].size();
      task.scale = static_cast<float>(settings.scale), task.causal = settings.causal;
      if (lse.defined()) task.lse = lse.mutable_data_ptr<float>() + (b * NH + h) * q.size(1);
      task.packed_keys = memory, task.packed_values = memory + packed, memory += 2 * packed;
      heads.tasks.push_back(task);
    }
  }
  return heads;
}

template <typename T>
void run_forward(const Heads<T>& heads) {
  const loops::Loops<T>& table = loops::loops<T>();
  const loops::AttentionTask<T>& first = heads.tasks.front();
  const auto count = static_cast<int64_t>(heads.tasks.size());
  parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) table.pack_keys(heads.tasks[size(i)]);
  });
  const int64_t blocks = static_cast<int64_t>((first.queries + loops::kQueryBlock - 1) / loops::kQueryBlock);
  parallel_tasks(count * blocks, [&](const NextTask& next) {
    float* scratch = scratch_memory(loops::attention_scratch(first.head_size));
    for (int64_t i = next(); i < count * blocks; i = next()) {
      table.attention(heads.tasks[size(i / blocks)], size(i % blocks) * loops::kQueryBlock, scratch);
    }
  });
}

/// Calls body with a value of the stored type: float or uint16_t.
template <typename Body>
void for_type(const at::Tensor& x, const Body& body) {
  if (x.scalar_type() == at::kFloat) return body(float{});
  body(uint16_t{});
}

/// lse [B, NH, T] float32 when it is defined.
at::Tensor forward_of(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const at::Tensor& lse, const Settings& settings,
                      const at::Tensor& is_token) {
  at::Tensor out = at::empty(q.sizes(), q.options());
  if (out.numel() == 0) return out;
  for_type(q, [&]<typename T>(T) { run_forward(heads_of<T>(q, k, v, out, lse, settings, is_token)); });
  return out;
}

struct Gradients {
  at::Tensor dq, dk, dv;
};

template <typename T>
void run_backward(const Heads<T>& heads, const at::Tensor& d_out, const Gradients& gradients) {
  const loops::Loops<T>& table = loops::loops<T>();
  const loops::AttentionTask<T>& first = heads.tasks.front();
  const auto HS = static_cast<int64_t>(first.head_size), queries = static_cast<int64_t>(first.queries), NH = d_out.size(2) / HS;
  const auto count = static_cast<int64_t>(heads.tasks.size()), chunks = static_cast<int64_t>(loops::backward_chunks(size(gradients.dk.size(1)), first.head_size));
  const at::Tensor parts = at::empty({count, chunks, queries, HS}, at::kFloat);
  std::vector<loops::AttentionBackwardTask<T>> tasks;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t b = i / NH, h = i % NH;
    tasks.push_back({heads.tasks[size(i)], at_head<T>(d_out, b, h, HS), at_head<T>(gradients.dq, b, h, HS), at_head<T>(gradients.dk, b, h, HS),
                     at_head<T>(gradients.dv, b, h, HS), size(d_out.stride(1)), size(gradients.dq.stride(1)), size(gradients.dk.stride(1)),
                     size(gradients.dv.stride(1)), parts.mutable_data_ptr<float>() + i * chunks * queries * HS});
  }
  const auto chunks_of = [&](int64_t i) {  // one also where no key is seen: it makes dq zero
    return static_cast<int64_t>(std::max<size_t>(1, loops::backward_chunks(heads.tasks[size(i)].keys, first.head_size)));
  };
  parallel_tasks(count * chunks, [&](const NextTask& next) {
    float* scratch = scratch_memory(loops::backward_scratch(first.head_size));
    for (int64_t i = next(); i < count * chunks; i = next()) {
      if (i % chunks < chunks_of(i / chunks)) table.attention_backward(tasks[size(i / chunks)], size(i % chunks), scratch);
    }
  });
  parallel_for(0, count * queries, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) table.sum_query_parts(tasks[size(i / queries)], size(i % queries), size(i % queries) + 1);
  });
}

class OwnAttention : public torch::autograd::Function<OwnAttention> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            int64_t num_heads, double scale, bool causal, const std::optional<at::Tensor>& is_token) {
    const at::Tensor lse = at::empty({q.size(0), num_heads, q.size(1)}, at::kFloat);
    at::Tensor out = forward_of(q, k, v, lse, {num_heads, scale, causal}, is_token.value_or(at::Tensor()));
    context->save_for_backward({q, k, v, out, lse, is_token.value_or(at::Tensor())});
    context->saved_data["num_heads"] = num_heads;
    context->saved_data["scale"] = scale;
    context->saved_data["causal"] = causal;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &out = saved[3], &lse = saved[4], &is_token = saved[5];
    const Settings settings{context->saved_data["num_heads"].toInt(), context->saved_data["scale"].toDouble(), context->saved_data["causal"].toBool()};
    const at::Tensor d_out = gradients[0].stride(2) == 1 ? gradients[0] : gradients[0].contiguous();
    const Gradients made{at::zeros(q.sizes(), q.options()), at::zeros(k.sizes(), k.options()), at::zeros(v.sizes(), v.options())};
    if (q.numel() > 0) {
      for_type(q, [&]<typename T>(T) { run_backward(heads_of<T>(q, k, v, out, lse, settings, is_token), d_out, made); });
    }
    return {made.dq, made.dk, made.dv, {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t num_heads, double scale, bool causal,
                     const at::Tensor& is_token) {
  check(q, k, v, num_heads, causal);
  const Settings settings{num_heads, scale > 0 ? scale : 1.0 / std::sqrt(static_cast<double>(q.size(2) / num_heads)), causal};
  const bool needs_gradient = c10::GradMode::is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad());
  if (!has_loops(q) || !has_loops(k) || !has_loops(v)) return plain_attention(q, k, v, settings, is_token);
  if (needs_gradient) {
    return OwnAttention::apply(q, k, v, num_heads, settings.scale, causal, is_token.defined() ? std::optional(is_token) : std::nullopt);
  }
  return forward_of(q, k, v, {}, settings, is_token);
}

}  // namespace vitrine::nn
