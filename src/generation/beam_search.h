// generation/beam_search.h - diverse beam search over many requests at once, on shared caches.
//
// Vijayakumar et al. 2016 (arXiv 1610.02424, algorithm 1, Hamming diversity), with the rules of the
// transformers library for what ends. Beams are dealt into groups of equal size; in each step the
// groups choose one after another, and a token loses diversity_penalty for every beam of an earlier
// group that has just taken it to go on. A group that is done takes none. In a group of size B:
//
// - The log probabilities of the next token go through the request's penalties, guide and
//   processors; a beam's sum adds up what comes out, without making it a distribution again.
// - Of all continuations of its beams the 2 B with the largest sums are looked at. Those among the
//   first B that end (eos, guide, stop string, max_new_tokens) become hypotheses, the first B that
//   go on are the next beams. Equal sums: the earlier beam, then the lower token.
// - The B hypotheses with the best score = sum / tokens^length_penalty (eos counts) are kept, until
//   EarlyStopping.
// - A beam of which every token is forbidden becomes a hypothesis of EndReason::all_forbidden,
// after
//   all others, where fewer than B are there in the end.
//
// The hypotheses of all groups are ordered by score. Sequence::logprob stays that of the model.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "generation/batch.h"
#include "generation/beam_config.h"
#include "generation/decoder.h"
#include "generation/prompts.h"
#include "generation/steering.h"

namespace vitrine::generation {

/// Call order: construct, run once.
class BeamSearch {
 public:
  /// config: valid, num_beams <= max_batch.
  /// check: throws InvalidInput for a request that cannot be run.
  BeamSearch(Gpt2Network& network, std::shared_ptr<KvPagePool> pages, ThreadPool& pool,
             RequestQueue& queue, const BeamConfig& config, size_t max_batch, Batch::Check check);
  void run();
  const DecoderStats& stats() const { return stats_; }

 private:
  /// A token that a beam may take, before diversity.
  struct Option {
    int32_t token;
    double change;   // of the sum
    double logprob;  // of the model
  };
  struct Beam {
    std::unique_ptr<KvCache> cache;
    std::vector<int32_t> context;  // prompt and tokens
    size_t cached_tokens;          // of the context
    Steering steering;
    double sum = 0, logprob = 0;
    std::vector<double> token_logprobs;
    std::vector<Option> options;  // largest change first; as many as any group can need
  };
  struct Group {
    std::vector<Beam> beams;           // largest sum first
    std::vector<Sequence> hypotheses;  // best first
    std::vector<Sequence> dead_ends;
    bool done = false;
  };
  /// A request until all its groups are done.
  struct Job {
    Request request;
    size_t request_idx;
    std::vector<Group> groups;
    size_t num_tokens = 0;  // of each beam
  };
  /// A beam with one more token.
  struct Continuation {
    size_t beam_idx;
    Option option;
    double sum;
  };
  struct Child {
    Continuation from;
    Steering steering;
  };

  void admit();
  void start(Job& job, const Prompt& prompt);
  void step();
  void find_options();
  void find_options_of(const Request& request, Beam& beam, std::span<float> logits);
  void advance(Job& job);
  std::vector<int32_t> advance(const Job& job, Group& group, std::span<const int32_t> taken);
  std::vector<Continuation> best_continuations(const Group& group,
                                               std::span<const int32_t> taken) const;
  std::vector<Child> sort_out(const Job& job, Group& group,
                              std::span<const Continuation> continuations);
  void keep(const Job& job, Group& group, const Continuation& end, const Steering& steering,
            EndReason reason);
  Sequence sequence_of(const Job& job, const Beam& beam) const;
  double score_of(double sum, size_t num_tokens) const;
  std::vector<Beam> grow(Group& group, std::vector<Child> children) const;
  bool is_done(const Job& job, const Group& group) const;
  void retire();
  std::vector<Sequence> results(Job& job) const;

  Gpt2Network& network_;
  std::shared_ptr<KvPagePool> pages_;
  PromptRunner prompts_;
  ThreadPool& pool_;
  RequestQueue& queue_;
  BeamConfig config_;
  size_t group_size_;
  size_t max_jobs_;
  Batch::Check check_;
  size_t V_;
  size_t num_requests_ = 0;  // that have come
  std::vector<std::unique_ptr<Job>> jobs_;
  std::vector<std::pair<const Request*, Beam*>>
      open_;                   // beams of all jobs; row i of logits_ is that of beam i
  std::vector<float> logits_;  // [open, V]
  std::vector<TokenRow> rows_;
  std::vector<size_t> row_idxs_;
  DecoderStats stats_;
};

}  // namespace vitrine::generation
