// generation/batch.h - the running state of one generate call: prompts, live sequences, admission, steps.
#pragma once
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "generation/decoder.h"
#include "generation/gpt2_network.h"

namespace vitrine::generation {

/// Rows of one forward pass at most; longer prompts take several.
constexpr size_t kMaxRows = 256;

/// Runs `ids` from the one at `begin` on into `cache`, which holds those before, in passes of at most kMaxRows rows;
/// after each pass on_rows(first, count) is called.
template <typename OnRows>
void run_prompt(Gpt2Network& network, std::span<const int32_t> ids, size_t begin, KvCache& cache, std::vector<TokenRow>& rows,
                OnRows on_rows) {
  cache.grow_to(ids.size());
  for (size_t first = begin; first < ids.size(); first += kMaxRows) {
    const size_t count = std::min(kMaxRows, ids.size() - first);
    rows.clear();
    for (size_t i = first; i < first + count; ++i) rows.push_back({.token = ids[i], .cache = &cache, .idx = i});
    network.forward(rows);
    on_rows(first, count);
  }
}

/// Call order: construct, run once.
class Batch {
 public:
  /// check: throws InvalidInput for a request that cannot be run.
  using Check = std::function<void(const Request& request, size_t request_idx)>;
  Batch(Gpt2Network& network, std::shared_ptr<KvPagePool> pages, ThreadPool& pool, RequestQueue& queue, size_t max_batch, Check check);
  void run();
  const DecoderStats& stats() const { return stats_; }

 private:
  /// A prompt that has been run; shared by the requests that begin with it.
  struct Prompt {
    std::unique_ptr<KvCache> cache;
    std::vector<float> logits;  // [V], of its last token
  };
  /// A request until its last sequence is done.
  struct Job {
    Request request;
    size_t request_idx;
    std::shared_ptr<const Prompt> prompt;  // null until it has been run, and after the last sequence has started
    std::vector<Sequence> sequences;
    size_t started = 0, done = 0;
  };
  struct Live {
    std::shared_ptr<Job> job;
    size_t sequence_idx;
    std::unique_ptr<KvCache> cache;
    std::unique_ptr<SequenceGuide> guide;
    std::vector<int32_t> context;  // prompt and tokens
    size_t cached_tokens = 0;      // of the context
    bool done = false;
  };
  /// A prompt whose rows wait for a pass.
  struct Waiting {
    Job* job;
    std::shared_ptr<Prompt> prompt;
    size_t begin;  // of its tokens that are to be computed
  };

  void admit();
  void fetch(size_t room);
  void run_waiting_prompts();
  void run_pass(std::span<Waiting> waiting);
  void run_long(Waiting& waiting);
  Waiting wait(Job& job);
  void take_logits(std::span<Waiting> waiting);
  Live start(const std::shared_ptr<Job>& job);
  void start_waiting();
  void step();
  void draw(size_t first);
  void draw_one(Live& live, std::span<float> logits);
  void accept(Live& live, int32_t token);
  void retire();
  void keep_cached(Live& live);
  std::span<float> logits_of(size_t live_idx);
  static Sequence& result_of(const Live& live) { return live.job->sequences[live.sequence_idx]; }

  Gpt2Network& network_;
  std::shared_ptr<KvPagePool> pages_;
  ThreadPool& pool_;
  RequestQueue& queue_;
  size_t max_batch_;
  Check check_;
  size_t V_;
  size_t num_requests_ = 0;                  // that have come
  std::deque<std::shared_ptr<Job>> waiting_;  // with sequences that have not started
  std::vector<int32_t> last_tokens_;           // of the prompt that came last,
  std::shared_ptr<const Prompt> last_prompt_;  // which the next request may share
  std::vector<Live> live_;
  std::vector<float> logits_;         // [live, V]
  std::vector<float> prompt_logits_;  // of a pass over prompts
  std::vector<TokenRow> rows_;
  std::vector<size_t> row_idxs_;
  DecoderStats stats_;
};

}  // namespace vitrine::generation
