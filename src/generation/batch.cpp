#include "generation/batch.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/stopwatch.h"
#include "kernels/rows.h"

namespace vitrine::generation {
Batch::Batch(Gpt2Network& network, KvPagePool& pages, ThreadPool& pool, std::span<const Request> requests, size_t max_batch)
    : network_(network),
      pages_(pages),
      pool_(pool),
      requests_(requests),
      max_batch_(max_batch),
      V_(static_cast<size_t>(network.config().vocab_size)),
      results_(requests.size()),
      prompts_(requests.size()),
      logits_(max_batch * V_) {
  for (size_t i = 0; i < requests.size(); ++i) {
    results_[i].resize(requests[i].keys.size());
    prompts_[i].left = requests[i].keys.size();
  }
  live_.reserve(max_batch);
}

std::vector<std::vector<Sequence>> Batch::run() {
  while (has_waiting() || !live_.empty()) {
    throw_if_interrupted("generation stopped");
    admit();
    if (!live_.empty()) step();
  }
  return std::move(results_);
}

std::span<float> Batch::logits_of(size_t live_idx) { return std::span(logits_).subspan(live_idx * V_, V_); }

/// One past the last request that has a sequence among the next `room` ones.
size_t Batch::last_request_for(size_t room) const {
  size_t request_idx = next_request_;
  size_t sequences = 0;
  while (request_idx < requests_.size() && sequences < room) {
    sequences += requests_[request_idx].keys.size() - (request_idx == next_request_ ? next_sequence_ : 0);
    ++request_idx;
  }
  return request_idx;
}

void Batch::admit() {
  while (has_waiting() && live_.size() < max_batch_) {
    run_waiting_prompts(last_request_for(max_batch_ - live_.size()));
    const size_t first = live_.size();
    while (has_waiting() && live_.size() < max_batch_) {
      if (next_sequence_ == requests_[next_request_].keys.size()) {
        ++next_request_;
        next_sequence_ = 0;
        if (next_request_ >= prompts_run_) break;
        continue;
      }
      live_.push_back(start(next_request_, next_sequence_++));
      std::copy(prompts_[next_request_].logits.begin(), prompts_[next_request_].logits.end(), logits_of(live_.size() - 1).begin());
    }
    draw(first);
    retire();
  }
}

/// Runs the prompts up to `last_request`, several short ones in one pass.
void Batch::run_waiting_prompts(size_t last_request) {
  const Stopwatch watch(stats_.prefill_s);
  while (prompts_run_ < last_request) {
    const size_t first = prompts_run_;
    rows_.clear();
    row_idxs_.clear();
    for (; prompts_run_ < last_request; ++prompts_run_) {
      const Request& request = requests_[prompts_run_];
      if (request.keys.empty()) continue;
      if (!rows_.empty() && rows_.size() + request.prompt.size() > kMaxRows) break;
      stats_.prompt_tokens += static_cast<int64_t>(request.prompt.size());
      auto& cache = prompts_[prompts_run_].cache;
      cache = std::make_unique<KvCache>(pages_);
      cache->grow_to(request.prompt.size());
      for (size_t i = 0; i < request.prompt.size(); ++i) {
        rows_.push_back({.token = request.prompt[i], .own = cache.get(), .own_idx = i});
      }
      row_idxs_.push_back(rows_.size() - 1);
    }
    if (rows_.empty()) continue;
    if (rows_.size() > kMaxRows) {  // one long prompt
      const std::vector<int32_t>& prompt = requests_[prompts_run_ - 1].prompt;
      run_prompt(network_, prompt, *prompts_[prompts_run_ - 1].cache, rows_, [this](size_t, size_t count) { row_idxs_ = {count - 1}; });
    } else {
      network_.forward(rows_);
    }
    std::vector<float> logits(row_idxs_.size() * V_);
    network_.logits(row_idxs_, logits.data());
    size_t done = 0;
    for (size_t request_idx = first; request_idx < prompts_run_; ++request_idx) {
      if (prompts_[request_idx].cache == nullptr) continue;
      const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(done++ * V_);
      prompts_[request_idx].logits.assign(begin, begin + static_cast<std::ptrdiff_t>(V_));
    }
  }
}

Batch::Live Batch::start(size_t request_idx, size_t sequence_idx) {
  const Request& request = requests_[request_idx];
  Live live{request_idx, sequence_idx, std::make_unique<KvCache>(pages_), nullptr, request.prompt, false};
  if (request.make_guide) live.guide = request.make_guide(static_cast<int>(sequence_idx));
  return live;
}

/// One pass for the newest token of every live sequence, then the next draw.
void Batch::step() {
  {
    const PassTimes before = network_.times();
    const Stopwatch watch(stats_.step_s);
    rows_.clear();
    row_idxs_.resize(live_.size());
    std::iota(row_idxs_.begin(), row_idxs_.end(), size_t{0});
    for (Live& live : live_) {
      const size_t prompt_tokens = requests_[live.request_idx].prompt.size();
      live.cache->grow_to(live.context.size() - prompt_tokens);
      rows_.push_back({.token = live.context.back(),
                       .prefix = prompts_[live.request_idx].cache.get(),
                       .prefix_tokens = prompt_tokens,
                       .own = live.cache.get(),
                       .own_idx = live.context.size() - 1 - prompt_tokens});
    }
    network_.forward(rows_);
    network_.logits(row_idxs_, logits_.data());
    ++stats_.steps;
    stats_.passes += network_.times() - before;
  }
  draw(0);
  retire();
}

/// The next token of the live sequences from `first` on, each from its row of logits_.
void Batch::draw(size_t first) {
  const Stopwatch watch(stats_.draw_s);
  pool_.parallel_for(live_.size() - first, [&](size_t begin, size_t end) {
    for (size_t i = first + begin; i < first + end; ++i) draw_one(live_[i], logits_of(i));
  });
  stats_.new_tokens += static_cast<int64_t>(live_.size() - first);
}

void Batch::draw_one(Live& live, std::span<float> logits) {
  thread_local SamplerScratch scratch;
  const Request& request = requests_[live.request_idx];
  const kernels::KernelTable& table = kernels::kernel_table();
  scratch.probs.resize(V_);
  const double normaliser = kernels::log_sum_exp(table, logits, scratch.probs);
  VITRINE_REQUIRE(std::isfinite(normaliser), "[Decoder] the model gives NaN or infinite logits");
  const bool changed = live.guide != nullptr || request.sampling.repetition_penalty != 1 || request.sampling.no_repeat_ngram_size > 0;
  if (changed) scratch.raw.assign(logits.begin(), logits.end());
  apply_repetition_penalty(logits, live.context, request.sampling.repetition_penalty);
  forbid_repeated_ngrams(logits, live.context, request.sampling.no_repeat_ngram_size);
  if (live.guide != nullptr) live.guide->process(logits);
  const double uniform = request.keys[live.sequence_idx].uniform(live.context.size() - request.prompt.size());
  const auto token = sample(table, logits, request.sampling, uniform, scratch);
  if (!token) {
    live.done = true;
    return;
  }
  result_of(live).logprob += static_cast<double>((changed ? std::span<const float>(scratch.raw) : logits)[static_cast<size_t>(*token)]) - normaliser;
  accept(live, *token);
}

void Batch::accept(Live& live, int32_t token) {
  const Request& request = requests_[live.request_idx];
  Sequence& sequence = result_of(live);
  if (token == request.eos) {
    live.done = sequence.finished = true;
    return;
  }
  live.context.push_back(token);
  sequence.tokens.push_back(token);
  if (live.guide != nullptr) {
    live.guide->push(token);
    sequence.finished = live.guide->finished();
  }
  live.done = sequence.finished || sequence.tokens.size() >= static_cast<size_t>(request.sampling.max_new_tokens);
}

/// Takes out the sequences that are done, and the prompts nobody needs any more.
void Batch::retire() {
  for (Live& live : live_) {
    if (!live.done) continue;
    Prompt& prompt = prompts_[live.request_idx];
    if (--prompt.left > 0) continue;
    prompt.cache = nullptr;
    prompt.logits = {};
  }
  std::erase_if(live_, [](const Live& live) { return live.done; });
}

}  // namespace vitrine::generation
