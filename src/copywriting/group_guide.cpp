#include "copywriting/group_guide.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace vitrine::copywriting {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

class GroupGuide : public generation::SequenceGuide {
 public:
  GroupGuide(int32_t text_id, std::vector<PointTokens> open, bool may_be_empty) : text_id_(text_id), open_(std::move(open)), may_be_empty_(may_be_empty) {}

  void process(std::span<float> logits) override {
    std::vector<std::pair<int32_t, float>> kept;
    for (const int32_t token : allowed()) kept.emplace_back(token, logits[static_cast<size_t>(token)]);
    std::fill(logits.begin(), logits.end(), kNever);
    for (const auto& [token, logit] : kept) logits[static_cast<size_t>(token)] = logit;
  }

  void push(int32_t token) override {
    if (token == text_id_) {
      done_ = true;
    } else if (!key_) {
      key_ = token;
    } else {
      const auto chosen = std::find_if(open_.begin(), open_.end(), [&](const PointTokens& point) { return point.key == *key_ && point.value == token; });
      if (chosen != open_.end()) open_.erase(chosen);
      ++num_chosen_;
      key_.reset();
    }
  }

  bool finished() const override { return done_; }
  std::unique_ptr<generation::SequenceGuide> clone() const override { return std::make_unique<GroupGuide>(*this); }

 private:
  std::vector<int32_t> allowed() const {
    std::vector<int32_t> tokens;
    for (const auto& point : open_) {
      if (key_ && point.key == *key_) tokens.push_back(point.value);
      if (!key_ && num_chosen_ < kMostPointsOfSentence) tokens.push_back(point.key);
    }
    const bool may_end = num_chosen_ > 0 || may_be_empty_ || open_.empty();
    if (!key_ && may_end) tokens.push_back(text_id_);
    return tokens;
  }

  int32_t text_id_;
  std::vector<PointTokens> open_;
  bool may_be_empty_;
  std::optional<int32_t> key_;  // chosen, its value is next
  int num_chosen_ = 0;
  bool done_ = false;
};

}  // namespace

PointTokens point_tokens(const PromptFormat& format, const PromptPoint& point, const Prompt& prompt) {
  const auto ids = format.encode_group({point}, prompt);  // <|group|> key value <|text|>
  return {ids[1], ids[2]};
}

std::unique_ptr<generation::SequenceGuide> make_group_guide(const PromptFormat& format, std::vector<PointTokens> open, bool may_be_empty) {
  return std::make_unique<GroupGuide>(format.text_id(), std::move(open), may_be_empty);
}

std::vector<size_t> chosen_points(std::span<const PointTokens> open, std::span<const int32_t> tokens) {
  std::vector<size_t> chosen;
  for (size_t t = 0; t + 1 < tokens.size(); t += 2) {
    const auto found = std::find_if(open.begin(), open.end(), [&](const PointTokens& point) { return point.key == tokens[t] && point.value == tokens[t + 1]; });
    if (found != open.end()) chosen.push_back(static_cast<size_t>(found - open.begin()));
  }
  return chosen;
}

}  // namespace vitrine::copywriting
