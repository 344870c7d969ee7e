// support/guides.h - guides that tests steer sequences with.
#pragma once
#include <algorithm>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "generation/sequence_guide.h"

namespace vitrine::test {

/// Allows one token at a time, from a list, then ends the sequence.
class Script : public generation::SequenceGuide {
 public:
  explicit Script(std::vector<int32_t> tokens) : tokens_(std::move(tokens)) {}
  void process(std::span<float> logits) override {
    for (size_t i = 0; i < logits.size(); ++i) {
      if (static_cast<int32_t>(i) != tokens_[pushed_.size()])
        logits[i] = -std::numeric_limits<float>::infinity();
    }
  }
  void push(int32_t token) override { pushed_.push_back(token); }
  bool finished() const override { return pushed_ == tokens_; }
  std::unique_ptr<generation::SequenceGuide> clone() const override {
    return std::make_unique<Script>(*this);
  }

 private:
  std::vector<int32_t> tokens_, pushed_;
};

class ForbidAll : public generation::SequenceGuide {
 public:
  void process(std::span<float> logits) override {
    std::fill(logits.begin(), logits.end(), -std::numeric_limits<float>::infinity());
  }
  void push(int32_t) override {}
  std::unique_ptr<generation::SequenceGuide> clone() const override {
    return std::make_unique<ForbidAll>(*this);
  }
};

/// Makes one token by far the likeliest.
class Favour : public generation::SequenceGuide {
 public:
  explicit Favour(int32_t token) : token_(token) {}
  void process(std::span<float> logits) override { logits[static_cast<size_t>(token_)] += 1000; }
  void push(int32_t) override {}
  std::unique_ptr<generation::SequenceGuide> clone() const override {
    return std::make_unique<Favour>(*this);
  }

 private:
  int32_t token_;
};

/// Has a state that matters: favours the token after the last one, and ends the sequence after
/// `most` even tokens.
class Counting : public generation::SequenceGuide {
 public:
  explicit Counting(int most) : most_(most) {}
  void process(std::span<float> logits) override {
    logits[static_cast<size_t>(last_ + 1) % logits.size()] += 1.5f;
    logits[static_cast<size_t>(last_)] = -std::numeric_limits<float>::infinity();
  }
  void push(int32_t token) override {
    last_ = token;
    even_ += token % 2 == 0;
  }
  bool finished() const override { return even_ == most_; }
  std::unique_ptr<generation::SequenceGuide> clone() const override {
    return std::make_unique<Counting>(*this);
  }

 private:
  int most_, even_ = 0;
  int32_t last_ = 0;
};

}  // namespace vitrine::test
