// copywriting/prompt.h - how a plan becomes the tokens that the copy model reads, and back to text.
//
// <|endoftext|> category <|style:…|> <|audience:…|> <|len:n|>
//   ( <|group|> (<|key:K|> value)* <|text|> sentence )+  <|endoftext|>
// The points of a sentence stand right before it, so that they are near when they are said: the planner's choice, or, after
// an open plan (a list <|group|> (<|key:K|> value)* of all points behind the header), the model's own. A value
// is one whole token where the vocabulary holds it; else, and always for numbers and Latin names, it
// is a slot: <|slot:i|> in prompt and copy, filled with the operator's own characters after decoding.
// So the model cannot misspell or invent it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "copywriting/alignment.h"
#include "text/tokenizer.h"

namespace vitrine::copywriting {

constexpr int kNumSlots = 16;
constexpr int kLengthStep = 16;      // code points a length class
constexpr int kNumLengthClasses = 16;
constexpr std::string_view kEndToken = "<|endoftext|>";  // where the tokenizer names no eos token
constexpr std::string_view kPromptFormat = "groups-2";  // written to vitrine.json

/// The styles that have a control token: taobao, douyin, xiaohongshu, jd.
std::span<const std::string_view> copy_styles();
bool is_copy_style(std::string_view name);

/// What the prompt states; the part of a plan that the model sees.
struct PromptPlan {
  std::string category;   // 裙, 上衣, 裤
  std::string style = "taobao";
  std::string audience;   // "", women, men
  int length = 110;       // code points wanted
  std::vector<std::vector<PromptPoint>> groups;  // one a sentence
};

/// Control tokens that every copy vocabulary holds (kEndToken unless it has an eos token), then one <|key:K|> for each of `keys`.
std::vector<std::string> control_tokens(const std::vector<std::string>& keys);

/// Whether a value may be a token: numbers and Latin names of more than four letters are facts that
/// must be copied sign by sign, so they never are.
bool is_spellable_value(std::string_view value);

/// "men", "women" or "" by the words of a human text: the label of the audience field.
std::string audience_of(std::string_view text);

/// What the model is given of a plan, and when. An open plan has one group, the list.
struct Prompt {
  std::vector<int32_t> header;                // before the first group
  std::vector<std::vector<int32_t>> groups;   // <|group|> … <|text|>, each before its sentence
  std::map<int, std::string> slots;           // slot number → value

  /// Header and first group: what stands before the first sentence.
  std::vector<int32_t> first_ids() const;
};

/// The list of an open plan: its first group without <|text|>.
std::vector<int32_t> open_list(const Prompt& prompt);

/// Turns plans into prompts with one tokenizer. Immutable, thread-safe; the tokenizer must outlive it.
class PromptFormat {
 public:
  /// Throws Corrupt when the vocabulary lacks a control token.
  explicit PromptFormat(const text::Tokenizer& tokenizer);

  /// forced_slots: values that are to be slots although the vocabulary could spell them (training).
  /// More than kNumSlots slot values: throws InvalidInput, naming the value.
  Prompt encode(const PromptPlan& plan, const std::map<std::string, int>& forced_slots = {}) const;

  /// A sentence as tokens, slot values replaced by their slots.
  std::vector<int32_t> encode_sentence(std::string_view sentence, const std::map<int, std::string>& slots) const;

  /// <|group|> points <|text|>, before a sentence that `prompt` had not planned; the slots are those of `prompt`.
  std::vector<int32_t> encode_group(const std::vector<PromptPoint>& points, const Prompt& prompt) const;

  /// <|group|> <|text|>: before a sentence without points.
  std::vector<int32_t> empty_group() const { return {group_id_, text_id_}; }

  /// Tokens after first_ids() as text: groups and control tokens left out, slots filled. A slot that the
  /// prompt did not use gives "".
  std::string decode_copy(std::span<const int32_t> ids, const std::map<int, std::string>& slots) const;

  /// Whether the model has learned points of this key.
  bool has_key_token(std::string_view key) const;
  /// The value as one token that spells it; nothing when it needs a slot.
  std::optional<int32_t> value_token(std::string_view value) const;

  int32_t end_id() const { return end_id_; }
  int32_t other_key_id() const { return other_key_id_; }  // <|key|>
  int32_t group_id() const { return group_id_; }           // <|group|>
  int32_t text_id() const { return text_id_; }             // <|text|>
  int32_t length_id(int length) const;                     // <|len:i|> of a text or place of so many code points
  int32_t slot_id(int slot) const { return slot_ids_[static_cast<size_t>(slot)]; }
  std::optional<int> slot_of(int32_t id) const;
  bool is_control(int32_t id) const;  // any token that must not stand in copy; slots are not
  const text::Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  int32_t id_of(std::string_view token) const;
  void append_point(const PromptPoint& point, const std::map<std::string, int>& forced_slots, Prompt& prompt,
                    std::vector<int32_t>& ids) const;

  const text::Tokenizer& tokenizer_;
  int32_t end_id_ = 0, text_id_ = 0, group_id_ = 0, other_key_id_ = 0;
  std::vector<int32_t> length_ids_, slot_ids_;
  std::vector<bool> control_;  // [V]
};

}  // namespace vitrine::copywriting
