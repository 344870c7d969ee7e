#include "models/textual_inversion.h"

#include "base/error.h"
#include "io/safetensors.h"

namespace vitrine::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kA1111 = "emb_params";

TokenEmbedding embedding_of(const io::TensorView& tensor, const fs::path& path) {
  TokenEmbedding embedding;
  embedding.token = tensor.name == kA1111 ? path.stem().string() : tensor.name;
  embedding.n = tensor.shape.size() == 2 ? tensor.shape[0] : 1;
  embedding.C = tensor.shape.back();
  embedding.values = io::to_float32(tensor);
  return embedding;
}

/// "" = it fits.
std::string problem_of(const io::TensorView& tensor, int64_t C) {
  if (tensor.name == "clip_l" || tensor.name == "clip_g") return concat("WGT_ARCH: ", tensor.name, " is of Stable Diffusion XL");
  const bool fits = (tensor.shape.size() == 1 || tensor.shape.size() == 2) && tensor.shape.back() == C && tensor.num_values() > 0;
  return fits ? "" : concat(tensor.name, ": expected [", C, "] or [n, ", C, "], file has ", io::shape_text(tensor.shape));
}

}  // namespace

std::vector<TokenEmbedding> read_token_embeddings(const fs::path& path, int64_t C) {
  const io::SafetensorsFile file(path);
  std::string problems;
  std::vector<TokenEmbedding> embeddings;
  for (const io::TensorView& tensor : file.tensors()) {
    const std::string problem = problem_of(tensor, C);
    if (!problem.empty()) {
      problems += concat(problems.empty() ? "" : "; ", problem);
      continue;
    }
    io::require_finite(tensor, path);
    embeddings.push_back(embedding_of(tensor, path));
  }
  VITRINE_REQUIRE(problems.empty(), "[read_token_embeddings] ", path.string(), ": ", problems);
  VITRINE_REQUIRE(!embeddings.empty(), "[read_token_embeddings] ", path.string(), ": no embedding of a token");
  return embeddings;
}

void save_token_embeddings(const fs::path& path, const std::vector<TokenEmbedding>& embeddings, EmbeddingLayout layout,
                           const std::map<std::string, std::string>& metadata) {
  VITRINE_REQUIRE(!embeddings.empty(), "[save_token_embeddings] ", path.string(), ": no token");
  VITRINE_REQUIRE(layout == EmbeddingLayout::diffusers || embeddings.size() == 1, "[save_token_embeddings] ", path.string(),
                  ": a file of A1111 holds one token, got ", embeddings.size());
  std::vector<io::TensorToSave> tensors;
  for (const TokenEmbedding& embedding : embeddings) {
    VITRINE_REQUIRE(embedding.n >= 1 && embedding.values.size() == static_cast<size_t>(embedding.n * embedding.C), "[save_token_embeddings] ",
                    embedding.token, ": expected [", embedding.n, ", ", embedding.C, "], got ", embedding.values.size(), " values");
    const bool is_row = layout == EmbeddingLayout::diffusers && embedding.n == 1;
    tensors.push_back({layout == EmbeddingLayout::a1111 ? kA1111 : embedding.token, io::DType::F32,
                       is_row ? std::vector<int64_t>{embedding.C} : std::vector<int64_t>{embedding.n, embedding.C},
                       std::as_bytes(std::span(embedding.values))});
  }
  io::save_safetensors(path, tensors, metadata);
}

}  // namespace vitrine::models
