// The part of CopyWriter that has the models write and judge.
#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "checks/checker.h"
#include "checks/output_faults.h"
#include "copywriting/copy_writer.h"
#include "generation/ngram_penalty.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

CopySamplerConfig sampler_config_of(const WriteConfig& config) {
  CopySamplerConfig sampler;
  sampler.sampling.temperature = config.temperature;
  sampler.sampling.top_p = config.top_p;
  sampler.sampling.top_k = config.top_k;
  sampler.sampling.repetition_penalty = config.repetition_penalty;
  sampler.sampling.no_repeat_ngram_size = config.no_repeat_ngram_size;
  sampler.sampling.max_new_tokens = config.max_new_tokens;
  sampler.guide.enforce_groups = config.enforce_groups;
  sampler.guide.constrain_facts = config.constrain_facts;
  sampler.complete_open_plans = config.complete_open_plan;
  sampler.variants = config.variants;
  sampler.retries = config.retries;
  if (config.num_beams > 0) {
    sampler.beams = generation::BeamConfig{.num_beams = config.num_beams,
                                           .num_beam_groups = config.num_beam_groups,
                                           .diversity_penalty = config.diversity_penalty,
                                           .length_penalty = config.length_penalty};
  }
  return sampler;
}

/// The plan as the model's prompt states it: the category is a field of its own, not a point.
PromptPlan prompt_plan_of(const Plan& plan, const std::string& category, const PromptFormat& format) {
  PromptPlan prompt{.category = category, .style = plan.style, .audience = plan.audience,
                                 .length = plan.length, .groups = {}};
  for (const auto& group : plan.groups) {
    auto& points = prompt.groups.emplace_back();
    for (const int i : group) {
      const auto& point = plan.points[static_cast<size_t>(i)];
      if (point.value != category && format.has_key_token(point.key)) points.push_back({point.key, point.value});
    }
  }
  std::erase_if(prompt.groups, [](const auto& group) { return group.empty(); });
  return prompt;
}

/// Points of keys that the model has not learned (克重, 产地), as a plain sentence: it would not know what they mean.
std::string plain_sentence(const Plan& plan, const PromptFormat& format) {
  std::string sentence;
  for (const auto& point : plan.points) {
    if (point.key.empty() || format.has_key_token(point.key) || point.value == plan.category) continue;
    sentence += (sentence.empty() ? "" : "，") + point.key + "为" + point.value;
  }
  return sentence.empty() ? "" : sentence + "。";
}

/// The terms that the product's own values do not hold: its copy must not hold them either.
std::vector<bool> unsupported_terms(const std::vector<std::string>& terms, const data::Product& product) {
  std::string values = product.brand;
  for (const auto& attribute : product.attributes) values += "\n" + attribute.val_raw + "\n" + attribute.val;
  const std::string category = data::category_of(product);
  std::set<std::string> own;  // words for parts of such goods (裤脚)
  for (const auto& [word, goods] : checks::Checker::shipped().claims().looks().parts()) {
    if (goods == category) own.insert(word);
  }
  std::vector<bool> unsupported;
  for (const auto& term : terms) {
    unsupported.push_back(values.find(term) == std::string::npos && !own.contains(term));
  }
  return unsupported;
}

}  // namespace

/// What all candidates of a product share.
CopyTask CopyWriter::task_for(const data::Product& product, const WrittenProduct& written) const {
  const auto prompt_plan = prompt_plan_of(written.plan, statistics_category(product, *statistics_), *models_->copy().format);
  auto prompt = std::make_shared<Prompt>(models_->copy().format->encode(prompt_plan));
  auto facts = std::make_shared<GuideFacts>();
  facts->slots = prompt->slots;
  facts->banned = models_->copy().vocabulary->terms().ban(unsupported_terms(models_->copy().vocabulary->fact_terms(), product));
  CopyTask task;
  task.prompt = std::move(prompt);
  task.facts = std::move(facts);
  task.length = written.plan.length;
  task.open_plan = config_.open_plan;
  if (task.open_plan && !prompt_plan.groups.empty()) task.open_points = prompt_plan.groups.front();
  if (task.open_plan) return task;
  for (const auto& group : prompt_plan.groups) {
    auto& values = task.points.emplace_back();
    for (const PromptPoint& point : group) values.push_back(point.value);
  }
  return task;
}

Candidate CopyWriter::candidate_of(const Draft& draft, const SampledCopy& copy, const Prepared& prepared,
                                   const WrittenProduct& written) const {
  Candidate candidate;
  candidate.index = draft.index;
  candidate.text = copy.text + plain_sentence(written.plan, *models_->copy().format);
  candidate.tokens = copy.tokens;
  candidate.logprob = copy.logprob;
  candidate.turned = copy.turned;
  style_and_check(prepared, written.plan, candidate);
  candidate.groups_in_order = says_groups_in_order(candidate.text, written.plan);
  return candidate;
}

bool CopyWriter::is_to_be_written_anew(const Candidate& candidate) const {
  return config_.check && (!candidate.may_leave() || candidate.like || (config_.enforce_groups && !config_.open_plan && !candidate.groups_in_order));
}

/// The next draw loses likelihood where it would write what the other product's copy has.
void CopyWriter::avoid(const Candidate& candidate, const std::string& product_id, CopyTask& task) const {
  if (!candidate.like) return;
  const auto match = accepted_->nearest(candidate.text, product_id);
  const auto shared = shared_ngrams(candidate.text, text::to_utf8(accepted_->text(match->index)));
  if (shared.empty()) return;
  task.processors.push_back(std::make_shared<generation::NgramPenalty>(
      models_->copy().vocabulary->token_bytes(), shared, static_cast<float>(config_.likeness_penalty)));
}

std::vector<CopyWriter::Draft> CopyWriter::drafts_of(const ModelWork& work) const {
  std::vector<Draft> drafts;
  for (size_t i = 0; i < work.prepared.size(); ++i) {
    if (work.written[i] == nullptr) continue;
    const auto& product = work.prepared[i].product;
    const CopyTask task = task_for(product, *work.written[i]);
    for (int index = 0; index < config_.num_return_sequences; ++index) {
      Draft& draft = drafts.emplace_back(Draft{i, index, task});
      draft.task.key = candidate_key(config_.seed, product.id, index);
      draft.task.start = index;
    }
  }
  return drafts;
}

/// Keeps the better of a candidate's texts. What is not good is written anew, with new random numbers of its own.
std::optional<CopyTask> CopyWriter::take(Draft& draft, const SampledCopy& copy, const ModelWork& work) const {
  const Prepared& prepared = work.prepared[draft.product_idx];
  WrittenProduct& product = *work.written[draft.product_idx];
  Candidate candidate = candidate_of(draft, copy, prepared, product);
  Candidate& best = product.candidates[static_cast<size_t>(draft.index)];
  const bool anew = is_to_be_written_anew(candidate);
  if (anew) avoid(candidate, product.id, draft.task);
  if (draft.attempt == 0 || !anew || reasons_of(candidate).size() < reasons_of(best).size()) best = std::move(candidate);
  const int rewrites = config_.num_beams > 0 ? 0 : config_.rewrites;  // beams would write the same again
  if (!anew || draft.attempt == rewrites) {
    complete(prepared, product, best);
    tell(draft, best, work);
    return std::nullopt;
  }
  draft.task.key = candidate_key(config_.seed, product.id, draft.index).fold_in("rewrite").fold_in(static_cast<uint64_t>(draft.attempt));
  ++draft.attempt;
  return draft.task;
}

void CopyWriter::tell(const Draft& draft, Candidate& candidate, const ModelWork& work) const {
  if (!work.watch.on_candidate || (config_.check && !candidate.may_leave())) return;
  const data::Product& product = work.prepared[draft.product_idx].product;
  candidate.coverage = coverage_of(candidate.text, product);
  work.watch.on_candidate(draft.product_idx, candidate);
}

void CopyWriter::fill_from_model(const ModelWork& work) const {
  for (WrittenProduct* written : work.written) {
    if (written != nullptr) written->candidates.resize(static_cast<size_t>(config_.num_return_sequences));
  }
  std::vector<Draft> drafts = drafts_of(work);
  if (drafts.empty()) return;
  std::vector<CopyTask> tasks;
  for (const Draft& draft : drafts) tasks.push_back(draft.task);
  SampleWatch watch;
  watch.done = [&](size_t task_idx, const SampledCopy& copy) { return take(drafts[task_idx], copy, work); };
  if (work.watch.on_text) {
    watch.grown = [&](size_t task_idx, const std::string& text) {
      work.watch.on_text(drafts[task_idx].product_idx, drafts[task_idx].index, text);
    };
  }
  models_->sample(std::move(tasks), sampler_config_of(config_), watch);
}

/// The ranking model judges descriptions by the copy model, of products as the copy model knows them.
void CopyWriter::rank(std::span<const Prepared> prepared, std::span<WrittenProduct> written) const {
  const RankingModel* ranker = models_ == nullptr ? nullptr : models_->ranker();
  if (ranker == nullptr || config_.field != "description") return;
  std::vector<std::vector<int32_t>> texts;
  std::vector<Candidate*> ranked;
  for (size_t i = 0; i < prepared.size(); ++i) {
    if (written[i].origin != "model") continue;
    for (Candidate& candidate : written[i].candidates) {
      auto ids = ranker->fitting_ids(prepared[i].product, candidate.plain_text());  // as it learned: without a style; what is too long for it stays without a score
      if (!ids) continue;
      texts.push_back(std::move(*ids));
      ranked.push_back(&candidate);
    }
  }
  if (texts.empty()) return;
  const auto scores = models_->rank(texts);
  for (size_t i = 0; i < scores.size(); ++i) ranked[i]->ranker = scores[i];
}

}  // namespace vitrine::copywriting
