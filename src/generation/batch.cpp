#include "generation/batch.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/stopwatch.h"
#include "generation/cached_tokens.h"
#include "kernels/rows.h"

namespace vitrine::generation {
namespace {

/// How many of the prompt's tokens need not be computed: those it has in common with what is cached, but for its last
/// one, whose logits are wanted.
size_t tokens_in_common(const CachedTokens& cached, std::span<const int32_t> prompt) {
  const auto& tokens = cached.tokens();
  const size_t most = std::min(tokens.size(), prompt.size() - 1);
  size_t common = 0;
  while (common < most && tokens[common] == prompt[common]) ++common;
  return common;
}

}  // namespace

Batch::Batch(Gpt2Network& network, std::shared_ptr<KvPagePool> pages, ThreadPool& pool, RequestQueue& queue,
             size_t max_batch, Check check)
    : network_(network),
      pages_(std::move(pages)),
      pool_(pool),
      queue_(queue),
      max_batch_(max_batch),
      check_(std::move(check)),
      V_(static_cast<size_t>(network.config().vocab_size)) {}

void Batch::run() {
  while (true) {
    throw_if_interrupted("generation stopped");
    admit();
    if (live_.empty()) return;
    step();
  }
}

std::span<float> Batch::logits_of(size_t live_idx) { return std::span(logits_).subspan(live_idx * V_, V_); }

/// Fills the free places with sequences that wait, as long as there are both.
void Batch::admit() {
  while (live_.size() < max_batch_) {
    fetch(max_batch_ - live_.size());
    if (waiting_.empty()) return;
    run_waiting_prompts();
    const size_t first = live_.size();
    start_waiting();
    draw(first);
    retire();
  }
}

/// Takes requests from the queue until `room` sequences wait.
void Batch::fetch(size_t room) {
  size_t sequences = 0;
  for (const auto& job : waiting_) sequences += job->request.keys.size() - job->started;
  while (sequences < room) {
    auto request = queue_.next();
    if (!request) return;
    check_(*request, num_requests_);
    const size_t request_idx = num_requests_++, count = request->keys.size();
    if (count == 0) {
      queue_.done(request_idx, {});
      continue;
    }
    sequences += count;
    waiting_.push_back(std::make_shared<Job>(Job{std::move(*request), request_idx, nullptr, std::vector<Sequence>(count)}));
  }
}

/// Runs the prompts of all waiting requests, several short ones in one pass.
void Batch::run_waiting_prompts() {
  const Stopwatch watch(stats_.prefill_s);
  std::vector<Waiting> pass;
  size_t pass_rows = 0;
  for (const auto& job : waiting_) {
    if (job->prompt != nullptr) continue;
    if (last_prompt_ != nullptr && job->request.prompt == last_tokens_) {
      job->prompt = last_prompt_;
      continue;
    }
    Waiting waiting = wait(*job);
    const size_t rows = job->request.prompt.size() - waiting.begin;
    stats_.prompt_tokens += static_cast<int64_t>(rows);
    if (rows > kMaxRows) {
      run_long(waiting);
      continue;
    }
    if (pass_rows + rows > kMaxRows) {
      run_pass(pass);
      pass.clear();
      pass_rows = 0;
    }
    pass.push_back(std::move(waiting));
    pass_rows += rows;
  }
  if (!pass.empty()) run_pass(pass);
}

Batch::Waiting Batch::wait(Job& job) {
  const auto& [prompt, cached] = std::tie(job.request.prompt, job.request.cached);
  const size_t begin = cached == nullptr ? 0 : tokens_in_common(*cached, prompt);
  auto run = std::make_shared<Prompt>();
  run->cache = begin == 0 ? std::make_unique<KvCache>(*pages_) : std::make_unique<KvCache>(cached->cache(), begin);
  run->cache->grow_to(prompt.size());
  job.prompt = run;
  last_prompt_ = run;
  last_tokens_ = prompt;
  return {&job, std::move(run), begin};
}

void Batch::run_pass(std::span<Waiting> waiting) {
  rows_.clear();
  row_idxs_.clear();
  for (const Waiting& w : waiting) {
    const auto& prompt = w.job->request.prompt;
    for (size_t i = w.begin; i < prompt.size(); ++i) rows_.push_back({.token = prompt[i], .cache = w.prompt->cache.get(), .idx = i});
    row_idxs_.push_back(rows_.size() - 1);
  }
  network_.forward(rows_);
  take_logits(waiting);
}

void Batch::run_long(Waiting& waiting) {
  run_prompt(network_, waiting.job->request.prompt, waiting.begin, *waiting.prompt->cache, rows_,
             [this](size_t, size_t count) { row_idxs_ = {count - 1}; });
  take_logits({&waiting, 1});
}

/// Of the rows of the last pass that row_idxs_ names, one a prompt.
void Batch::take_logits(std::span<Waiting> waiting) {
  prompt_logits_.resize(row_idxs_.size() * V_);
  network_.logits(row_idxs_, prompt_logits_.data());
  for (size_t i = 0; i < waiting.size(); ++i) {
    const auto begin = prompt_logits_.begin() + static_cast<std::ptrdiff_t>(i * V_);
    waiting[i].prompt->logits.assign(begin, begin + static_cast<std::ptrdiff_t>(V_));
  }
}

void Batch::start_waiting() {
  while (!waiting_.empty() && live_.size() < max_batch_) {
    const auto job = waiting_.front();
    live_.push_back(start(job));
    logits_.resize(std::max(logits_.size(), live_.size() * V_));
    std::copy(job->prompt->logits.begin(), job->prompt->logits.end(), logits_of(live_.size() - 1).begin());
    if (job->started < job->request.keys.size()) continue;
    job->prompt = nullptr;
    waiting_.pop_front();
  }
}

Batch::Live Batch::start(const std::shared_ptr<Job>& job) {
  const Request& request = job->request;
  const size_t sequence_idx = job->started++;
  Live live{.job = job,
            .sequence_idx = sequence_idx,
            .cache = std::make_unique<KvCache>(*job->prompt->cache, request.prompt.size()),
            .guide = nullptr,
            .context = request.prompt,
            .cached_tokens = request.prompt.size()};
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
      live.cached_tokens = live.context.size();
      live.cache->grow_to(live.context.size());
      rows_.push_back({.token = live.context.back(), .cache = live.cache.get(), .idx = live.context.size() - 1});
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
  const Request& request = live.job->request;
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
  const std::span<const float> raw = changed ? std::span<const float>(scratch.raw) : logits;
  result_of(live).logprob += static_cast<double>(raw[static_cast<size_t>(*token)]) - normaliser;
  accept(live, *token);
}

void Batch::accept(Live& live, int32_t token) {
  const Request& request = live.job->request;
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

/// Takes out the sequences that are done, and hands over the requests of which all are.
void Batch::retire() {
  std::vector<std::shared_ptr<Job>> complete;
  for (Live& live : live_) {
    if (!live.done) continue;
    if (live.job->request.keep_cached) keep_cached(live);
    if (++live.job->done == live.job->request.keys.size()) complete.push_back(live.job);
  }
  std::erase_if(live_, [](const Live& live) { return live.done; });
  for (const auto& job : complete) queue_.done(job->request_idx, std::move(job->sequences));
}

void Batch::keep_cached(Live& live) {
  live.context.resize(live.cached_tokens);
  result_of(live).cached = std::make_shared<CachedTokens>(std::move(live.context), std::move(live.cache), pages_);
}

}  // namespace vitrine::generation
