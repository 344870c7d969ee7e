#include "generation/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/stopwatch.h"
#include "generation/cached_tokens.h"
#include "kernels/rows.h"

namespace vitrine::generation {
namespace {

bool is_better(const Sequence& a, const Sequence& b) { return a.score > b.score; }

}  // namespace

void validate(const BeamConfig& config) {
  check_config(config, "beam search");
  VITRINE_REQUIRE(config.num_beam_groups <= config.num_beams, "beam search: num_beam_groups ",
                  config.num_beam_groups, " is more than num_beams ", config.num_beams);
  VITRINE_REQUIRE(config.num_beams % config.num_beam_groups == 0, "beam search: num_beam_groups ",
                  config.num_beam_groups, " does not divide num_beams ", config.num_beams);
  VITRINE_REQUIRE(config.num_beam_groups == 1 || config.diversity_penalty > 0,
                  "beam search: num_beam_groups ", config.num_beam_groups,
                  " needs a diversity_penalty above 0: else all groups are equal");
  VITRINE_REQUIRE(config.num_beam_groups > 1 || config.diversity_penalty == 0,
                  "beam search: diversity_penalty ", config.diversity_penalty,
                  " needs num_beam_groups above 1");
}

BeamSearch::BeamSearch(Gpt2Network& network, std::shared_ptr<KvPagePool> pages, ThreadPool& pool,
                       RequestQueue& queue, const BeamConfig& config, size_t max_batch,
                       Batch::Check check)
    : network_(network),
      pages_(pages),
      prompts_(network, std::move(pages)),
      pool_(pool),
      queue_(queue),
      config_(config),
      group_size_(static_cast<size_t>(config.num_beams / config.num_beam_groups)),
      max_jobs_(max_batch / static_cast<size_t>(config.num_beams)),
      check_(std::move(check)),
      V_(static_cast<size_t>(network.config().vocab_size)) {}

void BeamSearch::run() {
  while (true) {
    throw_if_interrupted("generation stopped");
    admit();
    if (jobs_.empty()) return;
    step();
  }
}

/// Starts requests while there is room and the queue has some.
void BeamSearch::admit() {
  while (jobs_.size() < max_jobs_) {
    const size_t first = jobs_.size();
    std::vector<std::shared_ptr<const Prompt>> prompts;
    while (jobs_.size() < max_jobs_) {
      auto request = queue_.next();
      if (!request) break;
      check_(*request, num_requests_);
      jobs_.push_back(std::make_unique<Job>(Job{std::move(*request), num_requests_++, {}, 0}));
      prompts.push_back(prompts_.add(jobs_.back()->request));
    }
    if (prompts.empty()) return;
    {
      const Stopwatch watch(stats_.prefill_s);
      prompts_.run();
      stats_.prompt_tokens = prompts_.num_tokens();
    }
    open_.clear();
    logits_.resize(
        std::max(logits_.size(), prompts.size() * static_cast<size_t>(config_.num_beams) * V_));
    for (size_t i = first; i < jobs_.size(); ++i) start(*jobs_[i], *prompts[i - first]);
    find_options();
    for (size_t i = first; i < jobs_.size(); ++i) advance(*jobs_[i]);
    retire();
  }
}

/// Each group has one beam, the prompt.
void BeamSearch::start(Job& job, const Prompt& prompt) {
  const Request& request = job.request;
  job.groups.resize(static_cast<size_t>(config_.num_beam_groups));
  for (size_t g = 0; g < job.groups.size(); ++g) {
    job.groups[g].beams.push_back(
        {.cache = std::make_unique<KvCache>(*prompt.cache, request.prompt.size()),
         .context = request.prompt,
         .cached_tokens = request.prompt.size(),
         .steering = Steering(request, static_cast<int>(g)),
         .token_logprobs = {},
         .options = {}});
    std::copy(prompt.logits.begin(), prompt.logits.end(),
              logits_.begin() + static_cast<std::ptrdiff_t>(open_.size() * V_));
    open_.emplace_back(&request, &job.groups[g].beams.front());
  }
}

/// One pass for the newest token of every beam, then the next choice.
void BeamSearch::step() {
  {
    const PassTimes before = network_.times();
    const Stopwatch watch(stats_.step_s);
    open_.clear();
    rows_.clear();
    for (const auto& job : jobs_) {
      for (Group& group : job->groups) {
        for (Beam& beam : group.beams) {
          open_.emplace_back(&job->request, &beam);
          beam.cached_tokens = beam.context.size();
          beam.cache->grow_to(beam.context.size());
          rows_.push_back({.token = beam.context.back(),
                           .cache = beam.cache.get(),
                           .idx = beam.context.size() - 1});
        }
      }
    }
    row_idxs_.resize(rows_.size());
    std::iota(row_idxs_.begin(), row_idxs_.end(), size_t{0});
    logits_.resize(std::max(logits_.size(), rows_.size() * V_));
    network_.forward(rows_);
    network_.logits(row_idxs_, logits_.data());
    ++stats_.steps;
    stats_.passes += network_.times() - before;
  }
  find_options();
  for (const auto& job : jobs_) advance(*job);
  retire();
}

void BeamSearch::find_options() {
  const Stopwatch watch(stats_.draw_s);
  pool_.parallel_for(open_.size(), [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      find_options_of(*open_[i].first, *open_[i].second, std::span(logits_).subspan(i * V_, V_));
    }
  });
  stats_.new_tokens += static_cast<int64_t>(open_.size());
}

/// The penalty moves at most num_beams - group_size tokens, so that the 2 B best after it are among
/// these.
void BeamSearch::find_options_of(const Request& request, Beam& beam, std::span<float> logits) {
  thread_local SamplerScratch scratch;
  const kernels::KernelTable& table = kernels::kernel_table();
  scratch.probs.resize(V_);
  const double normaliser = kernels::log_sum_exp(table, logits, scratch.probs);
  VITRINE_REQUIRE(std::isfinite(normaliser), "[Decoder] the model gives NaN or infinite logits");
  scratch.raw.assign(logits.begin(), logits.end());
  for (float& logit : logits) logit -= static_cast<float>(normaliser);
  beam.steering.process(logits, beam.context, scratch);
  beam.options.clear();
  for (const int32_t token :
       largest(table, logits, group_size_ + static_cast<size_t>(config_.num_beams), scratch)) {
    const auto i = static_cast<size_t>(token);
    const double change = static_cast<double>(logits[i]);
    VITRINE_REQUIRE(std::isfinite(change), "[Decoder] request of ", request.prompt.size(),
                    " tokens: a guide gives NaN or infinity");
    beam.options.push_back({token, change, static_cast<double>(scratch.raw[i]) - normaliser});
  }
}

/// All groups choose their next tokens, one after another.
void BeamSearch::advance(Job& job) {
  const Stopwatch watch(stats_.draw_s);
  ++job.num_tokens;
  std::vector<int32_t> taken;
  for (Group& group : job.groups) {
    if (group.done) continue;
    const auto tokens = advance(job, group, taken);
    taken.insert(taken.end(), tokens.begin(), tokens.end());
  }
}

/// Returns the tokens of the next beams.
std::vector<int32_t> BeamSearch::advance(const Job& job, Group& group,
                                         std::span<const int32_t> taken) {
  for (const Beam& beam : group.beams) {
    if (!beam.options.empty()) continue;
    Sequence& sequence = group.dead_ends.emplace_back(sequence_of(job, beam));
    sequence.end = EndReason::all_forbidden;
    sequence.score = score_of(beam.sum, std::max<size_t>(1, job.num_tokens - 1));
  }
  auto children = sort_out(job, group, best_continuations(group, taken));
  std::vector<int32_t> tokens;
  for (const Child& child : children) tokens.push_back(child.from.option.token);
  group.beams = grow(group, std::move(children));
  group.done = is_done(job, group);
  if (group.done) group.beams.clear();
  return tokens;
}

std::vector<BeamSearch::Continuation> BeamSearch::best_continuations(
    const Group& group, std::span<const int32_t> taken) const {
  std::vector<Continuation> all;
  for (size_t b = 0; b < group.beams.size(); ++b) {
    for (const Option& option : group.beams[b].options) {
      const auto times = static_cast<double>(std::count(taken.begin(), taken.end(), option.token));
      all.push_back(
          {b, option, group.beams[b].sum + option.change - config_.diversity_penalty * times});
    }
  }
  const size_t count = std::min(all.size(), 2 * group_size_);
  const auto before = [](const Continuation& a, const Continuation& b) {
    if (a.sum != b.sum) return a.sum > b.sum;
    return a.beam_idx != b.beam_idx ? a.beam_idx < b.beam_idx : a.option.token < b.option.token;
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    before);
  all.resize(count, {0, {0, 0, 0}, 0});
  return all;
}

/// Keeps those that end; returns the next beams.
std::vector<BeamSearch::Child> BeamSearch::sort_out(const Job& job, Group& group,
                                                    std::span<const Continuation> continuations) {
  std::vector<Child> children;
  for (size_t rank = 0; rank < continuations.size(); ++rank) {
    if (rank >= group_size_ && children.size() == group_size_) break;
    const Continuation& next = continuations[rank];
    const int32_t token = next.option.token;
    Steering steering = group.beams[next.beam_idx].steering;
    const auto reason =
        token == job.request.eos ? std::optional(EndReason::eos) : steering.push(token);
    if (!reason) {
      if (children.size() < group_size_) children.push_back({next, std::move(steering)});
    } else if (rank < group_size_) {
      keep(job, group, next, steering, *reason);
    }
  }
  return children;
}

/// A hypothesis, unless there are as many better ones.
void BeamSearch::keep(const Job& job, Group& group, const Continuation& end,
                      const Steering& steering, EndReason reason) {
  const double score = score_of(end.sum, job.num_tokens);
  if (group.hypotheses.size() == group_size_ && score <= group.hypotheses.back().score) return;
  Sequence sequence = sequence_of(job, group.beams[end.beam_idx]);
  if (reason != EndReason::eos) sequence.tokens.push_back(end.option.token);
  sequence.logprob += end.option.logprob;
  if (job.request.return_logprobs) sequence.token_logprobs.push_back(end.option.logprob);
  sequence.end = reason;
  sequence.finished = is_finished(reason);
  sequence.stop = steering.stop();
  sequence.num_turned = steering.num_turned();
  sequence.score = score;
  const auto place =
      std::upper_bound(group.hypotheses.begin(), group.hypotheses.end(), sequence, is_better);
  group.hypotheses.insert(place, std::move(sequence));
  if (group.hypotheses.size() > group_size_) group.hypotheses.pop_back();
}

/// What the beam has so far.
Sequence BeamSearch::sequence_of(const Job& job, const Beam& beam) const {
  Sequence sequence;
  sequence.tokens.assign(
      beam.context.begin() + static_cast<std::ptrdiff_t>(job.request.prompt.size()),
      beam.context.end());
  sequence.logprob = beam.logprob;
  if (job.request.return_logprobs) sequence.token_logprobs = beam.token_logprobs;
  if (job.request.keep_cached) {
    sequence.cached = std::make_shared<CachedTokens>(
        beam.context, std::make_unique<KvCache>(*beam.cache, beam.cached_tokens), pages_);
  }
  return sequence;
}

double BeamSearch::score_of(double sum, size_t num_tokens) const {
  return sum / std::pow(static_cast<double>(num_tokens), config_.length_penalty);
}

/// The last child of a beam takes its cache, the others fork it.
std::vector<BeamSearch::Beam> BeamSearch::grow(Group& group, std::vector<Child> children) const {
  std::vector<size_t> left(group.beams.size(), 0);
  for (const Child& child : children) ++left[child.from.beam_idx];
  std::vector<Beam> beams;
  for (Child& child : children) {
    const Option& option = child.from.option;
    Beam& parent = group.beams[child.from.beam_idx];
    const bool is_last = --left[child.from.beam_idx] == 0;
    beams.push_back({.cache = is_last
                                  ? std::move(parent.cache)
                                  : std::make_unique<KvCache>(*parent.cache, parent.cached_tokens),
                     .context = parent.context,
                     .cached_tokens = parent.cached_tokens,
                     .steering = std::move(child.steering),
                     .sum = child.from.sum,
                     .logprob = parent.logprob + option.logprob,
                     .token_logprobs = parent.token_logprobs,
                     .options = {}});
    beams.back().context.push_back(option.token);
    beams.back().token_logprobs.push_back(option.logprob);
  }
  return beams;
}

bool BeamSearch::is_done(const Job& job, const Group& group) const {
  if (group.beams.empty()) return true;
  if (group.hypotheses.size() < group_size_) return false;
  if (config_.early_stopping == EarlyStopping::yes) return true;
  const bool at_any_length =
      config_.early_stopping == EarlyStopping::never && config_.length_penalty > 0;
  const size_t length =
      at_any_length ? static_cast<size_t>(job.request.sampling.max_new_tokens) : job.num_tokens;
  return score_of(group.beams.front().sum, length) <= group.hypotheses.back().score;
}

void BeamSearch::retire() {
  std::vector<std::unique_ptr<Job>> complete;
  for (auto& job : jobs_) {
    const bool done =
        std::all_of(job->groups.begin(), job->groups.end(), [](const Group& g) { return g.done; });
    if (done) complete.push_back(std::move(job));
  }
  std::erase(jobs_, nullptr);
  for (const auto& job : complete) queue_.done(job->request_idx, results(*job));
}

std::vector<Sequence> BeamSearch::results(Job& job) const {
  std::vector<Sequence> all, dead_ends;
  for (Group& group : job.groups) {
    const size_t room = group_size_ - group.hypotheses.size();
    std::stable_sort(group.dead_ends.begin(), group.dead_ends.end(), is_better);
    std::move(group.hypotheses.begin(), group.hypotheses.end(), std::back_inserter(all));
    for (size_t i = 0; i < std::min(room, group.dead_ends.size()); ++i) {
      dead_ends.push_back(std::move(group.dead_ends[i]));
    }
  }
  std::stable_sort(all.begin(), all.end(), is_better);
  std::stable_sort(dead_ends.begin(), dead_ends.end(), is_better);
  std::move(dead_ends.begin(), dead_ends.end(), std::back_inserter(all));
  return all;
}

}  // namespace vitrine::generation
