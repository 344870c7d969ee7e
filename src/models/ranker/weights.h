// models/ranker/weights.h - the tensors of a ranking model: GPT-2 and a head that gives one number.
#pragma once
#include <filesystem>

#include "models/gpt2/weights.h"

namespace vitrine::models {

/// The settings of GPT-2 in a GPT2ForSequenceClassification directory. Throws what read_gpt2_config
/// throws. There is no language model head, so that tie_word_embeddings is true whatever the file
/// says.
Gpt2Config read_ranker_config(const std::filesystem::path& model_dir);

/// The tensors of GPT-2 and score.weight [1, C]. Throws what load_gpt2_weights throws; InvalidInput
/// when the directory has no score.weight, or one of more than one label.
/// known_finite: the values have been checked before and are not read.
Gpt2Weights load_ranker_weights(const std::filesystem::path& model_dir, const Gpt2Config& config,
                                bool known_finite = false);

}  // namespace vitrine::models
