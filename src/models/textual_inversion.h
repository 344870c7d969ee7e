// models/textual_inversion.h - embeddings of new tokens in files (textual inversion, Gal et al. 2022, arXiv 2208.01618).
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vitrine::models {

/// A token that stands for n rows of the text encoder's vocabulary matrix.
struct TokenEmbedding {
  std::string token;          // as it is written in prompts
  int64_t n = 0, C = 0;       // rows, width
  std::vector<float> values;  // [n, C]
};

/// The two layouts of safetensors: {"<token>": [C] or [n, C]} of diffusers, any number of tokens; {"emb_params": [n, C]} of A1111, whose token is
/// the name of the file.
/// Throws NotFound; Corrupt (also WGT_NONFINITE); InvalidInput: a pickle (WGT_PICKLE), clip_l and clip_g of Stable Diffusion XL (WGT_ARCH), a
/// tensor that is no row or matrix, a width other than `C`, nothing in the file; one line with all problems.
std::vector<TokenEmbedding> read_token_embeddings(const std::filesystem::path& path, int64_t C);

enum class EmbeddingLayout { diffusers, a1111 };

/// Throws InvalidInput for a number of values that does not fit, for no token, and for more than one with a1111.
void save_token_embeddings(const std::filesystem::path& path, const std::vector<TokenEmbedding>& embeddings, EmbeddingLayout layout,
                           const std::map<std::string, std::string>& metadata = {});

}  // namespace vitrine::models
