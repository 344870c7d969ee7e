// imagery/clip_scorer.h - a CLIP or Chinese-CLIP directory as a judge of pictures and texts.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "imagery/pair_scorer.h"

namespace vitrine::imagery {

struct ClipScorerConfig {
  std::string device = "cpu";     // "cpu", "cuda", "cuda:1"
  std::string dtype = "float32";  // of the computation: float32 or bfloat16
  size_t batch_size = 32;         // pictures computed at once, >= 1
};

/// A directory with weights in any layout of models/clip/weights.h, its tokenizer, and preprocessor_config.json (without
/// it pictures are prepared as OpenAI does). Texts are cut to what the text side takes. Its texts are Chinese for
/// Chinese-CLIP, else as "language" of vitrine.json says ("zh", "en"), else English. One caller at a time.
/// Throws NotFound, InvalidInput or Corrupt as the readers of these files do; Corrupt (TOK_MISMATCH) when tokenizer and
/// weights have vocabularies of different sizes.
std::unique_ptr<PairScorer> load_clip_scorer(const std::filesystem::path& model_dir, const ClipScorerConfig& config = {});

}  // namespace vitrine::imagery
