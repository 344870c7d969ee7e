// generation/prompts.h - runs the prompts of requests, several short ones in one pass, equal ones
// once.
#pragma once
#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "generation/decoder.h"
#include "generation/gpt2_network.h"

namespace vitrine::generation {

/// Rows of one forward pass at most; longer prompts take several.
constexpr size_t kMaxRows = 256;

/// Runs `ids` from the one at `begin` on into `cache`, which holds those before, in passes of at
/// most kMaxRows rows; after each pass on_rows(first, count) is called.
template <typename OnRows>
void run_prompt(Gpt2Network& network, std::span<const int32_t> ids, size_t begin, KvCache& cache,
                std::vector<TokenRow>& rows, OnRows on_rows) {
  cache.grow_to(ids.size());
  for (size_t first = begin; first < ids.size(); first += kMaxRows) {
    const size_t count = std::min(kMaxRows, ids.size() - first);
    rows.clear();
    for (size_t i = first; i < first + count; ++i)
      rows.push_back({.token = ids[i], .cache = &cache, .idx = i});
    network.forward(rows);
    on_rows(first, count);
  }
}

/// A prompt that has been run; shared by the requests that begin with it.
struct Prompt {
  std::unique_ptr<KvCache> cache;
  std::vector<float> logits;  // [V], of its last token
};

/// One caller at a time.
class PromptRunner {
 public:
  PromptRunner(Gpt2Network& network, std::shared_ptr<KvPagePool> pages);

  /// add (one request after another), then run, or join and take: a prompt may be read after that.
  /// Equal prompts that follow one another are the same; what a request has cached is not computed
  /// again. The request must live until then.
  std::shared_ptr<const Prompt> add(const Request& request);
  void run();
  /// Rows of the prompts that wait, which join appends to those of a pass of the caller's.
  size_t num_rows() const;
  /// Appends also the index of each prompt's last row, whose logits take is given after the pass:
  /// [prompts, V].
  void join(std::vector<TokenRow>& rows, std::vector<size_t>& row_idxs);
  void take(std::span<const float> logits);

  int64_t num_tokens() const { return num_tokens_; }  // computed since it was made

 private:
  /// A prompt whose rows wait for a pass.
  struct Waiting {
    std::span<const int32_t> tokens;
    std::shared_ptr<Prompt> prompt;
    size_t begin;  // of its tokens that are to be computed
  };
  void run_pass(std::span<const Waiting> waiting);
  void run_long(const Waiting& waiting);
  void take_logits(std::span<const Waiting> waiting);
  static void append_rows(const Waiting& waiting, std::vector<TokenRow>& rows, std::vector<size_t>& row_idxs);

  Gpt2Network& network_;
  std::shared_ptr<KvPagePool> pages_;
  size_t V_;
  std::vector<Waiting> waiting_;
  std::vector<int32_t> last_tokens_;           // of the prompt that came last,
  std::shared_ptr<const Prompt> last_prompt_;  // which the next request may share
  std::vector<float> logits_;                  // of a pass
  std::vector<TokenRow> rows_;
  std::vector<size_t> row_idxs_;
  int64_t num_tokens_ = 0;
};

}  // namespace vitrine::generation
