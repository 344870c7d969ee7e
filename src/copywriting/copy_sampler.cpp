#include "copywriting/copy_sampler.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "checks/output_faults.h"
#include "copywriting/group_guide.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr int kShortBy = 16;        // code points that a copy may be shorter than wanted
constexpr int kLengthOfPoint = 12;  // code points that a sentence takes for each point it is told to say
constexpr double kMissedPoint = 8;  // nats a token, so that a said point outweighs any fluency
constexpr double kUnfinished = 8;
constexpr double kRepetition = 0.4;  // for each repeated 4-gram

/// A candidate on its way.
struct Draft {
  size_t task_idx;
  CopyTask task;
  std::shared_ptr<const CopySamplerConfig> config;
  bool wants_text = false;
  size_t sentence = 0;       // index of the next one
  std::vector<int32_t> ids = {};  // all so far, the next sentence's group included
  SampledCopy copy = {};
  int free_sentences = 0;
  // Of an open plan:
  bool is_planning = false;              // the next sentence's group is to be written
  bool may_say_nothing = false;          // whether that group may be empty
  std::vector<PromptPoint> unsaid = {};  // what may be chosen
  std::vector<PromptPoint> chosen = {};  // what the next sentence says
  int attempt = 0;  // of the next sentence
  bool done = false;
  std::shared_ptr<const generation::CachedTokens> cached = {};  // of the last sentence

  /// Of the next sentence. A value that a word of the sentence may hold (针织 in 针织衫) is not
  /// kept for later.
  SentencePoints points() const {
    SentencePoints points;
    for (const auto& point : chosen) points.now.push_back(point.value);
    for (const auto& point : unsaid) {
      if (!holds(points.now, point.value)) points.later.push_back(point.value);
    }
    if (sentence >= task.points.size()) return points;
    points.now = task.points[sentence];
    std::erase_if(points.now, [&](const std::string& value) {
      return copy.text.find(value) != std::string::npos;
    });
    for (size_t i = sentence + 1; i < task.points.size(); ++i) {
      for (const auto& value : task.points[i]) {
        if (!holds(points.now, value)) points.later.push_back(value);
      }
    }
    return points;
  }

  static bool holds(const std::vector<std::string>& values, const std::string& value) {
    return std::any_of(values.begin(), values.end(),
                       [&](const std::string& v) { return v.find(value) != std::string::npos; });
  }
};

void append(std::vector<int32_t>& to, const std::vector<int32_t>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

struct Variant {
  std::string text;
  double score = -std::numeric_limits<double>::infinity();
  bool good = false;
  const generation::Sequence* sequence = nullptr;
};

Variant judge(const CopyModel& model, const Draft& draft, const generation::Sequence& sequence) {
  Variant variant;
  variant.sequence = &sequence;
  variant.text = model.format->decode_copy(sequence.tokens, draft.task.prompt->slots);
  const auto points = draft.points().now;
  const auto missed = std::count_if(points.begin(), points.end(), [&](const std::string& value) {
    return variant.text.find(value) == std::string::npos;
  });
  const auto whole = text::to_utf32(draft.copy.text + variant.text);
  const int repeated = checks::count_repeated_ngrams(whole, 4);
  variant.good =
      sequence.finished && missed == 0 && repeated == 0 && !checks::has_repeated_clause(whole);
  const double fluency =
      sequence.logprob / std::max<double>(1, static_cast<double>(sequence.tokens.size()));
  variant.score = fluency - kMissedPoint * static_cast<double>(missed) - kRepetition * repeated -
                  (sequence.finished ? 0 : kUnfinished);
  return variant;
}

std::vector<PromptPoint> unsaid_points(const Draft& draft) {
  std::vector<PromptPoint> unsaid;
  for (const auto& point : draft.task.open_points) {
    if (draft.copy.text.find(point.value) == std::string::npos) unsaid.push_back(point);
  }
  return unsaid;
}

std::vector<PointTokens> tokens_of(const CopyModel& model, const Draft& draft) {
  std::vector<PointTokens> tokens;
  for (const auto& point : draft.unsaid) tokens.push_back(point_tokens(*model.format, point, *draft.task.prompt));
  return tokens;
}

/// The next sentence of an open plan, or the end of the copy.
void advance_open(const CopyModel& model, Draft& draft) {
  const CopySamplerConfig& config = *draft.config;
  draft.chosen.clear();
  draft.unsaid = unsaid_points(draft);
  const auto length = static_cast<int>(text::count_code_points(draft.copy.text));
  const bool completes = config.complete_open_plans && !draft.unsaid.empty();
  const bool is_long = length + kShortBy >= draft.task.length;
  draft.done = draft.sentence == static_cast<size_t>(config.max_open_sentences) || (is_long && !completes);
  if (draft.done) return;
  if (draft.unsaid.empty()) {
    append(draft.ids, model.format->empty_group());
    return;
  }
  const int needed = kLengthOfPoint * static_cast<int>(draft.unsaid.size());
  draft.may_say_nothing = draft.sentence > 0 && !(completes && length + needed >= draft.task.length);
  draft.is_planning = true;
  draft.ids.push_back(model.format->group_id());
}

/// Goes to the next sentence, or ends the copy.
void advance(const CopyModel& model, Draft& draft) {
  ++draft.sentence;
  draft.attempt = 0;
  if (draft.task.open_plan) {
    advance_open(model, draft);
    return;
  }
  const auto& groups = draft.task.prompt->groups;
  if (draft.sentence < groups.size()) {
    append(draft.ids, groups[draft.sentence]);
    return;
  }
  const auto length = static_cast<int>(text::count_code_points(draft.copy.text));
  draft.done = length + kShortBy >= draft.task.length || draft.free_sentences == draft.config->max_free_sentences;
  if (draft.done) return;
  ++draft.free_sentences;
  append(draft.ids, model.format->empty_group());
}

/// The model's own plan of the next sentence.
void take_group(const CopyModel& model, Draft& draft, const std::vector<generation::Sequence>& sequences) {
  const auto& taken = sequences[static_cast<size_t>(draft.task.start) % sequences.size()];
  for (const size_t i : chosen_points(tokens_of(model, draft), taken.tokens)) draft.chosen.push_back(draft.unsaid[i]);
  append(draft.ids, taken.tokens);
  if (taken.tokens.empty() || taken.tokens.back() != model.format->text_id()) draft.ids.push_back(model.format->text_id());
  draft.cached = taken.cached;
  draft.is_planning = false;
}

/// The variants of the sequences, best first.
std::vector<Variant> ranked(const CopyModel& model, const Draft& draft,
                            const std::vector<generation::Sequence>& sequences) {
  std::vector<Variant> variants;
  for (const auto& sequence : sequences) variants.push_back(judge(model, draft, sequence));
  std::stable_sort(variants.begin(), variants.end(), [](const Variant& a, const Variant& b) {
    return a.good != b.good ? a.good : a.score > b.score;
  });
  return variants;
}

void take(const CopyModel& model, Draft& draft,
          const std::vector<generation::Sequence>& sequences) {
  if (draft.is_planning) {
    take_group(model, draft, sequences);
    return;
  }
  const CopySamplerConfig& config = *draft.config;
  const std::vector<Variant> variants = ranked(model, draft, sequences);
  const bool starts = config.beams && draft.sentence == 0;
  const Variant& taken =
      variants[starts ? static_cast<size_t>(draft.task.start) % variants.size() : 0];
  if (!taken.good && !config.beams && draft.attempt < config.retries) {
    ++draft.attempt;
    ++draft.copy.redrawn;
    return;
  }
  draft.copy.complete = draft.copy.complete && taken.good;
  draft.copy.text += taken.text;
  draft.copy.tokens += static_cast<int64_t>(taken.sequence->tokens.size());
  draft.copy.logprob += taken.sequence->logprob;
  draft.copy.turned += taken.sequence->num_turned;
  append(draft.ids, taken.sequence->tokens);
  draft.cached = taken.sequence->cached;
  advance(model, draft);
}

/// What comes next after the draft's tokens, at most so many.
generation::Request continuation(const CopyModel& model, const Draft& draft, int most_tokens) {
  generation::Request request;
  request.prompt = draft.ids;
  request.cached = draft.cached;
  request.keep_cached = true;
  request.sampling = draft.config->sampling;
  const auto room = model.decoder->config().n_positions - static_cast<int64_t>(draft.ids.size());
  request.sampling.max_new_tokens = static_cast<int>(std::min<int64_t>(most_tokens, room));
  return request;
}

generation::Request group_request(const CopyModel& model, const Draft& draft) {
  auto request = continuation(model, draft, 2 * kMostPointsOfSentence + 1);
  if (!draft.config->beams) request.keys.push_back(draft.task.key.fold_in(draft.sentence).fold_in("group"));
  request.make_guide = [&model, open = tokens_of(model, draft), may_be_empty = draft.may_say_nothing](int) {
    return make_group_guide(*model.format, open, may_be_empty);
  };
  return request;
}

generation::Request request_for(const CopyModel& model, const Draft& draft) {
  if (draft.is_planning) return group_request(model, draft);
  const CopySamplerConfig& config = *draft.config;
  auto request = continuation(model, draft, config.sampling.max_new_tokens);
  request.processors = draft.task.processors;
  const RandomKey key =
      draft.task.key.fold_in(draft.sentence).fold_in(static_cast<uint64_t>(draft.attempt));
  for (int v = 0; !config.beams && v < config.variants; ++v)
    request.keys.push_back(key.fold_in(static_cast<uint64_t>(v)));
  request.make_guide = [&model, facts = draft.task.facts, points = draft.points(),
                        guide = config.guide](int) {
    return make_sentence_guide(*model.vocabulary, facts, points, guide);
  };
  return request;
}

/// The beginning of a task's text.
Draft begin(const CopyModel& model, size_t task_idx, CopyTaskQueue::Next next) {
  Draft draft{.task_idx = task_idx, .task = std::move(next.task), .config = std::move(next.config), .wants_text = next.wants_text};
  const Prompt& prompt = *draft.task.prompt;
  draft.ids = draft.task.open_plan ? prompt.header : prompt.first_ids();
  if (!draft.task.open_plan) return draft;
  append(draft.ids, prompt.groups.empty() ? std::vector<int32_t>{model.format->group_id()} : open_list(prompt));
  advance_open(model, draft);
  return draft;
}

/// The next sentences of all drafts: a draft asks for its next one as soon as it has the last, so
/// that none waits for another.
class SentenceQueue : public generation::RequestQueue {
 public:
  SentenceQueue(const CopyModel& model, CopyTaskQueue& tasks) : model_(model), tasks_(tasks) {}

  /// Takes all tasks that there are: those of a product can then share a beam search.
  void begin_all() {
    while (begin_next()) {
    }
  }

  std::optional<generation::Request> next() override {
    while (!ready_.empty() || begin_next()) {
      std::vector<Draft*> drafts = take_ready();
      if (!tasks_.is_wanted(drafts.front()->task_idx)) {
        end(drafts);
        continue;
      }
      generation::Request request = request_for(model_, *drafts.front());
      if (request.sampling.max_new_tokens >= kLeastRoom) {
        asked_[num_requests_++] = std::move(drafts);
        return request;
      }
      for (Draft* draft : drafts) draft->copy.complete = false;  // the context is full
      end(drafts);
    }
    return std::nullopt;
  }

  bool is_wanted(size_t request_idx) override {
    const auto& drafts = asked_.at(request_idx);
    return std::any_of(drafts.begin(), drafts.end(), [&](const Draft* draft) { return tasks_.is_wanted(draft->task_idx); });
  }

  /// Of the variants of a sentence the first is shown while it grows.
  void grown(size_t request_idx, size_t sequence_idx, std::span<const int32_t> tokens) override {
    if (sequence_idx != 0) return;
    const Draft& draft = *asked_.at(request_idx).front();
    if (!draft.wants_text || draft.is_planning || !tasks_.wants_text_now(draft.task_idx)) return;
    std::string text = draft.copy.text + model_.format->decode_copy(tokens, draft.task.prompt->slots);
    if (text::is_valid_utf8(text)) tasks_.grown(draft.task_idx, std::move(text));  // else it ends inside a character
  }

  void done(size_t request_idx, std::vector<generation::Sequence> sequences) override {
    const std::vector<Draft*> drafts = std::move(asked_.extract(request_idx).mapped());
    for (const auto& sequence : sequences) drafts.front()->copy.drawn += static_cast<int64_t>(sequence.tokens.size());
    for (Draft* draft : drafts) {
      if (tasks_.is_wanted(draft->task_idx)) {
        take(model_, *draft, sequences);
        if (draft->wants_text) tasks_.grown(draft->task_idx, draft->copy.text);
      } else {
        draft->done = true;
      }
      if (draft->done) {
        end({draft});
      } else {
        ready_.push_front(draft);  // it frees its cache soonest
      }
    }
  }

 private:
  static constexpr int kLeastRoom = 8;  // tokens

  /// False when there is no task.
  bool begin_next() {
    auto next = tasks_.next();
    if (!next) return false;
    const size_t task_idx = num_tasks_++;
    const auto& draft = drafts_[task_idx] = std::make_unique<Draft>(begin(model_, task_idx, std::move(*next)));
    ready_.push_back(draft.get());
    return true;
  }

  void end(const std::vector<Draft*>& drafts) {
    for (const Draft* draft : drafts) {
      const auto owned = std::move(drafts_.extract(draft->task_idx).mapped());
      tasks_.done(owned->task_idx, std::move(owned->copy));
    }
  }

  /// The next draft, and those of the same product that would search for the same first sentence.
  std::vector<Draft*> take_ready() {
    std::vector<Draft*> drafts;
    const auto is_same = [&](const Draft& draft) {
      const Draft& first = *drafts.front();
      return first.config->beams && first.sentence == 0 && draft.sentence == 0 &&
             draft.task.prompt == first.task.prompt && draft.ids == first.ids;
    };
    do {
      drafts.push_back(ready_.front());
      ready_.pop_front();
    } while (!ready_.empty() && is_same(*ready_.front()));
    return drafts;
  }

  const CopyModel& model_;
  CopyTaskQueue& tasks_;
  size_t num_tasks_ = 0, num_requests_ = 0;  // that have begun
  std::unordered_map<size_t, std::unique_ptr<Draft>> drafts_;  // by task
  std::deque<Draft*> ready_;
  std::unordered_map<size_t, std::vector<Draft*>> asked_;  // by request
};

/// Tasks of one caller, who has the batch to himself.
class GivenTasks : public CopyTaskQueue {
 public:
  GivenTasks(std::vector<CopyTask> tasks, const CopySamplerConfig& config, const SampleWatch& watch)
      : config_(std::make_shared<CopySamplerConfig>(config)), watch_(watch) {
    for (size_t i = 0; i < tasks.size(); ++i) waiting_.emplace_back(i, std::move(tasks[i]));
  }

  std::optional<Next> next() override {
    if (waiting_.empty()) return std::nullopt;
    auto [given_idx, task] = std::move(waiting_.front());
    waiting_.pop_front();
    given_idx_.push_back(given_idx);
    return Next{std::move(task), config_, watch_.grown != nullptr};
  }
  bool is_wanted(size_t) override { return true; }
  void grown(size_t task_idx, std::string text) override { watch_.grown(given_idx_[task_idx], text); }
  void done(size_t task_idx, SampledCopy copy) override {
    const size_t given_idx = given_idx_[task_idx];
    auto again = watch_.done(given_idx, copy);
    if (again) waiting_.emplace_back(given_idx, std::move(*again));
  }

 private:
  std::shared_ptr<const CopySamplerConfig> config_;
  const SampleWatch& watch_;
  std::deque<std::pair<size_t, CopyTask>> waiting_;
  std::vector<size_t> given_idx_;  // of each task that has begun
};

}  // namespace

void sample_copies(const CopyModel& model, CopyTaskQueue& queue) {
  SentenceQueue sentences(model, queue);
  model.decoder->generate(sentences);
}

void sample_copies(const CopyModel& model, std::vector<CopyTask> tasks, const CopySamplerConfig& config,
                   const SampleWatch& watch) {
  GivenTasks queue(std::move(tasks), config, watch);
  if (!config.beams) return sample_copies(model, queue);
  SentenceQueue sentences(model, queue);
  sentences.begin_all();
  model.decoder->beam_search(sentences, *config.beams);
}

}  // namespace vitrine::copywriting
