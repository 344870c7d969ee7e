// generation/batch.h - the running state of one generate call: prompts, live sequences, admission, steps.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "generation/decoder.h"
#include "generation/gpt2_network.h"

namespace vitrine::generation {

/// Rows of one forward pass at most; longer prompts take several.
constexpr size_t kMaxRows = 256;

/// Runs the prompt `ids` into `cache` in passes of at most kMaxRows rows; after each pass on_rows(first, count) is called.
template <typename OnRows>
void run_prompt(Gpt2Network& network, std::span<const int32_t> ids, KvCache& cache, std::vector<TokenRow>& rows, OnRows on_rows) {
  cache.grow_to(ids.size());
  for (size_t first = 0; first < ids.size(); first += kMaxRows) {
    const size_t count = std::min(kMaxRows, ids.size() - first);
    rows.clear();
    for (size_t i = first; i < first + count; ++i) rows.push_back({.token = ids[i], .own = &cache, .own_idx = i});
    network.forward(rows);
    on_rows(first, count);
  }
}

/// Call order: construct, run once.
class Batch {
 public:
  Batch(Gpt2Network& network, KvPagePool& pages, ThreadPool& pool, std::span<const Request> requests, size_t max_batch);
  std::vector<std::vector<Sequence>> run();
  const DecoderStats& stats() const { return stats_; }

 private:
  /// A request whose prompt has been run and whose sequences are not all done.
  struct Prompt {
    std::unique_ptr<KvCache> cache;
    std::vector<float> logits;  // [V], of its last token
    size_t left = 0;            // sequences not done
  };
  struct Live {
    size_t request_idx;
    size_t sequence_idx;
    std::unique_ptr<KvCache> cache;
    std::unique_ptr<SequenceGuide> guide;
    std::vector<int32_t> context;  // prompt and tokens
    bool done = false;
  };

  bool has_waiting() const { return next_request_ < requests_.size(); }
  void admit();
  void run_waiting_prompts(size_t last_request);
  size_t last_request_for(size_t room) const;
  Live start(size_t request_idx, size_t sequence_idx);
  void step();
  void draw(size_t first);
  void draw_one(Live& live, std::span<float> logits);
  void accept(Live& live, int32_t token);
  void retire();
  std::span<float> logits_of(size_t live_idx);
  Sequence& result_of(const Live& live) { return results_[live.request_idx][live.sequence_idx]; }

  Gpt2Network& network_;
  KvPagePool& pages_;
  ThreadPool& pool_;
  std::span<const Request> requests_;
  size_t max_batch_;
  size_t V_;
  std::vector<std::vector<Sequence>> results_;
  std::vector<Prompt> prompts_;  // one a request
  size_t prompts_run_ = 0;       // requests whose prompt has been run
  size_t next_request_ = 0;      // of the next sequence to admit
  size_t next_sequence_ = 0;
  std::vector<Live> live_;
  std::vector<float> logits_;  // [max_batch, V]
  std::vector<TokenRow> rows_;
  std::vector<size_t> row_idxs_;
  DecoderStats stats_;
};

}  // namespace vitrine::generation
