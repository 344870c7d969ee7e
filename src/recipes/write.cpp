#include "recipes/write.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "checks/checker.h"
#include "checks/output_faults.h"
#include "copywriting/subject.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

using copywriting::Candidate;
using copywriting::Plan;
using copywriting::PromptPoint;

constexpr int kRepeatedPositions = 4;
RandomKey candidate_key(int64_t seed, const std::string& product_id, int index) {
  return RandomKey(static_cast<uint64_t>(seed)).fold_in(product_id).fold_in(static_cast<uint64_t>(index));
}

copywriting::CopySamplerConfig sampler_config_of(const WriteConfig& config) {
  copywriting::CopySamplerConfig sampler;
  sampler.sampling.temperature = config.temperature;
  sampler.sampling.top_p = config.top_p;
  sampler.sampling.top_k = config.top_k;
  sampler.sampling.repetition_penalty = config.repetition_penalty;
  sampler.sampling.no_repeat_ngram_size = config.no_repeat_ngram_size;
  sampler.sampling.max_new_tokens = config.max_new_tokens;
  sampler.guide.enforce_groups = config.enforce_groups;
  sampler.guide.constrain_facts = config.constrain_facts;
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
copywriting::PromptPlan prompt_plan_of(const Plan& plan, const std::string& category, const copywriting::PromptFormat& format) {
  copywriting::PromptPlan prompt{.category = category, .style = plan.style, .audience = plan.audience,
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

/// Leaves the points that the operator's plan names.
void keep_only(const std::vector<std::string>& points, Plan& plan) {
  std::erase_if(plan.points, [&](const copywriting::SellingPoint& point) {
    return std::find(points.begin(), points.end(), point.key + "#" + point.value) == points.end();
  });
}

/// Points of keys that the model has not learned (克重, 产地), as a plain sentence: it would not know what they mean.
std::string plain_sentence(const Plan& plan, const copywriting::PromptFormat& format) {
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
  std::vector<bool> unsupported;
  for (const auto& term : terms) unsupported.push_back(values.find(term) == std::string::npos);
  return unsupported;
}

/// 重复分句 2，无依据的“雪纺” 1
std::string faults_in_words(const std::map<std::string, int>& faults) {
  static const std::map<std::string, std::string, std::less<>> kNames{
      {"bad_utf8", "编码错误"},     {"control_character", "控制字符"}, {"placeholder", "占位符"},        {"cut_off", "句子不完整"},
      {"repeated_clause", "重复分句"}, {"repeated_4gram", "用语重复"},    {"no_product_word", "没有说出商品类型"}};
  std::string words;
  for (const auto& [fault, count] : faults) {
    const auto name = kNames.find(fault);
    const size_t colon = fault.find(':');
    words += concat(words.empty() ? "" : "，",
                    name != kNames.end() ? name->second
                    : colon != fault.npos ? concat("“", fault.substr(colon + 1), "”（", fault.substr(0, colon), "）")
                                          : fault,
                    " ", count);
  }
  return words;
}

/// All reasons why a candidate must not leave: its faults, and rule:term of the hits that block.
std::vector<std::string> reasons_of(const Candidate& candidate) {
  std::vector<std::string> reasons = candidate.faults;
  for (const auto& hit : candidate.report.hits) {
    if (hit.level == checks::Level::block) reasons.push_back(hit.rule->id + ":" + hit.term);
  }
  return reasons;
}

size_t num_faults(const Candidate& candidate) { return reasons_of(candidate).size(); }

std::string fixed(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// 未命中规则 v2026.11.2, or what was hit.
std::string verdict_in_words(const Candidate& candidate) {
  if (candidate.report.hits.empty()) return "未命中规则 v" + checks::RuleSet::shipped().version();
  std::string words = "提示：";
  for (const auto& hit : candidate.report.hits) words += "“" + hit.term + "”" + hit.rule->title + "；";
  return words;
}

}  // namespace

void WriteConfig::validate() const {
  check_config(*this, "write");
  const std::string fault = beam_fault();
  VITRINE_REQUIRE(fault.empty(), "[WriteConfig] ", fault);
}

std::string WriteConfig::beam_fault() const {
  const bool grouped = num_beam_groups != 1 || diversity_penalty != 0;
  if (num_beams == 0) {
    return grouped || length_penalty != 1 ? "--num-beam-groups, --diversity-penalty, --length-penalty: expected --num-beams beside them" : "";
  }
  if (!baseline.empty()) return concat("--num-beams: expected no --baseline beside it, got ", baseline);
  if (num_return_sequences > num_beams) {
    return concat("--num-return-sequences: expected at most --num-beams ", num_beams, ", got ", num_return_sequences);
  }
  if (num_beams % num_beam_groups != 0) {
    return concat("--num-beam-groups: expected a divisor of --num-beams ", num_beams, ", got ", num_beam_groups);
  }
  if (num_beam_groups > 1 && diversity_penalty == 0) return "--diversity-penalty: expected above 0 with --num-beam-groups, got 0";
  if (num_beam_groups == 1 && diversity_penalty > 0) {
    return concat("--diversity-penalty: expected --num-beam-groups above 1 beside it, got ", num_beam_groups);
  }
  return "";
}

CopyWriter::CopyWriter(const WriteConfig& config, const copywriting::CopyModel* model,
                       const std::vector<data::Product>& training_rows, PointWishes wishes)
    : config_(config), model_(model), bank_(copywriting::TemplateBank::load()), wishes_(std::move(wishes)) {
  config_.validate();
  context_ = {.platform = config_.platform, .style = config_.style, .today = checks::today()};
  VITRINE_REQUIRE(model_ != nullptr || !config_.baseline.empty(), "[CopyWriter] no model and no baseline");
  if (config_.normalize) normalizer_ = data::AttributeNormalizer::load();
  if (model_ != nullptr) {
    statistics_ = model_->statistics;
  } else {
    for (const auto& row : training_rows) statistics_.add(row);
  }
  if (config_.baseline == "retrieval") retrieval_.emplace(std::span(training_rows));
}

CopyWriter::Prepared CopyWriter::prepared(const data::Product& product) const {
  Prepared prepared{product, {}, {}};
  data::Product& copy = prepared.product;
  if (normalizer_) normalizer_->normalize(copy);
  if (const auto wished = wishes_.points.find(product.id); wished != wishes_.points.end()) fix_points(wished->second, prepared);
  // Canonical keys, but the operator's own wording of the values: 15:00后 must not become 15:00.
  for (auto& attribute : copy.attributes) attribute.val = attribute.val_raw;
  // A shop's finer category (牛仔裤) that the model has not learned gives way to the product type (裤).
  const std::string known = copywriting::statistics_category(copy, statistics_);
  if (!known.empty() && known != data::category_of(copy)) copy.category_path.clear();
  return prepared;
}

/// A wish names the value as `points` prints it (canonical) or as the operator wrote it; the plan says the latter.
void CopyWriter::fix_points(const std::vector<std::string>& wished, Prepared& prepared) const {
  auto& points = prepared.points.emplace();
  for (const auto& wish : wished) {
    const auto& attributes = prepared.product.attributes;
    const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const data::Attribute& a) {
      return wish == a.key + "#" + a.val || wish == a.key + "#" + a.val_raw || wish == a.key_raw + "#" + a.val_raw;
    });
    const copywriting::Subject subject = copywriting::find_subject(prepared.product);
    if (found != attributes.end()) {
      points.push_back(found->key + "#" + found->val_raw);
    } else if (wish == subject.key + "#" + subject.value) {
      points.push_back(wish);
    } else if (prepared.error.empty()) {
      prepared.error = concat("计划里的要点“", wish, "”不是这个商品的属性");
    }
  }
}

WrittenProduct CopyWriter::planned(const Prepared& prepared) const {
  const data::Product& product = prepared.product;
  WrittenProduct written;
  written.id = product.id;
  written.error = prepared.error;
  written.plan = copywriting::make_plan(product, statistics_, config_.plan, wishes_.pins, prepared.points ? *prepared.points : wishes_.order);
  if (prepared.points) keep_only(*prepared.points, written.plan);
  written.plan.style = config_.style;
  written.plan.platform = config_.platform;
  written.plan.audience = config_.audience;
  written.plan.length = config_.length;
  written.plan.keywords = config_.keywords;
  copywriting::group_points(written.plan, config_.plan);
  written.origin = config_.baseline.empty() ? "model" : config_.baseline;
  if (written.origin == "model" && !model_knows(product)) {
    written.origin = "template";
    written.note = concat("类目“", written.plan.category, "”不在模型的训练数据里，以下为模板文案");
  }
  return written;
}

bool CopyWriter::model_knows(const data::Product& product) const {
  return statistics_.n(copywriting::statistics_category(product, statistics_)) >= config_.min_category_rows;
}

void CopyWriter::check(const data::Product& product, Candidate& candidate) const {
  // A value said twice repeats its own 4-grams; what a person would call repetition starts above that.
  candidate.faults = checks::output_faults(candidate.text, product, {.max_repeated_4grams = kRepeatedPositions});
  if (!candidate.faults.empty() && candidate.faults.front() == "bad_utf8") return;
  const checks::Evidence evidence(product, context_.today);
  candidate.report = checks::Checker::shipped().check(candidate.text, evidence, context_);
}

/// What all candidates of a product share.
copywriting::CopyTask CopyWriter::task_for(const data::Product& product, const WrittenProduct& written) const {
  const auto prompt_plan = prompt_plan_of(written.plan, copywriting::statistics_category(product, statistics_), *model_->format);
  auto prompt = std::make_shared<copywriting::Prompt>(model_->format->encode(prompt_plan));
  auto facts = std::make_shared<copywriting::GuideFacts>();
  facts->slots = prompt->slots;
  facts->banned = model_->vocabulary->terms().ban(unsupported_terms(model_->vocabulary->fact_terms(), product));
  copywriting::CopyTask task;
  task.prompt = std::move(prompt);
  task.facts = std::move(facts);
  task.length = written.plan.length;
  for (const auto& group : prompt_plan.groups) {
    auto& values = task.points.emplace_back();
    for (const PromptPoint& point : group) values.push_back(point.value);
  }
  return task;
}

Candidate CopyWriter::candidate_of(const Draft& draft, const copywriting::SampledCopy& copy, const data::Product& product,
                                   const Plan& plan) const {
  Candidate candidate;
  candidate.index = draft.index;
  candidate.text = copy.text + plain_sentence(plan, *model_->format);
  candidate.tokens = copy.tokens;
  candidate.logprob = copy.logprob;
  candidate.turned = copy.turned;
  check(product, candidate);
  candidate.groups_in_order = copywriting::says_groups_in_order(candidate.text, plan);
  return candidate;
}

bool CopyWriter::is_to_be_written_anew(const Candidate& candidate) const {
  return config_.check && (!candidate.may_leave() || (config_.enforce_groups && !candidate.groups_in_order));
}

/// Writes all candidates, then those that are not good anew, each time with new random numbers of its own.
void CopyWriter::fill_from_model(std::span<const Prepared> products, std::span<WrittenProduct* const> written) const {
  std::vector<Draft> drafts;
  for (size_t i = 0; i < products.size(); ++i) {
    if (written[i] == nullptr) continue;
    const auto task = task_for(products[i].product, *written[i]);
    written[i]->candidates.resize(static_cast<size_t>(config_.num_return_sequences));
    for (int index = 0; index < config_.num_return_sequences; ++index) {
      drafts.push_back({i, index, task});
      drafts.back().task.key = candidate_key(config_.seed, products[i].product.id, index);
      drafts.back().task.start = index;
    }
  }
  const int rewrites = config_.num_beams > 0 ? 0 : config_.rewrites;  // beams would write the same again
  for (int attempt = 0; attempt <= rewrites && !drafts.empty(); ++attempt) {
    std::vector<copywriting::CopyTask> tasks;
    for (const Draft& draft : drafts) tasks.push_back(draft.task);
    const auto copies = copywriting::sample_copies(*model_, tasks, sampler_config_of(config_));
    std::vector<Draft> again;
    for (size_t d = 0; d < drafts.size(); ++d) {
      WrittenProduct& product = *written[drafts[d].product_idx];
      Candidate candidate = candidate_of(drafts[d], copies[d], products[drafts[d].product_idx].product, product.plan);
      Candidate& best = product.candidates[static_cast<size_t>(drafts[d].index)];
      const bool anew = is_to_be_written_anew(candidate);
      if (attempt == 0 || num_faults(candidate) < num_faults(best) || !anew) best = std::move(candidate);
      if (!anew) continue;
      again.push_back(std::move(drafts[d]));
      again.back().task.key = candidate_key(config_.seed, product.id, again.back().index).fold_in("rewrite").fold_in(static_cast<uint64_t>(attempt));
    }
    drafts = std::move(again);
  }
}

void CopyWriter::fill_from_bank(const data::Product& product, WrittenProduct& written) const {
  for (int i = 0; i < config_.num_return_sequences; ++i) {
    Candidate candidate;
    candidate.index = i;
    candidate.origin = "template";
    candidate.text = copywriting::write_from_template(bank_, product, written.plan, candidate_key(config_.seed, product.id, i));
    check(product, candidate);
    written.candidates.push_back(std::move(candidate));
  }
}

void CopyWriter::fill_from_rows(const data::Product& product, WrittenProduct& written) const {
  Candidate candidate;
  candidate.origin = "retrieval";
  candidate.text = retrieval_->text(product);
  check(product, candidate);
  written.candidates.push_back(std::move(candidate));
}

void CopyWriter::finish(const data::Product& product, WrittenProduct& written) const {
  copywriting::order_candidates(written.candidates, product, written.plan, config_.order);
  if (config_.check) {
    for (const auto& candidate : written.candidates) {
      for (const auto& reason : reasons_of(candidate)) ++written.dropped_faults[reason];
    }
    written.dropped = static_cast<int>(std::erase_if(written.candidates, [](const Candidate& c) { return !c.may_leave(); }));
  }
  written.saved = static_cast<int>(std::count_if(written.candidates.begin(), written.candidates.end(), [](const Candidate& c) {
    return c.turned > 0 && c.may_leave();
  }));
  written.likeness = copywriting::mean_pairwise_rouge_l(written.candidates);
  if (written.candidates.empty() && written.error.empty()) {
    written.error = concat("所有候选文案都未通过检查：", faults_in_words(written.dropped_faults));
  }
}

std::vector<WrittenProduct> CopyWriter::write(std::span<const data::Product> products) {
  std::vector<Prepared> prepared_products;
  std::vector<WrittenProduct> written;
  for (const auto& product : products) {
    prepared_products.push_back(prepared(product));
    written.push_back(planned(prepared_products.back()));
  }
  std::vector<WrittenProduct*> for_model(products.size(), nullptr);
  for (size_t i = 0; i < products.size(); ++i) {
    const data::Product& product = prepared_products[i].product;
    if (!written[i].error.empty()) continue;
    if (product.attributes.empty()) {
      written[i].error = "商品没有属性";
    } else if (written[i].origin == "template") {
      fill_from_bank(product, written[i]);
    } else if (written[i].origin == "retrieval") {
      fill_from_rows(product, written[i]);
    } else {
      for_model[i] = &written[i];
    }
  }
  fill_from_model(prepared_products, for_model);
  for (size_t i = 0; i < products.size(); ++i) finish(prepared_products[i].product, written[i]);
  return written;
}

Candidate CopyWriter::best_of(std::vector<Candidate> candidates, const data::Product& product, const Plan& plan,
                              bool by_verdict) const {
  if (by_verdict) {
    copywriting::order_candidates(candidates, prepared(product).product, plan, config_.order);
    return candidates.front();
  }
  std::vector<Candidate> blind = candidates;
  for (Candidate& candidate : blind) candidate.report = {}, candidate.faults.clear();
  copywriting::order_candidates(blind, prepared(product).product, plan, config_.order);
  const auto best = std::find_if(candidates.begin(), candidates.end(),
                                 [&](const Candidate& c) { return c.index == blind.front().index; });
  return *best;
}

std::vector<std::string> CopyWriter::unknown_wishes(std::span<const data::Product> products, const std::vector<std::string>& wishes) const {
  if (wishes.empty()) return {};
  std::vector<data::Product> prepared_products;
  for (const auto& product : products) prepared_products.push_back(prepared(product).product);
  return copywriting::unknown_wishes(prepared_products, wishes);
}

Json to_json(const WrittenProduct& written, const WriteConfig& config, const std::string& model_sha256) {
  Json line{{"id", written.id}, {"plan", copywriting::to_json(written.plan)}, {"candidates", Json::array()}};
  for (const auto& c : written.candidates) {
    Json scores{{"coverage", c.coverage}, {"agreement", c.agreement}};
    Json candidate{{"index", c.index}, {"text", c.text}, {"tokens", c.tokens}, {"logprob", c.logprob},
                   {"scores", scores}, {"origin", c.origin}, {"groups_in_order", c.groups_in_order},
                   {"verdict", c.faults.empty() ? checks::verdict_name(c.report.verdict()) : "block"},
                   {"hits", checks::hits_json(c.report)}, {"claims", checks::claims_json(c.report)}};
    if (!c.faults.empty()) candidate["faults"] = c.faults;
    line["candidates"].push_back(std::move(candidate));
  }
  line["dropped"] = written.dropped;
  line["saved"] = written.saved;
  line["ruleset"] = checks::RuleSet::shipped().version();
  if (written.dropped > 0) line["dropped_faults"] = written.dropped_faults;
  line["origin"] = written.origin;
  if (!written.note.empty()) line["note"] = written.note;
  if (!written.error.empty()) line["error"] = written.error;
  line["likeness"] = written.likeness;
  line["seed"] = config.seed;
  line["model_sha256"] = written.origin == "model" ? Json(model_sha256) : Json(nullptr);
  return line;
}

std::string to_table(const WrittenProduct& written, const data::Product& product) {
  std::string table = "■ " + written.id + "  ";
  for (const auto& attribute : product.attributes) table += attribute.key_raw + "#" + attribute.val_raw + " ";
  table += "\n";
  if (!written.note.empty()) table += "  （" + written.note + "）\n";
  if (!written.error.empty()) table += "  没有可用的文案：" + written.error + "\n";
  int place = 1;
  for (const auto& c : written.candidates) {
    table += concat("  ", place++, ". ", c.text, "\n     ", text::count_code_points(c.text), "字  要点覆盖 ",
                    fixed(100 * c.coverage, "%.0f%%"), c.groups_in_order ? "  顺序合计划" : "  顺序不合计划",
                    c.origin == "model" ? "" : c.origin == "template" ? "  来源：模板" : "  来源：检索", "  ", verdict_in_words(c), "\n");
  }
  if (written.dropped > 0) table += concat("  另有 ", written.dropped, " 条未通过检查，已去掉：", faults_in_words(written.dropped_faults), "\n");
  return table;
}

}  // namespace vitrine::recipes
