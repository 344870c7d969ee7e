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

Batch::Batch(Gpt2Network& network, std::shared_ptr<KvPagePool> pages, ThreadPool& pool,
             RequestQueue& queue, size_t max_batch, Check check)
    : network_(network),
      pages_(pages),
      prompts_(network, std::move(pages)),
      pool_(pool),
      queue_(queue),
      max_batch_(max_batch),
      check_(std::move(check)),
      V_(static_cast<size_t>(network.config().vocab_size)) {}

void Batch::run() {
  while (true) {
    throw_if_interrupted("generation stopped");
    give_up_unwanted();
    fetch();
    if (live_.empty() && waiting_.empty()) return;
    pass();
  }
}

void Batch::give_up_unwanted() {
  give_up_waiting();
  for (Live& live : live_) {
    if (!queue_.is_wanted(live.job->request_idx)) end(live, EndReason::given_up);
  }
  retire();
}

/// Sequences that have not started.
void Batch::give_up_waiting() {
  std::vector<std::shared_ptr<Job>> unwanted;
  std::erase_if(waiting_, [&](const std::shared_ptr<Job>& job) {
    const bool wanted = queue_.is_wanted(job->request_idx);
    if (!wanted) unwanted.push_back(job);
    return !wanted;
  });
  for (const auto& job : unwanted) {
    for (size_t i = job->started; i < job->sequences.size(); ++i) job->sequences[i].end = EndReason::given_up;
    job->done += job->sequences.size() - job->started;
    job->started = job->sequences.size();
    job->prompt = nullptr;
    if (job->done == job->sequences.size()) queue_.done(job->request_idx, std::move(job->sequences));
  }
}

std::span<float> Batch::logits_of(size_t live_idx) {
  return std::span(logits_).subspan(live_idx * V_, V_);
}

/// Of the request's prompt, when the one before it in the queue was another.
size_t Batch::tokens_to_run(const Request& request) const {
  if (!waiting_.empty() && waiting_.back()->request.prompt == request.prompt) return 0;
  const size_t size = request.prompt.size();
  return size - std::min(size - 1, request.cached == nullptr ? 0 : request.cached->tokens().size());
}

/// Takes requests from the queue until sequences wait for all free places, or prompts for a pass:
/// each holds a row of logits.
void Batch::fetch() {
  const size_t room = max_batch_ - live_.size();
  size_t prompt_tokens = 0;
  size_t sequences = 0;
  for (const auto& job : waiting_) sequences += job->request.keys.size() - job->started;
  while (sequences < room && prompt_tokens < kMaxRows) {
    auto request = queue_.next();
    if (!request) return;
    check_(*request, num_requests_);
    const size_t request_idx = num_requests_++, count = request->keys.size();
    if (count == 0) {
      queue_.done(request_idx, {});
      continue;
    }
    sequences += count;
    prompt_tokens += tokens_to_run(*request);
    waiting_.push_back(std::make_shared<Job>(
        Job{std::move(*request), request_idx, nullptr, std::vector<Sequence>(count)}));
  }
}

/// The newest token of every live sequence, the prompts that have come, and the next draw of all. Few
/// rows of prompts go with the step of the others: as a pass of their own they would cost nearly as
/// much as that.
void Batch::pass() {
  add_prompts();
  if (live_.empty() || prompts_.num_rows() > kMaxRows) run_prompts();
  if (!live_.empty()) step();
  stats_.prompt_tokens = prompts_.num_tokens();
  start_waiting();
  draw();
  tell_grown();
  retire();
}

void Batch::add_prompts() {
  for (const auto& job : waiting_) {
    if (job->prompt == nullptr) job->prompt = prompts_.add(job->request);
  }
}

void Batch::run_prompts() {
  const Stopwatch watch(stats_.prefill_s);
  prompts_.run();
}

void Batch::start_waiting() {
  while (!waiting_.empty() && live_.size() < max_batch_) {
    const auto job = waiting_.front();
    live_.push_back(start(job));
    logits_.resize(std::max(logits_.size(), live_.size() * V_));
    std::copy(job->prompt->logits.begin(), job->prompt->logits.end(),
              logits_of(live_.size() - 1).begin());
    if (job->started < job->request.keys.size()) continue;
    job->prompt = nullptr;
    waiting_.pop_front();
  }
}

Batch::Live Batch::start(const std::shared_ptr<Job>& job) {
  const Request& request = job->request;
  const size_t sequence_idx = job->started++;
  return {.job = job,
          .sequence_idx = sequence_idx,
          .cache = std::make_unique<KvCache>(*job->prompt->cache, request.prompt.size()),
          .steering = Steering(request, static_cast<int>(sequence_idx)),
          .context = request.prompt,
          .cached_tokens = request.prompt.size()};
}

void Batch::step() {
  const PassTimes before = network_.times();
  const Stopwatch watch(stats_.step_s);
  rows_.clear();
  row_idxs_.resize(live_.size());
  std::iota(row_idxs_.begin(), row_idxs_.end(), size_t{0});
  for (Live& live : live_) {
    live.cached_tokens = live.context.size();
    live.cache->grow_to(live.context.size());
    rows_.push_back(
        {.token = live.context.back(), .cache = live.cache.get(), .idx = live.context.size() - 1});
  }
  prompts_.join(rows_, row_idxs_);
  logits_.resize(std::max(logits_.size(), row_idxs_.size() * V_));
  network_.forward(rows_);
  network_.logits(row_idxs_, logits_.data());
  prompts_.take(std::span(logits_).subspan(live_.size() * V_));
  ++stats_.steps;
  stats_.passes += network_.times() - before;
}

/// The next token of the live sequences, each from its row of logits_.
void Batch::draw() {
  const Stopwatch watch(stats_.draw_s);
  pool_.parallel_for(live_.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) draw_one(live_[i], logits_of(i));
  });
  stats_.new_tokens += static_cast<int64_t>(live_.size());
}

void Batch::draw_one(Live& live, std::span<float> logits) {
  thread_local SamplerScratch scratch;
  const Request& request = live.job->request;
  const kernels::KernelTable& table = kernels::kernel_table();
  scratch.probs.resize(V_);
  const double normaliser = kernels::log_sum_exp(table, logits, scratch.probs);
  VITRINE_REQUIRE(std::isfinite(normaliser), "[Decoder] the model gives NaN or infinite logits");
  const bool changed = live.steering.changes_logits();
  if (changed) scratch.raw.assign(logits.begin(), logits.end());
  live.steering.process(logits, live.context, scratch);
  const double uniform =
      request.keys[live.sequence_idx].uniform(live.context.size() - request.prompt.size());
  const auto token = sample(table, logits, request.sampling, uniform, scratch);
  if (!token) return end(live, EndReason::all_forbidden);
  const std::span<const float> raw = changed ? std::span<const float>(scratch.raw) : logits;
  const double logprob = static_cast<double>(raw[static_cast<size_t>(*token)]) - normaliser;
  result_of(live).logprob += logprob;
  if (request.return_logprobs) result_of(live).token_logprobs.push_back(logprob);
  accept(live, *token);
}

void Batch::accept(Live& live, int32_t token) {
  if (token == live.job->request.eos) return end(live, EndReason::eos);
  live.context.push_back(token);
  result_of(live).tokens.push_back(token);
  if (const auto reason = live.steering.push(token)) end(live, *reason);
}

void Batch::end(Live& live, EndReason reason) {
  live.done = true;
  Sequence& sequence = result_of(live);
  sequence.end = reason;
  sequence.finished = is_finished(reason);
  sequence.stop = live.steering.stop();
  sequence.num_turned = live.steering.num_turned();
}

void Batch::tell_grown() {
  for (const Live& live : live_) {
    const auto& tokens = result_of(live).tokens;
    if (!tokens.empty()) queue_.grown(live.job->request_idx, live.sequence_idx, tokens);
  }
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
  result_of(live).cached =
      std::make_shared<CachedTokens>(std::move(live.context), std::move(live.cache), pages_);
}

}  // namespace vitrine::generation
