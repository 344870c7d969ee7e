#include "copywriting/training_set.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr std::string_view kTypeKey = "类型";

std::vector<PromptPoint> points_of(const data::Product& product) {
  std::vector<PromptPoint> points;
  for (const auto& attribute : product.attributes) {
    if (attribute.key != kTypeKey) points.push_back({attribute.key, attribute.val});
  }
  return points;
}

/// A value said by an earlier sentence is not a point of a later one.
void drop_repeated_points(std::vector<AlignedSentence>& sentences) {
  std::set<std::string> said;
  for (auto& sentence : sentences) {
    std::erase_if(sentence.points, [&](const PromptPoint& p) { return !said.insert(p.value).second; });
  }
}

std::map<std::string, int> choose_slots(const CopyDocument& document, RandomStream& random) {
  std::vector<std::string> values;
  for (const auto& sentence : document.sentences) {
    for (const auto& point : sentence.points) values.push_back(point.value);
  }
  random.shuffle(values);
  values.resize(std::min<size_t>(values.size(), 1 + random.below(2)));
  std::vector<int> slots(kNumSlots);
  for (int i = 0; i < kNumSlots; ++i) slots[static_cast<size_t>(i)] = i;
  random.shuffle(slots);
  std::map<std::string, int> chosen;
  for (size_t i = 0; i < values.size(); ++i) chosen[values[i]] = slots[i];
  return chosen;
}

int length_of(const CopyDocument& document) {
  int length = 0;
  for (const auto& sentence : document.sentences) length += static_cast<int>(text::count_code_points(sentence.text));
  return length;
}

void append(TrainingSequence& sequence, const std::vector<int32_t>& ids, bool predicted) {
  sequence.input_ids.insert(sequence.input_ids.end(), ids.begin(), ids.end());
  sequence.predicted.resize(sequence.input_ids.size(), predicted);
}

/// Header, then each sentence behind its group, then the end token.
TrainingSequence sequence_of(const PromptFormat& format, const CopyDocument& document, const PromptPlan& plan,
                             const std::map<std::string, int>& forced_slots) {
  const Prompt prompt = format.encode(plan, forced_slots);
  TrainingSequence sequence;
  append(sequence, prompt.header, false);
  for (size_t i = 0; i < document.sentences.size(); ++i) {
    append(sequence, prompt.groups[i], false);
    append(sequence, format.encode_sentence(document.sentences[i].text, prompt.slots), true);
  }
  append(sequence, {format.end_id()}, true);
  return sequence;
}

/// Sentences are mixed within a category and a style.
std::string pool_of(const CopyDocument& document) { return document.category + "\n" + document.style; }

std::vector<PromptPoint> listed(std::vector<PromptPoint> said, const std::vector<PromptPoint>& list) {
  std::erase_if(said, [&](const PromptPoint& point) {
    return std::none_of(list.begin(), list.end(), [&](const PromptPoint& p) { return p.key == point.key && p.value == point.value; });
  });
  return said;
}

PromptPlan plan_of(const CopyDocument& document, int length) {
  return {.category = document.category, .style = document.style, .audience = document.audience,
          .length = length > 0 ? length : length_of(document), .groups = {}};
}

}  // namespace

TrainingSequence planned_sequence(const PromptFormat& format, const CopyDocument& document,
                                  const std::map<std::string, int>& forced_slots) {
  PromptPlan plan = plan_of(document, 0);
  for (const auto& sentence : document.sentences) plan.groups.push_back(sentence.points);
  return sequence_of(format, document, plan, forced_slots);
}

TrainingSequence open_sequence(const PromptFormat& format, const CopyDocument& document,
                               const std::vector<PromptPoint>& points, int length,
                               const std::map<std::string, int>& forced_slots, bool groups) {
  PromptPlan plan = plan_of(document, length);
  plan.groups.push_back(points);
  for (const auto& sentence : document.sentences) plan.groups.push_back(listed(sentence.points, points));
  const Prompt prompt = format.encode(plan, forced_slots);
  TrainingSequence sequence;
  append(sequence, prompt.header, false);
  append(sequence, open_list(prompt), false);
  for (size_t i = 0; i < document.sentences.size(); ++i) {
    append(sequence, {format.group_id()}, false);
    append(sequence, {prompt.groups[i + 1].begin() + 1, prompt.groups[i + 1].end()}, groups);
    append(sequence, format.encode_sentence(document.sentences[i].text, prompt.slots), true);
  }
  append(sequence, {format.end_id()}, true);
  return sequence;
}

std::vector<PromptPoint> points_said(const CopyDocument& document) {
  std::vector<PromptPoint> points;
  for (const auto& sentence : document.sentences) points.insert(points.end(), sentence.points.begin(), sentence.points.end());
  return points;
}

std::string style_of(const data::Product& product) {
  const auto found = product.extra.find("style");
  if (found == product.extra.end()) return "taobao";
  VITRINE_REQUIRE(found->is_string() && is_copy_style(found->get<std::string>()), "[align_products] product ", product.id,
                  " (", product.source.file, " row ", product.source.row, "), field style: expected taobao, douyin, xiaohongshu or jd, got ", dump_line(*found));
  return found->get<std::string>();
}

std::vector<CopyDocument> align_products(const std::vector<data::Product>& products,
                                         const std::vector<std::string>& other_terms) {
  std::vector<CopyDocument> documents;
  for (const auto& product : products) {
    if (product.summary.empty()) continue;
    documents.push_back({data::category_of(product), audience_of(product.summary),
                         align_points(product.summary, points_of(product), other_terms), style_of(product)});
  }
  return documents;
}

std::vector<std::string> value_tokens(const std::vector<data::Product>& products, int min_products) {
  std::map<std::string, int> counts;
  for (const auto& product : products) {
    std::set<std::string> values;
    for (const auto& attribute : product.attributes) values.insert(attribute.val);
    for (const auto& value : values) ++counts[value];
  }
  std::vector<std::string> tokens;
  for (const auto& [value, count] : counts) {
    if (count >= min_products && text::count_code_points(value) >= 2 && is_spellable_value(value)) tokens.push_back(value);
  }
  return tokens;
}

CopyTrainingSet::CopyTrainingSet(std::vector<CopyDocument> documents, const PromptFormat& format, AugmentConfig config)
    : documents_(std::move(documents)), format_(format), config_(config) {
  for (const auto& document : documents_) {
    for (size_t i = 1; i < document.sentences.size(); ++i) {
      later_sentences_[pool_of(document)].push_back(&document.sentences[i]);
    }
  }
}

std::vector<TrainingSequence> CopyTrainingSet::plain() const {
  std::vector<TrainingSequence> sequences;
  for (size_t i = 0; i < documents_.size(); ++i) {
    sequences.push_back(planned_sequence(format_, documents_[i]));
    if (config_.open_plan == 0) continue;
    auto points = points_said(documents_[i]);
    RandomStream random(RandomKey(i).fold_in("open plan"));
    random.shuffle(points);
    sequences.push_back(open_sequence(format_, documents_[i], points));
  }
  return sequences;
}

CopyDocument CopyTrainingSet::augment(const CopyDocument& document, RandomStream& random) const {
  CopyDocument result = document;
  auto& sentences = result.sentences;
  if (sentences.size() > 1 && random.uniform() < config_.mix_sentences) {
    const auto& pool = later_sentences_.at(pool_of(document));
    sentences[1 + random.below(sentences.size() - 1)] = *pool[random.below(pool.size())];
    drop_repeated_points(sentences);
  }
  if (sentences.size() > 2 && random.uniform() < config_.drop_sentence) {
    sentences.erase(sentences.begin() + 1 + static_cast<std::ptrdiff_t>(random.below(sentences.size() - 1)));
  }
  for (auto& sentence : sentences) {
    if (random.uniform() < config_.shuffle_points) random.shuffle(sentence.points);
  }
  return result;
}

std::map<std::string, int> CopyTrainingSet::draw_slots(const CopyDocument& document, RandomStream& random) const {
  return random.uniform() < config_.slot_values ? choose_slots(document, random) : std::map<std::string, int>{};
}

std::vector<TrainingSequence> CopyTrainingSet::augmented(RandomKey key) const {
  std::vector<TrainingSequence> sequences;
  for (size_t i = 0; i < documents_.size(); ++i) {
    RandomStream random(key.fold_in(i));
    const CopyDocument document = augment(documents_[i], random);
    const auto slots = draw_slots(document, random);
    if (config_.open_plan > 0 && random.uniform() < config_.open_plan) {
      auto points = points_said(document);
      random.shuffle(points);
      sequences.push_back(open_sequence(format_, document, points, 0, slots));
    } else {
      sequences.push_back(planned_sequence(format_, document, slots));
    }
  }
  return sequences;
}

int64_t CopyTrainingSet::num_code_points() const {
  int64_t count = 0;
  for (const auto& document : documents_) {
    count += length_of(document);
  }
  return config_.open_plan > 0 ? 2 * count : count;
}

}  // namespace vitrine::copywriting
