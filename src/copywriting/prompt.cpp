#include "copywriting/prompt.h"

#include <algorithm>

#include "base/error.h"
#include "text/byte_level.h"
#include "text/utf8.h"

namespace vitrine::copywriting {
namespace {

constexpr std::string_view kText = "<|text|>", kGroup = "<|group|>", kOtherKey = "<|key|>";
constexpr std::string_view kStyles[] = {"taobao", "douyin", "xiaohongshu", "jd"};
constexpr std::string_view kAudiences[] = {"women", "men"};
constexpr std::string_view kMenWords[] = {"男士", "男性", "男生", "型男", "男装", "绅士", "男人"};
constexpr std::string_view kWomenWords[] = {"女性", "女士", "女生", "女人", "少女", "淑女", "女神", "仙女", "名媛", "女孩"};

std::string numbered(std::string_view name, int number) { return concat("<|", name, ":", number, "|>"); }
std::string named(std::string_view name, std::string_view value) { return concat("<|", name, ":", value, "|>"); }

template <size_t N>
bool holds_any(std::string_view text, const std::string_view (&words)[N]) {
  return std::any_of(std::begin(words), std::end(words), [&](auto word) { return text.find(word) != std::string_view::npos; });
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::span<const std::string_view> copy_styles() { return kStyles; }

bool is_copy_style(std::string_view name) {
  return std::find(std::begin(kStyles), std::end(kStyles), name) != std::end(kStyles);
}

std::vector<std::string> control_tokens(const std::vector<std::string>& keys) {
  std::vector<std::string> tokens{std::string(kEndToken), std::string(kText), std::string(kGroup), std::string(kOtherKey)};
  for (int i = 0; i < kNumLengthClasses; ++i) tokens.push_back(numbered("len", i));
  for (int i = 0; i < kNumSlots; ++i) tokens.push_back(numbered("slot", i));
  for (const auto style : kStyles) tokens.push_back(named("style", style));
  for (const auto audience : kAudiences) tokens.push_back(named("audience", audience));
  for (const auto& key : keys) tokens.push_back(named("key", key));
  return tokens;
}

bool is_spellable_value(std::string_view value) {
  const auto latin = std::count_if(value.begin(), value.end(), [](char c) { return std::isalpha(static_cast<unsigned char>(c)); });
  const bool digit = std::any_of(value.begin(), value.end(), [](char c) { return std::isdigit(static_cast<unsigned char>(c)); });
  return !digit && latin <= 4;
}

std::string audience_of(std::string_view text) {
  const bool men = holds_any(text, kMenWords), women = holds_any(text, kWomenWords);
  if (men == women) return "";
  return men ? "men" : "women";
}

PromptFormat::PromptFormat(const text::Tokenizer& tokenizer) : tokenizer_(tokenizer) {
  end_id_ = tokenizer.special().eos ? *tokenizer.special().eos : id_of(kEndToken);
  text_id_ = id_of(kText);
  group_id_ = id_of(kGroup);
  other_key_id_ = id_of(kOtherKey);
  for (int i = 0; i < kNumLengthClasses; ++i) length_ids_.push_back(id_of(numbered("len", i)));
  for (int i = 0; i < kNumSlots; ++i) slot_ids_.push_back(id_of(numbered("slot", i)));
  control_.resize(static_cast<size_t>(tokenizer.vocab_size()));
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    std::string added;
    tokenizer.append_text(added, id);
    control_[static_cast<size_t>(id)] = added.empty() && !slot_of(id);
  }
}

int32_t PromptFormat::id_of(std::string_view token) const {
  const auto id = tokenizer_.token_to_id(token);
  if (!id) throw Corrupt(concat("[PromptFormat] vocabulary lacks the control token ", token));
  return *id;
}

int32_t PromptFormat::length_id(int length) const {
  return length_ids_[static_cast<size_t>(std::clamp(length / kLengthStep, 0, kNumLengthClasses - 1))];
}

std::optional<int> PromptFormat::slot_of(int32_t id) const {
  const auto found = std::find(slot_ids_.begin(), slot_ids_.end(), id);
  if (found == slot_ids_.end()) return std::nullopt;
  return static_cast<int>(found - slot_ids_.begin());
}

bool PromptFormat::is_control(int32_t id) const { return control_[static_cast<size_t>(id)]; }

bool PromptFormat::has_key_token(std::string_view key) const { return tokenizer_.token_to_id(named("key", key)).has_value(); }

std::optional<int32_t> PromptFormat::value_token(std::string_view value) const {
  if (!is_spellable_value(value) || !text::is_valid_utf8(value)) return std::nullopt;
  if (text::count_code_points(value) > 1) return tokenizer_.token_to_id(value);
  const auto ids = tokenizer_.encode(value);
  if (ids.size() != 1) return std::nullopt;
  std::string spelt;  // an unknown token spells nothing
  tokenizer_.append_text(spelt, ids.front());
  return spelt == value ? std::optional(ids.front()) : std::nullopt;
}

std::vector<int32_t> open_list(const Prompt& prompt) {
  const auto& list = prompt.groups.front();
  return {list.begin(), list.end() - 1};
}

std::vector<int32_t> Prompt::first_ids() const {
  std::vector<int32_t> ids = header;
  if (!groups.empty()) ids.insert(ids.end(), groups.front().begin(), groups.front().end());
  return ids;
}

void PromptFormat::append_point(const PromptPoint& point, const std::map<std::string, int>& forced_slots, Prompt& prompt,
                                std::vector<int32_t>& ids) const {
  ids.push_back(tokenizer_.token_to_id(named("key", point.key)).value_or(other_key_id_));
  const auto append_slot = [&](int slot) {
    prompt.slots[slot] = point.value;
    ids.push_back(slot_id(slot));
  };
  if (const auto forced = forced_slots.find(point.value); forced != forced_slots.end()) {
    append_slot(forced->second);
  } else if (const auto token = value_token(point.value)) {
    ids.push_back(*token);
  } else {
    int slot = 0;
    while (prompt.slots.contains(slot) && prompt.slots.at(slot) != point.value) ++slot;
    VITRINE_REQUIRE(slot < kNumSlots, "[PromptFormat::encode] more than ", kNumSlots,
                    " values outside the vocabulary; the next is '", point.value, "'");
    append_slot(slot);
  }
}

Prompt PromptFormat::encode(const PromptPlan& plan, const std::map<std::string, int>& forced_slots) const {
  Prompt prompt;
  auto& ids = prompt.header;
  ids.push_back(end_id_);
  const auto category_ids = tokenizer_.encode(plan.category);
  ids.insert(ids.end(), category_ids.begin(), category_ids.end());
  if (const auto style = tokenizer_.token_to_id(named("style", plan.style))) ids.push_back(*style);
  if (const auto audience = tokenizer_.token_to_id(named("audience", plan.audience))) ids.push_back(*audience);
  ids.push_back(length_id(plan.length));
  for (const auto& group : plan.groups) {
    std::vector<int32_t> group_ids{group_id_};
    for (const auto& point : group) append_point(point, forced_slots, prompt, group_ids);
    group_ids.push_back(text_id_);
    prompt.groups.push_back(std::move(group_ids));
  }
  return prompt;
}

std::vector<int32_t> PromptFormat::encode_group(const std::vector<PromptPoint>& points, const Prompt& prompt) const {
  std::map<std::string, int> slots;
  for (const auto& [slot, value] : prompt.slots) slots[value] = slot;
  Prompt one;
  std::vector<int32_t> ids{group_id_};
  for (const auto& point : points) append_point(point, slots, one, ids);
  ids.push_back(text_id_);
  return ids;
}

std::vector<int32_t> PromptFormat::encode_sentence(std::string_view sentence, const std::map<int, std::string>& slots) const {
  std::string marked(sentence);
  for (const auto& [slot, value] : slots) replace_all(marked, value, numbered("slot", slot));
  return tokenizer_.encode(marked);
}

std::string PromptFormat::decode_copy(std::span<const int32_t> ids, const std::map<int, std::string>& slots) const {
  std::string copy;
  bool in_group = false;
  for (const int32_t id : ids) {
    if (id == group_id_) in_group = true;
    if (id == text_id_) in_group = false;
    if (in_group) continue;
    const auto slot = slot_of(id);
    const auto value = slot ? slots.find(*slot) : slots.end();
    if (value != slots.end()) copy += value->second;
    tokenizer_.append_text(copy, id);
  }
  return text::replace_invalid_utf8(copy);
}

}  // namespace vitrine::copywriting
