#include "train/caption_ids.h"

#include <algorithm>

#include "base/error.h"
#include "diffusion/prompt_chunks.h"

namespace vitrine::train {

std::vector<int32_t> caption_ids(const text::Tokenizer& tokenizer, std::string_view caption, int64_t length) {
  const diffusion::ChunkConfig config = diffusion::chunk_config(tokenizer, length);
  const std::vector<int32_t> tokens = tokenizer.encode(caption);
  std::vector<int32_t> ids(static_cast<size_t>(length), config.pad);
  const size_t kept = std::min(tokens.size(), static_cast<size_t>(length - 2));
  ids.front() = config.start;
  std::copy_n(tokens.begin(), kept, ids.begin() + 1);
  ids[kept + 1] = config.end;
  return ids;
}

}  // namespace vitrine::train
