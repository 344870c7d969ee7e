#include "recipes/write.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "checks/claims.h"
#include "checks/output_faults.h"
#include "text/utf8.h"

namespace vitrine::recipes {
namespace {

using copywriting::Candidate;
using copywriting::Plan;
using copywriting::PromptPoint;

constexpr int kRepeatedPositions = 4;
constexpr std::string_view kStyles[] = {"taobao", "douyin", "xiaohongshu", "jd"};
constexpr std::string_view kAudiences[] = {"", "women", "men"};

template <size_t N>
void require_one_of(std::string_view field, std::string_view value, const std::string_view (&allowed)[N]) {
  std::string names;
  for (const auto name : allowed) names += concat(names.empty() ? "" : "|", name.empty() ? "(empty)" : name);
  if (std::find(std::begin(allowed), std::end(allowed), value) != std::end(allowed)) return;
  throw UsageError(concat("[write] ", field, ": expected ", names, ", got '", value, "'"));
}

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

std::string fixed(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

void WriteConfig::validate() const {
  check_config(*this, "write");
  require_one_of("style", style, kStyles);
  require_one_of("audience", audience, kAudiences);
  static constexpr std::string_view kBaselines[] = {"", "template", "retrieval"};
  require_one_of("baseline", baseline, kBaselines);
}

CopyWriter::CopyWriter(const WriteConfig& config, const copywriting::CopyModel* model,
                       const std::vector<data::Product>& training_rows, PointWishes wishes)
    : config_(config), model_(model), bank_(copywriting::TemplateBank::load()), wishes_(std::move(wishes)) {
  config_.validate();
  VITRINE_REQUIRE(model_ != nullptr || !config_.baseline.empty(), "[CopyWriter] no model and no baseline");
  if (config_.normalize) normalizer_ = data::AttributeNormalizer::load();
  if (model_ != nullptr) {
    statistics_ = model_->statistics;
  } else {
    for (const auto& row : training_rows) statistics_.add(row);
  }
  if (config_.baseline == "retrieval") retrieval_.emplace(std::span(training_rows));
}

data::Product CopyWriter::prepared(const data::Product& product) const {
  data::Product copy = product;
  if (normalizer_) normalizer_->normalize(copy);
  // Canonical keys, but the operator's own wording of the values: 15:00后 must not become 15:00.
  for (auto& attribute : copy.attributes) attribute.val = attribute.val_raw;
  // A shop's finer category (牛仔裤) that the model has not learned gives way to the product type (裤).
  const std::string known = copywriting::statistics_category(copy, statistics_);
  if (!known.empty() && known != data::category_of(copy)) copy.category_path.clear();
  return copy;
}

WrittenProduct CopyWriter::planned(const data::Product& product) const {
  WrittenProduct written;
  written.id = product.id;
  const auto wished = wishes_.points.find(product.id);
  const bool as_wished = wished != wishes_.points.end();
  written.plan = copywriting::make_plan(product, statistics_, config_.plan, wishes_.pins, as_wished ? wished->second : wishes_.order);
  if (as_wished) keep_only(wished->second, written.plan);
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

std::vector<std::string> CopyWriter::faults_of(const std::string& text, const data::Product& product) const {
  // A value said twice repeats its own 4-grams; what a person would call repetition starts above that.
  std::vector<std::string> faults = checks::output_faults(text, product, {.max_repeated_4grams = kRepeatedPositions});
  if (!faults.empty() && faults.front() == "bad_utf8") return faults;
  for (const auto& claim : checks::find_claims(text, product)) {
    if (checks::is_blocking(claim)) faults.push_back(concat("unsupported:", claim.value));
  }
  return faults;
}

/// One task a candidate, product after product.
std::vector<copywriting::CopyTask> CopyWriter::tasks_for(const data::Product& product, const WrittenProduct& written) const {
  const auto prompt_plan = prompt_plan_of(written.plan, copywriting::statistics_category(product, statistics_), *model_->format);
  auto prompt = std::make_shared<copywriting::Prompt>(model_->format->encode(prompt_plan));
  auto facts = std::make_shared<copywriting::GuideFacts>();
  facts->slots = prompt->slots;
  facts->banned = unsupported_terms(model_->vocabulary->fact_terms(), product);
  copywriting::CopyTask task;
  task.prompt = std::move(prompt);
  task.facts = std::move(facts);
  task.length = written.plan.length;
  for (const auto& group : prompt_plan.groups) {
    auto& values = task.points.emplace_back();
    for (const PromptPoint& point : group) values.push_back(point.value);
  }
  std::vector<copywriting::CopyTask> tasks;
  for (int i = 0; i < config_.num_return_sequences; ++i) {
    task.key = candidate_key(config_.seed, product.id, i);
    tasks.push_back(task);
  }
  return tasks;
}

void CopyWriter::fill_from_model(std::span<const data::Product> products, std::span<WrittenProduct* const> written) const {
  std::vector<copywriting::CopyTask> tasks;
  for (size_t i = 0; i < products.size(); ++i) {
    if (written[i] == nullptr) continue;
    for (auto& task : tasks_for(products[i], *written[i])) tasks.push_back(std::move(task));
  }
  if (tasks.empty()) return;
  const auto copies = copywriting::sample_copies(*model_, tasks, sampler_config_of(config_));
  size_t next = 0;
  for (size_t i = 0; i < products.size(); ++i) {
    if (written[i] == nullptr) continue;
    for (int index = 0; index < config_.num_return_sequences; ++index) {
      const auto& copy = copies[next++];
      Candidate candidate;
      candidate.index = index;
      candidate.text = copy.text + plain_sentence(written[i]->plan, *model_->format);
      candidate.tokens = copy.tokens;
      candidate.logprob = copy.logprob;
      candidate.faults = faults_of(candidate.text, products[i]);
      written[i]->candidates.push_back(std::move(candidate));
    }
  }
}

void CopyWriter::fill_from_bank(const data::Product& product, WrittenProduct& written) const {
  for (int i = 0; i < config_.num_return_sequences; ++i) {
    Candidate candidate;
    candidate.index = i;
    candidate.origin = "template";
    candidate.text = copywriting::write_from_template(bank_, product, written.plan, candidate_key(config_.seed, product.id, i));
    candidate.faults = faults_of(candidate.text, product);
    written.candidates.push_back(std::move(candidate));
  }
}

void CopyWriter::fill_from_rows(const data::Product& product, WrittenProduct& written) const {
  Candidate candidate;
  candidate.origin = "retrieval";
  candidate.text = retrieval_->text(product);
  candidate.faults = faults_of(candidate.text, product);
  written.candidates.push_back(std::move(candidate));
}

void CopyWriter::finish(const data::Product& product, WrittenProduct& written) const {
  copywriting::order_candidates(written.candidates, product, written.plan, config_.order);
  if (config_.check) {
    written.dropped = static_cast<int>(std::erase_if(written.candidates, [](const Candidate& c) { return !c.faults.empty(); }));
  }
  written.likeness = copywriting::mean_pairwise_rouge_l(written.candidates);
  if (written.candidates.empty() && written.error.empty()) written.error = "所有候选文案都未通过检查";
}

std::vector<WrittenProduct> CopyWriter::write(std::span<const data::Product> products) {
  std::vector<data::Product> prepared_products;
  std::vector<WrittenProduct> written;
  for (const auto& product : products) {
    prepared_products.push_back(prepared(product));
    written.push_back(planned(prepared_products.back()));
  }
  std::vector<WrittenProduct*> for_model(products.size(), nullptr);
  for (size_t i = 0; i < products.size(); ++i) {
    const data::Product& product = prepared_products[i];
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
  for (size_t i = 0; i < products.size(); ++i) finish(prepared_products[i], written[i]);
  return written;
}

Json to_json(const WrittenProduct& written, const WriteConfig& config, const std::string& model_sha256) {
  Json line{{"id", written.id}, {"plan", copywriting::to_json(written.plan)}, {"candidates", Json::array()}};
  for (const auto& c : written.candidates) {
    Json scores{{"coverage", c.coverage}, {"agreement", c.agreement}};
    line["candidates"].push_back({{"index", c.index}, {"text", c.text}, {"tokens", c.tokens}, {"logprob", c.logprob},
                                  {"scores", scores}, {"origin", c.origin}, {"groups_in_order", c.groups_in_order},
                                  {"verdict", c.faults.empty() ? "no_hit" : "block"}, {"hits", c.faults}, {"claims", Json::array()}});
  }
  line["dropped"] = written.dropped;
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
                    c.origin == "model" ? "" : c.origin == "template" ? "  来源：模板" : "  来源：检索", "\n");
  }
  if (written.dropped > 0) table += concat("  另有 ", written.dropped, " 条未通过检查，已去掉\n");
  return table;
}

}  // namespace vitrine::recipes
