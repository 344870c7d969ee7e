#include "diffusion/prompt_chunks.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "diffusion/prompt_weights.h"

namespace vitrine::diffusion {
namespace {

constexpr size_t kBacktrack = 20;  // tokens that may move to the next chunk
constexpr std::string_view kCommas[] = {",", "，", "、"};

struct WeightedToken {
  int32_t id;
  float weight;
};

std::vector<int32_t> comma_ids(const text::Tokenizer& tokenizer) {
  std::vector<int32_t> ids;
  for (const std::string_view comma : kCommas) {
    const std::vector<int32_t> found = tokenizer.encode(comma);
    if (found.size() == 1) ids.push_back(found.front());
  }
  return ids;
}

/// Call order: (begin | add)*, finish.
class Chunker {
 public:
  Chunker(const ChunkConfig& config, std::vector<int32_t> commas)
      : config_(config),
        capacity_(static_cast<size_t>(config.max_length - 2)),
        commas_(std::move(commas)) {}

  void add(WeightedToken token) {
    const bool comma = std::find(commas_.begin(), commas_.end(), token.id) != commas_.end();
    if (tokens_.size() == capacity_) make_room(comma);
    if (comma) last_comma_ = tokens_.size();
    tokens_.push_back(token);
  }

  /// Ends the present chunk, though it be empty.
  void begin() {
    chunks_.push_back(chunk_of(tokens_));
    tokens_.clear();
    last_comma_.reset();
  }

  std::vector<PromptChunk> finish() {
    if (!tokens_.empty() || chunks_.empty()) begin();
    return std::move(chunks_);
  }

  PromptChunk chunk_of(const std::vector<WeightedToken>& tokens) const {
    PromptChunk chunk;
    chunk.ids.assign(capacity_ + 2, config_.pad);
    chunk.weights.assign(capacity_ + 2, 1.0f);
    chunk.ids[0] = config_.start;
    for (size_t i = 0; i < tokens.size(); ++i) {
      chunk.ids[i + 1] = tokens[i].id;
      chunk.weights[i + 1] = tokens[i].weight;
    }
    chunk.ids[tokens.size() + 1] = config_.end;
    return chunk;
  }

 private:
  /// What stands behind a near comma goes with the token that finds no room.
  void make_room(bool for_comma) {
    const bool near = last_comma_ && tokens_.size() - *last_comma_ <= kBacktrack;
    std::vector<WeightedToken> moved;
    if (near && !for_comma) {
      const auto from = tokens_.begin() + static_cast<std::ptrdiff_t>(*last_comma_ + 1);
      moved.assign(from, tokens_.end());
      tokens_.erase(from, tokens_.end());
    }
    begin();
    tokens_ = std::move(moved);
  }

  ChunkConfig config_;
  size_t capacity_;
  std::vector<int32_t> commas_;
  std::vector<WeightedToken> tokens_;
  std::optional<size_t> last_comma_;
  std::vector<PromptChunk> chunks_;
};

}  // namespace

ChunkConfig chunk_config(const text::Tokenizer& tokenizer, int64_t max_length) {
  const text::Tokenizer::Special& special = tokenizer.special();
  const auto start = special.bos ? special.bos : special.cls;
  const auto end = special.eos ? special.eos : special.sep;
  VITRINE_REQUIRE(start && end, "[chunk_config] the tokenizer names no start or no end token");
  VITRINE_REQUIRE(max_length >= 3, "[chunk_config] max_length: expected 3 or more, got ",
                  max_length);
  return {max_length, *start, *end, special.pad.value_or(*end)};
}

std::vector<PromptChunk> chunk_prompt(std::string_view prompt, const text::Tokenizer& tokenizer,
                                      const ChunkConfig& config) {
  Chunker chunker(config, comma_ids(tokenizer));
  for (const PromptPart& part : parse_prompt(prompt)) {
    if (part.begins_chunk) chunker.begin();
    for (const int32_t id : tokenizer.encode(part.text)) {
      chunker.add({id, static_cast<float>(part.weight)});
    }
  }
  return chunker.finish();
}

void pad_chunks(std::vector<PromptChunk>& chunks, size_t count, const ChunkConfig& config) {
  if (chunks.size() < count) chunks.resize(count, Chunker(config, {}).chunk_of({}));
}

}  // namespace vitrine::diffusion
