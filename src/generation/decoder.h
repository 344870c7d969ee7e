// generation/decoder.h - cached decoding of many requests at once, and scoring of given texts.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "generation/beam_config.h"
#include "generation/pass_times.h"
#include "generation/sampler.h"
#include "generation/sequence_guide.h"
#include "generation/stop_strings.h"
#include "models/gpt2/config.h"

namespace vitrine::generation {

struct DecoderConfig {
  int threads = 0;  // 0 = all cores
  /// Of weights and their products: float32 | bfloat16 | int8 | int4 (kernels/matmul.h); sums are
  /// float32 or exact.
  std::string dtype = "float32";
  /// Of keys and values: float32 | bfloat16 | int8; empty = by the weights (generation/dtypes.h).
  std::string kv_dtype = {};
  int max_batch = 32;  // sequences that are decoded at once, >= 1
};

/// Tokens whose keys and values are kept, so that requests that begin with them need not compute
/// them again. Belongs to the decoder that made it and may outlive it; of use there only.
class CachedTokens;

/// Before a token is picked its logits go through, in this order: repetition penalty, no-repeat
/// n-gram, the guide, the processors one after another, min_new_tokens.
struct Request {
  std::vector<int32_t> prompt;
  std::vector<RandomKey> keys =
      {};  // one sequence a key; token number i of a sequence is drawn by key.uniform(i)
  SamplingConfig sampling = {};
  std::function<std::unique_ptr<SequenceGuide>(int sequence_idx)> make_guide = {};  // may be empty
  std::vector<std::shared_ptr<const SequenceGuide>> processors = {};  // cloned for each sequence
  /// The token that completes one is the last that is kept. Null = none.
  std::shared_ptr<const StopStrings> stop_strings = {};
  int32_t eos = -1;  // -1 = never
  /// Of an earlier sequence of this decoder, or null: what the prompt has in common with it is not
  /// computed again.
  std::shared_ptr<const CachedTokens> cached = {};
  bool keep_cached = false;      // fill Sequence::cached
  bool return_logprobs = false;  // fill Sequence::token_logprobs
};

/// Why a sequence ended. When several are true of a token the first of stop_string, guide,
/// max_new_tokens.
enum class EndReason {
  eos,
  guide,  // a guide or processor is finished
  stop_string,
  max_new_tokens,
  all_forbidden,  // no token is allowed
  given_up        // the queue did not want it any more
};

struct Sequence {
  std::vector<int32_t> tokens;  // without prompt, without eos
  double logprob = 0;     // natural log of the model's own distribution at temperature 1, before
                          // guides and penalties, eos included
  bool finished = false;  // by eos, guide or stop string; false after max_new_tokens or when every
                          // token is forbidden
  EndReason end = EndReason::max_new_tokens;
  std::optional<StopHit> stop = {};  // of EndReason::stop_string
  std::vector<double> token_logprobs =
      {};  // where asked: their sum is logprob; one a token, then that of the eos that ended it
  int num_turned = 0;  // SequenceGuide::num_turned of guide and processors
  double score = 0;  // of beam search, by which hypotheses are ordered
  std::shared_ptr<const CachedTokens> cached =
      {};  // prompt and all tokens but the last one, where the request asked
};

/// Where requests come from and where their sequences go. All are called in the thread that called
/// generate. Requests are numbered from 0 in the order of next().
class RequestQueue {
 public:
  virtual ~RequestQueue() = default;
  /// The next request; none when there is none now. It is asked again after each done(), by
  /// generate also between two passes.
  virtual std::optional<Request> next() = 0;
  /// All sequences of the request, in the order of its keys.
  virtual void done(size_t request_idx, std::vector<Sequence> sequences) = 0;
  /// A sequence has a token more. Not called by beam_search.
  virtual void grown(size_t /*request_idx*/, size_t /*sequence_idx*/,
                     std::span<const int32_t> /*tokens*/) {}
  /// Asked between two passes; false = its sequences are given up as they are. Not asked by
  /// beam_search.
  virtual bool is_wanted(size_t /*request_idx*/) { return true; }
};

/// What the last call of generate or beam_search did.
struct DecoderStats {
  int64_t prompt_tokens = 0;
  int64_t new_tokens = 0;  // drawn, eos included
  int64_t steps = 0;       // passes over the weights after the prompts
  double prefill_s = 0;
  double step_s = 0;  // passes after the prompts
  double draw_s = 0;  // guides and sampling
  PassTimes passes;   // of step_s
};

/// A GPT-2 model on the CPU kernels. One caller at a time; moving is cheap.
class Decoder {
 public:
  /// Throws what read_gpt2_config and load_gpt2_weights throw; InvalidInput for a bad config.
  static Decoder load(const std::filesystem::path& model_dir, const DecoderConfig& config);
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  /// One list for each request, one sequence for each of its keys, in their order. The sequences of
  /// a request, and requests of equal prompts that follow one another, share the cache of the
  /// prompt and its single pass; a sequence that ends makes room for the next one. A sequence
  /// depends on model, prompt, sampling, its guide and its key alone, bit for bit: not on the other
  /// requests, on max_batch or on the number of threads. Throws InvalidInput before any work: empty
  /// prompt, token outside the vocabulary, prompt + max_new_tokens > n_positions (naming all
  /// three), bad sampling, eos outside the vocabulary, stop strings whose token bytes are not one
  /// for each token. Throws Cancelled on Ctrl-C.
  std::vector<std::vector<Sequence>> generate(std::span<const Request> requests);
  /// The same for requests that come one by one, the next ones perhaps because of sequences that
  /// are done: up to max_batch sequences run at once. Returns when the queue has no request and all
  /// are done. Throws InvalidInput for a bad request when it comes; then, and on Ctrl-C, what runs
  /// is given up.
  void generate(RequestQueue& queue);

  /// Beam search instead of drawing: for each request up to num_beams hypotheses, best first
  /// (generation/beam_search.h). Of the request's sampling only min_new_tokens, max_new_tokens,
  /// repetition_penalty and no_repeat_ngram_size count; keys are not used. make_guide is called
  /// with the number of the group. Beams of several requests share passes of at most max_batch
  /// rows. The result of a request depends on model, request and config alone, bit for bit. Throws
  /// InvalidInput as generate does, for a bad config, and when num_beams > max_batch.
  std::vector<std::vector<Sequence>> beam_search(std::span<const Request> requests,
                                                 const BeamConfig& config);
  void beam_search(RequestQueue& queue, const BeamConfig& config);

  struct Score {
    int64_t tokens;  // scored
    double logprob;  // sum of their natural log probabilities
  };
  /// Scores ids[labels_from ..] given what stands before each. The first id has nothing before it
  /// and is never scored. Throws InvalidInput: no ids, a token outside the vocabulary, more than
  /// n_positions ids, labels_from > ids.size().
  Score score(std::span<const int32_t> ids, size_t labels_from);
  /// The same for the ids whose place in `labels` (as long as ids) is true.
  Score score(std::span<const int32_t> ids, const std::vector<bool>& labels);

  /// Logits [V] of the token after `ids`.
  std::vector<float> logits_last(std::span<const int32_t> ids);

  const models::Gpt2Config& config() const;
  /// Of the file of weights (of the hashes of several files); computed when the packed cache does
  /// not know it.
  const std::string& weights_sha256();
  const DecoderStats& stats() const;
  size_t weight_bytes() const;    // read for each step
  size_t kv_token_bytes() const;  // of the keys and values of a token, read for each step
  size_t num_weights() const;     // of the matrices that a step multiplies with
  size_t num_layer_weights()
      const;  // of these, without the embeddings: what a prompt's tokens are multiplied with

 private:
  class Impl;
  explicit Decoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitrine::generation
