// copywriting/copy_sampler.h - samples copy sentence by sentence and keeps the best of a few tries
// of each.
//
// For every sentence of every open candidate a few variants are drawn (each after the same
// beginning); the one that says its points, repeats nothing and is likeliest goes on. When none is
// good, new ones are drawn, a limited number of times. A draw depends on the candidate's key, the
// sentence, the try and the variant alone. With beams the variants are the hypotheses of a beam
// search, once for each sentence. Of the first sentence's, ordered as above, candidate i takes the
// i-th (from the first on again when there are fewer); from then on the best one goes on.
//
// After an open plan the model first writes the group of each sentence (group_guide.h), once, then the sentence's variants.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "copywriting/copy_model.h"
#include "generation/beam_config.h"
#include "generation/sampler.h"

namespace vitrine::copywriting {

struct CopySamplerConfig {
  generation::SamplingConfig sampling;  // max_new_tokens: of a sentence
  PlanGuideConfig guide;
  int variants = 3;            // draws of a sentence
  int retries = 1;             // times all variants are drawn again when none is good
  int max_free_sentences = 2;  // without points, to reach the wanted length
  int max_open_sentences = 8;  // of a task with an open plan
  /// As soon as the rest of the length is just enough for the points that are still open, every sentence of an open plan must
  /// say some, and the copy ends when all are said.
  bool complete_open_plans = true;
  std::optional<generation::BeamConfig> beams =
      {};  // instead of variants and retries; num_beams <= the decoder's max_batch
};

/// One candidate to write.
struct CopyTask {
  std::shared_ptr<const Prompt> prompt;  // of the product
  std::shared_ptr<const GuideFacts> facts;
  std::vector<std::vector<std::string>> points;  // values of each group, in order
  int length = 110;                              // code points wanted
  bool open_plan = false;  // before each sentence the model chooses what it says: `points` is empty
  std::vector<PromptPoint> open_points = {};  // of an open plan, in the order of its list
  RandomKey key{0};
  std::vector<std::shared_ptr<const generation::SequenceGuide>> processors = {};  // of each sentence
  int start = 0;  // with beams: the place of the hypothesis that the first sentence takes, >= 0
};

struct SampledCopy {
  std::string text;
  int64_t tokens = 0;    // of the sentences
  int64_t drawn = 0;     // of all that was drawn for it: groups, variants and refused sentences included
  double logprob = 0;    // of these tokens, natural log, without guide
  bool complete = true;  // every sentence ended and said its points
  int redrawn = 0;       // sentences that needed new draws
  int turned = 0;        // tokens at which the guide turned away from a banned term
};

/// Told of the tasks of one call, in the thread that called.
struct SampleWatch {
  /// A task's text has grown, or was begun anew. May be empty.
  std::function<void(size_t task_idx, const std::string& text)> grown = {};
  /// A task is written. Returns what is to be written in its place, or nothing.
  std::function<std::optional<CopyTask>(size_t task_idx, const SampledCopy& copy)> done;
};

/// Writes all tasks. A result depends on model, config and its task alone, bit for bit.
/// Throws Cancelled on Ctrl-C, and what `watch` throws.
void sample_copies(const CopyModel& model, std::vector<CopyTask> tasks,
                   const CopySamplerConfig& config, const SampleWatch& watch);

/// Where tasks come from while others are written, and where their texts go. All is called in the
/// thread that called sample_copies. Tasks are numbered from 0 in the order of next().
class CopyTaskQueue {
 public:
  struct Next {
    CopyTask task;
    std::shared_ptr<const CopySamplerConfig> config;
    bool wants_text = false;  // grown is called
  };
  virtual ~CopyTaskQueue() = default;
  /// The next task; none when there is none now. It is asked again between two passes.
  virtual std::optional<Next> next() = 0;
  /// Asked between two passes; false = the task is given up: done comes with what there is.
  virtual bool is_wanted(size_t task_idx) = 0;
  /// Of a task that wants its text, before each token of it is told; false = this one need not be.
  virtual bool wants_text_now(size_t /*task_idx*/) { return true; }
  virtual void grown(size_t task_idx, std::string text) = 0;
  virtual void done(size_t task_idx, SampledCopy copy) = 0;
};

/// Writes the tasks of the queue, those of all callers in one batch, until it has none and all are
/// done. REQUIRES: configs without beams. Throws Cancelled on Ctrl-C, and what the queue throws;
/// then what runs is given up without done.
void sample_copies(const CopyModel& model, CopyTaskQueue& queue);

}  // namespace vitrine::copywriting
