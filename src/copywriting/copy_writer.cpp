#include "recipes/write.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "base/compressed.h"
#include "checks/checker.h"
#include "checks/fixer.h"
#include "checks/keyword_plan.h"
#include "checks/output_faults.h"
#include "checks/tsv_rules.h"
#include "copywriting/fields.h"
#include "copywriting/style.h"
#include "copywriting/subject.h"
#include "generation/ngram_penalty.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

using copywriting::Candidate;
using copywriting::Plan;
using copywriting::PromptPoint;

constexpr int kRepeatedPositions = 4;
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

/// An open plan: what each sentence says is left to the model.
void put_into_one_group(Plan& plan) {
  plan.groups = {std::vector<int>(plan.points.size())};
  std::iota(plan.groups.front().begin(), plan.groups.front().end(), 0);
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

checks::KeywordReport keyword_report(const std::string& text, const WriteConfig& config) {
  std::vector<checks::Keyword> plan;
  for (const auto& word : config.keywords) plan.push_back({word, ""});
  return checks::report_keywords(plan, text, config.field);
}

Json json_of(const std::vector<EventNote>& events) {
  Json json = Json::array();
  for (const EventNote& note : events) {
    Json one{{"id", note.id}, {"accepted", !note.clause.empty()}};
    one[note.clause.empty() ? "reason" : "clause"] = note.clause.empty() ? note.reason : note.clause;
    json.push_back(std::move(one));
  }
  return json;
}

/// Rows of id (or product_id) and text, or lines of `write`, of which the first candidate counts.
copywriting::CatalogueIndex read_catalogue(const std::string& path, double limit) {
  copywriting::CatalogueIndex index({.limit = limit});
  int64_t row = 0;
  for (const auto& line : checks::split(read_file_unpacked(path), '\n')) {
    ++row;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = concat(path, " row ", row);
    const Json json = parse_json(line, where);
    const char* id = json.contains("product_id") ? "product_id" : "id";
    VITRINE_REQUIRE(json.is_object() && json.contains(id) && json[id].is_string(), "[write] --catalogue ", where, ", field id: expected a text");
    const bool is_written = json.contains("candidates");
    VITRINE_REQUIRE(!is_written || json["candidates"].is_array(), "[write] --catalogue ", where, ", field candidates: expected a list, got ", json["candidates"].type_name());
    if (is_written && json["candidates"].empty()) continue;
    const Json& holder = is_written ? json["candidates"][0] : json;
    VITRINE_REQUIRE(holder.is_object() && holder.contains("text") && holder["text"].is_string(), "[write] --catalogue ", where, ", field text: expected a text");
    index.add(json[id].get<std::string>(), holder["text"].get<std::string>());
  }
  return index;
}

/// The lines of a text below each other.
std::string indented(const std::string& text) {
  std::string lines;
  for (const char c : text) lines += c == '\n' ? "\n     " : std::string(1, c);
  return lines;
}

std::string origin_in_words(const std::string& origin) {
  if (origin == "template") return "  来源：模板";
  if (origin == "retrieval") return "  来源：检索";
  return origin == "polished" ? "  来源：原文改写" : "";
}

/// 未命中规则 v2026.11.2, or what was hit.
std::string verdict_in_words(const Candidate& candidate) {
  if (candidate.report.hits.empty()) return "未命中规则 v" + checks::RuleSet::shipped().version();
  std::string words = "提示：";
  for (const auto& hit : candidate.report.hits) words += "“" + hit.term + "”" + hit.rule->title + "；";
  return words;
}

}  // namespace

RandomKey candidate_key(int64_t seed, const std::string& product_id, int index) {
  return RandomKey(static_cast<uint64_t>(seed)).fold_in(product_id).fold_in(static_cast<uint64_t>(index));
}

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
  context_.field = config_.field;
  if (config_.style_rules && config_.field == "description") style_ = &copywriting::StyleRules::shipped().at(config_.style);
  if (!config_.events.empty()) events_ = copywriting::read_events(config_.events);
  if (!config_.catalogue.empty()) catalogue_ = read_catalogue(config_.catalogue, config_.max_likeness);
  if (config_.normalize) normalizer_ = data::AttributeNormalizer::load();
  if (model_ != nullptr) {
    statistics_ = model_->statistics;
  } else {
    for (const auto& row : training_rows) statistics_.add(row);
  }
  if (config_.baseline == "retrieval") retrieval_.emplace(std::span(training_rows));
}

CopyWriter::Prepared CopyWriter::prepared(const data::Product& product) const {
  data::Product normalized = product;
  if (normalizer_) normalizer_->normalize(normalized);
  Prepared prepared{normalized, checks::Evidence(normalized, context_.today), {}, {}};
  data::Product& copy = prepared.product;
  if (!config_.polish.empty()) keep_stated(config_.polish, prepared);
  if (const auto wished = wishes_.points.find(product.id); wished != wishes_.points.end()) fix_points(wished->second, prepared);
  // Canonical keys, but the operator's own wording of the values: 15:00后 must not become 15:00.
  for (auto& attribute : copy.attributes) attribute.val = attribute.val_raw;
  copywriting::give_up_unknown_category(statistics_, copy);
  return prepared;
}

/// The plan of a text that is rewritten: the attributes that it states, in the order in which it does.
void CopyWriter::keep_stated(const std::string& text, Prepared& prepared) const {
  const auto report = checks::Checker::shipped().check(text, prepared.evidence, context_);
  std::vector<std::pair<size_t, std::string>> stated;  // first place, attribute id
  for (const auto& claim : report.claims) {
    if (claim.support != checks::Support::entailed) continue;
    for (const auto& id : claim.evidence) stated.emplace_back(claim.begin, id);
  }
  const std::u32string folded = checks::fold(text::to_utf32(text));
  for (const auto& fact : prepared.evidence.attributes()) {
    const size_t at = std::min(folded.find(fact.val), folded.find(fact.raw));
    if (at != folded.npos) stated.emplace_back(at, fact.id);
  }
  std::sort(stated.begin(), stated.end());
  auto& points = prepared.points.emplace();
  for (const auto& [at, id] : stated) {
    for (const auto& attribute : prepared.product.attributes) {
      const std::string point = attribute.key + "#" + attribute.val_raw;
      if (id == "attr:" + attribute.id && std::find(points.begin(), points.end(), point) == points.end()) {
        points.push_back(point);
      }
    }
  }
  if (points.empty()) prepared.error = "要改写的文案没有说出商品的任何属性";
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
  copywriting::PlanConfig plan_config = config_.plan;
  plan_config.idf_order = plan_config.idf_order && !config_.open_plan;
  written.plan = copywriting::make_plan(product, statistics_, plan_config, wishes_.pins, prepared.points ? *prepared.points : wishes_.order);
  if (prepared.points) keep_only(*prepared.points, written.plan);
  written.plan.style = config_.style;
  written.plan.platform = config_.platform;
  written.plan.audience = config_.audience;
  written.plan.length = style_ != nullptr && style_->transforms ? std::min(config_.length, style_->max_body) : config_.length;
  written.plan.keywords = config_.keywords;
  copywriting::group_points(written.plan, config_.plan);
  if (config_.open_plan) put_into_one_group(written.plan);
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

void CopyWriter::check(const Prepared& prepared, Candidate& candidate) const {
  // A value said twice repeats its own 4-grams; what a person would call repetition starts above that.
  candidate.faults = copy_faults(candidate.text, prepared.product);
  if (!candidate.faults.empty() && candidate.faults.front() == "bad_utf8") return;
  const auto& checker = checks::Checker::shipped();
  candidate.report = checker.check(candidate.text, prepared.evidence, context_);
  const std::string complete = checks::with_mandatory_sentences(candidate.report);
  if (config_.check && complete != candidate.text) {
    candidate.text = complete;
    candidate.report = checker.check(candidate.text, prepared.evidence, context_);
  }
  if (!catalogue_) return;
  candidate.like.reset();
  const auto match = catalogue_->nearest(candidate.text, prepared.product.id);
  candidate.likeness = match ? match->rouge_l : 0;
  if (match && match->rouge_l >= config_.max_likeness) candidate.like = catalogue_->product_id(match->index);
}

std::vector<std::string> CopyWriter::copy_faults(const std::string& text, const data::Product& product) const {
  const bool is_post = style_ != nullptr && style_->transforms;
  auto faults = checks::output_faults(text, product, {.max_repeated_4grams = kRepeatedPositions, .is_post = is_post});
  // A title is no sentence: it ends where its last word does, and its noun may be a shorter one.
  if (config_.field != "description") {
    std::erase_if(faults, [](const auto& fault) { return fault == "cut_off" || fault == "no_product_word"; });
  }
  return faults;
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
  task.open_plan = config_.open_plan;
  if (task.open_plan && !prompt_plan.groups.empty()) task.open_points = prompt_plan.groups.front();
  if (task.open_plan) return task;
  for (const auto& group : prompt_plan.groups) {
    auto& values = task.points.emplace_back();
    for (const PromptPoint& point : group) values.push_back(point.value);
  }
  return task;
}

Candidate CopyWriter::candidate_of(const Draft& draft, const copywriting::SampledCopy& copy, const Prepared& prepared,
                                   const WrittenProduct& written) const {
  Candidate candidate;
  candidate.index = draft.index;
  candidate.text = copy.text + plain_sentence(written.plan, *model_->format);
  candidate.tokens = copy.tokens;
  candidate.logprob = copy.logprob;
  candidate.turned = copy.turned;
  style_and_check(prepared, written.plan, candidate);
  candidate.groups_in_order = copywriting::says_groups_in_order(candidate.text, written.plan);
  return candidate;
}

bool CopyWriter::is_to_be_written_anew(const Candidate& candidate) const {
  return config_.check && (!candidate.may_leave() || candidate.like || (config_.enforce_groups && !config_.open_plan && !candidate.groups_in_order));
}

/// The next draw loses likelihood where it would write what the other product's copy has.
void CopyWriter::avoid(const Candidate& candidate, const std::string& product_id, copywriting::CopyTask& task) const {
  if (!candidate.like) return;
  const auto match = catalogue_->nearest(candidate.text, product_id);
  const auto shared = copywriting::shared_ngrams(candidate.text, text::to_utf8(catalogue_->text(match->index)));
  if (shared.empty()) return;
  task.processors.push_back(std::make_shared<generation::NgramPenalty>(
      model_->vocabulary->token_bytes(), shared, static_cast<float>(config_.likeness_penalty)));
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
      Candidate candidate = candidate_of(drafts[d], copies[d], products[drafts[d].product_idx], product);
      Candidate& best = product.candidates[static_cast<size_t>(drafts[d].index)];
      const bool anew = is_to_be_written_anew(candidate);
      if (anew) avoid(candidate, product.id, drafts[d].task);
      if (attempt == 0 || num_faults(candidate) < num_faults(best) || !anew) best = std::move(candidate);
      if (!anew) continue;
      again.push_back(std::move(drafts[d]));
      again.back().task.key = candidate_key(config_.seed, product.id, again.back().index).fold_in("rewrite").fold_in(static_cast<uint64_t>(attempt));
    }
    drafts = std::move(again);
  }
}

void CopyWriter::fill_from_bank(const Prepared& prepared, WrittenProduct& written) const {
  const data::Product& product = prepared.product;
  for (int i = 0; i < config_.num_return_sequences; ++i) {
    Candidate candidate;
    candidate.index = i;
    candidate.origin = "template";
    candidate.text = copywriting::write_from_template(bank_, product, written.plan, candidate_key(config_.seed, product.id, i));
    style_and_check(prepared, written.plan, candidate);
    written.candidates.push_back(std::move(candidate));
  }
}

void CopyWriter::fill_from_rows(const Prepared& prepared, WrittenProduct& written) const {
  Candidate candidate;
  candidate.origin = "retrieval";
  candidate.text = retrieval_->text(prepared.product);
  style_and_check(prepared, written.plan, candidate);
  written.candidates.push_back(std::move(candidate));
}

void CopyWriter::fill_titles(const Prepared& prepared, WrittenProduct& written) const {
  const auto limit = copywriting::limit_for(checks::Checker::shipped().lengths(), config_.platform, config_.field);
  const auto key = RandomKey(static_cast<uint64_t>(config_.seed)).fold_in(prepared.product.id);
  const auto titles = copywriting::write_titles(prepared.product, written.plan, limit, key, config_.num_return_sequences);
  written.origin = "template";
  if (titles.texts.empty()) written.error = "写不出合规的标题：" + titles.refusal;
  for (const std::string& text : titles.texts) {
    Candidate candidate;
    candidate.index = static_cast<int>(written.candidates.size());
    candidate.origin = "template";
    candidate.text = text;
    check(prepared, candidate);
    written.candidates.push_back(std::move(candidate));
  }
}

/// The operator's own text with what the checks repair is a candidate beside the new ones.
void CopyWriter::add_polished(const Prepared& prepared, WrittenProduct& written) const {
  if (config_.polish.empty()) return;
  const auto fixed = checks::fix(checks::Checker::shipped(), config_.polish, prepared.evidence, context_);
  if (fixed.dropped) return;
  Candidate candidate;
  candidate.index = static_cast<int>(written.candidates.size());
  candidate.origin = "polished";
  candidate.text = fixed.report.text;
  check(prepared, candidate);
  written.candidates.push_back(std::move(candidate));
}

/// The first event that the product supports goes into every candidate that the checks let leave with it.
void CopyWriter::weave_in_events(const Prepared& prepared, WrittenProduct& written) const {
  std::string clause;
  for (const auto& event : events_) {
    const auto decision = copywriting::decide(event, prepared.product, context_.today);
    const bool taken = decision.accepted && clause.empty();
    if (taken) clause = decision.clause;
    written.events.push_back({event.id, taken ? clause : "",
                              taken ? "" : decision.accepted ? "已有一个活动" : decision.reason});
  }
  if (clause.empty()) return;
  for (Candidate& candidate : written.candidates) {
    Candidate woven = candidate;
    woven.text = copywriting::weave_in(candidate.plain_text(), clause);
    if (candidate.unstyled.empty()) {
      check(prepared, woven);
    } else {
      style_and_check(prepared, written.plan, woven);
    }
    if (woven.may_leave()) candidate = std::move(woven);
  }
}

/// Copy that is too long for the platform is cut at a boundary; what cannot be cut keeps its hit.
void CopyWriter::fit_platform(const Prepared& prepared, WrittenProduct& written) const {
  const auto* limit = checks::Checker::shipped().lengths().find_limit(config_.platform, config_.field);
  if (limit == nullptr) return;
  for (Candidate& candidate : written.candidates) {
    if (style_ != nullptr) fit_plain(prepared, written.plan, *limit, candidate);
    const auto fitted = copywriting::fit_text(candidate.text, prepared.product, written.plan, *limit);
    if (!fitted) {
      candidate.faults.push_back("does_not_fit");
    } else if (fitted->after != candidate.text) {
      candidate.text = fitted->after;
      check(prepared, candidate);
    }
  }
}

/// Everything that still changes texts.
void CopyWriter::complete(const Prepared& prepared, WrittenProduct& written) const {
  add_polished(prepared, written);
  weave_in_events(prepared, written);
  fit_platform(prepared, written);
}

/// The ranking model judges descriptions by the copy model, of products as the copy model knows them.
void CopyWriter::rank(std::span<const Prepared> prepared, std::span<WrittenProduct> written) const {
  if (ranker_ == nullptr || config_.field != "description") return;
  std::vector<std::vector<int32_t>> texts;
  std::vector<Candidate*> ranked;
  for (size_t i = 0; i < prepared.size(); ++i) {
    if (written[i].origin != "model") continue;
    for (Candidate& candidate : written[i].candidates) {
      auto ids = ranker_->fitting_ids(prepared[i].product, candidate.plain_text());  // as it learned: without a style; what is too long for it stays without a score
      if (!ids) continue;
      texts.push_back(std::move(*ids));
      ranked.push_back(&candidate);
    }
  }
  const auto scores = ranker_->ranker().score(texts);
  for (size_t i = 0; i < scores.size(); ++i) ranked[i]->ranker = scores[i];
}

void CopyWriter::finish(const Prepared& prepared, WrittenProduct& written) const {
  const data::Product& product = prepared.product;
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
    } else if (config_.field != "description") {
      fill_titles(prepared_products[i], written[i]);
    } else if (written[i].origin == "template") {
      fill_from_bank(prepared_products[i], written[i]);
    } else if (written[i].origin == "retrieval") {
      fill_from_rows(prepared_products[i], written[i]);
    } else {
      for_model[i] = &written[i];
    }
  }
  fill_from_model(prepared_products, for_model);
  for (size_t i = 0; i < products.size(); ++i) complete(prepared_products[i], written[i]);
  rank(prepared_products, written);
  for (size_t i = 0; i < products.size(); ++i) finish(prepared_products[i], written[i]);
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
    if (c.ranker) scores["ranker"] = *c.ranker;
    if (c.style) scores["style"] = *c.style;
    if (!config.catalogue.empty()) scores["dup"] = c.likeness;
    Json candidate{{"index", c.index}, {"text", c.text}, {"tokens", c.tokens}, {"logprob", c.logprob},
                   {"scores", scores}, {"origin", c.origin}, {"groups_in_order", c.groups_in_order},
                   {"verdict", c.faults.empty() ? checks::verdict_name(c.report.verdict()) : "block"},
                   {"hits", checks::hits_json(c.report)}, {"claims", checks::claims_json(c.report)}};
    if (!c.faults.empty()) candidate["faults"] = c.faults;
    if (c.like) candidate["like"] = *c.like;
    if (!config.keywords.empty()) candidate["keywords"] = checks::to_json(keyword_report(c.text, config));
    line["candidates"].push_back(std::move(candidate));
  }
  line["dropped"] = written.dropped;
  line["saved"] = written.saved;
  line["ruleset"] = checks::RuleSet::shipped().version();
  if (written.dropped > 0) line["dropped_faults"] = written.dropped_faults;
  if (!written.events.empty()) line["events"] = json_of(written.events);
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
    table += concat("  ", place++, ". ", indented(c.text), "\n     ", text::count_code_points(c.text), "字  要点覆盖 ",
                    fixed(100 * c.coverage, "%.0f%%"), c.groups_in_order ? "  顺序合计划" : "  顺序不合计划",
                    origin_in_words(c.origin), "  ", verdict_in_words(c), "\n");
  }
  if (written.dropped > 0) table += concat("  另有 ", written.dropped, " 条未通过检查，已去掉：", faults_in_words(written.dropped_faults), "\n");
  return table;
}

}  // namespace vitrine::recipes
