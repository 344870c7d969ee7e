// recipes/picture_tokenizer.h - the tokenizer of a Stable Diffusion model, held to its text encoder.
#pragma once
#include <filesystem>
#include <memory>

#include "models/stable_diffusion/files.h"
#include "text/tokenizer.h"

namespace vitrine::recipes {

/// Where its files lie: the model's own folder, or that of CLIP's vocabulary, which a single file means.
std::filesystem::path picture_tokenizer_dir(const models::StableDiffusionFiles& files);

/// Reads files only, no weights: to be called before they are loaded.
/// Throws what text::load_tokenizer throws; Corrupt (TOK_MISMATCH), naming both sizes, when the tokenizer and the rows of the
/// text encoder differ by more than padding.
std::unique_ptr<text::Tokenizer> load_picture_tokenizer(const models::StableDiffusionFiles& files);

}  // namespace vitrine::recipes
