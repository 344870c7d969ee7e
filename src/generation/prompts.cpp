#include "generation/prompts.h"

#include <utility>

#include "generation/cached_tokens.h"

namespace vitrine::generation {
namespace {

/// How many of the prompt's tokens need not be computed: those it has in common with what is
/// cached, but for its last one, whose logits are wanted.
size_t tokens_in_common(const CachedTokens& cached, std::span<const int32_t> prompt) {
  const auto& tokens = cached.tokens();
  const size_t most = std::min(tokens.size(), prompt.size() - 1);
  size_t common = 0;
  while (common < most && tokens[common] == prompt[common]) ++common;
  return common;
}

}  // namespace

PromptRunner::PromptRunner(Gpt2Network& network, std::shared_ptr<KvPagePool> pages)
    : network_(network),
      pages_(std::move(pages)),
      V_(static_cast<size_t>(network.config().vocab_size)) {}

std::shared_ptr<const Prompt> PromptRunner::add(const Request& request) {
  const auto& [tokens, cached] = std::tie(request.prompt, request.cached);
  if (last_prompt_ != nullptr && tokens == last_tokens_) return last_prompt_;
  const size_t begin = cached == nullptr ? 0 : tokens_in_common(*cached, tokens);
  auto prompt = std::make_shared<Prompt>();
  prompt->cache = begin == 0 ? std::make_unique<KvCache>(*pages_)
                             : std::make_unique<KvCache>(cached->cache(), begin);
  prompt->cache->grow_to(tokens.size());
  waiting_.push_back({tokens, prompt, begin});
  last_prompt_ = prompt;
  last_tokens_ = tokens;
  return prompt;
}

void PromptRunner::run() {
  size_t first = 0, pass_rows = 0;  // of waiting_[first .. i)
  for (size_t i = 0; i < waiting_.size(); ++i) {
    const size_t rows = waiting_[i].tokens.size() - waiting_[i].begin;
    num_tokens_ += static_cast<int64_t>(rows);
    if (pass_rows + rows > kMaxRows) {
      run_pass(std::span(waiting_).subspan(first, i - first));
      first = i;
      pass_rows = 0;
    }
    pass_rows += rows;
  }
  run_pass(std::span(waiting_).subspan(first));
  waiting_.clear();
}

size_t PromptRunner::num_rows() const {
  size_t rows = 0;
  for (const Waiting& w : waiting_) rows += w.tokens.size() - w.begin;
  return rows;
}

void PromptRunner::append_rows(const Waiting& waiting, std::vector<TokenRow>& rows,
                               std::vector<size_t>& row_idxs) {
  for (size_t i = waiting.begin; i < waiting.tokens.size(); ++i)
    rows.push_back({.token = waiting.tokens[i], .cache = waiting.prompt->cache.get(), .idx = i});
  row_idxs.push_back(rows.size() - 1);
}

void PromptRunner::join(std::vector<TokenRow>& rows, std::vector<size_t>& row_idxs) {
  num_tokens_ += static_cast<int64_t>(num_rows());
  for (const Waiting& w : waiting_) append_rows(w, rows, row_idxs);
}

void PromptRunner::take(std::span<const float> logits) {
  for (size_t i = 0; i < waiting_.size(); ++i) {
    const auto own = logits.subspan(i * V_, V_);
    waiting_[i].prompt->logits.assign(own.begin(), own.end());
  }
  waiting_.clear();
}

/// Together they have at most kMaxRows rows, or there is one.
void PromptRunner::run_pass(std::span<const Waiting> waiting) {
  if (waiting.empty()) return;
  if (waiting.size() == 1) return run_long(waiting.front());
  rows_.clear();
  row_idxs_.clear();
  for (const Waiting& w : waiting) append_rows(w, rows_, row_idxs_);
  network_.forward(rows_);
  take_logits(waiting);
}

void PromptRunner::run_long(const Waiting& waiting) {
  run_prompt(network_, waiting.tokens, waiting.begin, *waiting.prompt->cache, rows_,
             [this](size_t, size_t count) { row_idxs_ = {count - 1}; });
  take_logits({&waiting, 1});
}

/// Of the rows of the last pass that row_idxs_ names, one a prompt.
void PromptRunner::take_logits(std::span<const Waiting> waiting) {
  logits_.resize(row_idxs_.size() * V_);
  network_.logits(row_idxs_, logits_.data());
  for (size_t i = 0; i < waiting.size(); ++i) {
    const auto begin = logits_.begin() + static_cast<std::ptrdiff_t>(i * V_);
    waiting[i].prompt->logits.assign(begin, begin + static_cast<std::ptrdiff_t>(V_));
  }
}

}  // namespace vitrine::generation
