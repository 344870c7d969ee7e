// generation/batch.h - the running state of one generate call: prompts, live sequences, admission,
// steps.
#pragma once
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "generation/decoder.h"
#include "generation/gpt2_network.h"
#include "generation/prompts.h"
#include "generation/steering.h"

namespace vitrine::generation {

/// Call order: construct, run once.
class Batch {
 public:
  /// check: throws InvalidInput for a request that cannot be run.
  using Check = std::function<void(const Request& request, size_t request_idx)>;
  Batch(Gpt2Network& network, std::shared_ptr<KvPagePool> pages, ThreadPool& pool,
        RequestQueue& queue, size_t max_batch, Check check);
  void run();
  const DecoderStats& stats() const { return stats_; }

 private:
  /// A request until its last sequence is done.
  struct Job {
    Request request;
    size_t request_idx;
    std::shared_ptr<const Prompt>
        prompt;  // null until it has been run, and after the last sequence has started
    std::vector<Sequence> sequences;
    size_t started = 0, done = 0;
  };
  struct Live {
    std::shared_ptr<Job> job;
    size_t sequence_idx;
    std::unique_ptr<KvCache> cache;
    Steering steering;
    std::vector<int32_t> context;  // prompt and tokens
    size_t cached_tokens = 0;      // of the context
    bool done = false;
  };
  void give_up_unwanted();
  void give_up_waiting();
  void fetch();
  size_t tokens_to_run(const Request& request) const;
  void pass();
  void add_prompts();
  void run_prompts();
  Live start(const std::shared_ptr<Job>& job);
  void start_waiting();
  void step();
  void draw();
  void draw_one(Live& live, std::span<float> logits);
  void accept(Live& live, int32_t token);
  void end(Live& live, EndReason reason);
  void tell_grown();
  void retire();
  void keep_cached(Live& live);
  std::span<float> logits_of(size_t live_idx);
  static Sequence& result_of(const Live& live) { return live.job->sequences[live.sequence_idx]; }

  Gpt2Network& network_;
  std::shared_ptr<KvPagePool> pages_;
  PromptRunner prompts_;
  ThreadPool& pool_;
  RequestQueue& queue_;
  size_t max_batch_;
  Check check_;
  size_t V_;
  size_t num_requests_ = 0;                   // that have come
  std::deque<std::shared_ptr<Job>> waiting_;  // with sequences that have not started
  std::vector<Live> live_;
  std::vector<float> logits_;  // [live, V]
  std::vector<TokenRow> rows_;
  std::vector<size_t> row_idxs_;
  DecoderStats stats_;
};

}  // namespace vitrine::generation
