#include "copywriting/copy_writer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/compressed.h"
#include "base/error.h"
#include "checks/checker.h"
#include "checks/fixer.h"
#include "checks/output_faults.h"
#include "checks/tsv_rules.h"
#include "copywriting/fields.h"
#include "copywriting/subject.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr int kRepeatedPositions = 4;

/// Leaves the points that the operator's plan names.
void keep_only(const std::vector<std::string>& points, Plan& plan) {
  std::erase_if(plan.points, [&](const SellingPoint& point) {
    return std::find(points.begin(), points.end(), point.key + "#" + point.value) == points.end();
  });
}

/// An open plan: what each sentence says is left to the model.
void put_into_one_group(Plan& plan) {
  plan.groups = {std::vector<int>(plan.points.size())};
  std::iota(plan.groups.front().begin(), plan.groups.front().end(), 0);
}

/// Whether a wish means the attribute: as `points` prints it (canonical), or as the operator wrote it.
bool is_pair(const std::string& wish, const data::Attribute& a) {
  return wish == a.key + "#" + a.val || wish == a.key + "#" + a.val_raw || wish == a.key_raw + "#" + a.val_raw;
}

/// Takes out what the operator does not want said; the subject stays.
void drop_points(const std::vector<std::string>& drops, Plan& plan) {
  std::erase_if(plan.points, [&](const SellingPoint& point) {
    return point.order > 0 && std::find(drops.begin(), drops.end(), point.key + "#" + point.value) != drops.end();
  });
  for (size_t i = 0; i < plan.points.size(); ++i) plan.points[i].order = static_cast<int>(i);
}

/// Rows of id (or product_id) and text, or lines of `write`, of which the first candidate counts.
std::shared_ptr<const CatalogueIndex> read_catalogue(const std::string& path, double limit) {
  auto index = std::make_shared<CatalogueIndex>(CatalogueConfig{.limit = limit});
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
    index->add(json[id].get<std::string>(), holder["text"].get<std::string>());
  }
  return index;
}

}  // namespace

std::shared_ptr<const WriterRules> WriterRules::load() {
  return std::make_shared<const WriterRules>(WriterRules{TemplateBank::load(), data::AttributeNormalizer::load()});
}

RandomKey candidate_key(int64_t seed, const std::string& product_id, int index) {
  return RandomKey(static_cast<uint64_t>(seed)).fold_in(product_id).fold_in(static_cast<uint64_t>(index));
}

CopyWriter::CopyWriter(const WriteConfig& config, PointWishes wishes) : config_(config), wishes_(std::move(wishes)) {
  config_.validate();
  context_ = {.platform = config_.platform, .style = config_.style, .today = checks::today()};
  context_.field = config_.field;
  if (config_.style_rules && config_.field == "description") style_ = &StyleRules::shipped().at(config_.style);
  if (!config_.events.empty()) events_ = read_events(config_.events);
}

CopyWriter::CopyWriter(const WriteConfig& config, const CopyModel* model, const std::vector<data::Product>& training_rows,
                       PointWishes wishes)
    : CopyWriter(config, std::move(wishes)) {
  VITRINE_REQUIRE(model != nullptr || !config_.baseline.empty(), "[CopyWriter] no model and no baseline");
  rules_ = WriterRules::load();
  if (model != nullptr) own_models_ = std::make_unique<OwnModels>(*model);
  models_ = own_models_.get();
  if (!config_.catalogue.empty()) accepted_ = read_catalogue(config_.catalogue, config_.max_likeness);
  use_statistics(training_rows);
  if (config_.baseline == "retrieval") retrieval_.emplace(std::span(training_rows));
}

CopyWriter::CopyWriter(const WriteConfig& config, WriterParts parts, PointWishes wishes) : CopyWriter(config, std::move(wishes)) {
  VITRINE_REQUIRE(config_.baseline != "retrieval", "[CopyWriter] baseline retrieval: its rows are not shared");
  VITRINE_REQUIRE(parts.models != nullptr || !config_.baseline.empty(), "[CopyWriter] no model and no baseline");
  rules_ = std::move(parts.rules);
  models_ = parts.models;
  accepted_ = std::move(parts.accepted);
  if (!accepted_ && !config_.catalogue.empty()) accepted_ = read_catalogue(config_.catalogue, config_.max_likeness);
  use_statistics({});
}

/// Those of the model where there is one.
void CopyWriter::use_statistics(const std::vector<data::Product>& training_rows) {
  if (models_ == nullptr) {
    own_statistics_ = std::make_unique<data::AttributeStatistics>();
    for (const auto& row : training_rows) own_statistics_->add(row);
  }
  statistics_ = models_ == nullptr ? own_statistics_.get() : &models_->copy().statistics;
}

CopyWriter::Prepared CopyWriter::prepared(const data::Product& product) const {
  data::Product normalized = product;
  if (config_.normalize) rules_->normalizer.normalize(normalized);
  Prepared prepared{normalized, checks::Evidence(normalized, context_.today), {}, {}, {}};
  data::Product& copy = prepared.product;
  if (!config_.polish.empty()) keep_stated(config_.polish, prepared);
  if (const auto wished = wishes_.points.find(product.id); wished != wishes_.points.end()) fix_points(wished->second, prepared);
  prepared.drops = dropped_pairs(copy);
  // Canonical keys, but the operator's own wording of the values: 15:00后 must not become 15:00.
  for (auto& attribute : copy.attributes) attribute.val = attribute.val_raw;
  give_up_unknown_category(*statistics_, copy);
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
    const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const data::Attribute& a) { return is_pair(wish, a); });
    const Subject subject = find_subject(prepared.product);
    if (found != attributes.end()) {
      points.push_back(found->key + "#" + found->val_raw);
    } else if (wish == subject.key + "#" + subject.value) {
      points.push_back(wish);
    } else if (prepared.error.empty()) {
      prepared.error = concat("计划里的要点“", wish, "”不是这个商品的属性");
    }
  }
}

/// The pairs that the operator's drops name, as the plan says them.
std::vector<std::string> CopyWriter::dropped_pairs(const data::Product& product) const {
  std::vector<std::string> pairs;
  for (const auto& a : product.attributes) {
    const bool is_dropped = std::any_of(wishes_.drops.begin(), wishes_.drops.end(), [&](const std::string& wish) {
      return wish == a.key || wish == a.key_raw || is_pair(wish, a);
    });
    if (is_dropped) pairs.push_back(a.key + "#" + a.val_raw);
  }
  return pairs;
}

WrittenProduct CopyWriter::planned(const Prepared& prepared) const {
  WrittenProduct written;
  written.id = prepared.product.id;
  written.error = prepared.error;
  written.plan = plan_of(prepared);
  decide_events(prepared.product, written);
  written.origin = config_.baseline.empty() ? "model" : config_.baseline;
  if (written.origin == "model" && !model_knows(prepared.product)) {
    written.origin = "template";
    written.note = concat("类目“", written.plan.category, "”不在模型的训练数据里，以下为模板文案");
  }
  return written;
}

Plan CopyWriter::plan_of(const Prepared& prepared) const {
  PlanConfig plan_config = config_.plan;
  plan_config.idf_order = plan_config.idf_order && !config_.open_plan;
  const auto& order = prepared.points ? *prepared.points : wishes_.order;
  Plan plan = make_plan(prepared.product, *statistics_, plan_config, wishes_.pins, order);
  if (prepared.points) keep_only(*prepared.points, plan);
  if (!prepared.drops.empty()) drop_points(prepared.drops, plan);
  plan.style = config_.style;
  plan.platform = config_.platform;
  plan.audience = config_.audience;
  plan.length = style_ != nullptr && style_->transforms ? std::min(config_.length, style_->max_body) : config_.length;
  plan.keywords = config_.keywords;
  group_points(plan, config_.plan);
  if (config_.open_plan) put_into_one_group(plan);
  return plan;
}

Plan CopyWriter::plan(const data::Product& product) const { return plan_of(prepared(product)); }

/// The first event that the product supports is taken.
void CopyWriter::decide_events(const data::Product& product, WrittenProduct& written) const {
  bool is_taken = false;
  for (const auto& event : events_) {
    const auto decision = decide(event, product, context_.today);
    const bool taken = decision.accepted && !is_taken;
    is_taken = is_taken || taken;
    written.events.push_back({event.id, taken ? decision.clause : "", taken ? "" : decision.accepted ? "已有一个活动" : decision.reason});
  }
}

bool CopyWriter::model_knows(const data::Product& product) const {
  return statistics_->n(statistics_category(product, *statistics_)) >= config_.min_category_rows;
}

void CopyWriter::check(const Prepared& prepared, Candidate& candidate) const {
  // A value said twice repeats its own 4-grams; what a person would call repetition starts above that.
  candidate.faults = copy_faults(candidate.text, prepared.product);
  if (accepted_) candidate.likeness = 0;
  if (!candidate.faults.empty() && candidate.faults.front() == "bad_utf8") return;
  const auto& checker = checks::Checker::shipped();
  candidate.report = checker.check(candidate.text, prepared.evidence, context_);
  const std::string complete = checks::with_mandatory_sentences(candidate.report);
  if (config_.check && complete != candidate.text) {
    candidate.text = complete;
    candidate.report = checker.check(candidate.text, prepared.evidence, context_);
  }
  if (!accepted_) return;
  candidate.like.reset();
  const auto match = accepted_->nearest(candidate.text, prepared.product.id);
  candidate.likeness = match ? match->rouge_l : 0;
  if (match && match->rouge_l >= config_.max_likeness) candidate.like = accepted_->product_id(match->index);
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

/// Whether the product's candidates are there, or cannot be.
bool CopyWriter::fill_without_model(const Prepared& prepared, WrittenProduct& written) const {
  if (!written.error.empty()) return true;
  if (prepared.product.attributes.empty()) {
    written.error = "商品没有属性";
  } else if (config_.field != "description") {
    fill_titles(prepared, written);
  } else if (written.origin == "template") {
    fill_from_bank(prepared, written);
  } else if (written.origin == "retrieval") {
    fill_from_rows(prepared, written);
  } else {
    return false;
  }
  for (Candidate& candidate : written.candidates) complete(prepared, written, candidate);
  return true;
}

void CopyWriter::fill_from_bank(const Prepared& prepared, WrittenProduct& written) const {
  const data::Product& product = prepared.product;
  for (int i = 0; i < config_.num_return_sequences; ++i) {
    Candidate candidate;
    candidate.index = i;
    candidate.origin = "template";
    candidate.text = write_from_template(rules_->bank, product, written.plan, candidate_key(config_.seed, product.id, i));
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
  const auto limit = limit_for(checks::Checker::shipped().lengths(), config_.platform, config_.field);
  const auto key = RandomKey(static_cast<uint64_t>(config_.seed)).fold_in(prepared.product.id);
  const auto titles = write_titles(prepared.product, written.plan, limit, key, config_.num_return_sequences);
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
  complete(prepared, written, candidate);
  written.candidates.push_back(std::move(candidate));
}

/// Everything that still changes its text.
void CopyWriter::complete(const Prepared& prepared, const WrittenProduct& written, Candidate& candidate) const {
  weave_in_event(prepared, written, candidate);
  fit_platform(prepared, written.plan, candidate);
}

/// The event goes into every candidate that the checks let leave with it.
void CopyWriter::weave_in_event(const Prepared& prepared, const WrittenProduct& written, Candidate& candidate) const {
  const auto taken = std::find_if(written.events.begin(), written.events.end(), [](const EventNote& note) { return !note.clause.empty(); });
  if (taken == written.events.end()) return;
  Candidate woven = candidate;
  woven.text = weave_in(candidate.plain_text(), taken->clause);
  if (candidate.unstyled.empty()) {
    check(prepared, woven);
  } else {
    style_and_check(prepared, written.plan, woven);
  }
  if (woven.may_leave()) candidate = std::move(woven);
}

/// Copy that is too long for the platform is cut at a boundary; what cannot be cut keeps its hit.
void CopyWriter::fit_platform(const Prepared& prepared, const Plan& plan, Candidate& candidate) const {
  const auto* limit = checks::Checker::shipped().lengths().find_limit(config_.platform, config_.field);
  if (limit == nullptr) return;
  if (style_ != nullptr) fit_plain(prepared, plan, *limit, candidate);
  const auto fitted = fit_text(candidate.text, prepared.product, plan, *limit);
  if (!fitted) {
    candidate.faults.push_back("does_not_fit");
  } else if (fitted->after != candidate.text) {
    candidate.text = fitted->after;
    check(prepared, candidate);
  }
}

void CopyWriter::finish(const Prepared& prepared, WrittenProduct& written) const {
  const data::Product& product = prepared.product;
  order_candidates(written.candidates, product, written.plan, config_.order);
  if (config_.check) {
    for (const auto& candidate : written.candidates) {
      for (const auto& reason : reasons_of(candidate)) ++written.dropped_faults[reason];
    }
    written.dropped = static_cast<int>(std::erase_if(written.candidates, [](const Candidate& c) { return !c.may_leave(); }));
  }
  written.saved = static_cast<int>(std::count_if(written.candidates.begin(), written.candidates.end(), [](const Candidate& c) {
    return c.turned > 0 && c.may_leave();
  }));
  written.likeness = mean_pairwise_rouge_l(written.candidates);
  if (written.candidates.empty() && written.error.empty()) {
    written.error = concat("所有候选文案都未通过检查：", faults_in_words(written.dropped_faults));
  }
}

std::vector<WrittenProduct> CopyWriter::write(std::span<const data::Product> products, const WriteWatch& watch) {
  std::vector<Prepared> prepared_products;
  std::vector<WrittenProduct> written;
  for (const auto& product : products) {
    prepared_products.push_back(prepared(product));
    written.push_back(planned(prepared_products.back()));
  }
  ModelWork work{prepared_products, std::vector<WrittenProduct*>(products.size(), nullptr), watch};
  for (size_t i = 0; i < products.size(); ++i) {
    if (!fill_without_model(prepared_products[i], written[i])) work.written[i] = &written[i];
  }
  fill_from_model(work);
  for (size_t i = 0; i < products.size(); ++i) add_polished(prepared_products[i], written[i]);
  rank(prepared_products, written);
  for (size_t i = 0; i < products.size(); ++i) finish(prepared_products[i], written[i]);
  return written;
}

Candidate CopyWriter::best_of(std::vector<Candidate> candidates, const data::Product& product, const Plan& plan,
                              bool by_verdict) const {
  if (by_verdict) {
    order_candidates(candidates, prepared(product).product, plan, config_.order);
    return candidates.front();
  }
  std::vector<Candidate> blind = candidates;
  for (Candidate& candidate : blind) candidate.report = {}, candidate.faults.clear();
  order_candidates(blind, prepared(product).product, plan, config_.order);
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

}  // namespace vitrine::copywriting
